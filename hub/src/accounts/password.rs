//! What is kept of a password.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{KeyInit, Mac};
use sha2::Sha256;
use wamp_protocol::auth::scram;
use wamp_protocol::auth::wampcra::{Salting, derive_key};

use super::AccountError;

/// The fewest characters a password may have.
pub const MINIMUM_PASSWORD: usize = 8;
const MAXIMUM_PASSWORD: usize = 1024;
/// A sign-in takes a browser about a fifth of a second with this, a guess as long.
const ITERATIONS: u32 = 100_000;
const KEY_LENGTH: u32 = 32;

/// PBKDF2-HMAC-SHA256 of a password, in the form that WAMP-CRA's CHALLENGE speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salted {
    /// Text; its octets are the salt.
    pub salt: String,
    /// Rounds of PBKDF2.
    pub iterations: u32,
    /// Octets of the derived key.
    pub keylen: u32,
    /// The derived key in base64; this text is the HMAC key of WAMP-CRA.
    pub derived_key: String,
}

impl Salted {
    /// Derives what is kept of a new `password`. Takes tens of milliseconds: not for the thread
    /// that routes.
    pub fn new(password: &str) -> Result<Self, AccountError> {
        check(password)?;
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(AccountError::Random)?;
        let salt = STANDARD.encode(salt);
        let derived_key = derive(password, &salt, ITERATIONS, KEY_LENGTH);
        Ok(Self {
            salt,
            iterations: ITERATIONS,
            keylen: KEY_LENGTH,
            derived_key,
        })
    }

    /// What an account that is not there seems to have: the same salt at every asking, and a key
    /// that no password derives. `secret` is this hub's alone, so nobody can tell.
    pub fn decoy(secret: &[u8; 32], authid: &str) -> Self {
        let salt = keyed_hash(secret, "salt", authid);
        let key = keyed_hash(secret, "key", authid);
        Self {
            salt: STANDARD.encode(salt.get(..16).unwrap_or(&salt)),
            iterations: ITERATIONS,
            keylen: KEY_LENGTH,
            derived_key: STANDARD.encode(key),
        }
    }

    /// The keys of SCRAM: the derived key is the salted password of RFC 5802, and the octets of
    /// the salt's text are its salt. `None` if what is stored is not base64. A password that
    /// SASLprep changes makes other keys at the client, which then has to sign in by another method.
    pub fn scram_keys(&self) -> Option<scram::Keys> {
        let salted_password = STANDARD.decode(&self.derived_key).ok()?;
        let kdf = scram::Kdf::Pbkdf2 {
            iterations: self.iterations,
        };
        let salt = self.salt.as_bytes().to_vec();
        Some(scram::Keys::of_salted_password(&salted_password, salt, kdf))
    }

    /// Whether `password` is the one this was made of. Takes as long as [`Salted::new`].
    pub fn matches(&self, password: &str) -> bool {
        if password.chars().count() > MAXIMUM_PASSWORD {
            return false;
        }
        let derived = derive(password, &self.salt, self.iterations, self.keylen);
        wamp_protocol::auth::same(derived.as_bytes(), self.derived_key.as_bytes())
    }
}

fn check(password: &str) -> Result<(), AccountError> {
    match password.chars().count() {
        0..MINIMUM_PASSWORD => Err(AccountError::ShortPassword),
        MINIMUM_PASSWORD..=MAXIMUM_PASSWORD => Ok(()),
        _ => Err(AccountError::LongPassword),
    }
}

fn derive(password: &str, salt: &str, iterations: u32, keylen: u32) -> String {
    let salting = Salting {
        salt: salt.to_owned(),
        iterations,
        keylen,
    };
    derive_key(password, &salting)
}

fn keyed_hash(secret: &[u8; 32], purpose: &str, authid: &str) -> Vec<u8> {
    // HMAC takes a key of any length.
    let Ok(mut mac) = hmac::Hmac::<Sha256>::new_from_slice(secret) else {
        return vec![0; 32];
    };
    mac.update(purpose.as_bytes());
    mac.update(b"\0");
    mac.update(authid.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_matches() {
        let salted = Salted::new("correct horse").unwrap();
        assert!(salted.matches("correct horse"));
        assert!(!salted.matches("correct horsf"));
        assert!(!salted.matches(""));
    }

    #[test]
    fn a_short_password_is_refused() {
        assert!(matches!(Salted::new("1234567"), Err(AccountError::ShortPassword)));
        assert!(matches!(
            Salted::new(&"x".repeat(1025)),
            Err(AccountError::LongPassword)
        ));
        assert!(Salted::new("äöüßäöüß").is_ok());
    }

    #[test]
    fn an_account_that_is_not_there_looks_like_one() {
        let secret = [7; 32];
        let decoy = Salted::decoy(&secret, "ann");
        assert_eq!(Salted::decoy(&secret, "ann"), decoy);
        assert_ne!(Salted::decoy(&secret, "bob").salt, decoy.salt);
        assert_ne!(Salted::decoy(&[8; 32], "ann").salt, decoy.salt);
        let real = Salted::new("correct horse").unwrap();
        assert_eq!(real.salt.len(), decoy.salt.len());
        assert_eq!((real.iterations, real.keylen), (decoy.iterations, decoy.keylen));
        assert!(!decoy.matches("correct horse"));
    }

    #[test]
    fn scram_goes_by_what_is_stored_for_wampcra() {
        let salted = Salted::new("correct horse").unwrap();
        let kdf = scram::Kdf::Pbkdf2 { iterations: ITERATIONS };
        let salt = salted.salt.as_bytes().to_vec();
        let derived = scram::Keys::derive("correct horse", salt, kdf, scram::Dialect::Specification);
        assert_eq!(salted.scram_keys(), derived.ok());
    }

    #[test]
    fn the_key_is_what_other_implementations_derive() {
        // From Python's hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 4096, 32).
        assert_eq!(
            derive("password", "salt", 4096, 32),
            "xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o="
        );
    }
}
