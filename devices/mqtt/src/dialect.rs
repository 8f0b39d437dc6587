//! Devices that speak a protocol of their own, put as if they had announced themselves by Home
//! Assistant's discovery: Tasmota, Shelly from the second generation on, and Homie 5.
//!
//! Everything behind the announcement is shared: a translated device is read, shown and driven
//! like any other.

mod homie;
mod shelly;
mod tasmota;

use serde_json::{Map, Value, json};

use crate::entity::Outgoing;

/// Where devices of these kinds make themselves heard.
pub const FILTERS: [&str; 5] = [
    "tasmota/discovery/+/config",
    "tasmota/discovery/+/sensors",
    "+/online",
    "+/events/rpc",
    "homie/5/+/$description",
];
/// Devices of each kind remembered.
const DEVICES: usize = 2_000;

/// What a message means in terms of Home Assistant's discovery.
#[derive(Debug, Clone, PartialEq)]
pub enum Translation {
    /// This device is there; `None`: no more.
    Announce {
        /// Tells it from every other; letters, digits, `_` and `-`.
        id: String,
        /// Its announcement, in the form for devices.
        config: Option<Value>,
    },
    /// This was said, as if on that topic.
    Said {
        /// Where.
        topic: String,
        /// What.
        payload: Vec<u8>,
    },
    /// More is said here.
    Listen(String),
    /// This is to be asked.
    Ask(Outgoing),
}

/// Every device that speaks one of these protocols.
#[derive(Debug, Default)]
pub struct Dialects {
    tasmota: tasmota::Tasmota,
    shelly: shelly::Shelly,
}

impl Dialects {
    /// Takes a message; nothing comes of those of other devices.
    pub fn hear(&mut self, topic: &str, payload: &[u8]) -> Vec<Translation> {
        let mut translations = self.tasmota.hear(topic, payload);
        translations.extend(self.shelly.hear(topic, payload));
        translations.extend(homie::hear(topic, payload));
        translations
    }
}

fn ask(topic: String, payload: String) -> Translation {
    Translation::Ask(Outgoing {
        topic,
        payload,
        retain: false,
        qos: 0,
    })
}

/// The components of an announcement, as they are collected.
#[derive(Default)]
struct Components(Map<String, Value>);

impl Components {
    /// Adds one: `keys` are those of the platform, `id` becomes part of its unique id.
    fn add(&mut self, platform: &str, id: &str, name: &str, mut keys: Value) {
        if let Some(keys) = keys.as_object_mut() {
            keys.insert("platform".to_owned(), json!(platform));
            keys.insert("unique_id".to_owned(), json!(id));
            keys.insert("name".to_owned(), json!(name));
        }
        self.0.insert(id.to_owned(), keys);
    }
}

/// The template of a path into a JSON payload.
fn path(names: &[&str]) -> String {
    let path: String = names.iter().map(|name| format!("[\"{name}\"]")).collect();
    format!("{{{{ value_json{path} }}}}")
}

#[cfg(test)]
mod tests;
