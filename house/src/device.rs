//! Devices and what they can do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AreaId, Part, Quantity, SensorId, Timestamp};

/// A device's id: stable for its life, made by its bridge, `<bridge>-<hardware id>`
/// (`mqtt-0x00158d0001`, `ble-a4c138830283`).
pub type DeviceId = SensorId;

/// Which bridge a device speaks through; a bridge takes commands at
/// [`crate::uri::bridge_command`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bridge {
    /// The MQTT bridge.
    Mqtt,
    /// The Bluetooth LE bridge.
    Ble,
    /// The simulated house.
    Simulated,
    /// A WAMP client that publishes `sensor.events` itself, as in the talk.
    Wamp,
    /// The mDNS bridge: what announces itself in the network.
    Mdns,
}

impl Bridge {
    /// The name in URIs and ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Ble => "ble",
            Self::Simulated => "simulated",
            Self::Wamp => "wamp",
            Self::Mdns => "mdns",
        }
    }
}

/// Kinds of actuator that can be switched through `dcs.<kind>.control`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActuatorKind {
    /// A ventilator.
    Fan,
    /// An air conditioner, switched to cool.
    Ac,
    /// A heater, or a climate device switched to heat.
    Heater,
    /// Anything else that is on or off.
    Switch,
    /// A lamp.
    Light,
    /// A humidifier or dehumidifier with a control of its own.
    Humidifier,
    /// A blind, shutter, curtain, awning or garage door; on is open.
    Cover,
    /// A valve for water or gas; on is open.
    Valve,
    /// A door's lock; on is locked.
    Lock,
}

impl ActuatorKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Fan,
        Self::Ac,
        Self::Heater,
        Self::Switch,
        Self::Light,
        Self::Humidifier,
        Self::Cover,
        Self::Valve,
        Self::Lock,
    ];

    /// The name in URIs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fan => "fan",
            Self::Ac => "ac",
            Self::Heater => "heater",
            Self::Switch => "switch",
            Self::Light => "light",
            Self::Humidifier => "humidifier",
            Self::Cover => "cover",
            Self::Valve => "valve",
            Self::Lock => "lock",
        }
    }

    /// What it is for people when it is on, or off: `open`, `closed`.
    pub const fn word(self, on: bool) -> &'static str {
        match (self, on) {
            (Self::Cover | Self::Valve, true) => "open",
            (Self::Cover | Self::Valve, false) => "closed",
            (Self::Lock, true) => "locked",
            (Self::Lock, false) => "unlocked",
            (_, true) => "on",
            (_, false) => "off",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Fan => "fan",
            Self::Ac => "air conditioner",
            Self::Heater => "heater",
            Self::Switch => "switch",
            Self::Light => "light",
            Self::Humidifier => "humidifier",
            Self::Cover => "cover",
            Self::Valve => "valve",
            Self::Lock => "lock",
        }
    }
}

/// What one entity is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum EntityKind {
    /// Measures one quantity.
    Sensor {
        /// Which.
        quantity: Quantity,
    },
    /// Switches something.
    Actuator {
        /// What, as its bridge sees it; a person may say otherwise (a plug that feeds a fan).
        actuator: ActuatorKind,
    },
    /// Says something that is shown as it is, see [`Device::told`].
    Told {
        /// Why it is neither measured nor switched, a sentence for people.
        reason: String,
        /// It can be set to another value with `device.set`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        settable: bool,
    },
    /// Shown, with the reason why it cannot be driven or measured.
    Unsupported {
        /// A sentence for people.
        reason: String,
    },
}

/// One thing measured or controlled on a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Unique within the device.
    pub id: String,
    /// The name for people.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: EntityKind,
}

/// Where a device is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Seen, does nothing until adopted.
    #[default]
    Discovered,
    /// Part of the house: measured, switched, logged.
    Adopted,
    /// The admin wants to hear no more of it.
    Ignored,
    /// Taken out; found again if it is still there.
    Removed,
}

/// Whether a device can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Not heard of yet since the start.
    #[default]
    Unknown,
    /// Heard of lately, or says so itself.
    Online,
    /// Gone quiet, or says so itself.
    Offline,
}

/// A physical thing with its own control unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Stable id.
    pub id: DeviceId,
    /// Who speaks with it.
    pub bridge: Bridge,
    /// The name for people: the maker's until adopted, then the admin's.
    pub name: String,
    /// Maker, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    /// Model, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What it measures and switches.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Where it stands; set by adoption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// Where it says it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested_area: Option<AreaId>,
    /// Where it is in its life.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Whether it can be reached.
    #[serde(default)]
    pub availability: Availability,
    /// Radio signal in dBm, when heard by radio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<f64>,
    /// When it was first found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    /// When it was last heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    /// It needs a key before it can be read (encrypted adverts).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_key: bool,
    /// Why it cannot be read now, as a sentence; not kept over a restart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// What it measured last, in the quantities' units, while it waits for adoption: what an
    /// adopted device measures travels as [`crate::SensorEvent`]. Not kept over a restart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub last_values: BTreeMap<Quantity, f64>,
    /// What its entities say beside readings and on or off, for people and by entity id:
    /// `brightness 40 %`, `open, position 30 %`. Not kept over a restart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub told: BTreeMap<String, String>,
    /// Its hardware addresses (MAC), 12 lower-case hexadecimal digits each: by them a device that
    /// two bridges see is known to be one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Nobody can ask it: it speaks when it wants to, and is gone when it is silent for longer than
    /// its own rhythm allows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sleepy: bool,
    /// Its battery wants changing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub battery_low: bool,
    /// Who speaks for what of it, when that is not just [`Device::bridge`] under [`Device::id`]:
    /// several bridges see it, or it took another's place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

impl Device {
    /// A device as a bridge first sees it.
    pub fn found(bridge: Bridge, hardware_id: &str, name: &str) -> Self {
        Self {
            id: format!("{}-{hardware_id}", bridge.name()),
            bridge,
            name: name.to_owned(),
            manufacturer: None,
            model: None,
            entities: Vec::new(),
            area: None,
            suggested_area: None,
            lifecycle: Lifecycle::Discovered,
            availability: Availability::Unknown,
            signal: None,
            first_seen: None,
            last_seen: None,
            needs_key: false,
            fault: None,
            last_values: BTreeMap::new(),
            told: BTreeMap::new(),
            addresses: Vec::new(),
            sleepy: false,
            battery_low: false,
            parts: Vec::new(),
        }
    }

    /// The actuators on this device.
    pub fn actuators(&self) -> impl Iterator<Item = (&Entity, ActuatorKind)> {
        self.entities.iter().filter_map(|entity| match entity.kind {
            EntityKind::Actuator { actuator } => Some((entity, actuator)),
            EntityKind::Sensor { .. } | EntityKind::Told { .. } | EntityKind::Unsupported { .. } => None,
        })
    }

    /// The quantities this device measures.
    pub fn quantities(&self) -> impl Iterator<Item = Quantity> {
        self.entities.iter().filter_map(|entity| match entity.kind {
            EntityKind::Sensor { quantity } => Some(quantity),
            EntityKind::Actuator { .. } | EntityKind::Told { .. } | EntityKind::Unsupported { .. } => None,
        })
    }
}
