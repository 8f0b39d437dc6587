//! One device as its announcements and messages describe it.

use std::collections::BTreeMap;
use std::time::Duration;

use house::{ActuatorKind, AreaId, Availability, Bridge, Device, DeviceId, Entity, EntityKind, Quantity, Timestamp};

pub(super) use super::slot::{Listens, Slot};
use crate::discovery::{DeviceInfo, EntityConfig};
use crate::entity::{Saying, StateFault};
use crate::payload::Payload;

/// A device and its entities.
#[derive(Debug)]
pub(super) struct Known {
    id: DeviceId,
    info: DeviceInfo,
    /// In boxes: a map keeps room for eleven.
    pub(super) slots: BTreeMap<String, Box<Slot>>,
    /// Which entity's values count, where several measure one quantity.
    owner_by_quantity: BTreeMap<Quantity, String>,
    values: BTreeMap<Quantity, (f64, Timestamp)>,
    last_heard: Option<Timestamp>,
    /// As the house was last told.
    pub(super) shown: Availability,
    /// Why it cannot be read, as another device says of it.
    pub(super) fault: Option<String>,
}

impl Known {
    pub(super) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            info: DeviceInfo::default(),
            slots: BTreeMap::new(),
            owner_by_quantity: BTreeMap::new(),
            values: BTreeMap::new(),
            last_heard: None,
            shown: Availability::Unknown,
            fault: None,
        }
    }

    /// The key of an entity: unique ids are unique per component only.
    pub(super) fn key(config: &EntityConfig) -> String {
        format!("{}.{}", config.component, config.id)
    }

    /// The id of one part of an entity.
    pub(super) fn part_id(key: &str, suffix: &str) -> String {
        if suffix.is_empty() {
            key.to_owned()
        } else {
            format!("{key}.{suffix}")
        }
    }

    /// The entity and part that an id means.
    pub(super) fn find<'a>(&self, id: &'a str) -> Option<(&Slot, &'a str)> {
        if let Some(slot) = self.slots.get(id) {
            return Some((slot, ""));
        }
        let (key, suffix) = id.rsplit_once('.')?;
        Some((self.slots.get(key)?, suffix))
    }

    /// The entities that a topic announced.
    pub(super) fn slots_of(&self, topic: &str) -> Vec<String> {
        let of_topic = self.slots.iter().filter(|(_, slot)| slot.topic == topic);
        of_topic.map(|(key, _)| key.clone()).collect()
    }

    /// What tells it from every other.
    pub(super) fn identifiers(&self) -> impl Iterator<Item = &str> {
        self.info.identifiers.iter().map(String::as_str)
    }

    /// It is there, as another device says.
    pub(super) fn is_there(&mut self, now: Timestamp) {
        self.last_heard = Some(now);
    }

    /// What is new counts; what is left out stays.
    pub(super) fn take_info(&mut self, info: DeviceInfo) {
        let DeviceInfo {
            identifiers,
            name,
            manufacturer,
            model,
            suggested_area,
        } = info;
        for identifier in identifiers {
            if !self.info.identifiers.contains(&identifier) {
                self.info.identifiers.push(identifier);
            }
        }
        for (known, new) in [
            (&mut self.info.name, name),
            (&mut self.info.manufacturer, manufacturer),
            (&mut self.info.model, model),
            (&mut self.info.suggested_area, suggested_area),
        ] {
            if new.is_some() {
                *known = new;
            }
        }
    }

    /// Of several entities that measure one quantity, the first that is not about the device
    /// itself counts: an event carries each quantity once.
    pub(super) fn choose_owners(&mut self) {
        self.owner_by_quantity.clear();
        for secondary in [false, true] {
            for (key, slot) in self.slots.iter().filter(|(_, slot)| slot.config.secondary == secondary) {
                for part in slot.config.role.parts() {
                    if let EntityKind::Sensor { quantity } = part.kind {
                        self.owner_by_quantity.entry(quantity).or_insert_with(|| key.clone());
                    }
                }
            }
        }
        let owners = &self.owner_by_quantity;
        self.values.retain(|quantity, _| owners.contains_key(quantity));
    }

    pub(super) fn owns(&self, quantity: Quantity, key: &str) -> bool {
        self.owner_by_quantity.get(&quantity).is_some_and(|owner| owner == key)
    }

    /// The quantity that an entity measures for the device.
    pub(super) fn quantity_of(&self, key: &str) -> Option<Quantity> {
        let mut owned = self.owner_by_quantity.iter().filter(|(_, owner)| *owner == key);
        owned.next().map(|(quantity, _)| *quantity)
    }

    /// How long after its last "on" an entity counts as off.
    pub(super) fn off_delay(&self, key: &str) -> Option<Duration> {
        self.slots.get(key)?.config.role.off_delay()
    }

    pub(super) fn remember(&mut self, quantity: Quantity, value: f64, at: Timestamp) {
        self.values.insert(quantity, (value, at));
    }

    /// Values measured within `together` of the newest, and when that was.
    pub(super) fn latest_values(&self, together: Duration) -> Option<(Vec<(Quantity, f64)>, Timestamp)> {
        let newest = self.values.values().map(|(_, at)| *at).max()?;
        let values = self
            .values
            .iter()
            .filter(|(_, (_, at))| newest.since(*at) <= together)
            .map(|(quantity, (value, _))| (*quantity, *value))
            .collect();
        Some((values, newest))
    }

    /// Takes a message for one entity; what it says. `listens` is what the entity listens for on
    /// this topic.
    pub(super) fn hear(
        &mut self,
        key: &str,
        listens: Listens,
        topic: &str,
        payload: &Payload<'_>,
        retained: bool,
    ) -> Result<Heard, StateFault> {
        let Some(slot) = self.slots.get_mut(key) else {
            return Ok(Heard::default());
        };
        let mut heard = Heard::default();
        if listens.availability {
            slot.config.availability.hear(&mut slot.heard, topic, payload)?;
        }
        if !listens.state && !listens.details {
            return Ok(heard);
        }
        if listens.details {
            heard.told = slot.config.details.read(&mut slot.memory, topic, payload)?;
        }
        if listens.state {
            heard.sayings = slot.config.role.read(&mut slot.memory, topic, payload)?;
        }
        slot.expired = false;
        slot.said_at = Some(payload.at);
        if !retained && (heard.told || !heard.sayings.is_empty()) {
            self.last_heard = Some(payload.at);
        }
        for saying in &heard.sayings {
            if let Saying::Value(quantity, value) = saying
                && self.owner_by_quantity.get(quantity).is_none_or(|owner| owner != key)
                && let Some(slot) = self.slots.get_mut(key)
            {
                let text = quantity.format(*value);
                heard.told |= slot.memory.told.get("") != Some(&text);
                slot.memory.told.insert("", text);
            }
        }
        Ok(heard)
    }

    /// Entities that have said nothing for longer than they may are gone; true when any newly is.
    pub(super) fn expire(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        for (key, slot) in &mut self.slots {
            if slot.is_due_to_expire(now) {
                slot.expired = true;
                any = true;
                let owners = &self.owner_by_quantity;
                self.values.retain(|quantity, _| owners.get(quantity) != Some(key));
            }
        }
        any
    }

    /// Available when any entity is; by what was heard where no entity says.
    pub(super) fn availability(&self, connected: bool) -> Availability {
        if !connected {
            return Availability::Offline;
        }
        let mut said_offline = false;
        for slot in self.slots.values() {
            match slot.is_available() {
                Some(true) => return Availability::Online,
                Some(false) => said_offline = true,
                None => {}
            }
        }
        if said_offline {
            Availability::Offline
        } else if self.last_heard.is_some() {
            Availability::Online
        } else {
            Availability::Unknown
        }
    }

    pub(super) fn name(&self) -> String {
        let named = self.info.name.as_ref().or(self.info.model.as_ref());
        named.unwrap_or(&self.id).clone()
    }

    /// The device as the house knows devices.
    pub(super) fn describe(&self, connected: bool) -> Device {
        let hardware_id = self.id.split_once('-').map_or(self.id.as_str(), |(_, id)| id);
        let mut device = Device::found(Bridge::Mqtt, hardware_id, &self.name());
        device.id.clone_from(&self.id);
        device.manufacturer.clone_from(&self.info.manufacturer);
        device.model.clone_from(&self.info.model);
        device.suggested_area = self.info.suggested_area.as_deref().and_then(AreaId::new);
        device.availability = self.availability(connected);
        device.last_seen = self.last_heard;
        device.signal = self.values.get(&Quantity::SignalStrength).map(|(value, _)| *value);
        device.fault.clone_from(&self.fault);
        device.last_values = self
            .values
            .iter()
            .map(|(quantity, (value, _))| (*quantity, *value))
            .collect();
        for (key, slot) in &self.slots {
            let parts = slot.config.role.parts();
            let is_sensor = |kind: &EntityKind| matches!(kind, EntityKind::Sensor { .. });
            let told_at = parts.iter().find(|part| !is_sensor(&part.kind)).or(parts.first());
            if let Some((text, part)) = slot.told().zip(told_at) {
                device.told.insert(Self::part_id(key, part.suffix), text);
            }
        }
        device.entities = self.entities();
        let addresses = self.info.identifiers.iter();
        device.addresses = addresses.filter_map(|identifier| address(identifier)).collect();
        device.sleepy = connected && self.speaks_by_itself();
        device
    }

    /// Whether no entity has a word for being there: all that is known is when it last spoke.
    fn speaks_by_itself(&self) -> bool {
        let mut slots = self.slots.values();
        slots.all(|slot| slot.config.availability.sources.is_empty())
    }

    fn entities(&self) -> Vec<Entity> {
        let mut entities = Vec::new();
        for (key, slot) in &self.slots {
            let details = &slot.config.details;
            for part in slot.config.role.parts() {
                let kind = match part.kind {
                    EntityKind::Sensor { quantity } if !self.owns(quantity, key) => EntityKind::Told {
                        reason: format!("Another entity of this device already measures its {quantity}."),
                        settable: false,
                    },
                    EntityKind::Unsupported { reason } if details.are_said() || details.are_settable() => {
                        EntityKind::Told {
                            reason,
                            settable: details.are_settable(),
                        }
                    }
                    kind => kind,
                };
                let label = label(&kind);
                let name = match (&slot.config.name, part.suffix) {
                    (Some(name), "") => name.clone(),
                    (Some(name), _) => format!("{name} {}", label.to_lowercase()),
                    (None, _) => label,
                };
                entities.push(Entity {
                    id: Self::part_id(key, part.suffix),
                    name,
                    kind,
                });
            }
        }
        entities
    }
}

/// The hardware address in an identifier: a connection (`mac:54:48:e6:8f:80:a5`), or an identifier
/// that is one, as Tasmota's and many others' are.
fn address(identifier: &str) -> Option<String> {
    let text = identifier.strip_prefix("mac:").unwrap_or(identifier);
    house::hardware_address(text.strip_prefix("0x").unwrap_or(text))
}

/// What came of a message for one entity.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) sayings: Vec<Saying>,
    /// There is something new to show.
    pub(super) told: bool,
}

/// What an entity without a name of its own is called.
fn label(kind: &EntityKind) -> String {
    let words = match kind {
        EntityKind::Sensor { quantity } => quantity.name().replace('_', " "),
        EntityKind::Actuator { actuator } => match actuator {
            ActuatorKind::Ac => "cooling".to_owned(),
            ActuatorKind::Heater => "heating".to_owned(),
            other => other.label().to_owned(),
        },
        EntityKind::Told { .. } | EntityKind::Unsupported { .. } => "entity".to_owned(),
    };
    let mut letters = words.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
