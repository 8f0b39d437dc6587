//! Zigbee2MQTT's own protocol: its state, who joins and leaves, and what it is asked to do.
//!
//! Devices themselves come by Home Assistant's discovery; this is about the bridge beside it:
//! `<base>/bridge/state`, `info`, `devices`, `event`, `health`, and `request`/`response` pairs that
//! a transaction ties together. Facts: Zigbee2MQTT 2.x, `lib/extension/bridge.ts`.

mod heard;

use std::collections::BTreeMap;
use std::time::Duration;

use house::Timestamp;
use serde_json::{Value, json};

use crate::entity::Outgoing;

/// What is said of it comes on these topics, below any base topic of one level.
pub const FILTERS: [&str; 6] = [
    "+/bridge/state",
    "+/bridge/info",
    "+/bridge/devices",
    "+/bridge/event",
    "+/bridge/health",
    "+/bridge/response/#",
];
/// What an identifier of a Zigbee device begins with; its address follows.
pub const IDENTIFIER: &str = "zigbee2mqtt_";
/// Longest time that Zigbee lets devices join.
const LONGEST_JOIN: Duration = Duration::from_secs(254);
/// Requests whose answer is awaited; older ones are forgotten.
const AWAITED: usize = 64;
/// Bridges remembered.
const BASES: usize = 16;

/// What a message of a Zigbee2MQTT means.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// This device is there and cannot be used yet; the sentence says why.
    Waiting {
        /// Its address.
        address: String,
        /// What it is, as far as that is known.
        device: About,
        /// Why it cannot be used yet.
        reason: String,
    },
    /// This device can be used from now on, or is about to be announced.
    Ready {
        /// Its address.
        address: String,
        /// What it is.
        device: About,
    },
    /// This device has left the network.
    Left {
        /// Its address.
        address: String,
    },
    /// How the bridge fares.
    Status {
        /// `running` or `waiting`.
        status: &'static str,
        /// A sentence.
        detail: String,
    },
}

/// What is known of a device before it is announced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// Its name in Zigbee2MQTT.
    pub name: Option<String>,
    /// The maker.
    pub manufacturer: Option<String>,
    /// The model.
    pub model: Option<String>,
}

/// Every Zigbee2MQTT on the server, by base topic.
#[derive(Debug, Default)]
pub struct Zigbee2Mqtt {
    bases: BTreeMap<String, Base>,
    awaited: BTreeMap<u64, String>,
    transactions: u64,
}

#[derive(Debug, Default)]
struct Base {
    online: bool,
    /// It announces its devices by Home Assistant's discovery, as far as it has said.
    announces: Option<bool>,
    /// Name by address, as of the last list.
    names: BTreeMap<String, String>,
    /// Until when devices may join because the house asked.
    joining_until: Option<Timestamp>,
    healthy: Option<bool>,
}

impl Zigbee2Mqtt {
    /// Takes a message; nothing comes of one that is not Zigbee2MQTT's.
    pub fn hear(&mut self, topic: &str, payload: &[u8]) -> Vec<News> {
        let Some((base, what)) = topic.split_once("/bridge/") else {
            return Vec::new();
        };
        if what == "state" {
            return self.hear_state(base, payload);
        }
        let Ok(said) = serde_json::from_slice::<Value>(payload) else {
            return Vec::new();
        };
        if what.starts_with("response/") {
            return self.hear_response(&said).into_iter().collect();
        }
        match self.base(base) {
            Some(base) => base.hear(what, &said),
            None => Vec::new(),
        }
    }

    fn base(&mut self, name: &str) -> Option<&mut Base> {
        if self.bases.len() >= BASES && !self.bases.contains_key(name) {
            return None;
        }
        Some(self.bases.entry(name.to_owned()).or_default())
    }

