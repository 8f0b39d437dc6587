//! The one-time link by which the first admin is made.

use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::AccountError;

/// The authid and the role of whoever comes by the set-up link.
pub(super) const SETUP: &str = "setup";

/// Open while the hub has no admin. The token lives in memory alone: a restart makes another.
#[derive(Debug, Default)]
pub struct Setup {
    token: Mutex<Option<String>>,
}

impl Setup {
    /// Set-up that is done.
    pub fn closed() -> Self {
        Self::default()
    }

    /// Set-up that is to do, with a new token.
    pub fn open() -> Result<Self, AccountError> {
        let mut octets = [0; 24];
        getrandom::fill(&mut octets).map_err(AccountError::Random)?;
        Ok(Self {
            token: Mutex::new(Some(URL_SAFE_NO_PAD.encode(octets))),
        })
    }

    /// The token, while set-up is to do.
    pub fn token(&self) -> Option<String> {
        self.token.lock().ok()?.clone()
    }

    /// Whether `token` is the one.
    pub fn accepts(&self, token: &str) -> bool {
        self.token()
            .is_some_and(|expected| wamp_protocol::auth::same(expected.as_bytes(), token.as_bytes()))
    }

    /// Set-up is done: the token is worth nothing from now on.
    pub fn close(&self) {
        if let Ok(mut token) = self.token.lock() {
            *token = None;
        }
    }
}

/// The link to open in a browser. A hub that listens everywhere is reached here by loopback.
pub fn link(http: std::net::SocketAddr, scheme: &str, token: &str) -> String {
    let host = match http.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => "127.0.0.1".to_owned(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => "[::1]".to_owned(),
        std::net::IpAddr::V4(ip) => ip.to_string(),
        std::net::IpAddr::V6(ip) => format!("[{ip}]"),
    };
    // Behind the hash the token is never sent to a server, nor written to a proxy's log.
    format!("{scheme}://{host}:{}/setup#token={token}", http.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_good_once() {
        let setup = Setup::open().unwrap();
        let token = setup.token().unwrap();
        assert!(setup.accepts(&token));
        assert!(!setup.accepts("another"));
        setup.close();
        assert!(!setup.accepts(&token));
        assert!(!Setup::closed().accepts(""));
    }

    #[test]
    fn the_link_can_be_opened_here() {
        for (address, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080/setup#token=t"),
            ("0.0.0.0:80", "http://127.0.0.1:80/setup#token=t"),
            ("[::]:80", "http://[::1]:80/setup#token=t"),
            ("[fd00::1]:80", "http://[fd00::1]:80/setup#token=t"),
        ] {
            assert_eq!(link(address.parse().unwrap(), "http", "t"), expected);
        }
    }
}
