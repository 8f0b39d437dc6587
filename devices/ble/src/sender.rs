//! One sender of adverts: what it is, what it said last, and what of that is worth telling.

use std::collections::BTreeMap;

use decoders::{About, Advert, DecodeError, Decoded, Measurement, Memory};
use house::{Availability, Bridge, Device, Entity, EntityKind, Lifecycle, Quantity, SensorEvent, Timestamp};

use crate::Settings;

/// A shorter name is a maker's code, not a name for people.
const SHORTEST_NAME: usize = 5;

/// Somebody who was heard.
pub(crate) struct Sender {
    pub(crate) device: Device,
    pub(crate) memory: Memory,
    pub(crate) last_heard: Timestamp,
    /// The last advert that was encrypted: a key that is entered is tried on it.
    pub(crate) sealed: Option<Advert>,
    sleepy: bool,
    /// The key has opened something.
    proved: bool,
    /// When the house was last told of it.
    told_at: Option<Timestamp>,
    /// What was last reported, and when.
    reported: BTreeMap<Quantity, (f64, Timestamp)>,
    last_error: Option<DecodeError>,
}

impl Sender {
    pub(crate) fn new(advert: &Advert, about: &About, now: Timestamp) -> Self {
        let [.., fifth, sixth] = advert.address.0;
        let name = format!("{} {fifth:02X}{sixth:02X}", about.kind);
        let mut device = Device::found(Bridge::Ble, &advert.address.compact(), &name);
        device.first_seen = Some(now);
        Self {
            device,
            memory: Memory::default(),
            last_heard: now,
            sealed: None,
            sleepy: false,
            proved: false,
            told_at: None,
            reported: BTreeMap::new(),
            last_error: None,
        }
    }

    /// Takes what every advert carries; true when something people see has changed.
    pub(crate) fn refresh(&mut self, advert: &Advert, about: About, signal: Option<i16>, now: Timestamp) -> bool {
        self.last_heard = now;
        self.device.last_seen = Some(now);
        if let Some(signal) = signal {
            self.device.signal = Some(f64::from(signal));
        }
        let mut changed = replace(&mut self.device.availability, Availability::Online);
        if let Some(name) = advert.local_name.as_ref().filter(|name| name.len() >= SHORTEST_NAME) {
            changed |= replace(&mut self.device.name, name.clone());
        }
        if let Some(maker) = about.maker {
            changed |= replace(&mut self.device.manufacturer, Some(maker.to_owned()));
        }
        match about.model {
            Some(model) => changed |= replace(&mut self.device.model, Some(model.into_owned())),
            // Better than nothing, and no reason to forget what an earlier advert told.
            None if self.device.model.is_none() => {
                changed |= replace(&mut self.device.model, Some(about.format.to_owned()));
            }
            None => {}
        }
        changed
    }

    /// Takes what a decoded advert shows of the device; true when something is new.
    pub(crate) fn describe(&mut self, decoded: &Decoded) -> bool {
        self.sleepy = decoded.sleepy;
        self.proved |= decoded.encrypted;
        self.last_error = None;
        let mut changed = replace(&mut self.device.needs_key, false) | replace(&mut self.device.fault, None);
        for measurement in &decoded.measurements {
            let id = match measurement.index {
                0 => measurement.property.to_owned(),
                index => format!("{}_{index}", measurement.property),
            };
            changed |= self.add_entity(id, |others| kind_of(measurement, others));
        }
        for event in &decoded.events {
            let id = match event.index {
                0 => event.source.to_owned(),
                index => format!("{}_{index}", event.source),
            };
            changed |= self.add_entity(id, |_| EntityKind::Unsupported {
                reason: "it tells what happens at a moment, and the house has no use for that yet".into(),
            });
        }
        changed
    }

    fn add_entity(&mut self, id: String, kind: impl FnOnce(&[Entity]) -> EntityKind) -> bool {
        let entities = &mut self.device.entities;
        if entities.iter().any(|entity| entity.id == id) {
            return false;
        }
        let kind = kind(entities);
        entities.push(Entity {
            name: id.replace('_', " "),
            id,
            kind,
        });
        true
    }

