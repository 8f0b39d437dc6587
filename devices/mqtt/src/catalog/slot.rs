//! One entity of a device, with what it remembers between messages.

use house::Timestamp;

use crate::availability::Heard;
use crate::discovery::EntityConfig;
use crate::entity::Memory;

/// One entity of a device.
#[derive(Debug)]
pub(super) struct Slot {
    /// Where it was announced.
    pub(super) topic: String,
    pub(super) config: EntityConfig,
    pub(super) memory: Memory,
    pub(super) heard: Heard,
    /// When it last said anything but whether it is available.
    pub(super) said_at: Option<Timestamp>,
    /// It has said nothing for longer than it may.
    pub(super) expired: bool,
}

/// What an entity listens for on a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Listens {
    pub(super) availability: bool,
    pub(super) state: bool,
    pub(super) details: bool,
}

impl Slot {
    pub(super) fn new(topic: &str, config: EntityConfig) -> Self {
        Self {
            topic: topic.to_owned(),
            config,
            memory: Memory::default(),
            heard: Heard::default(),
            said_at: None,
            expired: false,
        }
    }

    /// Whether an actuator is off because its entity does something else.
    pub(super) fn is_off_already(&self, part: &str) -> bool {
        self.config.role.is_off_already(&self.memory, part)
    }

    /// Every topic it listens on, once, and for what.
    pub(super) fn topics(&self) -> Vec<(&str, Listens)> {
        let state = self.config.role.state_topics();
        let details: Vec<&str> = self.config.details.topics().collect();
        let sources = self.config.availability.sources.iter();
        let availability: Vec<&str> = sources.map(|source| source.topic.as_str()).collect();
        let mut topics: Vec<&str> = [&state[..], &details[..], &availability[..]].concat();
        topics.sort_unstable();
        topics.dedup();
        topics
            .into_iter()
            .map(|topic| {
                let listens = Listens {
                    availability: availability.contains(&topic),
                    state: state.contains(&topic),
                    details: details.contains(&topic),
                };
                (topic, listens)
            })
            .collect()
    }

    /// Whether it can be reached; `None` when nobody has said so.
    pub(super) fn is_available(&self) -> Option<bool> {
        if self.expired {
            return Some(false);
        }
        let said = self.config.availability.is_available(&self.heard);
        let fresh = self.config.expire_after.is_some() && self.said_at.is_some();
        said.or(fresh.then_some(true))
    }

    pub(super) fn is_due_to_expire(&self, now: Timestamp) -> bool {
        let limit = self.config.expire_after.zip(self.said_at);
        !self.expired && limit.is_some_and(|(limit, said_at)| now.since(said_at) >= limit)
    }

    /// What it says beside readings and on or off, while that holds.
    pub(super) fn told(&self) -> Option<String> {
        if self.expired {
            return None;
        }
        // A value that another entity of the device measures for it is kept under no word.
        let plain = self.memory.told.get("").cloned();
        self.config.details.told(&self.memory).or(plain)
    }
}
