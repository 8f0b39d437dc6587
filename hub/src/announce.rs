//! What the program says on stdout, to people or to programs.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Serialize;

use crate::log::Format;

/// Everything is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// Where the one port is.
    pub http: SocketAddr,
    /// Where the hub's own MQTT server is; `null` when it does not listen, absent when there is to
    /// be none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<Option<SocketAddr>>,
    /// Why the MQTT server does not listen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt_fault: Option<String>,
    /// Whether the one port speaks TLS; absent when it does not.
    #[serde(skip_serializing_if = "is_false")]
    pub tls: bool,
    /// The Unix socket; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unix: Option<PathBuf>,
    /// The public key by which programs know the router, in hexadecimal; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router_key: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl Ready {
    /// `https` or `http`.
    pub const fn scheme(&self) -> &'static str {
        if self.tls { "https" } else { "http" }
    }
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Line<'a> {
    Ready(&'a Ready),
    Setup {
        url: &'a str,
    },
    #[serde(rename = "ready")]
    ServiceReady {
        service: &'a str,
    },
}

/// Announces that everything is up.
pub fn ready(format: Format, ready: &Ready) {
    say(format, &Line::Ready(ready));
}

/// Announces the link by which the first admin is made.
pub fn setup(format: Format, url: &str) {
    say(format, &Line::Setup { url });
}

/// Announces that a service in a process of its own does its work.
pub fn service_ready(format: Format, service: &str) {
    say(format, &Line::ServiceReady { service });
}

fn say(format: Format, line: &Line<'_>) {
    let text = match format {
        Format::Json => serde_json::to_string(line).unwrap_or_default(),
        Format::Text => sentence(line),
    };
    let mut out = std::io::stdout().lock();
    // Whoever started the program may not want to hear it.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn sentence(line: &Line<'_>) -> String {
    match line {
        Line::Ready(ready) => {
            let mqtt = match (ready.mqtt.flatten(), &ready.mqtt_fault) {
                (Some(address), _) => format!(", MQTT on {address}"),
                (None, Some(fault)) => format!(", without MQTT: {fault}"),
                (None, None) => String::new(),
            };
            format!("Domovoi is ready: {}://{}{mqtt}", ready.scheme(), ready.http)
        }
        Line::ServiceReady { service } => format!("The service {service} is ready"),
        Line::Setup { url } => format!("There is no admin yet. Make the first one here: {url}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_one_object_a_line() {
        let ready = Ready {
            http: "127.0.0.1:8080".parse().unwrap(),
            mqtt: Some(Some("127.0.0.1:1883".parse().unwrap())),
            mqtt_fault: None,
            tls: false,
            unix: None,
            router_key: None,
        };
        assert_eq!(
            serde_json::to_string(&Line::Ready(&ready)).unwrap(),
            r#"{"event":"ready","http":"127.0.0.1:8080","mqtt":"127.0.0.1:1883"}"#
        );
        let url = "http://127.0.0.1:8080/setup#token=x";
        assert_eq!(
            serde_json::to_string(&Line::Setup { url }).unwrap(),
            r#"{"event":"setup","url":"http://127.0.0.1:8080/setup#token=x"}"#
        );
        assert_eq!(
            sentence(&Line::Ready(&ready)),
            "Domovoi is ready: http://127.0.0.1:8080, MQTT on 127.0.0.1:1883"
        );
        let secure = Ready {
            tls: true,
            mqtt: None,
            ..ready.clone()
        };
        assert_eq!(
            serde_json::to_string(&Line::Ready(&secure)).unwrap(),
            r#"{"event":"ready","http":"127.0.0.1:8080","tls":true}"#
        );
        assert_eq!(
            sentence(&Line::Ready(&secure)),
            "Domovoi is ready: https://127.0.0.1:8080"
        );
        let without = Ready {
            mqtt: Some(None),
            mqtt_fault: Some("the port is taken".into()),
            ..ready
        };
        assert_eq!(
            serde_json::to_string(&Line::Ready(&without)).unwrap(),
            r#"{"event":"ready","http":"127.0.0.1:8080","mqtt":null,"mqtt_fault":"the port is taken"}"#
        );
        assert_eq!(
            sentence(&Line::Ready(&without)),
            "Domovoi is ready: http://127.0.0.1:8080, without MQTT: the port is taken"
        );
    }
}
