//! Shelly from the second generation on, by its RPC over MQTT.
//!
//! Who comes online is asked what it is, how it is called and how it fares. Changes come by
//! themselves on `<prefix>/events/rpc`, and the answer to the last question is read as one.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Components, DEVICES, Translation, ask, path};

/// Every Shelly, by the prefix of its topics.
#[derive(Debug, Default)]
pub(super) struct Shelly {
    devices: HashMap<String, Device>,
    prefix_by_answers: HashMap<String, String>,
}

#[derive(Debug, Default)]
struct Device {
    info: Option<Value>,
    config: Option<Value>,
}

const QUESTIONS: [&str; 3] = ["Shelly.GetDeviceInfo", "Shelly.GetConfig", "Shelly.GetStatus"];

/// How we call ourselves towards one device: it answers on `<this>/rpc`.
fn source(prefix: &str) -> String {
    format!("domovoi-{prefix}")
}

impl Shelly {
    pub(super) fn hear(&mut self, topic: &str, payload: &[u8]) -> Vec<Translation> {
        if let Some(prefix) = topic.strip_suffix("/online") {
            let known = prefix.starts_with("shelly") || self.devices.contains_key(prefix);
            return if known && payload == b"true" {
                self.ask(prefix)
            } else {
                Vec::new()
            };
        }
        if let Some(prefix) = topic.strip_suffix("/events/rpc") {
            if self.devices.contains_key(prefix) {
                return Vec::new();
            }
            let said = serde_json::from_slice::<Value>(payload).unwrap_or_default();
            let is_shelly = said
                .get("src")
                .and_then(Value::as_str)
                .is_some_and(|src| src.starts_with("shelly"));
            return if is_shelly { self.ask(prefix) } else { Vec::new() };
        }
        match self.prefix_by_answers.get(topic).cloned() {
            Some(prefix) => self.answered(&prefix, payload).unwrap_or_default(),
            None => Vec::new(),
        }
    }

    fn ask(&mut self, prefix: &str) -> Vec<Translation> {
        if self.devices.len() >= DEVICES && !self.devices.contains_key(prefix) {
            return Vec::new();
        }
        self.devices.entry(prefix.to_owned()).or_default();
        let source = source(prefix);
        let answers = format!("{source}/rpc");
        self.prefix_by_answers.insert(answers.clone(), prefix.to_owned());
        let mut translations = vec![Translation::Listen(answers)];
        for (id, method) in (1..).zip(QUESTIONS) {
            let question = json!({"id": id, "src": source, "method": method});
            translations.push(ask(format!("{prefix}/rpc"), question.to_string()));
        }
        translations
    }

    fn answered(&mut self, prefix: &str, payload: &[u8]) -> Option<Vec<Translation>> {
        let mut said: Value = serde_json::from_slice(payload).ok()?;
        let number = said.get("id")?.as_u64()?;
        let result = said.get_mut("result").filter(|result| result.is_object())?.take();
        let device = self.devices.get_mut(prefix)?;
        match number {
            1 => device.info = Some(result),
            2 => device.config = Some(result),
            3 => {
                let info = device.info.as_ref()?;
                let id = info.get("id")?.as_str()?;
                let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                let announcement = announcement(prefix, info, device.config.as_ref(), &result);
                let announce = Translation::Announce {
                    id: id.to_owned(),
                    config: Some(announcement),
                };
                let said = Translation::Said {
                    topic: format!("{prefix}/events/rpc"),
                    payload: json!({"params": result}).to_string().into_bytes(),
                };
                return plain.then(|| vec![announce, said]);
            }
            _ => {}
        }
        None
    }
}

fn announcement(prefix: &str, info: &Value, config: Option<&Value>, status: &Value) -> Value {
    let text = |name: &str| info.get(name).and_then(Value::as_str);
    let id = text("id").unwrap_or(prefix);
    let mut components = Components::default();
    for (key, value) in status.as_object().into_iter().flatten() {
        let name = config.and_then(|config| config.get(key)?.get("name")?.as_str());
        let part = Part {
            id,
            prefix,
            key,
            name: name.map_or_else(|| key.replace(':', " "), str::to_owned),
        };
        part.describe(value, &mut components);
    }
    let mac = text("mac").unwrap_or_default();
    let pairs: Vec<&str> = (0..6).filter_map(|pair| mac.get(pair * 2..pair * 2 + 2)).collect();
    let connections = if pairs.len() == 6 {
        json!([["mac", pairs.join(":")]])
    } else {
        json!([])
    };
    json!({
        "device": {"identifiers": [id], "connections": connections, "name": text("name").unwrap_or(id),
            "manufacturer": "Shelly", "model": text("app").or_else(|| text("model")), "sw_version": text("ver")},
        "origin": {"name": "Shelly"},
        "availability_topic": format!("{prefix}/online"),
        "payload_available": "true",
        "payload_not_available": "false",
        "components": components.0,
    })
}

/// One component of a Shelly: `switch:0`.
struct Part<'a> {
    id: &'a str,
    prefix: &'a str,
    key: &'a str,
    name: String,
}

