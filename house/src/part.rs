//! Devices that several bridges see, or that took another's place: who speaks for what.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Bridge, Device, DeviceId};

/// What one bridge sees of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The id by which the bridge knows it.
    pub id: DeviceId,
    /// The bridge.
    pub bridge: Bridge,
    /// The entities it speaks for: the device's entity id → the bridge's.
    #[serde(default)]
    pub entities: BTreeMap<String, String>,
}

/// Where a command for an entity goes, in the words of the bridge that takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'a> {
    /// The bridge.
    pub bridge: Bridge,
    /// The id by which it knows the device.
    pub device: &'a str,
    /// The id by which it knows the entity.
    pub entity: &'a str,
}

impl Device {
    /// The ids by which bridges know it.
    pub fn sources(&self) -> impl Iterator<Item = (Bridge, &str)> {
        let own = self.parts.is_empty().then_some((self.bridge, self.id.as_str()));
        let parts = self.parts.iter().map(|part| (part.bridge, part.id.as_str()));
        own.into_iter().chain(parts)
    }

    /// Whether what a bridge knows as `source` is this device.
    pub fn is_spoken_for_by(&self, source: &str) -> bool {
        self.sources().any(|(_, id)| id == source)
    }

    /// Where commands for one of its entities go.
    pub fn route<'a>(&'a self, entity: &'a str) -> Route<'a> {
        let of_part = |part: &'a Part| {
            let own = part.entities.get(entity)?;
            Some(Route {
                bridge: part.bridge,
                device: &part.id,
                entity: own,
            })
        };
        self.parts.iter().find_map(of_part).unwrap_or(Route {
            bridge: self.bridge,
            device: &self.id,
            entity,
        })
    }

    /// What the device calls an entity that its bridge, which knows the device as `source`, calls
    /// `entity`; `None` when it has left that one out.
    pub fn entity_of<'a>(&'a self, source: &str, entity: &'a str) -> Option<&'a str> {
        if self.parts.is_empty() {
            return Some(entity);
        }
        let part = self.parts.iter().find(|part| part.id == source)?;
        let named = part.entities.iter().find(|(_, own)| *own == entity);
        named.map(|(name, _)| name.as_str())
    }
}

/// A hardware address in any spelling (`54:48:E6:8F:80:A5`, `5448.e68f.80a5`) as the 12 digits of
/// [`Device::addresses`]; `None` when it is none, or one that says nothing (all zeros or ones).
pub fn hardware_address(text: &str) -> Option<String> {
    let mut digits = String::with_capacity(12);
    for c in text.trim().chars() {
        match c {
            ':' | '-' | '.' => {}
            c if c.is_ascii_hexdigit() && digits.len() < 12 => digits.push(c.to_ascii_lowercase()),
            _ => return None,
        }
    }
    let is_told = digits.len() == 12 && digits != "000000000000" && digits != "ffffffffffff";
    is_told.then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_two_bridges() -> Device {
        let part = |id: &str, bridge, entities: &[(&str, &str)]| Part {
            id: id.into(),
            bridge,
            entities: entities.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(),
        };
        Device {
            parts: vec![
                part("mqtt-1", Bridge::Mqtt, &[("relay", "relay")]),
                part("ble-2", Bridge::Ble, &[("relay_ble", "relay")]),
            ],
            ..Device::found(Bridge::Mqtt, "1", "Plug")
        }
    }

    #[test]
    fn a_command_goes_to_the_bridge_that_owns_the_entity_and_its_word_comes_back() {
        let device = of_two_bridges();
        let route = device.route("relay_ble");
        assert_eq!(
            (route.bridge, route.device, route.entity),
            (Bridge::Ble, "ble-2", "relay")
        );
        assert_eq!(device.route("relay").device, "mqtt-1");
        assert_eq!(device.entity_of("ble-2", "relay"), Some("relay_ble"));
        assert_eq!(device.entity_of("ble-2", "lamp"), None);
        let plain = Device::found(Bridge::Ble, "9", "Lamp");
        assert_eq!(plain.route("lamp").device, "ble-9");
        assert_eq!(plain.entity_of("ble-9", "lamp"), Some("lamp"));
    }

    #[test]
    fn spellings_of_an_address_are_one_address() {
        for text in [
            "54:48:E6:8F:80:A5",
            "5448e68f80a5",
            " 54-48-e6-8f-80-a5 ",
            "5448.E68F.80A5",
        ] {
            assert_eq!(hardware_address(text).as_deref(), Some("5448e68f80a5"), "{text}");
        }
        for text in [
            "",
            "00:00:00:00:00:00",
            "ff:ff:ff:ff:ff:ff",
            "0x00158d0001a2b3",
            "5448e68f80a",
            "kitchen",
        ] {
            assert_eq!(hardware_address(text), None, "{text}");
        }
    }
}
