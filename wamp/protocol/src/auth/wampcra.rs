//! WAMP-CRA: HMAC-SHA256 over a challenge, with a shared secret that never travels.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::Mac as _;
use sha2::Sha256;

use super::{ChallengeError, mac, number, text};
use crate::message::{Authenticate, Challenge};
use crate::{Dict, SessionId, Value};

/// The most rounds of PBKDF2 that a client lets a router demand.
pub const MAX_ITERATIONS: u32 = 1_000_000;
/// The longest derived key that a client lets a router demand, in octets.
pub const MAX_KEY_LENGTH: u32 = 512;

/// How the key is derived from the secret, so that the router need not know the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salting {
    /// Text; its octets are the salt.
    pub salt: String,
    /// Rounds of PBKDF2-HMAC-SHA256.
    pub iterations: u32,
    /// Length of the derived key in octets.
    pub keylen: u32,
}

/// What a challenge says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    /// Who signs in.
    pub authid: &'a str,
    /// The role it will have.
    pub authrole: &'a str,
    /// Who vouches for it.
    pub authprovider: &'a str,
    /// Text that never was and never will be in another challenge.
    pub nonce: &'a str,
    /// The time in ISO 8601.
    pub timestamp: &'a str,
    /// The id that the session will have.
    pub session: SessionId,
}

/// The CHALLENGE; what has to be signed is the text in `extra.challenge`.
pub fn challenge(facts: &Facts<'_>, salting: Option<&Salting>) -> Challenge {
    let mut signed = Dict::default();
    signed.insert("authid", facts.authid);
    signed.insert("authrole", facts.authrole);
    signed.insert("authmethod", super::WAMPCRA);
    signed.insert("authprovider", facts.authprovider);
    signed.insert("nonce", facts.nonce);
    signed.insert("timestamp", facts.timestamp);
    signed.insert("session", facts.session.get());
    let mut extra = Dict::default();
    extra.insert("challenge", Value::Dict(signed).to_json());
    if let Some(salting) = salting {
        extra.insert("salt", salting.salt.as_str());
        extra.insert("iterations", u64::from(salting.iterations));
        extra.insert("keylen", u64::from(salting.keylen));
    }
    Challenge {
        authmethod: super::WAMPCRA.to_owned(),
        extra,
    }
}

/// The key that stands for the secret: the base64 text of what PBKDF2 makes of it.
pub fn derive_key(secret: &str, salting: &Salting) -> String {
    let mut key = vec![0; salting.keylen.min(MAX_KEY_LENGTH) as usize];
    pbkdf2::pbkdf2_hmac::<Sha256>(secret.as_bytes(), salting.salt.as_bytes(), salting.iterations, &mut key);
    STANDARD.encode(key)
}

/// The signature of a challenge: base64 of its HMAC-SHA256.
pub fn sign(key: &str, challenge: &str) -> String {
    STANDARD.encode(mac(key.as_bytes(), challenge.as_bytes()).finalize().into_bytes())
}

/// The client's answer to a challenge, plain or salted.
///
/// # Errors
/// If the challenge is not one, or would keep the client busy for ever.
pub fn answer(secret: &str, challenge: &Challenge) -> Result<Authenticate, ChallengeError> {
    let extra = &challenge.extra;
    let signed = text(extra, "challenge")?;
    let signature = match extra.get("salt") {
        None | Some(Value::Null) => sign(secret, signed),
        Some(_) => {
            let salting = Salting {
                salt: text(extra, "salt")?.to_owned(),
                // Autobahn leaves out what has its default.
                iterations: number_or(extra, "iterations", 1000, MAX_ITERATIONS)?,
                keylen: number_or(extra, "keylen", 32, MAX_KEY_LENGTH)?,
            };
            sign(&derive_key(secret, &salting), signed)
        }
    };
    Ok(Authenticate {
        signature,
        extra: Dict::default(),
    })
}

fn number_or(extra: &Dict, key: &'static str, default: u32, most: u32) -> Result<u32, ChallengeError> {
    if extra.get(key).is_none() {
        Ok(default)
    } else {
        number(extra, key, most)
    }
}

/// Whether the answer proves that the client has the key.
///
/// `key` is the secret, or with salting what [`derive_key`] made of it; `challenge` is what was
/// sent.
pub fn verify(key: &str, challenge: &Challenge, answer: &Authenticate) -> bool {
    let Some(Value::String(signed)) = challenge.extra.get("challenge") else {
        return false;
    };
    let Ok(signature) = STANDARD.decode(&answer.signature) else {
        return false;
    };
    mac(key.as_bytes(), signed.as_bytes()).verify_slice(&signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(salting: Option<&Salting>) -> Challenge {
        let facts = Facts {
            authid: "peter",
            authrole: "user",
            authprovider: "static",
            nonce: "LHRTC9zeOIrt_9U3",
            timestamp: "2014-06-22T16:36:25.448Z",
            session: SessionId::new(3_251_278_072_152_162).unwrap(),
        };
        challenge(&facts, salting)
    }

    #[test]
    fn the_signature_is_the_one_other_implementations_make() {
        // Computed with Python's hmac and hashlib.
        let challenge = r#"{"nonce":"LHRTC9zeOIrt_9U3","authprovider":"userdb","authid":"peter","timestamp":"2014-06-22T16:36:25.448Z","authrole":"user","authmethod":"wampcra","session":3251278072152162}"#;
        assert_eq!(
            sign("secret1", challenge),
            "c6m/fH02rQoIaZctMoGK98fg0aotLGXc+c8nyfsdm9w="
        );
        let salting = Salting {
            salt: "salt123".to_owned(),
            iterations: 100,
            keylen: 16,
        };
        let key = derive_key("prq7+YkJ1/KlW1X0YczMHw==", &salting);
        assert_eq!(key, "fPCrUKxzKFHkuQQIbjrTWQ==");
        assert_eq!(sign(&key, challenge), "s0k9RBVPK5unJUtZLC593J6jKSQGvZR0XgtmpO9dSAM=");
        assert_eq!(
            sign(&"long".repeat(40), challenge),
            "BCIyLt8nHCD1O2/b9QJuv7Yv15ThxKETOm7XQmZqtr4="
        );
    }

    #[test]
    fn whoever_has_the_secret_gets_in_plain_or_salted() {
        let salting = Salting {
            salt: "salt".to_owned(),
            iterations: 100,
            keylen: 32,
        };
        for salting in [None, Some(&salting)] {
            let challenge = sent(salting);
            let key = salting.map_or_else(|| "secret".to_owned(), |salting| derive_key("secret", salting));
            assert!(verify(&key, &challenge, &answer("secret", &challenge).unwrap()));
            assert!(!verify(&key, &challenge, &answer("Secret", &challenge).unwrap()));
            let nonsense = Authenticate {
                signature: "no base64!".to_owned(),
                extra: Dict::default(),
            };
            assert!(!verify(&key, &challenge, &nonsense));
        }
    }

    #[test]
    fn a_challenge_that_would_take_for_ever_is_refused() {
        let mut challenge = sent(Some(&Salting {
            salt: "salt".to_owned(),
            iterations: u32::MAX,
            keylen: 32,
        }));
        assert_eq!(
            answer("secret", &challenge),
            Err(ChallengeError::TooCostly("iterations"))
        );
        challenge.extra.insert("iterations", "many");
        assert_eq!(
            answer("secret", &challenge),
            Err(ChallengeError::Unusable("iterations"))
        );
        challenge.extra.0.clear();
        assert_eq!(answer("secret", &challenge), Err(ChallengeError::Unusable("challenge")));
    }
}
