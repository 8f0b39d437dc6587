//! What an announced entity measures and switches.

pub mod binary_sensor;
pub mod climate;
pub mod detail;
pub mod fan;
pub mod light;
pub mod on_off;
pub mod openable;
pub mod sensor;
pub mod switch;

use std::collections::BTreeMap;
use std::time::Duration;

use house::{ActuatorKind, EntityKind, Quantity};

use crate::entity::on_off::OnOff;
use crate::fields::{DiscoveryFault, Fields};
use crate::payload::Payload;
use crate::template::TemplateFault;

/// An entity's behaviour, by its component.
///
/// A house has thousands of sensors: what is larger stands in a box.
#[derive(Debug, Clone, PartialEq)]
pub enum Role {
    /// A number on a topic.
    Sensor(sensor::Sensor),
    /// A yes or no on a topic.
    BinarySensor(Box<binary_sensor::BinarySensor>),
    /// Something that is on or off.
    OnOff(Box<OnOff>),
    /// A thermostat, air conditioner or radiator valve.
    Climate(Box<climate::Climate>),
    /// Something that is opened and closed, or locked.
    Openable(Box<openable::Openable>),
    /// Neither measured nor switched, with the reason; what it says and takes is in its
    /// [`detail::Details`].
    Shown {
        /// The reason, a sentence.
        reason: String,
    },
}

/// What one message says about an entity.
#[derive(Debug, Clone, PartialEq)]
pub enum Saying {
    /// A measured value, in the quantity's unit.
    Value(Quantity, f64),
    /// An actuator is on or off; `part` tells an entity's several actuators apart.
    State {
        /// Which of the entity's actuators, see [`Part::suffix`].
        part: &'static str,
        /// Whether it is on.
        on: bool,
    },
}

/// What an entity remembers between messages.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Memory {
    /// Climate: what it is set to.
    pub mode: Option<String>,
    /// Climate: what it is doing.
    pub action: Option<String>,
    /// Cover and valve: how far open it is, 0 to 1.
    pub position: Option<f64>,
    /// What was said of its details, by their words.
    pub told: BTreeMap<&'static str, String>,
}

/// A message to a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: String,
    /// Kept by the server for those who come later.
    pub retain: bool,
    /// Quality of service.
    pub qos: u8,
}

/// One thing measured or switched: most entities are one, a climate device is several.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Added to the entity's id; empty for the only or main part.
    pub suffix: &'static str,
    /// What it is.
    pub kind: EntityKind,
}

/// Why a message gave nothing, as a sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StateFault {
    /// The template or the payload's form.
    #[error(transparent)]
    Template(#[from] TemplateFault),
    /// Not a number.
    #[error("{payload:?} is not a number")]
    NotANumber {
        /// The start of what was sent.
        payload: String,
    },
    /// A number that no working sensor reports.
    #[error("{value} is outside what {quantity} can be")]
    OutOfRange {
        /// The value, converted.
        value: f64,
        /// Of what.
        quantity: Quantity,
    },
    /// None of the payloads that the announcement names.
    #[error("{payload:?} is neither {on:?} nor {off:?}")]
    NeitherOnNorOff {
        /// The start of what was sent.
        payload: String,
        /// What would be on.
        on: String,
        /// What would be off.
        off: String,
    },
}

impl StateFault {
    pub(crate) fn neither(payload: &str, on: &str, off: &str) -> Self {
        Self::NeitherOnNorOff {
            payload: payload.chars().take(40).collect(),
            on: on.to_owned(),
            off: off.to_owned(),
        }
    }
}

impl Role {
    /// Reads the keys of one component; an unknown or undriven one is shown.
    ///
    /// # Errors
    /// The key at fault.
    pub fn parse(component: &str, fields: Fields<'_>) -> Result<Self, DiscoveryFault> {
        match component {
            "sensor" => sensor::parse(fields),
            "binary_sensor" => binary_sensor::parse(fields),
            "switch" => switch::parse(fields).map(Self::on_off),
            "fan" => fan::parse(fields).map(Self::on_off),
            "light" => light::parse(fields).map(Self::on_off),
            "humidifier" => OnOff::parse(ActuatorKind::Humidifier, fields, "state_value_template").map(Self::on_off),
            "siren" => OnOff::parse(ActuatorKind::Switch, fields, "state_value_template").map(Self::on_off),
            "cover" => Self::openable(ActuatorKind::Cover, fields),
            "valve" => Self::openable(ActuatorKind::Valve, fields),
            "lock" => Self::openable(ActuatorKind::Lock, fields),
            "climate" => climate::parse(fields),
            _ => Ok(Self::Shown {
                reason: reason(component),
            }),
        }
    }

    fn on_off(on_off: OnOff) -> Self {
        Self::OnOff(Box::new(on_off))
    }

    fn openable(kind: ActuatorKind, fields: Fields<'_>) -> Result<Self, DiscoveryFault> {
        Ok(match openable::parse(kind, fields)? {
            Some(openable) => Self::Openable(Box::new(openable)),
            None => Self::Shown {
                reason: "It can be told neither to open nor to close.".to_owned(),
            },
        })
    }

