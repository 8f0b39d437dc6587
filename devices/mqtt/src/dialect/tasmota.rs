//! Tasmota's own discovery: `tasmota/discovery/<MAC>/config` and `sensors`.
//!
//! A relay's state comes in two places (`stat/…/RESULT` and `tele/…/STATE`), and answers to
//! questions in others: all are read as `STATE` and `SENSOR`.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{Components, DEVICES, Translation, ask, path};

/// Every Tasmota.
#[derive(Debug, Default)]
pub(super) struct Tasmota {
    devices: HashMap<String, Device>,
    feeds: HashMap<String, Feed>,
}

#[derive(Debug, Default)]
struct Device {
    config: Option<Value>,
    sensors: Option<Value>,
}

/// A topic whose messages are read as if on others.
#[derive(Debug, Clone)]
enum Feed {
    /// Read as these; with a name, only that member of it.
    As(Vec<String>, Option<&'static str>),
    /// Whoever comes online is asked how it fares: these topics with these payloads.
    Will(String, [(String, &'static str); 2]),
}

impl Tasmota {
    pub(super) fn hear(&mut self, topic: &str, payload: &[u8]) -> Vec<Translation> {
        if let Some(rest) = topic.strip_prefix("tasmota/discovery/") {
            return rest
                .split_once('/')
                .map(|(mac, what)| self.discovered(mac, what, payload))
                .unwrap_or_default();
        }
        match self.feeds.get(topic) {
            Some(Feed::Will(online, questions)) if payload == online.as_bytes() => questions
                .iter()
                .map(|(topic, payload)| ask(topic.clone(), (*payload).to_owned()))
                .collect(),
            Some(Feed::As(topics, member)) => {
                let inner = match member {
                    None => payload.to_vec(),
                    Some(member) => match serde_json::from_slice::<Value>(payload) {
                        Ok(said) => said.get(member).map(Value::to_string).unwrap_or_default().into_bytes(),
                        Err(_) => return Vec::new(),
                    },
                };
                let said = |topic: &String| Translation::Said {
                    topic: topic.clone(),
                    payload: inner.clone(),
                };
                topics.iter().map(said).collect()
            }
            _ => Vec::new(),
        }
    }

    fn discovered(&mut self, mac: &str, what: &str, payload: &[u8]) -> Vec<Translation> {
        let is_mac = mac.len() == 12 && mac.bytes().all(|b| b.is_ascii_hexdigit());
        if !is_mac || (self.devices.len() >= DEVICES && !self.devices.contains_key(mac)) {
            return Vec::new();
        }
        let id = format!("tasmota-{}", mac.to_lowercase());
        let said = serde_json::from_slice::<Value>(payload).ok().filter(Value::is_object);
        let device = self.devices.entry(mac.to_owned()).or_default();
        match what {
            "config" => device.config = said,
            "sensors" => device.sensors = said.and_then(|mut said| Some(said.get_mut("sn")?.take())),
            _ => return Vec::new(),
        }
        let Some(config) = &device.config else {
            return match what {
                "config" if payload.is_empty() => vec![Translation::Announce { id, config: None }],
                _ => Vec::new(),
            };
        };
        let Some(topics) = Topics::of(config) else {
            return Vec::new();
        };
        let announcement = announcement(mac, config, device.sensors.as_ref(), &topics);
        let mut translations = vec![Translation::Announce {
            id,
            config: Some(announcement),
        }];
        for (topic, feed) in topics.feeds(config) {
            translations.push(Translation::Listen(topic.clone()));
            self.feeds.insert(topic, feed);
        }
        translations
    }
}

/// Where a Tasmota listens and speaks, up to the last part.
struct Topics {
    command: String,
    stat: String,
    tele: String,
}

impl Topics {
    fn of(config: &Value) -> Option<Self> {
        let text = |name: &str| config.get(name)?.as_str();
        let full = text("ft")?.replace("%topic%", text("t")?);
        let prefix = |index: usize| Some(full.replace("%prefix%", config.get("tp")?.get(index)?.as_str()?));
        Some(Self {
            command: prefix(0)?,
            stat: prefix(1)?,
            tele: prefix(2)?,
        })
    }

    fn feeds(&self, config: &Value) -> Vec<(String, Feed)> {
        let Self { command, stat, tele } = self;
        let (state, sensor) = (format!("{tele}STATE"), format!("{tele}SENSOR"));
        let online = config.get("onln").and_then(Value::as_str).unwrap_or("Online");
        let questions = [(format!("{command}STATE"), ""), (format!("{command}STATUS"), "10")];
        vec![
            (
                format!("{stat}RESULT"),
                Feed::As(vec![state.clone(), sensor.clone()], None),
            ),
            (
                format!("{stat}STATUS10"),
                Feed::As(vec![sensor.clone()], Some("StatusSNS")),
            ),
            (format!("{stat}STATUS8"), Feed::As(vec![sensor], Some("StatusSNS"))),
            (format!("{stat}STATUS11"), Feed::As(vec![state], Some("StatusSTS"))),
            (format!("{tele}LWT"), Feed::Will(online.to_owned(), questions)),
        ]
    }
}

fn announcement(mac: &str, config: &Value, sensors: Option<&Value>, topics: &Topics) -> Value {
    let text = |name: &str| config.get(name).and_then(Value::as_str);
    let mut components = Components::default();
    relays(mac, config, topics, &mut components);
    let unit = sensors
        .and_then(|sensors| sensors.get("TempUnit")?.as_str())
        .unwrap_or("C");
    if let Some(Value::Object(sensors)) = sensors {
        for (name, value) in sensors {
            sensor(mac, &[name], value, unit, topics, &mut components);
        }
    }
    components.add(
        "sensor",
        &format!("{mac}_signal"),
        "Signal",
        json!({"state_topic": format!("{}STATE", topics.tele), "value_template": path(&["Wifi", "Signal"]),
            "device_class": "signal_strength", "unit_of_measurement": "dBm", "entity_category": "diagnostic"}),
    );
    let colons: Vec<&str> = (0..6).filter_map(|pair| mac.get(pair * 2..pair * 2 + 2)).collect();
    json!({
        "device": {"identifiers": [format!("tasmota_{}", mac.to_lowercase())],
            "connections": [["mac", colons.join(":")]], "name": text("dn").unwrap_or(mac),
            "manufacturer": "Tasmota", "model": text("md"), "sw_version": text("sw")},
        "origin": {"name": "Tasmota"},
        "availability_topic": format!("{}LWT", topics.tele),
        "payload_available": text("onln").unwrap_or("Online"),
        "payload_not_available": text("ofln").unwrap_or("Offline"),
        "components": components.0,
    })
}

fn relays(mac: &str, config: &Value, topics: &Topics, components: &mut Components) {
    let kinds: Vec<u64> = config
        .get("rl")
        .and_then(Value::as_array)
        .map(|list| list.iter().map(|kind| kind.as_u64().unwrap_or(0)).collect())
        .unwrap_or_default();
    let count = kinds.iter().filter(|kind| matches!(kind, 1 | 2)).count();
    let always_numbered = config.get("so").and_then(|so| so.get("26")?.as_u64()) == Some(1);
    let word = |index: usize| config.get("state").and_then(|state| state.get(index)?.as_str());
    let (off, on) = (word(0).unwrap_or("OFF"), word(1).unwrap_or("ON"));
    let (state, sensor) = (format!("{}STATE", topics.tele), format!("{}SENSOR", topics.tele));
    let (mut shutters, mut has_first_half) = (0, false);
    for (index, kind) in kinds.iter().enumerate() {
        let number = index + 1;
        has_first_half &= *kind == 3;
        let names = config.get("fn").and_then(|names| names.get(index)?.as_str());
        let name = names.map_or_else(|| format!("Relay {number}"), str::to_owned);
        let power = if count == 1 && !always_numbered {
            "POWER".to_owned()
        } else {
            format!("POWER{number}")
        };
        let command = format!("{}POWER{number}", topics.command);
        let words = json!({"state_topic": state, "command_topic": command, "payload_on": on, "payload_off": off});
        let mut keys = words;
        match kind {
            1 => {
                keys["value_template"] = json!(path(&[&power]));
                components.add("switch", &format!("{mac}_relay_{number}"), &name, keys);
            }
            2 => {
                keys["state_value_template"] = json!(path(&[&power]));
                if config.get("lt_st").and_then(Value::as_u64).unwrap_or(0) > 0 {
                    keys["brightness_state_topic"] = json!(state);
                    keys["brightness_value_template"] = json!(path(&["Dimmer"]));
                    keys["brightness_scale"] = json!(100);
                    keys["brightness_command_topic"] = json!(format!("{}Dimmer", topics.command));
                }
                components.add("light", &format!("{mac}_light_{number}"), &name, keys);
            }
            // Two relays make a shutter.
            3 => {
                has_first_half = !has_first_half;
                if !has_first_half {
                    continue;
                }
                shutters += 1;
                let shutter = format!("Shutter{shutters}");
                let keys = json!({"position_topic": sensor, "position_template": path(&[&shutter, "Position"]),
                    "set_position_topic": format!("{}ShutterPosition{shutters}", topics.command)});
                components.add("cover", &format!("{mac}_shutter_{shutters}"), &shutter, keys);
            }
            _ => {}
        }
    }
}

/// A sensor, or each of those below it: `{"DHT11": {"Temperature": null}}`.
fn sensor(mac: &str, names: &[&str], value: &Value, unit: &str, topics: &Topics, components: &mut Components) {
    let leaf = names.last().copied().unwrap_or_default();
    let list = match value {
        Value::Object(members) if names.len() < 4 => {
            for (name, value) in members {
                sensor(
                    mac,
                    &[names, &[name.as_str()]].concat(),
                    value,
                    unit,
                    topics,
                    components,
                );
            }
            return;
        }
        Value::Array(list) => list.len().min(16),
        _ if matches!(
            leaf,
            "Time" | "TempUnit" | "PressureUnit" | "SpeedUnit" | "Id" | "TotalStartTime"
        ) =>
        {
            return;
        }
        _ => 0,
    };
    let temperature = format!("°{unit}");
    let (class, unit, main) = match leaf {
        "Temperature" => ("temperature", temperature.as_str(), true),
        "DewPoint" => ("temperature", temperature.as_str(), false),
        "Humidity" => ("humidity", "%", true),
        "Pressure" => ("pressure", "hPa", true),
        "SeaPressure" => ("pressure", "hPa", false),
        "Illuminance" => ("illuminance", "lx", true),
        "CarbonDioxide" | "eCO2" => ("carbon_dioxide", "ppm", true),
        "Power" => ("power", "W", true),
        "Voltage" => ("voltage", "V", true),
        "Current" => ("current", "A", true),
        "Total" => ("energy", "kWh", true),
        "Today" | "Yesterday" => ("energy", "kWh", false),
        "PM1" => ("pm1", "µg/m³", true),
        "PM2.5" => ("pm25", "µg/m³", true),
        "PM10" => ("pm10", "µg/m³", true),
        "Moisture" => ("moisture", "%", true),
        _ => ("", "", true),
    };
    let one = |template: String| {
        let mut keys = json!({"state_topic": format!("{}SENSOR", topics.tele), "value_template": template});
        if !class.is_empty() {
            keys["device_class"] = json!(class);
            keys["unit_of_measurement"] = json!(unit);
        }
        if !main {
            keys["entity_category"] = json!("diagnostic");
        }
        keys
    };
    let (id, name) = (format!("{mac}_{}", names.join("_")), names.join(" "));
    if list == 0 {
        components.add("sensor", &id, &name, one(path(names)));
    }
    for index in 0..list {
        let whole = path(names);
        let element = whole.replace(" }}", &format!("[{index}] }}}}"));
        components.add(
            "sensor",
            &format!("{id}_{index}"),
            &format!("{name} {}", index + 1),
            one(element),
        );
    }
}
