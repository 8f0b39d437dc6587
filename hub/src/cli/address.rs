//! What is checked of an address, a realm and a URI before anything is connected to.

use axum::http::Uri as WebAddress;
use wamp_client::MatchPolicy;
use wamp_protocol::{Uri, UriRules};

use crate::failure::Failure;

/// Where the hub and the bare router speak WAMP over WebSocket.
const WEBSOCKET_PATH: &str = "/ws";

/// The address of a router; one of a WebSocket without any path is given ours.
///
/// # Errors
/// A sentence with the forms.
pub(super) fn router(text: &str) -> Result<String, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("an address begins with ws://, wss://, rs://, rss:// or unix://".into());
    };
    match scheme {
        "ws" | "wss" => {
            let address: WebAddress = text
                .parse()
                .map_err(|_| format!("say {scheme}://HOST:PORT{WEBSOCKET_PATH}"))?;
            let authority = address.authority().map_or("", |authority| authority.as_str());
            if !is_host(authority, false) {
                return Err(format!("say {scheme}://HOST:PORT{WEBSOCKET_PATH}"));
            }
            let is_bare = !rest.contains(['/', '?']);
            Ok(if is_bare {
                format!("{text}{WEBSOCKET_PATH}")
            } else {
                text.to_owned()
            })
        }
        "rs" | "rss" if is_host(rest.trim_end_matches('/'), true) => Ok(text.to_owned()),
        "rs" | "rss" => Err(format!("say {scheme}://HOST:PORT")),
        "unix" if !rest.is_empty() => Ok(text.to_owned()),
        "unix" => Err("say unix:///PATH".into()),
        "http" | "https" => Err(format!(
            "WAMP is spoken over WebSocket: say {}://HOST:PORT{WEBSOCKET_PATH}",
            if scheme == "http" { "ws" } else { "wss" }
        )),
        _ => Err(format!(
            "{scheme}:// is none of ws://, wss://, rs://, rss:// and unix://"
        )),
    }
}

/// Whether this is `HOST:PORT`, or `HOST` alone where a port need not be said.
fn is_host(text: &str, needs_port: bool) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = match port {
        Some(port) => port.parse::<u16>().is_ok_and(|port| port != 0),
        None => !needs_port,
    };
    !host.is_empty() && !host.contains(|c: char| c == '/' || c.is_whitespace()) && is_port
}

/// The name of a realm.
///
/// # Errors
/// A sentence.
pub(super) fn realm(text: &str) -> Result<String, String> {
    let is_valid = Uri::from(text).is_valid(UriRules::Loose);
    is_valid
        .then(|| text.to_owned())
        .ok_or_else(|| "it is not a URI: components, with dots between them and without spaces".into())
}

/// Checks the URI of a procedure, of a topic or of a pattern of topics.
///
/// # Errors
/// Usage.
pub(super) fn check_uri(text: &str, policy: MatchPolicy) -> Result<(), Failure> {
    if Uri::from(text).is_valid_pattern(UriRules::Loose, policy) {
        return Ok(());
    }
    let kind = match policy {
        MatchPolicy::Exact => "URI",
        MatchPolicy::Prefix => "prefix of URIs",
        MatchPolicy::Wildcard => "pattern of URIs",
    };
    Err(Failure::Usage(format!(
        "{text:?} is not a {kind}: components, with dots between them and without spaces, such as device.list"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_router_has_a_scheme_and_a_host() {
        for (text, expected) in [
            ("ws://127.0.0.1:8080/ws", Ok("ws://127.0.0.1:8080/ws")),
            ("ws://127.0.0.1:8080", Ok("ws://127.0.0.1:8080/ws")),
            ("wss://hub.local", Ok("wss://hub.local/ws")),
            ("ws://[::1]:8080", Ok("ws://[::1]:8080/ws")),
            ("ws://crossbar:8080/", Ok("ws://crossbar:8080/")),
            ("rs://hub.local:8080", Ok("rs://hub.local:8080")),
            ("unix:///run/wamp.sock", Ok("unix:///run/wamp.sock")),
            (
                "garbage",
                Err("an address begins with ws://, wss://, rs://, rss:// or unix://"),
            ),
            (
                "http://hub.local:8080",
                Err("WAMP is spoken over WebSocket: say ws://HOST:PORT/ws"),
            ),
            (
                "ftp://hub.local",
                Err("ftp:// is none of ws://, wss://, rs://, rss:// and unix://"),
            ),
            ("ws://", Err("say ws://HOST:PORT/ws")),
            ("ws://:8080", Err("say ws://HOST:PORT/ws")),
            ("ws://hub:99999", Err("say ws://HOST:PORT/ws")),
            ("ws://a b", Err("say ws://HOST:PORT/ws")),
            ("rs://hub.local", Err("say rs://HOST:PORT")),
            ("unix://", Err("say unix:///PATH")),
        ] {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(router(text), expected, "{text}");
        }
    }

    #[test]
    fn patterns_may_be_less_than_a_uri() {
        assert!(check_uri("sensor.", MatchPolicy::Prefix).is_ok());
        assert!(check_uri("", MatchPolicy::Prefix).is_ok());
        assert!(check_uri("sensor.", MatchPolicy::Exact).is_err());
        assert!(check_uri("bad uri", MatchPolicy::Wildcard).is_err());
    }
}