    /// The topics it speaks on.
    pub fn state_topics(&self) -> Vec<&str> {
        match self {
            Self::Sensor(sensor) => vec![&sensor.state_topic],
            Self::BinarySensor(sensor) => vec![&sensor.state_topic],
            Self::OnOff(on_off) => on_off.state_topic.as_deref().into_iter().collect(),
            Self::Openable(openable) => openable.state_topics(),
            Self::Climate(climate) => climate.state_topics(),
            Self::Shown { .. } => Vec::new(),
        }
    }

    /// What a message on one of its topics says.
    ///
    /// # Errors
    /// The payload is not what it must be; the sentence says how.
    pub fn read(&self, memory: &mut Memory, topic: &str, payload: &Payload<'_>) -> Result<Vec<Saying>, StateFault> {
        match self {
            Self::Sensor(sensor) => Ok(sensor.read(payload)?.into_iter().collect()),
            Self::BinarySensor(sensor) => Ok(sensor.read(payload)?.into_iter().collect()),
            Self::OnOff(on_off) => Ok(on_off.read(payload)?.into_iter().collect()),
            Self::Openable(openable) => openable.read(memory, topic, payload),
            Self::Climate(climate) => climate.read(memory, topic, payload),
            Self::Shown { .. } => Ok(Vec::new()),
        }
    }

    /// What to send so that `part` goes on or off; empty when there is no such actuator.
    ///
    /// # Errors
    /// The command's template failed.
    pub fn command(&self, part: &str, on: bool) -> Result<Vec<Outgoing>, TemplateFault> {
        match self {
            Self::OnOff(on_off) if part.is_empty() => Ok(vec![on_off.command(on)?]),
            Self::Openable(openable) if part.is_empty() => openable.command(on),
            Self::Climate(climate) => climate.command(part, on),
            _ => Ok(Vec::new()),
        }
    }

    /// Whether `part` is off because the entity does something else, which `off` would stop.
    pub fn is_off_already(&self, memory: &Memory, part: &str) -> bool {
        match self {
            Self::Climate(climate) => climate.does_other(memory, part),
            _ => false,
        }
    }

    /// How long after its last "on" it counts as off, for one that never says so.
    pub fn off_delay(&self) -> Option<Duration> {
        match self {
            Self::BinarySensor(sensor) => sensor.off_delay,
            _ => None,
        }
    }

    /// Whether it never says its state, so that a command counts as done when sent.
    pub fn is_optimistic(&self) -> bool {
        match self {
            Self::OnOff(on_off) => on_off.optimistic,
            Self::Openable(openable) => openable.is_optimistic(),
            Self::Climate(climate) => climate.is_optimistic(),
            Self::Sensor(_) | Self::BinarySensor(_) | Self::Shown { .. } => false,
        }
    }

    /// What it measures and switches.
    pub fn parts(&self) -> Vec<Part> {
        match self {
            Self::Sensor(sensor) => vec![Part::sensor("", sensor.measure.quantity)],
            Self::BinarySensor(sensor) => vec![Part::sensor("", sensor.quantity)],
            Self::OnOff(on_off) => vec![Part {
                suffix: "",
                kind: EntityKind::Actuator { actuator: on_off.kind },
            }],
            Self::Openable(openable) => vec![Part {
                suffix: "",
                kind: EntityKind::Actuator {
                    actuator: openable.kind,
                },
            }],
            Self::Climate(climate) => climate.parts(),
            Self::Shown { reason } => vec![Part {
                suffix: "",
                kind: EntityKind::Unsupported { reason: reason.clone() },
            }],
        }
    }
}

impl Part {
    pub(crate) fn sensor(suffix: &'static str, quantity: Quantity) -> Self {
        Self {
            suffix,
            kind: EntityKind::Sensor { quantity },
        }
    }
}

/// Why a component is neither measured nor switched.
fn reason(component: &str) -> String {
    match component {
        "number" | "select" | "text" | "date" | "time" | "datetime" => "It is a setting of the device.".to_owned(),
        "button" | "scene" => "It is pressed; it is neither on nor off.".to_owned(),
        "update" => "It tells which software the device runs.".to_owned(),
        "event" => "It tells what happened, once.".to_owned(),
        _ => format!("The house has no use for a {} yet.", component.replace('_', " ")),
    }
}

/// Whether a rendered payload says that there is no value now, which is no fault.
pub(crate) fn says_nothing(text: &str) -> bool {
    text.is_empty()
        || ["none", "null", "nan", "unknown", "unavailable"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// What the first message, on topic `t`, says of an entity that was announced so.
#[cfg(test)]
fn read_first(component: &str, config: &serde_json::Value, payload: &str) -> Result<Vec<Saying>, String> {
    let role = Role::parse(component, Fields(config.as_object().unwrap())).unwrap();
    let payload = Payload::new(payload.as_bytes(), house::Timestamp(0));
    role.read(&mut Memory::default(), "t", &payload)
        .map_err(|fault| fault.to_string())
}
