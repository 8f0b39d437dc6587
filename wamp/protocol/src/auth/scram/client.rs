//! SCRAM at the client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use sha2::{Digest as _, Sha256};

use super::transcript::Transcript;
use super::{ChannelBinding, Dialect, Kdf, hmac, xor};
use crate::auth::{ChallengeError, mac, number, text};
use crate::message::{Authenticate, Challenge};
use crate::{Dict, Value};

/// The fewest rounds of PBKDF2 that are answered (RFC 7677): a router that asks for less may want
/// to guess the password from the answer.
pub const MIN_ITERATIONS: u32 = 4096;
/// The most rounds of PBKDF2 that a router may ask for.
pub const MAX_ITERATIONS: u32 = 10_000_000;
/// The least work of Argon2 that is answered, in passes times KiB.
pub const MIN_ARGON2_WORK: u64 = 8 * 1024;
/// The most work of Argon2 that a router may ask for, in passes times KiB.
pub const MAX_ARGON2_WORK: u64 = 32 * 1024 * 1024;
/// The most memory that a router may ask for, in KiB: 256 MiB.
pub const MAX_ARGON2_MEMORY: u32 = 256 * 1024;

/// A client that signs in by SCRAM, from HELLO to CHALLENGE.
pub struct Client {
    authid: String,
    password: String,
    nonce: String,
    channel_binding: Option<ChannelBinding>,
}

impl Client {
    /// `nonce` is at least 16 random octets, new for each sign-in.
    pub fn new(authid: &str, password: &str, nonce: &[u8], channel_binding: Option<ChannelBinding>) -> Self {
        Self {
            authid: authid.to_owned(),
            password: password.to_owned(),
            nonce: STANDARD.encode(nonce),
            channel_binding,
        }
    }

    /// What HELLO says as `authextra`.
    pub fn authextra(&self) -> Dict {
        let mut extra = Dict::default();
        extra.insert("nonce", self.nonce.as_str());
        if let Some(binding) = &self.channel_binding {
            extra.insert("channel_binding", binding.kind.as_str());
        }
        extra
    }

    /// The answer to the router's CHALLENGE, and what its WELCOME has to prove. Takes as long as
    /// the router asks for, up to seconds.
    ///
    /// # Errors
    /// If the challenge is not acceptable: the client aborts.
    pub fn answer(self, challenge: &Challenge) -> Result<(Authenticate, Expectation), ChallengeError> {
        let unknown = || ChallengeError::Unknown(challenge.authmethod.clone());
        let dialect = Dialect::of(&challenge.authmethod).ok_or_else(unknown)?;
        let extra = &challenge.extra;
        let nonce = text(extra, "nonce")?;
        // Autobahn's routers do not repeat the client's nonce, and its clients do not ask for it.
        if dialect == Dialect::Specification && (!nonce.starts_with(&self.nonce) || nonce == self.nonce) {
            return Err(ChallengeError::NotOurs("nonce"));
        }
        let salt_text = text(extra, "salt")?;
        let salt = STANDARD
            .decode(salt_text)
            .map_err(|_| ChallengeError::Unusable("salt"))?;
        let kdf = kdf(extra)?;
        let salted = kdf.salted_password(&self.password, &salt, dialect);
        let salted = salted.map_err(|error| ChallengeError::Unknown(error.to_string()))?;
        let transcript = Transcript {
            dialect,
            authid: &self.authid,
            client_nonce: &self.nonce,
            nonce,
            salt: salt_text,
            iterations: kdf.iterations(),
            channel_binding: self.channel_binding.as_ref(),
        };
        let client_key = hmac(&salted, b"Client Key");
        let proof = xor(client_key, transcript.signed_by(&Sha256::digest(client_key).into()));
        let signature = transcript.signed_by(&hmac(&salted, b"Server Key"));
        let authenticate = Authenticate {
            signature: STANDARD.encode(proof),
            extra: self.authenticate_extra(nonce),
        };
        Ok((authenticate, Expectation { signature }))
    }

    fn authenticate_extra(&self, nonce: &str) -> Dict {
        let mut extra = Dict::default();
        extra.insert("nonce", nonce);
        match &self.channel_binding {
            None => {
                extra.insert("channel_binding", Value::Null);
                extra.insert("cbind_data", Value::Null);
            }
            Some(ChannelBinding { kind, data }) => {
                extra.insert("channel_binding", kind.as_str());
                extra.insert("cbind_data", STANDARD.encode(data));
            }
        }
        extra
    }
}

fn kdf(extra: &Dict) -> Result<Kdf, ChallengeError> {
    match text(extra, "kdf")? {
        "pbkdf2" => {
            let iterations = number(extra, "iterations", MAX_ITERATIONS)?;
            if iterations < MIN_ITERATIONS {
                return Err(ChallengeError::TooCheap("iterations"));
            }
            Ok(Kdf::Pbkdf2 { iterations })
        }
        "argon2id13" | "argon2id-13" => {
            let iterations = number(extra, "iterations", u32::MAX)?;
            let memory = number(extra, "memory", MAX_ARGON2_MEMORY)?;
            match u64::from(iterations) * u64::from(memory) {
                ..MIN_ARGON2_WORK => Err(ChallengeError::TooCheap("iterations and memory")),
                MIN_ARGON2_WORK..=MAX_ARGON2_WORK => Ok(Kdf::Argon2id { iterations, memory }),
                _ => Err(ChallengeError::TooCostly("iterations and memory")),
            }
        }
        other => Err(ChallengeError::Unknown(other.to_owned())),
    }
}

/// What the router has to prove in WELCOME: that it has the user's keys.
#[derive(Clone)]
pub struct Expectation {
    signature: [u8; 32],
}

impl Expectation {
    /// Checks WELCOME's `authextra`.
    ///
    /// # Errors
    /// If the proof is missing or wrong: the client leaves.
    pub fn verify(&self, authextra: &Dict) -> Result<(), ChallengeError> {
        let proof = authextra
            .get("verifier")
            .or_else(|| authextra.get("scram_server_signature"));
        let Some(Value::String(proof)) = proof else {
            return Err(ChallengeError::RouterNotProven);
        };
        // The specification's example has RFC 5802's "v=" before it, its text does not.
        let proof = STANDARD.decode(proof.strip_prefix("v=").unwrap_or(proof));
        let proof = proof.map_err(|_| ChallengeError::RouterNotProven)?;
        // Comparing authenticators of both takes a time that tells nothing.
        let expected = mac(&self.signature, b"verifier").finalize().into_bytes();
        mac(&proof, b"verifier")
            .verify(&expected)
            .map_err(|_| ChallengeError::RouterNotProven)
    }
}

/// Neither password nor nonce.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("authid", &self.authid)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expectation").finish_non_exhaustive()
    }
}
