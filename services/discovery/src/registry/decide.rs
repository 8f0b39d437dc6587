//! What a record is after a person decided about it. The registry is unchanged until the record is
//! [put](super::DeviceRegistry::put).

use house::{AreaId, Device, EntityKind, Lifecycle};

use super::{DeviceRegistry, Kinds, Record, merge};
use crate::fault::Fault;

impl DeviceRegistry {
    /// After adoption.
    ///
    /// # Errors
    /// [`Fault`] when there is no such device, or no such actuator on it.
    pub fn adopted(&self, id: &str, area: AreaId, name: Option<String>, kinds: Kinds) -> Result<Record, Fault> {
        let mut record = self.record(id)?.clone();
        record.device.lifecycle = Lifecycle::Adopted;
        record.device.area = Some(area);
        if let Some(name) = name {
            record.device.name = name;
        }
        with_kinds(record, kinds)
    }

    /// After it was renamed, moved, or its actuators are said to be something else.
    ///
    /// # Errors
    /// [`Fault`] when there is no such device, it is not adopted, or has no such actuator.
    pub fn renamed(&self, id: &str, area: Option<AreaId>, name: Option<String>, kinds: Kinds) -> Result<Record, Fault> {
        let mut record = self.record(id)?.clone();
        must_be_adopted(&record.device)?;
        if let Some(area) = area {
            record.device.area = Some(area);
        }
        if let Some(name) = name {
            record.device.name = name;
        }
        with_kinds(record, kinds)
    }

    /// When nothing more is to be heard of it.
    ///
    /// # Errors
    /// [`Fault::NoSuchDevice`].
    pub fn ignored(&self, id: &str) -> Result<Record, Fault> {
        let mut record = self.record(id)?.clone();
        record.device.lifecycle = Lifecycle::Ignored;
        record.device.area = None;
        Ok(record)
    }

    /// When the device `by` has taken its place: the id, name and area stay, and with the id the
    /// history; what speaks is another. Gives also the id by which `by` was known until now.
    ///
    /// # Errors
    /// [`Fault`] when there is no such device, it is not adopted, or they are one device.
    pub fn replaced(&self, id: &str, by: &str) -> Result<(Record, String), Fault> {
        let (mut record, successor) = (self.record(id)?.clone(), self.record(by)?);
        must_be_adopted(&record.device)?;
        if record.device.id == successor.device.id {
            return Err(Fault::Argument(
                "by must be another device than the one it replaces".into(),
            ));
        }
        record.views = successor.all_views();
        record.rhythm = successor.rhythm;
        let old = record.device;
        let view = merge::merged(&old.id, &record.views);
        record.device = Device {
            name: old.name,
            area: old.area,
            lifecycle: old.lifecycle,
            first_seen: old.first_seen,
            last_seen: successor.device.last_seen,
            availability: successor.device.availability,
            battery_low: successor.device.battery_low,
            ..view
        };
        record.kinds.extend(successor.kinds.clone());
        let device = &record.device;
        record
            .kinds
            .retain(|entity, _| device.actuators().any(|(actuator, _)| actuator.id == *entity));
        apply_kinds(&mut record.device, &record.kinds);
        Ok((record, successor.device.id.clone()))
    }
}

fn must_be_adopted(device: &Device) -> Result<(), Fault> {
    if device.lifecycle == Lifecycle::Adopted {
        return Ok(());
    }
    Err(Fault::NotAdopted {
        name: device.name.clone(),
    })
}

fn with_kinds(mut record: Record, kinds: Kinds) -> Result<Record, Fault> {
    for entity in kinds.keys() {
        if !record.device.actuators().any(|(actuator, _)| actuator.id == *entity) {
            return Err(Fault::NoSuchActuator {
                name: record.device.name,
                entity: entity.clone(),
            });
        }
    }
    record.kinds.extend(kinds);
    apply_kinds(&mut record.device, &record.kinds);
    Ok(record)
}

pub(super) fn apply_kinds(device: &mut Device, kinds: &Kinds) {
    for entity in &mut device.entities {
        if let (EntityKind::Actuator { actuator }, Some(kind)) = (&mut entity.kind, kinds.get(&entity.id)) {
            *actuator = *kind;
        }
    }
}
