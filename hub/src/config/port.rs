//! The parts of the configuration that are about the one port, the same for hub and bare router.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};

/// `[tls]`: TLS on the one port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// A file with the certificate and its chain, in PEM.
    pub certificate: PathBuf,
    /// A file with its private key, in PEM.
    pub key: PathBuf,
}

/// `allowed_origins`: `https://example.org`, or `*` for every page.
pub(super) fn origins<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let origins = Vec::<String>::deserialize(deserializer)?;
    match origins.iter().find(|origin| !is_origin(origin)) {
        None => Ok(origins),
        Some(wrong) => Err(serde::de::Error::custom(format!(
            "{wrong:?} is not an origin such as \"https://example.org\", nor \"*\" for all"
        ))),
    }
}

fn is_origin(text: &str) -> bool {
    let authority = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    matches!(text, "*" | "null")
        || authority.is_some_and(|authority| {
            !authority.is_empty() && !authority.contains(|c: char| "/?#@*".contains(c) || c.is_whitespace())
        })
}

/// `listen`
pub(super) fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    crate::listener::address(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// `listen` where it need not be said.
pub(super) fn some_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    address(deserializer).map(Some)
}

/// A number from `least` to `most`.
pub(super) fn within<'de, D, N>(deserializer: D, least: N, most: N) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: Deserialize<'de> + Copy + PartialOrd + Display,
{
    let number = N::deserialize(deserializer)?;
    if number < least {
        return Err(serde::de::Error::custom(format!(
            "{number} is too little: at least {least}"
        )));
    }
    if number > most {
        return Err(serde::de::Error::custom(format!(
            "{number} is too much: at most {most}"
        )));
    }
    Ok(number)
}

/// A number of things of which there has to be one.
fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, 1, usize::MAX)
}

/// A number of seconds that somebody waits.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    within(deserializer, 1, 86_400)
}

/// A HELLO with its features, and a list of a few devices, are so long.
const LEAST_MESSAGE: usize = 4096;

fn octets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    within(deserializer, LEAST_MESSAGE, usize::MAX)
}

/// `[limits]`: what the router takes at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Octets of one message.
    #[serde(deserialize_with = "octets")]
    pub message_octets: usize,
    /// Messages waiting for one session; a session that is slower is ended.
    #[serde(deserialize_with = "some")]
    pub queued_messages: usize,
    /// Octets waiting for one session; a session that is slower is ended.
    #[serde(deserialize_with = "octets")]
    pub queued_octets: usize,
    /// Seconds from the first octet to WELCOME.
    #[serde(deserialize_with = "seconds")]
    pub handshake_seconds: u64,
    /// Sessions over a network.
    #[serde(deserialize_with = "some")]
    pub sessions: usize,
    /// Subscriptions of one session.
    pub subscriptions: usize,
    /// Registrations of one session.
    pub registrations: usize,
    /// Calls of one session that have no answer yet.
    pub calls: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let limits = wamp_router::Limits::default();
        Self {
            message_octets: limits.message_size,
            queued_messages: limits.outbox_messages,
            queued_octets: limits.outbox_octets,
            handshake_seconds: limits.handshake_time.as_secs(),
            sessions: limits.sessions,
            subscriptions: limits.subscriptions,
            registrations: limits.registrations,
            calls: limits.calls,
        }
    }
}

impl From<&Limits> for wamp_router::Limits {
    fn from(limits: &Limits) -> Self {
        Self {
            message_size: limits.message_octets,
            outbox_messages: limits.queued_messages,
            outbox_octets: limits.queued_octets,
            handshake_time: Duration::from_secs(limits.handshake_seconds),
            sessions: limits.sessions,
            subscriptions: limits.subscriptions,
            registrations: limits.registrations,
            calls: limits.calls,
        }
    }
}

/// `[keep_alive]`: how connections that are gone without a word are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeepAlive {
    /// Seconds of silence after which a ping is sent.
    #[serde(deserialize_with = "seconds")]
    pub ping_seconds: u64,
    /// Seconds of silence after the ping that end the session.
    #[serde(deserialize_with = "seconds")]
    pub timeout_seconds: u64,
}

impl Default for KeepAlive {
    fn default() -> Self {
        let keep_alive = wamp_router::KeepAlive::default();
        Self {
            ping_seconds: keep_alive.interval.as_secs(),
            timeout_seconds: keep_alive.timeout.as_secs(),
        }
    }
}

impl From<&KeepAlive> for wamp_router::KeepAlive {
    fn from(keep_alive: &KeepAlive) -> Self {
        Self {
            interval: Duration::from_secs(keep_alive.ping_seconds),
            timeout: Duration::from_secs(keep_alive.timeout_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host() {
        for right in [
            "https://example.org",
            "http://192.168.1.5:3000",
            "http://[::1]:80",
            "*",
            "null",
        ] {
            assert!(is_origin(right), "{right}");
        }
        for wrong in [
            "",
            "example.org",
            "https://",
            "https://example.org/",
            "https://*.org",
            "wss://a",
        ] {
            assert!(!is_origin(wrong), "{wrong}");
        }
    }
}
