//! Announcements make entities, change them and take them away.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use house::DeviceId;

use super::known::{Known, Slot};
use super::{Announced, Catalog, Effect};
use crate::discovery::{self, Announcement, Discovery};
use crate::topic;

impl Catalog {
    pub(super) fn announce(
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
            Ok(Discovery::Migrating) => {
                // Its entities stay until another topic announces them, or the next start.
                if self.announced_by_topic.remove(topic).is_some() {
                    effects.push(Effect::Forget {
                        topic: topic.to_owned(),
                    });
                }
            }
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
                    payload: bytes.to_vec(),
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
        device.fault = None;
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
            let slot = Box::new(Slot::new(topic, config));
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
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
