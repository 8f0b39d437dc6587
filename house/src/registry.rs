//! A view of the adopted devices, kept from `device.list` and `device.changed`.

use std::collections::BTreeMap;

use crate::{ActuatorKind, AreaId, Device, DeviceId, Entity, Lifecycle, SensorEvent};

/// The devices a service knows of; feed it every device it hears of.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// In boxes: the map has up to twice the room that its devices need.
    device_by_id: BTreeMap<DeviceId, Box<Device>>,
    /// Where a bridge knows a device by another id.
    id_by_source: BTreeMap<DeviceId, DeviceId>,
}

impl Registry {
    /// Takes a device as it now is.
    pub fn apply(&mut self, device: Device) {
        let id = device.id.clone();
        if self.device_by_id.get(&id).is_some_and(|known| !known.parts.is_empty()) {
            self.id_by_source.retain(|_, other| *other != id);
        }
        if device.lifecycle == Lifecycle::Removed {
            self.device_by_id.remove(&id);
            return;
        }
        for part in device.parts.iter().filter(|part| part.id != id) {
            self.id_by_source.insert(part.id.clone(), id.clone());
        }
        self.device_by_id.insert(id, Box::new(device));
    }

    /// Forgets everything, before a new `device.list` is taken.
    pub fn clear(&mut self) {
        self.device_by_id.clear();
        self.id_by_source.clear();
    }

    /// One device, by its id or by one that a bridge knows it by.
    pub fn device(&self, id: &str) -> Option<&Device> {
        let known = self.device_by_id.get(id);
        let device = known.or_else(|| self.device_by_id.get(self.id_by_source.get(id)?));
        device.map(Box::as_ref)
    }

    /// The device that a bridge knows as `source`. `None` also for hardware that another has taken
    /// the place of.
    pub fn spoken_for_by(&self, source: &str) -> Option<&Device> {
        let by_source = self.id_by_source.get(source).and_then(|id| self.device_by_id.get(id));
        by_source
            .or_else(|| self.device_by_id.get(source))
            .map(Box::as_ref)
            .filter(|device| device.is_spoken_for_by(source))
    }

    /// Puts an event under the id of the device it comes from; false when it comes from hardware
    /// that another has taken the place of, and means nothing any more.
    pub fn attribute(&self, event: &mut SensorEvent) -> bool {
        match self.id_by_source.get(&event.sensor_id) {
            Some(id) => {
                event.sensor_id.clone_from(id);
                true
            }
            None => self
                .device_by_id
                .get(&event.sensor_id)
                .is_none_or(|device| device.is_spoken_for_by(&event.sensor_id)),
        }
    }

    /// Every device, by id.
    pub fn devices(&self) -> impl Iterator<Item = &Device> {
        self.device_by_id.values().map(Box::as_ref)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bridge, Part};

    fn thermometer(hardware: &str) -> Device {
        Device {
            lifecycle: Lifecycle::Adopted,
            ..Device::found(Bridge::Mqtt, hardware, "Thermometer")
        }
    }

    fn event(sensor: &str) -> SensorEvent {
        SensorEvent {
            sensor_id: sensor.into(),
            ..SensorEvent::default()
        }
    }

    #[test]
    fn a_device_that_took_anothers_place_speaks_as_it_and_the_old_one_no_more() {
        let mut registry = Registry::default();
        registry.apply(thermometer("old"));
        registry.apply(thermometer("new"));
        let mut removed = thermometer("new");
        removed.lifecycle = Lifecycle::Removed;
        registry.apply(removed);
        let mut successor = thermometer("old");
        successor.parts = vec![Part {
            id: "mqtt-new".into(),
            bridge: Bridge::Mqtt,
            entities: BTreeMap::new(),
        }];
        registry.apply(successor);

        let mut of_new = event("mqtt-new");
        assert!(registry.attribute(&mut of_new));
        assert_eq!(of_new.sensor_id, "mqtt-old");
        assert!(!registry.attribute(&mut event("mqtt-old")), "the old hardware is out");
        assert!(
            registry.attribute(&mut event("25")),
            "whom nobody knows speaks for itself"
        );
        assert_eq!(registry.spoken_for_by("mqtt-new").unwrap().id, "mqtt-old");
        assert!(registry.spoken_for_by("mqtt-old").is_none());
        assert_eq!(registry.device("mqtt-new").unwrap().id, "mqtt-old");

        let mut gone = thermometer("old");
        gone.lifecycle = Lifecycle::Removed;
        registry.apply(gone);
        let mut of_new = event("mqtt-new");
        assert!(registry.attribute(&mut of_new));
        assert_eq!(of_new.sensor_id, "mqtt-new", "on its own again");
    }
}
