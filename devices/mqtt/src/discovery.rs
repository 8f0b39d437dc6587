//! Announcements of Home Assistant's MQTT discovery, as typed entities of a device.
//!
//! Two forms: one entity per topic (`homeassistant/sensor/…/config`), or a whole device
//! (`homeassistant/device/…/config`). Order matters: JSON, then abbreviations, then the base
//! topic `~`, then the keys a device's components inherit.

mod device;

use std::time::Duration;

use serde_json::{Map, Value};

pub use self::device::DeviceInfo;
use crate::abbreviation::expand_payload;
use crate::availability;
use crate::entity::Role;
use crate::entity::detail::Details;
pub use crate::fields::DiscoveryFault;
use crate::fields::{Fields, text_of};
use crate::topic::DiscoveryTopic;

/// What components of a device announcement take from it when they do not say themselves.
const INHERITED: [&str; 11] = [
    "availability",
    "availability_mode",
    "availability_template",
    "availability_topic",
    "command_topic",
    "encoding",
    "message_expiry_interval",
    "payload_available",
    "payload_not_available",
    "state_topic",
    "qos",
];

/// One message on a discovery topic.
#[derive(Debug, Clone, PartialEq)]
pub enum Discovery {
    /// What the topic announces from now on.
    Announced(Announcement),
    /// The topic announces nothing any more.
    Removed,
    /// The topic will announce nothing any more, but another the same entities.
    Migrating,
}

/// A device, or a part of one, as one topic announces it.
#[derive(Debug, Clone, PartialEq)]
pub struct Announcement {
    /// Which device it belongs to.
    pub device: DeviceInfo,
    /// Its entities.
    pub entities: Vec<EntityConfig>,
    /// Components that were refused, each with its sentence; the rest of the device counts.
    pub refused: Vec<DiscoveryFault>,
}

/// One announced entity.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityConfig {
    /// Unique within the device.
    pub id: String,
    /// `sensor`, `switch`, ….
    pub component: String,
    /// The name for people; `None` when it goes by the device's.
    pub name: Option<String>,
    /// It tells about the device itself, or is off by default: others of its kind come first.
    pub secondary: bool,
    /// When it can be reached.
    pub availability: availability::Rule,
    /// It counts as gone when it has said nothing for so long.
    pub expire_after: Option<Duration>,
    /// What it does.
    pub role: Role,
    /// What it says and takes beside that.
    pub details: Details,
}

/// Reads a message on a discovery topic.
///
/// # Errors
/// What is wrong with it, as a sentence that names the key.
pub fn parse(topic: &DiscoveryTopic<'_>, payload: &[u8]) -> Result<Discovery, DiscoveryFault> {
    if payload.is_empty() {
        return Ok(Discovery::Removed);
    }
    let value: Value = serde_json::from_slice(payload).map_err(|error| DiscoveryFault::NotJson {
        detail: error.to_string(),
    })?;
    let Value::Object(mut object) = value else {
        return Err(DiscoveryFault::NotAnObject);
    };
    if object.is_empty() {
        return Ok(Discovery::Removed);
    }
    expand_payload(&mut object);
    if object.get("migrate_discovery") == Some(&Value::Bool(true)) {
        return Ok(Discovery::Migrating);
    }
    replace_base_topic(&mut object);
    if topic.component == "device" {
        parse_device_form(topic, &object)
    } else {
        parse_entity_form(topic, &object)
    }
    .map(Discovery::Announced)
}

fn parse_entity_form(topic: &DiscoveryTopic<'_>, object: &Map<String, Value>) -> Result<Announcement, DiscoveryFault> {
    let entity = parse_entity(topic.component, &topic.discovery_id(), object)?;
    let device = match object.get("device") {
        Some(Value::Object(device)) => DeviceInfo::parse(Fields(device))?,
        None | Some(Value::Null) => DeviceInfo::of_entity(&entity),
        Some(_) => {
            return Err(DiscoveryFault::WrongType {
                key: "device",
                wanted: "an object",
            });
        }
    };
    Ok(Announcement {
        device,
        entities: vec![entity],
        refused: Vec::new(),
    })
}

