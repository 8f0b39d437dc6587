//! Who may sign in to a realm of the bare router, and by what.

use std::fmt;

use serde::{Deserialize, Deserializer};
use wamp_router::authentication::scram::{Dialect, Kdf, Keys, MIN_ITERATIONS, mock_salt};
use wamp_router::authentication::{Salting, ScramKeys, StaticUser, StoredUser};

/// `[[realm.user]]`
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterUser {
    /// The authid.
    pub name: String,
    /// The authrole.
    pub role: String,
    /// One secret for ticket, WAMP-CRA and SCRAM.
    #[serde(default)]
    pub secret: Option<String>,
    /// The ticket, where it is not the secret.
    #[serde(default)]
    pub ticket: Option<String>,
    /// What is kept for WAMP-CRA instead of the secret.
    #[serde(default)]
    pub wampcra: Option<StoredWampcra>,
    /// What is kept for SCRAM instead of the secret.
    #[serde(default)]
    pub scram: Option<StoredScram>,
    /// Public keys (Ed25519) for cryptosign.
    #[serde(default)]
    pub cryptosign: Vec<Hex32>,
}

/// `wampcra = { … }`
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredWampcra {
    /// The secret, or with a salt the base64 text of the key derived from it (PBKDF2-HMAC-SHA256).
    pub key: String,
    /// The salt, as text; its octets are what is hashed.
    #[serde(default)]
    pub salt: Option<String>,
    /// Rounds of PBKDF2.
    #[serde(default = "rounds")]
    pub iterations: u32,
    /// Octets of the derived key.
    #[serde(default = "key_length")]
    pub keylen: u32,
}

const fn rounds() -> u32 {
    1000
}

const fn key_length() -> u32 {
    32
}

/// `scram = { … }`, as Autobahn's `derive_scram_credential` gives it.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredScram {
    /// How the password was hashed: `pbkdf2`; `argon2id13` for `wamp-scram`, `argon2id-13` for
    /// Autobahn's `scram`, which makes other keys.
    pub kdf: StoredKdf,
    /// The salt.
    pub salt: Hex,
    /// Rounds of PBKDF2, passes of Argon2.
    pub iterations: u32,
    /// KiB of Argon2.
    #[serde(default)]
    pub memory: Option<u32>,
    /// `StoredKey` of RFC 5802.
    #[serde(alias = "stored-key")]
    pub stored_key: Hex32,
    /// `ServerKey` of RFC 5802.
    #[serde(alias = "server-key")]
    pub server_key: Hex32,
}

/// `kdf`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum StoredKdf {
    /// PBKDF2-HMAC-SHA256.
    #[serde(rename = "pbkdf2")]
    Pbkdf2,
    /// Argon2id as the specification says.
    #[serde(rename = "argon2id13")]
    Argon2id,
    /// Argon2id as Autobahn does it.
    #[serde(rename = "argon2id-13")]
    AutobahnsArgon2id,
}

/// Octets, written in hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let octets = hex::decode(&text).map_err(|_| serde::de::Error::custom("say it in hexadecimal digits"))?;
        Ok(Self(octets))
    }
}

/// 32 octets, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hex32(pub [u8; 32]);

impl<'de> Deserialize<'de> for Hex32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut octets = [0; 32];
        hex::decode_to_slice(&text, &mut octets)
            .map_err(|_| serde::de::Error::custom("say it in 64 hexadecimal digits"))?;
        Ok(Self(octets))
    }
}

impl RouterUser {
    /// A user that cannot sign in yet.
    pub fn new(name: impl Into<String>, role: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            role: role.into(),
            secret: None,
            ticket: None,
            wampcra: None,
            scram: None,
            cryptosign: Vec::new(),
        }
    }

    /// Whether there is anything it could sign in by.
    pub(super) const fn can_sign_in(&self) -> bool {
        self.secret.is_some()
            || self.ticket.is_some()
            || self.wampcra.is_some()
            || self.scram.is_some()
            || !self.cryptosign.is_empty()
    }

    /// The same for the router. Takes some milliseconds where there is a secret. With
    /// `decoy_secret` the salts are the same at each start, as those of names that nobody has.
    pub fn stored(&self, decoy_secret: Option<Hex32>) -> StoredUser {
        let mut stored = match &self.secret {
            None => StoredUser::new(&self.name, &self.role),
            Some(secret) => {
                let user = StaticUser {
                    authid: self.name.clone(),
                    secret: secret.clone(),
                    authrole: self.role.clone(),
                };
                match decoy_secret {
                    Some(decoy_secret) => StoredUser::with_secret(user, &mock_salt(&decoy_secret.0, &self.name)),
                    None => user.into(),
                }
            }
        };
        if let Some(ticket) = &self.ticket {
            stored.ticket = Some(ticket.clone());
        }
        if let Some(StoredWampcra {
            key,
            salt,
            iterations,
            keylen,
        }) = self.wampcra.clone()
        {
            let salting = salt.map(|salt| Salting {
                salt,
                iterations,
                keylen,
            });
            stored.wampcra = Some((key, salting));
        }
        if let Some(scram) = &self.scram {
            stored.scram = scram.keys();
        }
        stored.cryptosign = self.cryptosign.iter().map(|key| key.0).collect();
        stored
    }
}

impl StoredScram {
    fn keys(&self) -> ScramKeys {
        let iterations = self.iterations;
        let argon2id = Kdf::Argon2id {
            iterations,
            memory: self.memory.unwrap_or_default(),
        };
        let (kdf, dialect) = match self.kdf {
            StoredKdf::Pbkdf2 => (Kdf::Pbkdf2 { iterations }, Dialect::Specification),
            StoredKdf::Argon2id => (argon2id, Dialect::Specification),
            StoredKdf::AutobahnsArgon2id => (argon2id, Dialect::Autobahn),
        };
        let keys = Keys {
            salt: self.salt.0.clone(),
            kdf,
            stored_key: self.stored_key.0,
            server_key: self.server_key.0,
        };
        ScramKeys::stored(keys, dialect)
    }

    /// What clients would not answer, as a sentence.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let is_argon2 = self.kdf != StoredKdf::Pbkdf2;
        if self.iterations == 0 {
            Some("iterations must not be 0")
        } else if !is_argon2 && self.iterations < MIN_ITERATIONS {
            Some("iterations must be at least 4096 (RFC 7677): clients answer to no less")
        } else if is_argon2 && self.memory.is_none_or(|memory| memory < 8) {
            Some("memory is needed for Argon2, in KiB, at least 8")
        } else if self.salt.0.len() < 8 {
            Some("salt must be at least 8 octets")
        } else {
            None
        }
    }
}

/// Who, and never the secrets.
impl fmt::Debug for RouterUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterUser")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Hex32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hex32")
    }
}
