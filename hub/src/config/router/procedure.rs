//! WAMP procedures that decide for the router.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use wamp_router::authentication::{AuthMethod, DynamicAuthenticator};
use wamp_router::authorization::DynamicAuthorizer;

/// `[realm.authenticator]`: a procedure that is asked about users who are not listed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterAuthenticator {
    /// Its URI.
    pub procedure: String,
    /// The realm it is registered in, where that is not the one to be joined.
    #[serde(default)]
    pub realm: Option<String>,
    /// How long it may take.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// The methods it is asked about; all of them by default.
    #[serde(default = "all_methods", deserialize_with = "methods")]
    pub methods: Vec<AuthMethod>,
}

/// `[realm.role.authorizer]`: a procedure that is asked about whatever the role's permissions do not
/// allow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterAuthorizer {
    /// Its URI.
    pub procedure: String,
    /// The realm it is registered in, where that is not the session's.
    #[serde(default)]
    pub realm: Option<String>,
    /// How long it may take.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// How long an answer holds that does not say so itself; 0 for once.
    #[serde(default = "cache_seconds")]
    pub cache_seconds: u64,
    /// Answers kept at most.
    #[serde(default = "cache_entries")]
    pub cache_entries: usize,
}

const fn timeout_seconds() -> u64 {
    5
}

const fn cache_seconds() -> u64 {
    60
}

const fn cache_entries() -> usize {
    10_000
}

fn all_methods() -> Vec<AuthMethod> {
    AuthMethod::SIGN_INS.to_vec()
}

fn methods<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<AuthMethod>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    let known: Vec<&str> = AuthMethod::SIGN_INS.into_iter().map(AuthMethod::name).collect();
    let method = |name: &String| {
        let method = AuthMethod::from_name(name).filter(|method| known.contains(&method.name()));
        method.ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{name:?} is not a sign-in method; there are {}",
                known.join(", ")
            ))
        })
    };
    names.iter().map(method).collect()
}

impl From<&RouterAuthenticator> for DynamicAuthenticator {
    fn from(configured: &RouterAuthenticator) -> Self {
        Self {
            procedure: configured.procedure.clone(),
            realm: configured.realm.clone(),
            timeout: Duration::from_secs(configured.timeout_seconds),
            methods: configured.methods.clone(),
        }
    }
}

impl From<&RouterAuthorizer> for DynamicAuthorizer {
    fn from(configured: &RouterAuthorizer) -> Self {
        Self {
            procedure: configured.procedure.clone(),
            realm: configured.realm.clone(),
            timeout: Duration::from_secs(configured.timeout_seconds),
            cache_time: Duration::from_secs(configured.cache_seconds),
            cache_entries: configured.cache_entries,
        }
    }
}
