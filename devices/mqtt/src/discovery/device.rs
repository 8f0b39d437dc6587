//! The device an announcement belongs to.

use serde_json::Value;

use super::EntityConfig;
use crate::fields::{DiscoveryFault, Fields};

/// What an announcement says about its device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeviceInfo {
    /// What tells it from every other: identifiers as they are, connections as `kind:value`.
    /// Never empty. Announcements that share one belong to one device.
    pub identifiers: Vec<String>,
    /// The name for people.
    pub name: Option<String>,
    /// The maker.
    pub manufacturer: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// Where it says it stands.
    pub suggested_area: Option<String>,
}

impl DeviceInfo {
    pub(super) fn parse(fields: Fields<'_>) -> Result<Self, DiscoveryFault> {
        let mut identifiers = fields.texts("identifiers")?.unwrap_or_default();
        identifiers.extend(connections(fields)?);
        identifiers.retain(|identifier| !identifier.is_empty());
        if identifiers.is_empty() {
            return Err(DiscoveryFault::Missing {
                key: "device.identifiers",
            });
        }
        let model = fields.text("model")?;
        Ok(Self {
            identifiers,
            name: fields.text("name")?.filter(|name| !name.is_empty()),
            manufacturer: fields.text("manufacturer")?,
            model: match model {
                Some(model) => Some(model),
                None => fields.text("model_id")?,
            },
            suggested_area: fields.text("suggested_area")?,
        })
    }

    /// An entity that names no device is a device of its own.
    pub(super) fn of_entity(entity: &EntityConfig) -> Self {
        Self {
            identifiers: vec![format!("{}_{}", entity.component, entity.id)],
            name: entity.name.clone(),
            ..Self::default()
        }
    }

    /// The part of the device's id that its bridge makes: the first identifier in plain
    /// characters. One that had to be altered or cut gets a check sum, so that two do not meet.
    pub fn hardware_id(&self) -> String {
        const LONGEST: usize = 80;
        let first = self.identifiers.first().map_or("", String::as_str);
        let plain: String = first
            .to_lowercase()
            .chars()
            .take(LONGEST)
            .map(|c| {
                if c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.') {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        if plain == first {
            plain
        } else {
            format!("{plain}-{:08x}", check_sum(first))
        }
    }
}

fn connections(fields: Fields<'_>) -> Result<Vec<String>, DiscoveryFault> {
    let wrong = DiscoveryFault::WrongType {
        key: "connections",
        wanted: "a list of pairs of text",
    };
    match fields.0.get("connections") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => list
            .iter()
            .map(|pair| {
                let pair = pair.as_array().filter(|pair| pair.len() == 2)?;
                Some(format!("{}:{}", pair[0].as_str()?, pair[1].as_str()?.to_lowercase()))
            })
            .collect::<Option<_>>()
            .ok_or(wrong),
        Some(_) => Err(wrong),
    }
}

/// FNV-1a, 32 bits: stable between releases, as ids must be.
fn check_sum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