    fn hear_state(&mut self, name: &str, payload: &[u8]) -> Vec<News> {
        // Before 2.0 it was plain text.
        let text = String::from_utf8_lossy(payload);
        let member = serde_json::from_slice::<Value>(payload).ok();
        let state = member.as_ref().and_then(|said| said.get("state")?.as_str());
        let online = match state.unwrap_or(&text) {
            "online" => true,
            "offline" => false,
            _ => return Vec::new(),
        };
        let Some(base) = self.base(name) else {
            return Vec::new();
        };
        let changed = std::mem::replace(&mut base.online, online) != online;
        if !online {
            base.joining_until = None;
        }
        let news = match (changed, online) {
            (true, true) => News::Status {
                status: "running",
                detail: format!("Zigbee2MQTT ({name}) is there."),
            },
            (_, false) => News::Status {
                status: "waiting",
                detail: format!("Zigbee2MQTT ({name}) is offline: its devices cannot be reached."),
            },
            (false, true) => return Vec::new(),
        };
        vec![news]
    }

    fn hear_response(&mut self, said: &Value) -> Option<News> {
        let transaction = said.get("transaction")?.as_str()?;
        let number: u64 = transaction.strip_prefix("domovoi-")?.parse().ok()?;
        let wish = self.awaited.remove(&number)?;
        if said.get("status")?.as_str()? == "ok" {
            return None;
        }
        let fault = said
            .get("error")
            .and_then(Value::as_str)
            .unwrap_or("it does not say why");
        Some(News::Status {
            status: "running",
            detail: format!("Zigbee2MQTT could not {wish}: {fault}."),
        })
    }

    /// Lets devices join every network for `duration`, unless that is so for longer already.
    pub fn let_join(&mut self, duration: Duration, now: Timestamp) -> Vec<Outgoing> {
        let duration = duration.min(LONGEST_JOIN);
        let until = now.after(duration);
        let wanting = |base: &&mut Base| base.online && base.joining_until.is_none_or(|known| known < until);
        let mut names = Vec::new();
        for (name, base) in &mut self.bases {
            if Some(&mut *base).filter(wanting).is_some() {
                base.joining_until = Some(until);
                names.push(name.clone());
            }
        }
        let seconds = duration.as_secs().max(1);
        names
            .into_iter()
            .map(|base| {
                self.request(
                    &base,
                    "permit_join",
                    json!({"time": seconds}),
                    "let devices join".to_owned(),
                )
            })
            .collect()
    }

    /// Nobody may join any more, where the house had let them.
    pub fn end_joining(&mut self, now: Timestamp) -> Vec<Outgoing> {
        let mut names = Vec::new();
        for (name, base) in &mut self.bases {
            if base.joining_until.take().is_some_and(|until| until > now) {
                names.push(name.clone());
            }
        }
        names
            .into_iter()
            .map(|base| self.request(&base, "permit_join", json!({"time": 0}), "stop the joining".to_owned()))
            .collect()
    }

    /// Gives a device another name in its bridge.
    pub fn rename(&mut self, address: &str, name: &str) -> Option<Outgoing> {
        let (base, old) = self.owner_of(address)?;
        if old == name {
            return None;
        }
        let ask = json!({"from": address, "to": name, "homeassistant_rename": false});
        Some(self.request(&base, "device/rename", ask, format!("rename {old} to {name}")))
    }

    /// Takes a device out of its network.
    pub fn remove(&mut self, address: &str) -> Option<Outgoing> {
        let (base, name) = self.owner_of(address)?;
        let ask = json!({"id": address, "block": false, "force": false});
        Some(self.request(&base, "device/remove", ask, format!("remove {name}")))
    }

    fn owner_of(&self, address: &str) -> Option<(String, String)> {
        self.bases
            .iter()
            .find_map(|(base, known)| Some((base.clone(), known.names.get(address)?.clone())))
    }

    fn request(&mut self, base: &str, what: &str, mut ask: Value, wish: String) -> Outgoing {
        self.transactions += 1;
        if self.awaited.len() >= AWAITED {
            self.awaited.pop_first();
        }
        self.awaited.insert(self.transactions, wish);
        if let Some(ask) = ask.as_object_mut() {
            ask.insert(
                "transaction".to_owned(),
                json!(format!("domovoi-{}", self.transactions)),
            );
        }
        Outgoing {
            topic: format!("{base}/bridge/request/{what}"),
            payload: ask.to_string(),
            retain: false,
            qos: 1,
        }
    }
}

#[cfg(test)]
mod tests;
