//! The configuration of the bare router, `domovoi router --config FILE`.
//!
//! Every key stands in `docs/router.example.toml`, which a test holds to this file.

mod check;
mod disclosure;
mod keep_newest;
mod procedure;
mod role;
mod user;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use wamp_router::Network;

pub use self::disclosure::Disclose;
pub use self::keep_newest::RouterKeepNewest;
pub use self::procedure::{RouterAuthenticator, RouterAuthorizer};
pub use self::role::{Match, Permission, RouterRole, Verb};
pub use self::user::{Hex, Hex32, RouterUser, StoredKdf, StoredScram, StoredWampcra};
use super::port::{origins, some_address};
use super::{KeepAlive, Limits, Log, Tls, read};
use crate::failure::Failure;

/// All that can be configured of the bare router. What the command line says is added.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouterConfig {
    /// Where the one port is.
    #[serde(deserialize_with = "some_address")]
    pub listen: Option<SocketAddr>,
    /// A Unix socket to speak RawSocket on.
    pub unix: Option<PathBuf>,
    /// Web pages that browsers may connect for, beside those of the router's own host.
    #[serde(deserialize_with = "origins")]
    pub allowed_origins: Vec<String>,
    /// Reverse proxies that are believed when they say where a client is.
    pub trusted_proxies: Vec<Network>,
    /// Events kept of every topic; 0 for none.
    pub history: usize,
    /// A file with the key by which the router proves itself to clients that ask.
    pub router_key: Option<PathBuf>,
    /// TLS on the port; without it everything travels as it is.
    pub tls: Option<Tls>,
    /// The realms.
    #[serde(rename = "realm")]
    pub realms: Vec<RouterRealm>,
    /// How connections that are gone without a word are found.
    pub keep_alive: KeepAlive,
    /// The log.
    pub log: Log,
    /// What is taken from a session at most.
    pub limits: Limits,
}

/// `[[realm]]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterRealm {
    /// Its URI.
    pub name: String,
    /// The role of whoever does not sign in; without it everybody has to.
    #[serde(default)]
    pub anonymous: Option<String>,
    /// Events kept of every topic of this realm, where it differs.
    #[serde(default)]
    pub history: Option<usize>,
    /// Whether who fails to sign in again and again has to wait.
    #[serde(default = "yes")]
    pub limit_attempts: bool,
    /// Random octets from which the challenges of names that nobody has are made up, so that they
    /// are the same after a restart.
    #[serde(default)]
    pub decoy_secret: Option<Hex32>,
    /// Whether callees learn who calls.
    #[serde(default)]
    pub disclose_callers: Disclose,
    /// Whether subscribers learn who publishes.
    #[serde(default)]
    pub disclose_publishers: Disclose,
    /// Hold clients to the letter of the specification.
    #[serde(default)]
    pub strict: bool,
    /// What callees and subscribers are told of how far a role is trusted.
    #[serde(default)]
    pub trustlevels: BTreeMap<String, u64>,
    /// Topics whose slow subscribers lose their oldest events instead of their session.
    #[serde(default)]
    pub keep_newest: Vec<RouterKeepNewest>,
    /// What each role may do. Where no role is described, every role may do everything.
    #[serde(default, rename = "role")]
    pub roles: Vec<RouterRole>,
    /// Who may sign in.
    #[serde(default, rename = "user")]
    pub users: Vec<RouterUser>,
    /// A procedure that is asked about users who are not listed.
    #[serde(default)]
    pub authenticator: Option<RouterAuthenticator>,
}

const fn yes() -> bool {
    true
}

impl RouterRealm {
    /// A realm that nobody may enter yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            anonymous: None,
            history: None,
            limit_attempts: true,
            decoy_secret: None,
            disclose_callers: Disclose::default(),
            disclose_publishers: Disclose::default(),
            strict: false,
            trustlevels: BTreeMap::new(),
            keep_newest: Vec::new(),
            roles: Vec::new(),
            users: Vec::new(),
            authenticator: None,
        }
    }

    /// Lets a role do everything, unless the realm says what it may do.
    pub fn allow_everything(&mut self, role: &str) {
        if !self.roles.is_empty() && !self.roles.iter().any(|known| known.name == role) {
            self.roles.push(RouterRole::everything(role));
        }
    }
}

impl RouterConfig {
    /// What the file at `path` says.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let config: Self = read(path)?;
        config
            .check()
            .map_err(|fault| Failure::Usage(format!("{}: {fault}", path.display())))?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests;
