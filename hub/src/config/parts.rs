//! The parts of the configuration, one struct for each table.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use ble_bridge::{Address, Key};
use serde::{Deserialize, Serialize};

use super::port::{some_address, within};
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
    /// Where the hub's own MQTT server listens; unused when `url` is set. When it is not set: port
    /// 1883, of this machine only as long as there are no users, of every network with them.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "some_address")]
    pub listen: Option<SocketAddr>,
    /// An MQTT server that is there already (`mqtt://user:password@host:1883`), instead of our own.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "mqtt_url")]
    pub url: Option<String>,
    /// For `mqtts`: a file with the certificates of the authorities to trust, instead of the
    /// system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities: Option<PathBuf>,
    /// The hub's name on a server that is there already; two hubs on one server need two.
    pub client_id: String,
    /// Who may connect to the hub's own MQTT server; when empty, everybody who reaches it.
    pub users: Vec<MqttUser>,
    /// The topic under which devices announce themselves.
    pub discovery_prefix: String,
}

fn mqtt_url<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(deserializer)?;
    mqtt_bridge::ServerUrl::from_str(&url).map_err(serde::de::Error::custom)?;
    Ok(Some(url))
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
            listen: None,
            url: None,
            authorities: None,
            client_id: "domovoi".into(),
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
    /// Which adapter (`hci0`); any when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// Hearing nothing at all for so long, the adapter is started anew.
    pub restart_after_seconds: NonZeroU32,
    /// Address → key, of devices that encrypt what they say.
    #[serde(deserialize_with = "keys")]
    pub keys: BTreeMap<String, String>,
}

fn keys<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let keys = BTreeMap::<String, String>::deserialize(deserializer)?;
    for (address, key) in &keys {
        if Address::parse(address).is_none() {
            return Err(serde::de::Error::custom(format!(
                "{address:?} is not a Bluetooth address such as \"A4:C1:38:83:02:83\""
            )));
        }
        if Key::parse(key).is_none() {
            return Err(serde::de::Error::custom(format!(
                "the key of {address} is not 32 hexadecimal digits (24 of an old Xiaomi remote)"
            )));
        }
    }
    Ok(keys)
}

impl Ble {
    /// The keys as the bridge takes them.
    pub fn parsed_keys(&self) -> BTreeMap<Address, Key> {
        self.keys
            .iter()
            .filter_map(|(address, key)| Some((Address::parse(address)?, Key::parse(key)?)))
            .collect()
    }
}

impl Default for Ble {
    fn default() -> Self {
        Self {
            enabled: true,
            adapter: None,
            restart_after_seconds: NonZeroU32::new(120).unwrap_or(NonZeroU32::MIN),
            keys: BTreeMap::new(),
        }
    }
}

/// `[mdns]`: what announces itself in the network.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mdns {
    /// Whether to look for it. When not set: if the hub is reached from other machines, and plays
    /// no simulated house.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// `[logger]`: what is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Logger {
    /// Readings are written so often; a power cut costs at most so much.
    #[serde(deserialize_with = "commit_seconds")]
    pub commit_seconds: u64,
    /// Every single reading is kept so long.
    pub readings_days: u32,
    /// Five-minute averages are kept so long; hourly ones for good.
    pub five_minute_days: u32,
    /// The logbook is kept so long.
    pub events_days: u32,
}

fn commit_seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(deserializer, 1, 3600)
}

impl Default for Logger {
    fn default() -> Self {
        Self {
            commit_seconds: 5,
            readings_days: 10,
            five_minute_days: 60,
            events_days: 365,
        }
    }
}

/// `[notifier]`: how phones are told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notifier {
    /// The ntfy topic's URL (`https://ntfy.sh/my-secret-topic`); without it nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "web_url")]
    pub url: Option<String>,
    /// The ntfy access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What a tap on the message opens.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "web_url")]
    pub click: Option<String>,
    /// An alert that holds and nobody has acknowledged is told again so often; never when not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_minutes: Option<NonZeroU32>,
    /// Whether to tell when an alert that was told of is over.
    pub tell_cleared: bool,
}

fn web_url<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(deserializer)?;
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !url.contains(char::is_whitespace) => Ok(Some(url)),
        _ => Err(serde::de::Error::custom("an address begins with https:// or http://")),
    }
}

/// `[log]`: the log on stderr. The command line comes before it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A level, or levels by part; see [`crate::log::directives`].
    #[serde(deserialize_with = "level")]
    pub level: String,
    /// How lines are written.
    pub format: Format,
}

fn level<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let level = String::deserialize(deserializer)?;
    crate::log::directives(&level).map_err(serde::de::Error::custom)?;
    Ok(level)
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".into(),
            format: Format::Text,
        }
    }
}
