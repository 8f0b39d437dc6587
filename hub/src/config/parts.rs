//! The parts of the configuration, one struct for each table.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::log::Format;

/// `[realm]`: the realm `homeapp`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Realm {
    /// The role of whoever does not sign in; without it everybody has to.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "role")]
    pub anonymous: Option<String>,
}

fn role<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(deserializer)?;
    match name.as_str() {
        "admin" | "user" | "viewer" => Ok(Some(name)),
        _ => Err(serde::de::Error::custom(format!(
            "{name:?} is not a role; the roles are admin, user and viewer"
        ))),
    }
}

/// `[sign_in]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// Slow down whoever types wrong passwords.
    pub limit_attempts: bool,
}

impl Default for SignIn {
    fn default() -> Self {
        Self { limit_attempts: true }
    }
}

/// `[mqtt]`: the bridge, and the MQTT server it brings or the one it goes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mqtt {
    /// Whether MQTT is spoken at all.
    pub enabled: bool,
    /// Where the hub's own MQTT server listens; unused when `url` is set.
    pub listen: SocketAddr,
    /// An MQTT server that is there already (`mqtt://user:password@host:1883`), instead of our own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Who may connect to the hub's own MQTT server; when empty, everybody.
    pub users: Vec<MqttUser>,
    /// The topic under which devices announce themselves.
    pub discovery_prefix: String,
}

/// `[[mqtt.users]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttUser {
    /// The user's name.
    pub name: String,
    /// The user's password.
    pub password: String,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            enabled: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 1883)),
            url: None,
            users: Vec::new(),
            discovery_prefix: "homeassistant".into(),
        }
    }
}

/// `[ble]`: the Bluetooth LE bridge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ble {
    /// Whether to listen to Bluetooth devices.
    pub enabled: bool,
}

impl Default for Ble {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// `[logger]`: what is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logger {
    /// Readings are written so often; a power cut costs at most so much.
    pub commit_seconds: u64,
    /// Every single reading is kept so long.
    pub readings_days: u32,
    /// Five-minute averages are kept so long; hourly ones for good.
    pub five_minute_days: u32,
    /// The logbook is kept so long.
    pub events_days: u32,
}

impl Default for Logger {
    fn default() -> Self {
        Self {
            commit_seconds: 5,
            readings_days: 10,
            five_minute_days: 365,
            events_days: 365,
        }
    }
}

/// `[notifier]`: how phones are told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifier {
    /// The ntfy topic's URL (`https://ntfy.sh/my-secret-topic`); without it nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The ntfy access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// `[log]`: the log on stderr. The command line comes before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or tracing directives.
    pub level: String,
    /// How lines are written.
    pub format: Format,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: Format::Text,
        }
    }
}

/// `[limits]`: what the router takes at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Octets of one message.
    pub message_octets: usize,
    /// Messages waiting for one session; a session that is slower is ended.
    pub queued_messages: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_octets: 1 << 20,
            queued_messages: 4096,
        }
    }
}
