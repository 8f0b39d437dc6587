//! What is known of MQTT devices, as plain state: messages in, effects out.
//!
//! Announcements make entities, entities that name one device become one [`house::Device`], and a
//! message on a topic is read by every entity that listens there. What is to be done about it
//! comes back as [`Effect`]s.

mod effect;
mod known;
mod routes;

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::hash::{Hash as _, Hasher as _};
use std::time::Duration;

use house::{Availability, Device, DeviceId, DeviceStateReport, Quantity, Timestamp};

pub use self::effect::{Command, CommandFault, Effect};
use self::known::{Known, Slot};
use self::routes::Routes;
use crate::discovery::{self, Announcement, Discovery};
use crate::entity::Saying;
use crate::payload::Payload;
use crate::topic;

/// A kept message older than this shows what a device last said, not what is so now.
const FRESH: Duration = Duration::from_secs(60);

/// Every MQTT device.
#[derive(Debug)]
pub struct Catalog {
    prefix: String,
    connected: bool,
    announced_by_topic: HashMap<String, Announced>,
    device_by_identifier: HashMap<String, DeviceId>,
    device_by_id: BTreeMap<DeviceId, Known>,
    routes: Routes,
    /// When entities that only ever say "on" count as off.
    off_at: BTreeMap<(DeviceId, String), Timestamp>,
}

#[derive(Debug)]
struct Announced {
    device: DeviceId,
    /// Of the payload: the same announcement again changes nothing.
    hash: u64,
}

