//! The configuration file: TOML, read and checked whole before any port is bound.
//!
//! Every key with its default stands in `domovoi.example.toml`, which a test holds to this file.

mod fault;
mod parts;
mod port;
pub mod router;

use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use wamp_router::Network;

use crate::failure::Failure;

pub use parts::{Ble, Log, Logger, Mdns, Mqtt, MqttUser, Notifier, Realm, SignIn};
pub use port::{KeepAlive, Limits, Tls};
pub use router::{RouterConfig, RouterRealm, RouterRole, RouterUser};

/// All that can be configured of the hub.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the one port is.
    #[serde(deserialize_with = "port::address")]
    pub listen: SocketAddr,
    /// Web pages that browsers may connect for, beside those of the hub's own host.
    #[serde(deserialize_with = "port::origins")]
    pub allowed_origins: Vec<String>,
    /// Reverse proxies that are believed when they say where a client is.
    pub trusted_proxies: Vec<Network>,
    /// Whether WAMP is spoken on the Unix socket `wamp.sock` in the data directory too.
    pub unix_socket: bool,
    /// Services that run as processes of their own, so that the hub leaves them out.
    #[serde(deserialize_with = "service_names")]
    pub elsewhere: Vec<String>,
    /// TLS on the port; without it everything travels as it is.
    pub tls: Option<Tls>,
    /// The realm `homeapp`.
    pub realm: Realm,
    /// Sign-in.
    pub sign_in: SignIn,
    /// The MQTT bridge and its server.
    pub mqtt: Mqtt,
    /// The Bluetooth LE bridge.
    pub ble: Ble,
    /// The mDNS bridge.
    pub mdns: Mdns,
    /// The logger.
    pub logger: Logger,
    /// The notifier.
    pub notifier: Notifier,
    /// The log.
    pub log: Log,
    /// What the router takes from a session at most.
    pub limits: Limits,
    /// How connections that are gone without a word are found.
    pub keep_alive: KeepAlive,
}

fn service_names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let known: Vec<&str> = crate::services::names().collect();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(names),
        Some(unknown) => Err(serde::de::Error::custom(format!(
            "{unknown:?} is not a service; the services are {}",
            known.join(", ")
        ))),
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            unix_socket: true,
            elsewhere: Vec::new(),
            tls: None,
            realm: Realm::default(),
            sign_in: SignIn::default(),
            mqtt: Mqtt::default(),
            ble: Ble::default(),
            mdns: Mdns::default(),
            logger: Logger::default(),
            notifier: Notifier::default(),
            log: Log::default(),
            limits: Limits::default(),
            keep_alive: KeepAlive::default(),
        }
    }
}

impl Config {
    /// What the file at `path` says.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        read(path)
    }

    /// What the file at `path` says, or the defaults when there is none.
    pub fn read_if_there(path: &Path) -> Result<Self, Failure> {
        if path.exists() {
            Self::read(path)
        } else {
            Ok(Self::default())
        }
    }

    /// What is allowed and probably not meant, as sentences without a full stop.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mqtt_is_open = self.mqtt.enabled && self.mqtt.url.is_none() && self.mqtt.users.is_empty();
        if let Some(listen) = self
            .mqtt
            .listen
            .filter(|listen| mqtt_is_open && !listen.ip().is_loopback())
        {
            warnings.push(format!(
                "everybody who reaches {listen} may speak MQTT with the house, because [mqtt] users is empty"
            ));
        }
        if let Some(role @ ("admin" | "user")) = self.realm.anonymous.as_deref()
            && !self.listen.ip().is_loopback()
        {
            warnings.push(format!(
                "everybody who reaches {} may do what {} {role} may, because [realm] anonymous says so",
                self.listen,
                if role == "admin" { "an" } else { "a" },
            ));
        }
        if self.mqtt.enabled && self.mqtt.url.is_some() {
            for (key, is_said) in [
                ("listen", self.mqtt.listen.is_some()),
                ("users", !self.mqtt.users.is_empty()),
            ] {
                if is_said {
                    warnings.push(format!(
                        "[mqtt] {key} is of no use, because the hub uses the server of [mqtt] url instead of its own"
                    ));
                }
            }
        }
        if let Some(network) = self.trusted_proxies.iter().find(|network| network.is_everything()) {
            warnings.push(format!(
                "everybody is believed to be where they say, because trusted_proxies has {network}"
            ));
        }
        if !self.sign_in.limit_attempts {
            warnings.push("passwords can be guessed at full speed, because [sign_in] limit_attempts is false".into());
        }
        warnings
    }
}

/// Reads a file of TOML and says in a sentence what is wrong with it.
fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("cannot read the configuration {}: {error}", path.display())))?;
    parse(&text).map_err(|fault| Failure::Usage(format!("{}, {fault}", path.display())))
}

/// Reads TOML.
///
/// # Errors
/// A sentence beginning with the line.
fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| fault::sentence(text, &error))
}

#[cfg(test)]
mod tests;
