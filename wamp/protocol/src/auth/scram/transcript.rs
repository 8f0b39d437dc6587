//! `AuthMessage` of RFC 5802: what both ends sign, put together from what was said.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{ChannelBinding, Dialect, hmac};

/// What was said in an exchange.
pub(super) struct Transcript<'a> {
    pub(super) dialect: Dialect,
    pub(super) authid: &'a str,
    pub(super) client_nonce: &'a str,
    /// The client's and the router's nonce together.
    pub(super) nonce: &'a str,
    /// As it travelled, in base64.
    pub(super) salt: &'a str,
    pub(super) iterations: u32,
    pub(super) channel_binding: Option<&'a ChannelBinding>,
}

impl Transcript<'_> {
    fn text(&self) -> String {
        let Self {
            client_nonce,
            nonce,
            salt,
            iterations,
            ..
        } = self;
        let authid = stringprep::saslprep(self.authid).unwrap_or(self.authid.into());
        let (authid, channel) = match self.dialect {
            Dialect::Autobahn => (authid.into_owned(), String::new()),
            Dialect::Specification => (authid.replace('=', "=3D").replace(',', "=2C"), self.channel()),
        };
        format!("n={authid},r={client_nonce},r={nonce},s={salt},i={iterations},c={channel},r={nonce}")
    }

    fn channel(&self) -> String {
        let mut input = Vec::new();
        match self.channel_binding {
            None => input.extend_from_slice(b"n,,"),
            Some(ChannelBinding { kind, data }) => {
                input.extend_from_slice(format!("p={kind},,").as_bytes());
                input.extend_from_slice(data);
            }
        }
        STANDARD.encode(input)
    }

    /// The signature of the whole by `key`.
    pub(super) fn signed_by(&self, key: &[u8; 32]) -> [u8; 32] {
        hmac(key, self.text().as_bytes())
    }
}
