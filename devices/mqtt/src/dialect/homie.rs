//! Homie 5: devices that describe themselves in one JSON object, and say each of their properties on
//! a topic of its own (the Homie convention, version 5).

use serde_json::{Map, Value, json};

use super::{Components, Translation};

/// The description of a device follows its id.
const BASE: &str = "homie/5/";
const DESCRIPTION: &str = "/$description";
/// Properties of one device that are looked at.
const PROPERTIES: usize = 500;
/// The states in which a device can be spoken with, or will speak again by itself.
const THERE: &str = "{{ 'online' if value in ['init', 'ready', 'sleeping', 'alert'] else 'offline' }}";
/// The range of a number that has none.
const WIDE: [f64; 2] = [-1e9, 1e9];

/// Takes a message; nothing comes of those that are no description.
pub(super) fn hear(topic: &str, payload: &[u8]) -> Vec<Translation> {
    let device = topic
        .strip_prefix(BASE)
        .and_then(|rest| rest.strip_suffix(DESCRIPTION))
        .filter(|device| is_id(device));
    let Some(device) = device else { return Vec::new() };
    let config = if payload.is_empty() {
        None
    } else {
        let Ok(Value::Object(description)) = serde_json::from_slice(payload) else {
            return Vec::new();
        };
        Some(announcement(device, &description))
    };
    vec![Translation::Announce {
        id: format!("homie-{device}"),
        config,
    }]
}

/// Ids are of lower-case letters, digits and hyphens.
fn is_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(fits)
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// The members of an object that have an id and are objects themselves.
fn members<'a>(object: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = (&'a str, &'a Map<String, Value>)> {
    let members = object.get(name).and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(id, member)| is_id(id).then_some((id.as_str(), member.as_object()?)))
}

fn announcement(device: &str, description: &Map<String, Value>) -> Value {
    let mut components = Components::default();
    let properties = members(description, "nodes").flat_map(|(node_id, node)| {
        let name = text(node, "name").unwrap_or(node_id);
        members(node, "properties").map(move |(id, property)| (node_id, name, id, property))
    });
    for (node_id, node, id, property) in properties.take(PROPERTIES) {
        let own = text(property, "name").unwrap_or(id);
        let property = Property {
            topic: format!("{BASE}{device}/{node_id}/{id}"),
            id: format!("{device}-{node_id}-{id}"),
            words: format!("{id} {own} {node}").to_lowercase(),
            name: format!("{node} {own}"),
            description: property,
        };
        property.describe(&mut components);
    }
    json!({
        "device": {"identifiers": [format!("homie_{device}")], "name": text(description, "name").unwrap_or(device)},
        "origin": {"name": "Homie"},
        "availability": [{"topic": format!("{BASE}{device}/$state"), "value_template": THERE}],
        "components": components.0,
    })
}

/// One property of a node.
struct Property<'a> {
    topic: String,
    id: String,
    name: String,
    /// All that its maker calls it, to be searched.
    words: String,
    description: &'a Map<String, Value>,
}

impl Property<'_> {
    fn describe(&self, components: &mut Components) {
        let unit = text(self.description, "unit").unwrap_or_default();
        let is_settable = self.description.get("settable").and_then(Value::as_bool) == Some(true);
        let mut keys = json!({"state_topic": self.topic});
        if is_settable {
            keys["command_topic"] = json!(format!("{}/set", self.topic));
        }
        let platform = match (text(self.description, "datatype").unwrap_or_default(), is_settable) {
            ("boolean", _) => {
                keys["payload_on"] = json!("true");
                keys["payload_off"] = json!("false");
                keys["device_class"] =
                    json!(self.first_of(&["motion", "occupancy", "smoke", "moisture", "door", "window"]));
                if is_settable { "switch" } else { "binary_sensor" }
            }
            ("integer" | "float", true) => {
                let [min, max] = self.range();
                (keys["min"], keys["max"]) = (json!(min), json!(max));
                keys["unit_of_measurement"] = json!(unit);
                "number"
            }
            ("integer" | "float", false) => {
                keys["unit_of_measurement"] = json!(unit);
                keys["device_class"] = json!(self.class(unit));
                "sensor"
            }
            ("enum", true) => {
                let options = text(self.description, "format").unwrap_or_default();
                keys["options"] = json!(options.split(',').collect::<Vec<_>>());
                "select"
            }
            (_, true) => "text",
            (_, false) => {
                keys["device_class"] = json!("enum");
                "sensor"
            }
        };
        components.add(platform, &self.id, &self.name, keys);
    }

    /// `min:max` or `min:max:step`, either of which may be missing.
    fn range(&self) -> [f64; 2] {
        let format = text(self.description, "format").unwrap_or_default();
        let mut ends = format.split(':').map(|end| end.parse::<f64>().ok());
        WIDE.map(|wide| ends.next().flatten().filter(|end| end.is_finite()).unwrap_or(wide))
    }

    fn first_of<'w>(&self, words: &[&'w str]) -> Option<&'w str> {
        words.iter().copied().find(|word| self.words.contains(word))
    }

    /// What a number measures: the convention has units, and names for people.
    fn class(&self, unit: &str) -> Option<&'static str> {
        match unit {
            "°C" | "°F" | "K" => Some("temperature"),
            "W" | "kW" => Some("power"),
            "kWh" | "Wh" => Some("energy"),
            "V" => Some("voltage"),
            "A" => Some("current"),
            "lx" => Some("illuminance"),
            "Pa" | "hPa" | "psi" => Some("pressure"),
            "ppm" => self.first_of(&["co2", "carbon dioxide"]).map(|_| "carbon_dioxide"),
            "%" => self.first_of(&["humidity", "battery", "moisture"]),
            _ => None,
        }
    }
}
