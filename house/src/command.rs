//! Commands to actuators and what came of them.

use serde::{Deserialize, Serialize};

use crate::{ActuatorKind, AreaId, DeviceId, Timestamp};

/// Why something was switched; every change has one.
///
/// `text` is a sentence for people: `humidity 71 % ≥ 65 %, threshold set by admin on 3 May`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Who: a service's name, a person's authid, or `device` for a hand at the device itself.
    pub by: String,
    /// A person did it, here or at the device: controllers keep their hands off for a while.
    #[serde(default)]
    pub manual: bool,
    /// The reason, for people.
    pub text: String,
}

/// An actuator as far as it is known: the result of `dcs.<kind>.control`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActuatorState {
    /// The device.
    pub device: DeviceId,
    /// The entity on it.
    pub entity: String,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// What it is.
    pub kind: ActuatorKind,
    /// Whether it is on.
    pub on: bool,
    /// The device itself has said so since it was last told.
    pub confirmed: bool,
    /// When it last changed.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Until when controllers leave it to the person who switched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub override_until: Option<Timestamp>,
}

/// The payload of `actuator.events`: an actuator changed.
pub type ActuatorEvent = ActuatorState;

/// What the device control service asks of a bridge, at [`crate::uri::bridge_command`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BridgeCommand {
    /// Which device.
    pub device: DeviceId,
    /// Which entity on it.
    pub entity: String,
    /// What kind of actuator it is taken for: a climate device told `Ac` cools, told `Heater` heats.
    pub kind: ActuatorKind,
    /// On or off.
    pub on: bool,
}

/// A value that is set: a brightness in percent, an option by name, a switch position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SettingValue {
    /// Yes or no.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text, or an option's name.
    Text(String),
}

/// What the device control service asks of a bridge, at [`crate::uri::bridge_set`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BridgeSetting {
    /// Which device.
    pub device: DeviceId,
    /// Which entity on it.
    pub entity: String,
    /// Which of its settings, by the word under which it is told: `brightness`, `position`.
    /// Nothing for an entity that has but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// The value.
    pub value: SettingValue,
}

/// The payload of `device.state`: a bridge heard from a device what its actuator does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceStateReport {
    /// Which device.
    pub device: DeviceId,
    /// Which entity on it.
    pub entity: String,
    /// Whether it is on.
    pub on: bool,
    /// When the device said so.
    pub at: Timestamp,
}
