//! The configuration of the bare router, `domovoi router --config FILE`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Limits, Log, read};
use crate::failure::Failure;

/// All that can be configured of the bare router. What the command line says is added.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouterConfig {
    /// Where the one port is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// A Unix socket to speak RawSocket on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unix: Option<PathBuf>,
    /// The realms.
    #[serde(rename = "realm")]
    pub realms: Vec<RouterRealm>,
    /// Events kept of every topic; 0 for none.
    pub history: usize,
    /// The log.
    pub log: Log,
    /// What is taken from a session at most.
    pub limits: Limits,
}

/// `[[realm]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterRealm {
    /// Its URI.
    pub name: String,
    /// The role of whoever does not sign in; without it everybody has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anonymous: Option<String>,
    /// Who may sign in.
    #[serde(default, rename = "user")]
    pub users: Vec<RouterUser>,
}

/// `[[realm.user]]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterUser {
    /// The authid.
    pub name: String,
    /// The ticket, and the WAMP-CRA secret.
    pub secret: String,
    /// The authrole; a role of the bare router may do everything.
    pub role: String,
}

impl RouterRealm {
    /// A realm that nobody may enter yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            anonymous: None,
            users: Vec::new(),
        }
    }
}

impl RouterConfig {
    /// What the file at `path` says.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        read(path)
    }
}
