//! The key by which the router proves to clients that it is the one they mean.

use std::fmt;

use wamp_protocol::auth::cryptosign;

use super::PublicKey;

/// The router's own key pair (Ed25519), for clients that sign in by cryptosign and want to know whom
/// they talk to. It signs whatever such a client sends, and so must be used for nothing else.
#[derive(Clone, PartialEq, Eq)]
pub struct RouterKey {
    private_key: [u8; 32],
}

impl RouterKey {
    /// The pair with this private key.
    pub const fn new(private_key: [u8; 32]) -> Self {
        Self { private_key }
    }

    /// What clients know the router by.
    pub fn public_key(&self) -> PublicKey {
        cryptosign::public_key(&self.private_key)
    }

    pub(crate) const fn private_key(&self) -> &[u8; 32] {
        &self.private_key
    }
}

/// The secret is not shown.
impl fmt::Debug for RouterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterKey").finish_non_exhaustive()
    }
}
