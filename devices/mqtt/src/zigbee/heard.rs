//! What one Zigbee2MQTT says of itself and its devices.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{About, Base, News};

/// More devices than any one coordinator carries.
const DEVICES: usize = 2_000;
/// Messages that wait for the MQTT server when something is wrong between them.
const QUEUE: f64 = 1_000.0;

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A Zigbee address, `0x` and sixteen hexadecimal digits.
fn address(value: &Value) -> Option<String> {
    let address = text(value, "ieee_address")?;
    let digits = address.strip_prefix("0x")?;
    (digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| address.to_lowercase())
}

fn about(device: &Value) -> About {
    let definition = device.get("definition").unwrap_or(&Value::Null);
    About {
        name: text(device, "friendly_name").map(str::to_owned),
        manufacturer: text(definition, "vendor")
            .or_else(|| text(device, "manufacturer"))
            .map(str::to_owned),
        model: text(definition, "description")
            .or_else(|| text(definition, "model"))
            .or_else(|| text(device, "model_id"))
            .map(str::to_owned),
    }
}

impl Base {
    pub(super) fn hear(&mut self, what: &str, said: &Value) -> Vec<News> {
        match what {
            "info" => self.hear_info(said),
            "devices" => self.hear_devices(said),
            "event" => self.hear_event(said).into_iter().collect(),
            "health" => self.hear_health(said).into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn hear_info(&mut self, said: &Value) -> Vec<News> {
        if said.get("permit_join").and_then(Value::as_bool) == Some(false) {
            self.joining_until = None;
        }
        let integration = said.get("config").and_then(|config| config.get("homeassistant"));
        self.announces = match integration {
            Some(Value::Bool(on)) => Some(*on),
            Some(Value::Object(config)) => Some(config.get("enabled").and_then(Value::as_bool).unwrap_or(true)),
            _ => self.announces,
        };
        Vec::new()
    }

    /// The whole list; devices that are not in it any more have left.
    fn hear_devices(&mut self, said: &Value) -> Vec<News> {
        let Some(list) = said.as_array() else {
            return Vec::new();
        };
        let (mut names, mut news) = (BTreeMap::new(), Vec::new());
        for device in list.iter().take(DEVICES) {
            let Some(address) = address(device).filter(|_| text(device, "type") != Some("Coordinator")) else {
                continue;
            };
            let about = about(device);
            names.insert(address.clone(), about.name.clone().unwrap_or_else(|| address.clone()));
            let is = |name: &str| device.get(name).and_then(Value::as_bool);
            let reason = if is("disabled") == Some(true) {
                continue;
            } else if is("interviewing") == Some(true) || text(device, "interview_state") == Some("IN_PROGRESS") {
                "It is being asked what it can do.".to_owned()
            } else if text(device, "interview_state") == Some("FAILED") {
                failed()
            } else if is("supported") == Some(false) {
                "Zigbee2MQTT does not know this device.".to_owned()
            } else if self.announces == Some(false) {
                "Zigbee2MQTT does not announce its devices: switch on Home Assistant integration in its settings."
                    .to_owned()
            } else {
                news.push(News::Ready { address, device: about });
                continue;
            };
            news.push(News::Waiting {
                address,
                device: about,
                reason,
            });
        }
        let gone = self.names.keys().filter(|address| !names.contains_key(*address));
        news.extend(gone.map(|address| News::Left {
            address: address.clone(),
        }));
        self.names = names;
        news
    }

    fn hear_event(&mut self, said: &Value) -> Option<News> {
        let data = said.get("data")?;
        let address = address(data)?;
        let about = about(data);
        let waiting = |address: String, about: About, reason: String| News::Waiting {
            address,
            device: about,
            reason,
        };
        if text(said, "type")? != "device_leave" && self.names.len() < DEVICES {
            let name = about.name.clone().unwrap_or_else(|| address.clone());
            self.names.insert(address.clone(), name);
        }
        match (text(said, "type")?, text(data, "status")) {
            ("device_joined", _) | ("device_interview", Some("started")) => {
                Some(waiting(address, about, "It is being asked what it can do.".to_owned()))
            }
            ("device_interview", Some("failed")) => Some(waiting(address, about, failed())),
            ("device_interview", Some("successful")) if data.get("supported") == Some(&Value::Bool(false)) => Some(
                waiting(address, about, "Zigbee2MQTT does not know this device.".to_owned()),
            ),
            ("device_interview", Some("successful")) => Some(News::Ready { address, device: about }),
            ("device_leave", _) => {
                self.names.remove(&address);
                Some(News::Left { address })
            }
            _ => None,
        }
    }

    /// Told when it changes: many messages wait, or the connection with the server is not there.
    fn hear_health(&mut self, said: &Value) -> Option<News> {
        let mqtt = said.get("mqtt")?;
        let queued = mqtt.get("queued").and_then(Value::as_f64).unwrap_or(0.0);
        let healthy = queued < QUEUE && mqtt.get("connected") != Some(&Value::Bool(false));
        let before = self.healthy.replace(healthy);
        (before.unwrap_or(true) != healthy).then(|| News::Status {
            status: "running",
            detail: if healthy {
                "Zigbee2MQTT keeps up again.".to_owned()
            } else {
                format!("Zigbee2MQTT does not keep up: {queued} of its messages wait.")
            },
        })
    }
}

fn failed() -> String {
    "It did not answer when it was asked what it can do: bring it nearer and let it join again.".to_owned()
}
