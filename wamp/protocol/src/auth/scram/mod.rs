//! WAMP-SCRAM (after RFC 5802 and RFC 7677): a password that neither travels nor is stored, and a
//! router that proves it knows the user too.
//!
//! There are two dialects in the field, told apart by the name of the method: see [`Dialect`].

mod client;
mod router;
mod transcript;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::Mac as _;
use sha2::{Digest as _, Sha256};

pub use self::client::{
    Client, Expectation, MAX_ARGON2_MEMORY, MAX_ARGON2_WORK, MAX_ITERATIONS, MIN_ARGON2_WORK, MIN_ITERATIONS,
};
pub use self::router::{Exchange, mock_salt};
use super::mac;

/// How SCRAM is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// As the specification says, method `wamp-scram`.
    Specification,
    /// As Autobahn and Crossbar do, method `scram`: the user's name is not escaped, nothing is said
    /// about the channel, the router's proof is `scram_server_signature`, Argon2id is called
    /// `argon2id-13` and its result is used as base64 text.
    Autobahn,
}

impl Dialect {
    /// The dialect of an `authmethod`.
    pub fn of(authmethod: &str) -> Option<Self> {
        match authmethod {
            super::WAMP_SCRAM => Some(Self::Specification),
            super::SCRAM => Some(Self::Autobahn),
            _ => None,
        }
    }

    /// Its `authmethod`.
    pub const fn authmethod(self) -> &'static str {
        match self {
            Self::Specification => super::WAMP_SCRAM,
            Self::Autobahn => super::SCRAM,
        }
    }
}

/// How a password is made costly to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kdf {
    /// PBKDF2-HMAC-SHA256. Its keys serve both dialects.
    Pbkdf2 {
        /// Rounds.
        iterations: u32,
    },
    /// Argon2id, version 1.3, parallelism 1.
    Argon2id {
        /// Passes.
        iterations: u32,
        /// Memory in KiB, at least 8.
        memory: u32,
    },
}

impl Kdf {
    /// The name in CHALLENGE.
    pub const fn name(self, dialect: Dialect) -> &'static str {
        match (self, dialect) {
            (Self::Pbkdf2 { .. }, _) => "pbkdf2",
            (Self::Argon2id { .. }, Dialect::Specification) => "argon2id13",
            (Self::Argon2id { .. }, Dialect::Autobahn) => "argon2id-13",
        }
    }

    const fn iterations(self) -> u32 {
        match self {
            Self::Pbkdf2 { iterations } | Self::Argon2id { iterations, .. } => iterations,
        }
    }

    /// `SaltedPassword` of RFC 5802: the key that all others are made of.
    fn salted_password(self, password: &str, salt: &[u8], dialect: Dialect) -> Result<Vec<u8>, KeyError> {
        let password = stringprep::saslprep(password).map_err(|_| KeyError::Password)?;
        let mut key = vec![0; 32];
        match self {
            Self::Pbkdf2 { iterations } => {
                pbkdf2::pbkdf2_hmac::<Sha256>(password.as_bytes(), salt, iterations, &mut key);
                Ok(key)
            }
            Self::Argon2id { iterations, memory } => {
                let params = argon2::Params::new(memory, iterations, 1, Some(32)).map_err(|_| KeyError::Parameters)?;
                let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
                let hashed = argon2.hash_password_into(password.as_bytes(), salt, &mut key);
                hashed.map_err(|_| KeyError::Parameters)?;
                Ok(match dialect {
                    Dialect::Specification => key,
                    Dialect::Autobahn => STANDARD_NO_PAD.encode(key).into_bytes(),
                })
            }
        }
    }
}

/// Why keys cannot be made of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// SASLprep (RFC 4013) forbids something in the password.
    #[error("the password has characters that it must not have")]
    Password,
    /// Argon2 does not take the memory, the iterations or the salt (at least 8 octets).
    #[error("the parameters for the password are out of range")]
    Parameters,
}

/// What the router keeps of a user instead of the password. Nobody can sign in with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// Random, per user; at least 8 octets, 16 are usual.
    pub salt: Vec<u8>,
    /// How the password was hashed.
    pub kdf: Kdf,
    /// `StoredKey` of RFC 5802: the client is checked by it.
    pub stored_key: [u8; 32],
    /// `ServerKey` of RFC 5802: the router proves itself by it.
    pub server_key: [u8; 32],
}

impl Keys {
    /// The keys of a password. `salt` is random octets, new for each user.
    ///
    /// # Errors
    /// If the password or the parameters are not possible.
    pub fn derive(password: &str, salt: Vec<u8>, kdf: Kdf, dialect: Dialect) -> Result<Self, KeyError> {
        let salted = kdf.salted_password(password, &salt, dialect)?;
        Ok(Self::of_salted_password(&salted, salt, kdf))
    }

    /// The keys of a password that has been hashed already: `salted` is `SaltedPassword` of RFC
    /// 5802, which `kdf` made of the password and `salt`.
    pub fn of_salted_password(salted: &[u8], salt: Vec<u8>, kdf: Kdf) -> Self {
        Self {
            salt,
            kdf,
            stored_key: Sha256::digest(hmac(salted, b"Client Key")).into(),
            server_key: hmac(salted, b"Server Key"),
        }
    }
}

/// Says how the password was hashed, and nothing that helps to guess it.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("kdf", &self.kdf).finish_non_exhaustive()
    }
}

/// What ties a sign-in to the TLS connection it happens on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelBinding {
    /// `tls-exporter`, `tls-server-end-point`, …
    pub kind: String,
    /// The octets that both ends see of the connection.
    pub data: Vec<u8>,
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    mac(key, message).finalize().into_bytes().into()
}

fn xor(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| one[at] ^ other[at])
}