/// Device class, unit, whether it is about the device itself.
type Measured = (&'static str, &'static str, bool);

/// What components measure, by the path below them.
const MEASURED: [(&[&str], Measured); 15] = [
    (&["apower"], ("power", "W", false)),
    (&["voltage"], ("voltage", "V", false)),
    (&["current"], ("current", "A", false)),
    (&["aenergy", "total"], ("energy", "Wh", false)),
    (&["total_act_power"], ("power", "W", false)),
    (&["total_act"], ("energy", "Wh", false)),
    (&["a_voltage"], ("voltage", "V", false)),
    (&["a_current"], ("current", "A", false)),
    (&["rh"], ("humidity", "%", false)),
    (&["tC"], ("temperature", "°C", false)),
    (&["lux"], ("illuminance", "lx", false)),
    (&["battery", "percent"], ("battery", "%", true)),
    (&["temperature", "tC"], ("temperature", "°C", true)),
    (&["rssi"], ("signal_strength", "dBm", true)),
    (&["humidity", "rh"], ("humidity", "%", true)),
];

impl Part<'_> {
    fn path(&self, below: &[&str]) -> String {
        path(&[&["params", self.key], below].concat())
    }

    fn events(&self) -> String {
        format!("{}/events/rpc", self.prefix)
    }

    fn call(&self, method: &str, params: &str) -> String {
        let number = self
            .key
            .rsplit(':')
            .next()
            .and_then(|n| n.parse::<u32>().ok())
            .unwrap_or(0);
        let comma = if params.is_empty() { "" } else { "," };
        let source = source(self.prefix);
        format!(r#"{{"id":4,"src":"{source}","method":"{method}","params":{{"id":{number}{comma}{params}}}}}"#)
    }

    fn describe(&self, status: &Value, components: &mut Components) {
        let kind = self.key.split(':').next().unwrap_or_default();
        let id = format!("{}-{}", self.id, self.key.replace(':', "-"));
        let topics = json!({"state_topic": self.events(), "command_topic": format!("{}/rpc", self.prefix)});
        let mut keys = topics;
        match kind {
            "switch" | "light" => {
                let method = if kind == "switch" { "Switch.Set" } else { "Light.Set" };
                let template = if kind == "switch" {
                    "value_template"
                } else {
                    "state_value_template"
                };
                keys[template] = json!(self.path(&["output"]));
                keys["state_on"] = json!("True");
                keys["state_off"] = json!("False");
                keys["payload_on"] = json!("true");
                keys["payload_off"] = json!("false");
                keys["command_template"] = json!(self.call(method, "\"on\":{{ value }}"));
                if kind == "light" && status.get("brightness").is_some() {
                    keys["brightness_state_topic"] = json!(self.events());
                    keys["brightness_value_template"] = json!(self.path(&["brightness"]));
                    keys["brightness_scale"] = json!(100);
                    keys["brightness_command_topic"] = json!(format!("{}/rpc", self.prefix));
                    keys["brightness_command_template"] =
                        json!(self.call("Light.Set", "\"on\":true,\"brightness\":{{ value }}"));
                }
                components.add(kind, &id, &self.name, keys);
            }
            "cover" => {
                keys["value_template"] = json!(self.path(&["state"]));
                keys["payload_open"] = json!(self.call("Cover.Open", ""));
                keys["payload_close"] = json!(self.call("Cover.Close", ""));
                if status.get("current_pos").is_some() {
                    keys["position_topic"] = json!(self.events());
                    keys["position_template"] = json!(self.path(&["current_pos"]));
                    keys["set_position_topic"] = json!(format!("{}/rpc", self.prefix));
                    keys["set_position_template"] = json!(self.call("Cover.GoToPosition", "\"pos\":{{ position }}"));
                }
                components.add("cover", &id, &self.name, keys);
            }
            "input" => self.yes_no(&["state"], None, components),
            "smoke" => self.yes_no(&["alarm"], Some("smoke"), components),
            "flood" => self.yes_no(&["alarm"], Some("moisture"), components),
            "presence" => self.yes_no(&["state"], Some("occupancy"), components),
            _ => {}
        }
        for (below, (class, unit, secondary)) in MEASURED {
            let there = below.iter().try_fold(status, |value, name| value.get(name));
            if there.is_none() {
                continue;
            }
            let mut keys = json!({"state_topic": self.events(), "value_template": self.path(below),
                "device_class": class, "unit_of_measurement": unit});
            if secondary {
                keys["entity_category"] = json!("diagnostic");
            }
            components.add(
                "sensor",
                &format!("{id}-{}", below.join("-")),
                &format!("{} {class}", self.name),
                keys,
            );
        }
    }

    fn yes_no(&self, below: &[&str], class: Option<&str>, components: &mut Components) {
        let id = format!("{}-{}", self.id, self.key.replace(':', "-"));
        let keys = json!({"state_topic": self.events(), "value_template": self.path(below), "device_class": class,
            "payload_on": "True", "payload_off": "False"});
        components.add("binary_sensor", &id, &self.name, keys);
    }
}