    /// Takes why an advert gives no reading. The first is whether something people see has
    /// changed, the second whether the fault is new.
    pub(crate) fn take_fault(&mut self, error: DecodeError) -> (bool, bool) {
        let is_new = self.last_error.replace(error) != Some(error);
        // A key that has opened adverts is not doubted for one that is broken.
        let is_doubtful = error == DecodeError::WrongKey && self.proved && is_new;
        let needs_key = matches!(error, DecodeError::KeyNeeded | DecodeError::WrongKey);
        let is_for_people = needs_key || matches!(error, DecodeError::Downgrade | DecodeError::NoReading);
        if !is_for_people || is_doubtful {
            return (false, is_new);
        }
        let changed =
            replace(&mut self.device.needs_key, needs_key) | replace(&mut self.device.fault, Some(error.to_string()));
        (changed, is_new)
    }

    /// Begins anew with another key, or none.
    pub(crate) fn begin_with(&mut self, memory: Memory) {
        self.memory = memory;
        self.proved = false;
        self.last_error = None;
    }

    /// What an adopted device measured: the values that changed or were not reported for a while.
    pub(crate) fn report(
        &mut self,
        decoded: &Decoded,
        adopted: &Device,
        now: Timestamp,
        settings: &Settings,
    ) -> Option<SensorEvent> {
        self.device.last_values.clear();
        let mut values = decoded.readings();
        values.retain(|(quantity, value)| {
            self.reported
                .get(quantity)
                .is_none_or(|(last, at)| last != value || now.since(*at) >= settings.report_every)
        });
        if values.is_empty() {
            return None;
        }
        self.reported
            .extend(values.iter().map(|(quantity, value)| (*quantity, (*value, now))));
        Some(SensorEvent {
            sensor_id: adopted.id.clone(),
            area: adopted.area.clone(),
            at: Some(now),
            values,
            rejected: Vec::new(),
        })
    }

    /// What a device that waits for adoption measured.
    pub(crate) fn show(&mut self, decoded: &Decoded) {
        self.device.last_values.extend(decoded.readings());
    }

    /// The device, when the house is to be told of it: at once when `changed`, and now and then.
    pub(crate) fn tell(&mut self, changed: bool, now: Timestamp, settings: &Settings) -> Option<Device> {
        let is_due = self.told_at.is_none_or(|at| now.since(at) >= settings.report_every);
        (changed || is_due).then(|| {
            self.told_at = Some(now);
            self.device.clone()
        })
    }

    /// Whether it has gone quiet since the last time this was asked.
    pub(crate) fn went_quiet(&mut self, now: Timestamp, settings: &Settings) -> bool {
        let limit = if self.sleepy {
            settings.sleepy_offline_after
        } else {
            settings.offline_after
        };
        now.since(self.last_heard) >= limit
            && self.device.availability == Availability::Online
            && replace(&mut self.device.availability, Availability::Offline)
    }
}

/// Whether `lifecycle` is that of a device which measures for the house.
pub(crate) fn is_adopted(device: &Device) -> bool {
    device.lifecycle == Lifecycle::Adopted
}

fn kind_of(measurement: &Measurement, others: &[Entity]) -> EntityKind {
    let property = measurement.property.replace('_', " ");
    let Some((quantity, _)) = measurement.quantity() else {
        return EntityKind::Unsupported {
            reason: format!("the house keeps no history of {property}"),
        };
    };
    let kind = EntityKind::Sensor { quantity };
    if measurement.index > 1 || others.iter().any(|entity| entity.kind == kind) {
        return EntityKind::Unsupported {
            reason: format!("the house keeps one {quantity} of a device"),
        };
    }
    kind
}

/// Puts `value` in place; true when it was another.
fn replace<T: PartialEq>(place: &mut T, value: T) -> bool {
    let changed = *place != value;
    *place = value;
    changed
}