fn parse_device_form(topic: &DiscoveryTopic<'_>, object: &Map<String, Value>) -> Result<Announcement, DiscoveryFault> {
    let required = |key: &'static str| match object.get(key) {
        Some(Value::Object(value)) => Ok(value),
        None | Some(Value::Null) => Err(DiscoveryFault::Missing { key }),
        Some(_) => Err(DiscoveryFault::WrongType {
            key,
            wanted: "an object",
        }),
    };
    let device = DeviceInfo::parse(Fields(required("device")?))?;
    let (mut entities, mut refused) = (Vec::new(), Vec::new());
    for (id, component) in required("components")? {
        match parse_component(topic, id, component, object) {
            Ok(Some(entity)) => entities.push(entity),
            Ok(None) => {}
            Err(fault) => refused.push(DiscoveryFault::Component {
                id: id.clone(),
                fault: Box::new(fault),
            }),
        }
    }
    Ok(Announcement {
        device,
        entities,
        refused,
    })
}

/// One component of a device announcement; `None` when it is taken out by naming only its
/// platform.
fn parse_component(
    topic: &DiscoveryTopic<'_>,
    id: &str,
    component: &Value,
    device: &Map<String, Value>,
) -> Result<Option<EntityConfig>, DiscoveryFault> {
    let Value::Object(component) = component else {
        return Err(DiscoveryFault::NotAnObject);
    };
    let platform = Fields(component)
        .text("platform")?
        .ok_or(DiscoveryFault::Missing { key: "platform" })?;
    if component.len() == 1 {
        return Ok(None);
    }
    let mut merged = component.clone();
    for key in INHERITED {
        if !merged.contains_key(key)
            && let Some(value) = device.get(key)
        {
            merged.insert(key.to_owned(), value.clone());
        }
    }
    parse_entity(&platform, &format!("{}_{id}", topic.discovery_id()), &merged).map(Some)
}

fn parse_entity(
    component: &str,
    discovery_id: &str,
    object: &Map<String, Value>,
) -> Result<EntityConfig, DiscoveryFault> {
    let fields = Fields(object);
    let enabled = fields.truth_or("enabled_by_default", true)?;
    let role = Role::parse(component, fields)?;
    Ok(EntityConfig {
        id: fields.text("unique_id")?.unwrap_or_else(|| discovery_id.to_owned()),
        component: component.to_owned(),
        name: fields.text("name")?.filter(|name| !name.is_empty()),
        secondary: !enabled || fields.has("entity_category"),
        availability: availability::Rule::parse(fields)?,
        expire_after: fields.seconds("expire_after")?,
        details: match &role {
            Role::Sensor(_) | Role::BinarySensor(_) => Details::default(),
            _ => Details::parse(component, fields)?,
        },
        role,
    })
}

/// Puts the base topic in for a `~` at the start or end of any topic.
fn replace_base_topic(object: &mut Map<String, Value>) {
    let device_base = object.get("~").and_then(text_of);
    if let Some(base) = &device_base {
        replace_in(object, base);
    }
    if let Some(Value::Object(components)) = object.get_mut("components") {
        for component in components.values_mut().filter_map(Value::as_object_mut) {
            if let Some(base) = component.get("~").and_then(text_of).or_else(|| device_base.clone()) {
                replace_in(component, &base);
            }
        }
    }
}

fn replace_in(object: &mut Map<String, Value>, base: &str) {
    for (key, value) in object.iter_mut() {
        match value {
            Value::String(text) if key.ends_with("topic") => {
                if let Some(rest) = text.strip_prefix('~') {
                    *text = format!("{base}{rest}");
                }
                if let Some(start) = text.strip_suffix('~') {
                    *text = format!("{start}{base}");
                }
            }
            Value::Array(list) if key == "availability" => {
                for item in list.iter_mut().filter_map(Value::as_object_mut) {
                    replace_in(item, base);
                }
            }
            Value::Object(item) if key == "availability" => replace_in(item, base),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
