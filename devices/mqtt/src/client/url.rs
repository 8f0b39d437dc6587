//! `mqtt://user:password@host:port` and `mqtts://…`.

use std::str::FromStr;

/// Where an MQTT server outside is, and as whom to sign in there.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl {
    /// Name or address.
    pub host: String,
    /// 1883, or 8883 with TLS, unless given.
    pub port: u16,
    /// Whether to speak TLS.
    pub tls: bool,
    /// The user.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
}

impl std::fmt::Debug for ServerUrl {
    /// Passwords stay out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::fmt::Display for ServerUrl {
    /// Without user and password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

/// Why a text is no address of an MQTT server, as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlFault {
    /// Another scheme, or none.
    #[error("an MQTT server's address starts with mqtt:// or mqtts://")]
    Scheme,
    /// No host.
    #[error("an MQTT server's address needs a host")]
    Host,
    /// The port is no number up to 65535.
    #[error("an MQTT server's port is a number from 1 to 65535")]
    Port,
    /// `%` without two hexadecimal digits.
    #[error("in an MQTT server's address, % is followed by two hexadecimal digits")]
    Escape,
    /// There is something behind the port.
    #[error("an MQTT server's address has nothing behind the port")]
    Path,
}

impl FromStr for ServerUrl {
    type Err = UrlFault;

    fn from_str(text: &str) -> Result<Self, UrlFault> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlFault::Scheme)?;
        let tls = match scheme {
            "mqtt" | "tcp" => false,
            "mqtts" | "ssl" => true,
            _ => return Err(UrlFault::Scheme),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, place) = match rest.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, rest),
        };
        if place.contains(['/', '?', '#']) {
            return Err(UrlFault::Path);
        }
        let (host, port) = match place.strip_prefix('[') {
            Some(bracketed) => {
                let (host, after) = bracketed.split_once(']').ok_or(UrlFault::Host)?;
                (host, after.strip_prefix(':'))
            }
            None => match place.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            },
        };
        if host.is_empty() {
            return Err(UrlFault::Host);
        }
        let port = match port {
            None => {
                if tls {
                    8883
                } else {
                    1883
                }
            }
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(UrlFault::Port)?,
        };
        let (user, password) =
            match credentials.map(|credentials| credentials.split_once(':').unwrap_or((credentials, ""))) {
                Some((user, password)) => (Some(unescape(user)?), Some(unescape(password)?)),
                None => (None, None),
            };
        Ok(Self {
            host: host.to_owned(),
            port,
            tls,
            user,
            password,
        })
    }
}

fn unescape(text: &str) -> Result<String, UrlFault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit(rest.next()), digit(rest.next()));
        let (Some(high), Some(low)) = (high, low) else {
            return Err(UrlFault::Escape);
        };
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).map_err(|_| UrlFault::Escape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, host, port, tls, user, password) in [
            ("mqtt://localhost", "localhost", 1883, false, None, None),
            ("mqtts://mq.example/", "mq.example", 8883, true, None, None),
            (
                "mqtt://u:p%40ss:w@10.0.0.2:1884",
                "10.0.0.2",
                1884,
                false,
                Some("u"),
                Some("p@ss:w"),
            ),
            ("mqtt://u@[::1]:1885", "::1", 1885, false, Some("u"), Some("")),
        ] {
            let url: ServerUrl = text.parse().unwrap();
            assert_eq!(
                (
                    url.host.as_str(),
                    url.port,
                    url.tls,
                    url.user.as_deref(),
                    url.password.as_deref()
                ),
                (host, port, tls, user, password),
                "{text}"
            );
            assert!(!format!("{url:?}").contains("p@ss"));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for (text, fault) in [
            ("localhost", UrlFault::Scheme),
            ("http://x", UrlFault::Scheme),
            ("mqtt://", UrlFault::Host),
            ("mqtt://[::1", UrlFault::Host),
            ("mqtt://x:0", UrlFault::Port),
            ("mqtt://x:99999", UrlFault::Port),
            ("mqtt://u%zz@x", UrlFault::Escape),
            ("mqtt://x:1/y", UrlFault::Path),
        ] {
            assert_eq!(text.parse::<ServerUrl>(), Err(fault), "{text}");
        }
    }
}
