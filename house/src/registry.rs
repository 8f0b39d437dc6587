//! A view of the adopted devices, kept from `device.list` and `device.changed`.

use std::collections::BTreeMap;

use crate::{ActuatorKind, AreaId, Device, DeviceId, Entity, Lifecycle, SensorEvent};

/// The devices a service knows of; feed it every device it hears of.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    device_by_id: BTreeMap<DeviceId, Device>,
}

impl Registry {
    /// Takes a device as it now is.
    pub fn apply(&mut self, device: Device) {
        if device.lifecycle == Lifecycle::Removed {
            self.device_by_id.remove(&device.id);
        } else {
            self.device_by_id.insert(device.id.clone(), device);
        }
    }

    /// Forgets everything, before a new `device.list` is taken.
    pub fn clear(&mut self) {
        self.device_by_id.clear();
    }

    /// One device.
    pub fn device(&self, id: &str) -> Option<&Device> {
        self.device_by_id.get(id)
    }

    /// Every device, by id.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.device_by_id.values()
    }

    /// Devices that are part of the house.
    pub fn adopted(&self) -> impl Iterator<Item = &Device> {
        self.devices().filter(|device| device.lifecycle == Lifecycle::Adopted)
    }

    /// Where an event comes from: what it says itself, else where its device stands.
    pub fn area_of(&self, event: &SensorEvent) -> Option<AreaId> {
        event
            .area
            .clone()
            .or_else(|| self.device(&event.sensor_id)?.area.clone())
    }

    /// Adopted actuators of one kind, in one area or everywhere.
    pub fn actuators<'a>(
        &'a self,
        kind: ActuatorKind,
        area: Option<&'a AreaId>,
    ) -> impl Iterator<Item = (&'a Device, &'a Entity)> {
        self.adopted()
            .filter(move |device| area.is_none() || device.area.as_ref() == area)
            .flat_map(move |device| {
                device
                    .actuators()
                    .filter(move |(_, k)| *k == kind)
                    .map(move |(entity, _)| (device, entity))
            })
    }
}
