//! SCRAM at the router.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::transcript::Transcript;
use super::{ChannelBinding, Dialect, Kdf, Keys, hmac, xor};
use crate::auth::{ChallengeError, same, text};
use crate::message::{Authenticate, Challenge};
use crate::{Dict, Value};

/// A sign-in by SCRAM, from CHALLENGE to AUTHENTICATE.
#[derive(Debug)]
pub struct Exchange {
    dialect: Dialect,
    authid: String,
    client_nonce: String,
    nonce: String,
    /// The kind that the client asked for in HELLO.
    wants_binding: Option<String>,
    keys: Keys,
}

impl Exchange {
    /// Begins with what HELLO said: the authid and its `authextra`. `nonce` is at least 16 random
    /// octets, new for each sign-in.
    ///
    /// # Errors
    /// If HELLO has no usable nonce.
    pub fn begin(
        dialect: Dialect,
        authid: &str,
        authextra: &Dict,
        keys: Keys,
        nonce: &[u8],
    ) -> Result<Self, ChallengeError> {
        let client_nonce = text(authextra, "nonce")?;
        // A comma would end the nonce in what is signed.
        if client_nonce.is_empty() || client_nonce.contains(',') {
            return Err(ChallengeError::Unusable("nonce"));
        }
        let wants_binding = match authextra.get("channel_binding") {
            Some(Value::String(kind)) => Some(kind.clone()),
            _ => None,
        };
        Ok(Self {
            dialect,
            authid: authid.to_owned(),
            client_nonce: client_nonce.to_owned(),
            nonce: format!("{client_nonce}{}", STANDARD.encode(nonce)),
            wants_binding,
            keys,
        })
    }

    /// The kind of channel binding that the client asks for. If the router cannot do it, it must
    /// abort.
    pub fn wants_binding(&self) -> Option<&str> {
        self.wants_binding.as_deref()
    }

    /// The CHALLENGE.
    pub fn challenge(&self) -> Challenge {
        let mut extra = Dict::default();
        extra.insert("nonce", self.nonce.as_str());
        extra.insert("salt", STANDARD.encode(&self.keys.salt));
        extra.insert("kdf", self.keys.kdf.name(self.dialect));
        extra.insert("iterations", u64::from(self.keys.kdf.iterations()));
        match (self.keys.kdf, self.dialect) {
            (Kdf::Argon2id { memory, .. }, _) => extra.insert("memory", u64::from(memory)),
            (Kdf::Pbkdf2 { .. }, Dialect::Specification) => extra.insert("memory", Value::Null),
            // Autobahn would take null for a number.
            (Kdf::Pbkdf2 { .. }, Dialect::Autobahn) => {}
        }
        Challenge {
            authmethod: self.dialect.authmethod().to_owned(),
            extra,
        }
    }

    /// Whether the client has proven that it knows the password; then what WELCOME must say as
    /// `authextra`. `channel` is what the router sees of the connection, of the kind wanted.
    pub fn verify(&self, answer: &Authenticate, channel: Option<&ChannelBinding>) -> Option<Dict> {
        let binding = match &self.wants_binding {
            None => None,
            Some(kind) => Some(channel.filter(|channel| channel.kind == *kind)?),
        };
        if self.dialect == Dialect::Specification && !self.is_about_this(&answer.extra, binding) {
            return None;
        }
        let proof: [u8; 32] = STANDARD.decode(&answer.signature).ok()?.try_into().ok()?;
        let salt = STANDARD.encode(&self.keys.salt);
        let transcript = Transcript {
            dialect: self.dialect,
            authid: &self.authid,
            client_nonce: &self.client_nonce,
            nonce: &self.nonce,
            salt: &salt,
            iterations: self.keys.kdf.iterations(),
            channel_binding: binding,
        };
        let client_key = xor(proof, transcript.signed_by(&self.keys.stored_key));
        if !same(&Sha256::digest(client_key), &self.keys.stored_key) {
            return None;
        }
        let signature = STANDARD.encode(transcript.signed_by(&self.keys.server_key));
        let mut extra = Dict::default();
        match self.dialect {
            Dialect::Specification => extra.insert("verifier", signature),
            Dialect::Autobahn => extra.insert("scram_server_signature", signature),
        }
        Some(extra)
    }

