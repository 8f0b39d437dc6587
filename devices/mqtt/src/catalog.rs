//! What is known of MQTT devices, as plain state: messages in, effects out.
//!
//! Announcements make entities, entities that name one device become one [`house::Device`], and a
//! message on a topic is read by every entity that listens there. What is to be done about it
//! comes back as [`Effect`]s.

mod announcing;
mod commanding;
mod effect;
mod hearing;
mod known;
mod routes;
mod slot;
mod translating;
mod zigbee;

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use house::{Device, DeviceId, Quantity, Timestamp};

pub use self::effect::{Command, CommandFault, Effect};
use self::known::Known;
use self::routes::Routes;
use crate::dialect::Dialects;
use crate::topic;
use crate::zigbee::Zigbee2Mqtt;

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
    zigbee: Zigbee2Mqtt,
    dialects: Dialects,
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
            zigbee: Zigbee2Mqtt::default(),
            dialects: Dialects::default(),
            off_at: BTreeMap::new(),
        }
    }

    /// Takes a message. `retained_at` is when it was published, if it was kept since.
    pub fn handle(&mut self, topic: &str, bytes: &[u8], retained_at: Option<Timestamp>, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        let prefix = std::mem::take(&mut self.prefix);
        match topic::parse(&prefix, topic) {
            Some(parsed) => self.announce(topic, &parsed, bytes, None, &mut effects),
            None => {
                self.read(topic, bytes, retained_at, now, &mut effects);
                self.hear_zigbee(topic, bytes, now, &mut effects);
                self.translate(&prefix, topic, bytes, retained_at, now, &mut effects);
            }
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

    /// The connection with the server is there, or gone; every device is to be shown again.
    pub fn set_connected(&mut self, connected: bool) -> Vec<DeviceId> {
        if self.connected == connected {
            return Vec::new();
        }
        self.connected = connected;
        for device in self.device_by_id.values_mut() {
            device.shown = device.availability(connected);
        }
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
}

#[cfg(test)]
mod tests;