impl Catalog {
    /// An empty catalog of what is announced below `prefix`.
    pub fn new(prefix: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            connected: false,
            announced_by_topic: HashMap::new(),
            device_by_identifier: HashMap::new(),
            device_by_id: BTreeMap::new(),
            routes: Routes::default(),
            off_at: BTreeMap::new(),
        }
    }

    /// Takes a message. `retained_at` is when it was published, if it was kept since.
    pub fn handle(&mut self, topic: &str, bytes: &[u8], retained_at: Option<Timestamp>, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        let prefix = std::mem::take(&mut self.prefix);
        match topic::parse(&prefix, topic) {
            Some(parsed) => self.announce(topic, &parsed, bytes, None, &mut effects),
            None => self.read(topic, bytes, retained_at, now, &mut effects),
        }
        self.prefix = prefix;
        effects
    }

    /// Takes an announcement from before a restart, with the id its device had.
    pub fn restore(&mut self, topic: &str, bytes: &[u8], device: &str) -> Vec<Effect> {
        let mut effects = Vec::new();
        let prefix = std::mem::take(&mut self.prefix);
        if let Some(parsed) = topic::parse(&prefix, topic) {
            self.announce(topic, &parsed, bytes, Some(device), &mut effects);
        }
        self.prefix = prefix;
        effects
    }

    fn announce(
        &mut self,
        topic: &str,
        parsed: &topic::DiscoveryTopic<'_>,
        bytes: &[u8],
        id: Option<&str>,
        effects: &mut Vec<Effect>,
    ) {
        let hash = hash_of(bytes);
        if self
            .announced_by_topic
            .get(topic)
            .is_some_and(|known| known.hash == hash)
        {
            return;
        }
        match discovery::parse(parsed, bytes) {
            Ok(Discovery::Removed) => {
                if self.withdraw(topic, effects) {
                    effects.push(Effect::Forget {
                        topic: topic.to_owned(),
                    });
                }
            }
            Ok(Discovery::Announced(announcement)) => {
                let id = self.id_for(&announcement, id);
                let elsewhere = self
                    .announced_by_topic
                    .get(topic)
                    .is_some_and(|known| known.device != id);
                if elsewhere {
                    self.withdraw(topic, effects);
                }
                effects.extend(announcement.refused.iter().map(|fault| Effect::Fault {
                    device: Some(id.clone()),
                    sentence: format!("its announcement on {topic} is taken in part: {fault}"),
                }));
                self.install(topic, &id, announcement, effects);
                self.announced_by_topic.insert(
                    topic.to_owned(),
                    Announced {
                        device: id.clone(),
                        hash,
                    },
                );
                effects.push(Effect::Save {
                    topic: topic.to_owned(),
                    device: id.clone(),
                });
                effects.push(Effect::Changed(id));
            }
            Err(fault) => effects.push(Effect::Fault {
                device: self.announced_by_topic.get(topic).map(|known| known.device.clone()),
                sentence: format!("an announcement on {topic} is refused: {fault}"),
            }),
        }
    }

    /// The id of the device an announcement belongs to, known or new.
    fn id_for(&self, announcement: &Announcement, wanted: Option<&str>) -> DeviceId {
        let mut identifiers = announcement.device.identifiers.iter();
        identifiers
            .find_map(|identifier| self.device_by_identifier.get(identifier).cloned())
            .or_else(|| wanted.map(str::to_owned))
            .unwrap_or_else(|| format!("{}-{}", house::Bridge::Mqtt.name(), announcement.device.hardware_id()))
    }

    fn install(&mut self, topic: &str, id: &str, announcement: Announcement, effects: &mut Vec<Effect>) {
        for identifier in &announcement.device.identifiers {
            self.device_by_identifier.insert(identifier.clone(), id.to_owned());
        }
        let device = self.device_by_id.entry(id.to_owned()).or_insert_with(|| Known::new(id));
        let mut gone = device.slots_of(topic);
        device.take_info(announcement.device);
        for config in announcement.entities {
            let key = Known::key(&config);
            gone.retain(|other| *other != key);
            let unchanged = device
                .slots
                .get(&key)
                .is_some_and(|slot| slot.config == config && slot.topic == topic);
            if unchanged {
                continue;
            }
            if let Some(old) = device.slots.remove(&key) {
                self.routes.remove(id, &key, &old, effects);
            }
            let slot = Slot::new(topic, config);
            self.routes.insert(id, &key, &slot, effects);
            device.slots.insert(key, slot);
        }
        for key in gone {
            if let Some(old) = device.slots.remove(&key) {
                self.routes.remove(id, &key, &old, effects);
            }
        }
        device.choose_owners();
    }

    /// Takes back what a topic announced; false when it announced nothing.
    fn withdraw(&mut self, topic: &str, effects: &mut Vec<Effect>) -> bool {
        let Some(announced) = self.announced_by_topic.remove(topic) else {
            return false;
        };
        let id = announced.device;
        let Some(device) = self.device_by_id.get_mut(&id) else {
            return true;
        };
        let last = device.describe(false);
        for key in device.slots_of(topic) {
            if let Some(old) = device.slots.remove(&key) {
                self.routes.remove(&id, &key, &old, effects);
            }
        }
        device.choose_owners();
        if device.slots.is_empty() {
            self.device_by_id.remove(&id);
            self.device_by_identifier.retain(|_, other| *other != id);
            effects.push(Effect::Gone(Box::new(last)));
        } else {
            effects.push(Effect::Changed(id));
        }
        true
    }

    fn read(
        &mut self,
        topic: &str,
        bytes: &[u8],
        retained_at: Option<Timestamp>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(routes) = self.routes.of(topic) else {
            return;
        };
        let at = retained_at.unwrap_or(now);
        let payload = Payload::new(bytes, at);
        let mut measured: Vec<(&str, Quantity, f64)> = Vec::new();
        for route in routes {
            let Some(device) = self.device_by_id.get_mut(&route.device) else {
                continue;
            };
            let before = device.availability(self.connected);
            let fault = |sentence: String| Effect::Fault {
                device: Some(route.device.clone()),
                sentence: format!("it said something on {topic} that is not understood: {sentence}"),
            };
            match device.hear(&route.entity, topic, &payload, retained_at.is_some()) {
                Ok(sayings) => {
                    for saying in sayings {
                        match saying {
                            Saying::Value(quantity, value) => {
                                if device.owns(quantity, &route.entity) {
                                    device.remember(quantity, value, at);
                                    let key = (route.device.clone(), route.entity.clone());
                                    match device.off_delay(&route.entity).filter(|_| value != 0.0) {
                                        Some(delay) => self.off_at.insert(key, at.after(delay)),
                                        None => self.off_at.remove(&key),
                                    };
                                    measured.push((&route.device, quantity, value));
                                }
                            }
                            Saying::State { part, on } => effects.push(Effect::State(DeviceStateReport {
                                device: route.device.clone(),
                                entity: Known::part_id(&route.entity, part),
                                on,
                                at: now,
                            })),
                        }
                    }
                }
                Err(error) => effects.push(fault(error.to_string())),
            }
            if device.availability(self.connected) != before {
                effects.push(Effect::Changed(route.device.clone()));
            }
        }
        if now.since(at) > FRESH {
            return;
        }
        while let Some(&(id, _, _)) = measured.first() {
            let (own, others): (Vec<_>, Vec<_>) = measured.into_iter().partition(|(device, _, _)| *device == id);
            measured = others;
            effects.push(Effect::Values {
                device: id.to_owned(),
                values: own.into_iter().map(|(_, quantity, value)| (quantity, value)).collect(),
                at,
            });
        }
    }

    /// What time alone brings: entities that only ever say "on" go off.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        let due: Vec<(DeviceId, String)> = self
            .off_at
            .iter()
            .filter(|(_, off_at)| **off_at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        let mut effects = Vec::new();
        for (id, entity) in due {
            let owned = self.device_by_id.get_mut(&id).and_then(|device| {
                let quantity = device.quantity_of(&entity)?;
                device.remember(quantity, 0.0, now);
                Some(quantity)
            });
            self.off_at.remove(&(id.clone(), entity));
            effects.extend(owned.map(|quantity| Effect::Values {
                device: id,
                values: vec![(quantity, 0.0)],
                at: now,
            }));
        }
        effects
    }

    /// The connection with the server is there, or gone; every device is to be shown again.
    pub fn set_connected(&mut self, connected: bool) -> Vec<DeviceId> {
        if self.connected == connected {
            return Vec::new();
        }
        self.connected = connected;
        self.device_by_id.keys().cloned().collect()
    }

    /// Every topic that a device speaks on.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.routes.topics()
    }

    /// Every device's id.
    pub fn ids(&self) -> Vec<DeviceId> {
        self.device_by_id.keys().cloned().collect()
    }

    /// A device as it is now.
    pub fn device(&self, id: &str) -> Option<Device> {
        self.device_by_id.get(id).map(|known| known.describe(self.connected))
    }

    /// What a device measured last: values of one time, and when that was.
    pub fn latest_values(&self, id: &str) -> Option<(Vec<(Quantity, f64)>, Timestamp)> {
        self.device_by_id.get(id)?.latest_values(FRESH)
    }

    /// What to send so that an actuator goes on or off.
    ///
    /// # Errors
    /// There is no such device or actuator, or it cannot be reached.
    pub fn command(&self, device: &str, entity: &str, on: bool) -> Result<Command, CommandFault> {
        let known = self
            .device_by_id
            .get(device)
            .ok_or_else(|| CommandFault::NoSuchDevice(device.to_owned()))?;
        if known.availability(self.connected) == Availability::Offline {
            return Err(CommandFault::Offline(known.name()));
        }
        let no_such = || CommandFault::NoSuchActuator {
            device: known.name(),
            entity: entity.to_owned(),
        };
        let (slot, part) = known.find(entity).ok_or_else(no_such)?;
        if !on && Known::is_off_already(slot, part) {
            return Ok(Command {
                messages: Vec::new(),
                optimistic: true,
            });
        }
        let messages = slot.config.role.command(part, on)?;
        if messages.is_empty() {
            return Err(no_such());
        }
        Ok(Command {
            messages,
            optimistic: slot.config.role.is_optimistic(),
        })
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
