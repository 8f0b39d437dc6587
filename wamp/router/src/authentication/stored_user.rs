//! One user and everything by which it can sign in.

use std::fmt;

use wamp_protocol::auth::scram::{Dialect, Kdf, KeyError, Keys};
use wamp_protocol::auth::wampcra::Salting;

use super::decoy::{ARGON2ID, ITERATIONS, random_octets};
use super::{PublicKey, StaticUser};

/// A user with a credential for each method that it may use; those it lacks let nobody in.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// The name.
    pub authid: String,
    /// The role.
    pub authrole: String,
    /// The ticket, as it is sent.
    pub ticket: Option<String>,
    /// The key of WAMP-CRA: the secret itself, or with salting the base64 text of what is derived.
    pub wampcra: Option<(String, Option<Salting>)>,
    /// The keys of SCRAM.
    pub scram: ScramKeys,
    /// The public keys of cryptosign.
    pub cryptosign: Vec<PublicKey>,
}

/// The keys of SCRAM for each of its dialects: those of PBKDF2 serve both, those of Argon2id one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScramKeys {
    /// For method `wamp-scram`.
    pub specification: Option<Keys>,
    /// For method `scram`.
    pub autobahn: Option<Keys>,
}

impl ScramKeys {
    /// The keys of a password, for both dialects.
    ///
    /// # Errors
    /// If the password or the parameters are not possible.
    pub fn derive(password: &str, salt: &[u8], kdf: Kdf) -> Result<Self, KeyError> {
        let of = |dialect| Keys::derive(password, salt.to_vec(), kdf, dialect);
        let specification = of(Dialect::Specification)?;
        let autobahn = match kdf {
            Kdf::Pbkdf2 { .. } => specification.clone(),
            Kdf::Argon2id { .. } => of(Dialect::Autobahn)?,
        };
        Ok(Self {
            specification: Some(specification),
            autobahn: Some(autobahn),
        })
    }

    /// The keys of a password with a new random salt.
    ///
    /// # Errors
    /// If the password or the parameters are not possible.
    pub fn of_password(password: &str, kdf: Kdf) -> Result<Self, KeyError> {
        Self::derive(password, &random_octets::<16>(), kdf)
    }

    /// The keys of a secret, as a realm without other wishes has them: PBKDF2 for `wamp-scram`;
    /// Argon2id for `scram`, which is all that Autobahn's clients can do. None if SASLprep forbids
    /// something in the secret.
    fn of_secret(secret: &str, salt: &[u8]) -> Self {
        let keys = |kdf| Self::derive(secret, salt, kdf).unwrap_or_default();
        Self {
            specification: keys(Kdf::Pbkdf2 { iterations: ITERATIONS }).specification,
            autobahn: keys(ARGON2ID).autobahn,
        }
    }

    /// Keys that were made elsewhere, of PBKDF2 for both dialects, of Argon2id for this one.
    pub fn stored(keys: Keys, dialect: Dialect) -> Self {
        match (keys.kdf, dialect) {
            (Kdf::Pbkdf2 { .. }, _) => Self {
                specification: Some(keys.clone()),
                autobahn: Some(keys),
            },
            (Kdf::Argon2id { .. }, Dialect::Specification) => Self {
                specification: Some(keys),
                autobahn: None,
            },
            (Kdf::Argon2id { .. }, Dialect::Autobahn) => Self {
                specification: None,
                autobahn: Some(keys),
            },
        }
    }

    /// The keys for a dialect.
    pub const fn get(&self, dialect: Dialect) -> Option<&Keys> {
        match dialect {
            Dialect::Specification => self.specification.as_ref(),
            Dialect::Autobahn => self.autobahn.as_ref(),
        }
    }
}

impl StoredUser {
    /// A user that cannot sign in yet.
    pub fn new(authid: impl Into<String>, authrole: impl Into<String>) -> Self {
        Self {
            authid: authid.into(),
            authrole: authrole.into(),
            ticket: None,
            wampcra: None,
            scram: ScramKeys::default(),
            cryptosign: Vec::new(),
        }
    }
}

impl StoredUser {
    /// A user with one secret, which serves ticket, WAMP-CRA and SCRAM; not SCRAM if SASLprep
    /// forbids something in it. `salt` is SCRAM's, at least 8 octets.
    pub fn with_secret(user: StaticUser, salt: &[u8]) -> Self {
        let StaticUser {
            authid,
            secret,
            authrole,
        } = user;
        Self {
            scram: ScramKeys::of_secret(&secret, salt),
            ticket: Some(secret.clone()),
            wampcra: Some((secret, None)),
            ..Self::new(authid, authrole)
        }
    }
}

impl From<StaticUser> for StoredUser {
    /// With a salt that is another one at each start.
    fn from(user: StaticUser) -> Self {
        Self::with_secret(user, &random_octets::<16>())
    }
}

/// Who, and never the secrets.
impl fmt::Debug for StoredUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredUser")
            .field("authid", &self.authid)
            .field("authrole", &self.authrole)
            .finish_non_exhaustive()
    }
}
