//! Alerts: what people are told.

use serde::{Deserialize, Serialize};

use crate::{AreaId, DeviceId, Quantity, Timestamp};

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look.
    #[default]
    Warning,
    /// Somebody should look now.
    Critical,
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A value is above its threshold.
    High,
    /// A value is below its threshold.
    Low,
    /// A sensor that control depends on went quiet.
    SensorLost,
    /// An actuator does not do what it was told.
    NoEcho,
    /// A controller wants to act and has nothing to act with.
    NoActuator,
}

/// Something people should know, for as long as it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// One per condition: raising it again while it holds is the same alert.
    pub id: String,
    /// What it is about.
    pub kind: AlertKind,
    /// How much it matters.
    #[serde(default)]
    pub severity: Severity,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<AreaId>,
    /// Which device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// Of what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// The value that raised (or cleared) it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit it crossed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// A sentence for people.
    pub message: String,
    /// Tell phones.
    #[serde(default = "yes")]
    pub notify: bool,
    /// When it was raised.
    pub at: Timestamp,
    /// When it cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleared_at: Option<Timestamp>,
    /// Who said "I know".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
}

fn yes() -> bool {
    true
}

impl Alert {
    /// The id of the one alert about `kind` of `subject` (`living_room.temperature`).
    pub fn id_for(subject: &str, kind: AlertKind) -> String {
        let kind = match kind {
            AlertKind::High => "high",
            AlertKind::Low => "low",
            AlertKind::SensorLost => "sensor_lost",
            AlertKind::NoEcho => "no_echo",
            AlertKind::NoActuator => "no_actuator",
        };
        format!("{subject}.{kind}")
    }
}