    /// Whether AUTHENTICATE repeats the nonce and the channel of this exchange.
    fn is_about_this(&self, extra: &Dict, binding: Option<&ChannelBinding>) -> bool {
        let said = |key| match extra.get(key) {
            Some(Value::String(text)) => Some(text.clone()),
            _ => None,
        };
        said("nonce").as_ref() == Some(&self.nonce)
            && said("channel_binding") == self.wants_binding
            && said("cbind_data") == binding.map(|binding| STANDARD.encode(&binding.data))
    }
}

/// A salt for users that do not exist: always the same for a name, so that nobody finds out. The
/// secret is the router's own, random and kept.
pub fn mock_salt(secret: &[u8], authid: &str) -> Vec<u8> {
    hmac(secret, authid.as_bytes())[..16].to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Client, KeyError};
    use super::*;

    const PBKDF2: Kdf = Kdf::Pbkdf2 { iterations: 4096 };
    const ARGON2: Kdf = Kdf::Argon2id {
        iterations: 2,
        memory: 4096,
    };

    fn keys(password: &str, kdf: Kdf, dialect: Dialect) -> Keys {
        Keys::derive(password, b"16 octets of salt"[..16].to_vec(), kdf, dialect).unwrap()
    }

    #[test]
    fn the_vector_of_rfc_7677_comes_out() {
        let transcript = |salt| Transcript {
            dialect: Dialect::Specification,
            authid: "user",
            client_nonce: "rOprNGfwEbeRWgbNEkqO",
            nonce: "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            salt,
            iterations: 4096,
            channel_binding: None,
        };
        let salt = "W22ZaJ0SNY7soEsUEjb6gQ==";
        let keys = Keys::derive("pencil", STANDARD.decode(salt).unwrap(), PBKDF2, Dialect::Specification).unwrap();
        let verifier = STANDARD.encode(transcript(salt).signed_by(&keys.server_key));
        assert_eq!(verifier, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        let proof = STANDARD
            .decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
            .unwrap()
            .try_into()
            .unwrap();
        let client_key = xor(proof, transcript(salt).signed_by(&keys.stored_key));
        assert_eq!(<[u8; 32]>::from(Sha256::digest(client_key)), keys.stored_key);
    }

    #[test]
    fn argon2id_is_the_one_that_others_have() {
        // argon2-cffi: hash_secret_raw(b"pencil", b"somesalt", 2, 4096, 1, 32, Type.ID)
        let salted = ARGON2
            .salted_password("pencil", b"somesalt", Dialect::Specification)
            .unwrap();
        assert_eq!(
            hex::encode(&salted),
            "38566f147681cbc1cf9aa854d4b408792ee1a6d2812a796367893f38f1afe839"
        );
        let text = ARGON2
            .salted_password("pencil", b"somesalt", Dialect::Autobahn)
            .unwrap();
        assert_eq!(text, STANDARD.encode(salted).trim_end_matches('=').as_bytes());
    }

    #[test]
    fn client_and_router_prove_themselves_to_each_other() {
        let binding = ChannelBinding {
            kind: "tls-exporter".to_owned(),
            data: vec![7; 32],
        };
        for dialect in [Dialect::Specification, Dialect::Autobahn] {
            for kdf in [PBKDF2, ARGON2] {
                for channel in [None, Some(&binding)] {
                    let client = Client::new("a,b=c", "I\u{ad}X", b"client nonce", channel.cloned());
                    // SASLprep makes "IX" of the password.
                    let keys = keys("IX", kdf, dialect);
                    let exchange =
                        Exchange::begin(dialect, "a,b=c", &client.authextra(), keys, b"router nonce").unwrap();
                    assert_eq!(exchange.wants_binding(), channel.map(|channel| &*channel.kind));
                    let (answer, expectation) = client.answer(&exchange.challenge()).unwrap();
                    let authextra = exchange.verify(&answer, channel).expect("the password is right");
                    expectation.verify(&authextra).expect("the router is right");
                }
            }
        }
    }

    #[test]
    fn whoever_lacks_the_password_the_nonce_or_the_channel_stays_out() {
        let dialect = Dialect::Specification;
        let binding = |data| ChannelBinding {
            kind: "tls-exporter".to_owned(),
            data,
        };
        let begin = |client: &Client| {
            let keys = keys("right", PBKDF2, dialect);
            Exchange::begin(dialect, "joe", &client.authextra(), keys, b"router nonce").unwrap()
        };
        let client = Client::new("joe", "wrong", b"client nonce", None);
        let exchange = begin(&client);
        let (answer, _) = client.answer(&exchange.challenge()).unwrap();
        assert_eq!(exchange.verify(&answer, None), None, "wrong password");

        let client = Client::new("joe", "right", b"client nonce", None);
        let other = Exchange {
            nonce: "another".to_owned(),
            ..begin(&client)
        };
        let (answer, _) = client.answer(&exchange.challenge()).unwrap();
        assert_eq!(other.verify(&answer, None), None, "replayed");
        assert!(exchange.verify(&answer, None).is_some());

        let client = Client::new("joe", "right", b"client nonce", Some(binding(vec![1; 32])));
        let exchange = begin(&client);
        let (answer, expectation) = client.answer(&exchange.challenge()).unwrap();
        assert_eq!(
            exchange.verify(&answer, Some(&binding(vec![2; 32]))),
            None,
            "another channel"
        );
        assert_eq!(exchange.verify(&answer, None), None, "no channel");
        assert!(exchange.verify(&answer, Some(&binding(vec![1; 32]))).is_some());

        let mut false_proof = Dict::default();
        assert_eq!(expectation.verify(&false_proof), Err(ChallengeError::RouterNotProven));
        false_proof.insert("verifier", STANDARD.encode([0; 32]));
        assert_eq!(expectation.verify(&false_proof), Err(ChallengeError::RouterNotProven));
    }

    #[test]
    fn challenges_that_are_too_cheap_too_costly_or_not_ours_are_not_answered() {
        let answer = |key: &str, value: Value| {
            let client = Client::new("joe", "secret", b"client nonce", None);
            let keys = keys("secret", PBKDF2, Dialect::Specification);
            let exchange =
                Exchange::begin(Dialect::Specification, "joe", &client.authextra(), keys, b"router").unwrap();
            let mut challenge = exchange.challenge();
            challenge.extra.insert(key, value);
            client.answer(&challenge).map(drop)
        };
        let number = |number: i128| Value::Integer(number);
        assert_eq!(
            answer("iterations", number(1)),
            Err(ChallengeError::TooCheap("iterations"))
        );
        assert_eq!(
            answer("iterations", number(1 << 40)),
            Err(ChallengeError::TooCostly("iterations"))
        );
        assert_eq!(answer("nonce", "other".into()), Err(ChallengeError::NotOurs("nonce")));
        assert_eq!(answer("salt", "?".into()), Err(ChallengeError::Unusable("salt")));
        assert_eq!(
            answer("kdf", "bcrypt".into()),
            Err(ChallengeError::Unknown("bcrypt".to_owned()))
        );
        assert_eq!(
            answer("kdf", "argon2id13".into()),
            Err(ChallengeError::Unusable("memory"))
        );
    }

    #[test]
    fn impossible_parameters_are_refused() {
        let derive = |password, salt: &[u8], kdf| {
            Keys::derive(password, salt.to_vec(), kdf, Dialect::Specification)
                .map(drop)
                .unwrap_err()
        };
        assert_eq!(derive("p", b"short", ARGON2), KeyError::Parameters);
        assert_eq!(
            derive(
                "p",
                &[0; 16],
                Kdf::Argon2id {
                    iterations: 1,
                    memory: 1
                }
            ),
            KeyError::Parameters
        );
        assert_eq!(derive("\u{7}", &[0; 16], PBKDF2), KeyError::Password);
    }

    #[test]
    fn a_name_that_nobody_has_gets_the_same_salt_each_time() {
        assert_eq!(mock_salt(b"secret", "joe"), mock_salt(b"secret", "joe"));
        assert_ne!(mock_salt(b"secret", "joe"), mock_salt(b"secret", "jim"));
        assert_ne!(mock_salt(b"secret", "joe"), mock_salt(b"other", "joe"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn no_other_answer_is_taken(signature in "[A-Za-z0-9+/=]{0,50}") {
            let client = Client::new("joe", "right", b"client nonce", None);
            let keys = Keys { salt: vec![0; 16], kdf: PBKDF2, stored_key: [1; 32], server_key: [2; 32] };
            let exchange = Exchange::begin(Dialect::Autobahn, "joe", &client.authextra(), keys, b"r").unwrap();
            let answer = Authenticate { signature, extra: Dict::default() };
            prop_assert_eq!(exchange.verify(&answer, None), None);
        }
    }
}
