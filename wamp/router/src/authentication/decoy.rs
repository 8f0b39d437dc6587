//! What somebody who does not exist seems to have.

use wamp_protocol::auth::scram;

use super::{AuthMethod, Credential, Principal, SignIn};
use crate::random_ids::RandomIds;

/// Rounds of PBKDF2 where nothing says otherwise.
pub(super) const ITERATIONS: u32 = 15_000;
/// Argon2id where nothing says otherwise: 8 MiB twice, some ten milliseconds.
pub(super) const ARGON2ID: scram::Kdf = scram::Kdf::Argon2id {
    iterations: 2,
    memory: 8192,
};

/// Octets that only this router knows: what it makes up about a name is the same each time, and
/// nobody else can tell that it is made up.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DecoySecret([u8; 32]);

impl DecoySecret {
    /// Other octets at each start.
    pub(crate) fn random() -> Self {
        Self(random_octets())
    }

    pub(super) const fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// Sixteen octets about `name` that are for `purpose` alone.
    pub(super) fn octets(&self, purpose: &str, name: &str) -> Vec<u8> {
        scram::mock_salt(&self.0, &format!("{purpose}\0{name}"))
    }

    /// The same as text.
    pub(super) fn text(&self, purpose: &str, name: &str) -> String {
        let octets = self.octets(purpose, name);
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// One of `count`; 0 if there are none.
    pub(super) fn pick(&self, name: &str, count: usize) -> usize {
        let number = self
            .octets("pick", name)
            .iter()
            .take(4)
            .fold(0_usize, |number, octet| number << 8 | usize::from(*octet));
        number.checked_rem(count).unwrap_or(0)
    }

    /// Keys that no password makes.
    pub(super) fn scram_keys(&self, name: &str, kdf: scram::Kdf, salt_octets: usize) -> scram::Keys {
        let salt = (0_u32..)
            .flat_map(|block| self.octets(&format!("salt{block}"), name))
            .take(salt_octets)
            .collect();
        scram::Keys::of_salted_password(&self.octets("key", name), salt, kdf)
    }
}

impl std::fmt::Debug for DecoySecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DecoySecret")
    }
}

/// Octets that nobody can foresee.
pub(crate) fn random_octets<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    if getrandom::fill(&mut octets).is_err() {
        // No such system is known; what is left is as hard to guess as a hash map's order.
        let mut numbers = RandomIds::new();
        octets = std::array::from_fn(|_| numbers.number().to_le_bytes()[0]);
    }
    octets
}

/// What the router makes up where the authenticator does not.
pub(crate) fn generic_decoy(secret: &DecoySecret, sign_in: &SignIn) -> (Principal, Credential) {
    let name = sign_in.name();
    let principal = Principal {
        authid: name.to_owned(),
        authrole: "user".to_owned(),
        authprovider: "static".to_owned(),
    };
    (principal, unmatched(secret, sign_in.method, name))
}

/// A credential that nothing matches, in its plainest form.
pub(super) fn unmatched(secret: &DecoySecret, method: AuthMethod, name: &str) -> Credential {
    match method {
        AuthMethod::WampCra => Credential::WampCra {
            key: secret.text("key", name),
            salting: None,
        },
        AuthMethod::Scram(dialect) => {
            let kdf = match dialect {
                scram::Dialect::Specification => scram::Kdf::Pbkdf2 { iterations: ITERATIONS },
                scram::Dialect::Autobahn => ARGON2ID,
            };
            Credential::Scram(secret.scram_keys(name, kdf, 16))
        }
        AuthMethod::Cryptosign => Credential::Cryptosign(Vec::new()),
        AuthMethod::Ticket | AuthMethod::Anonymous => {
            Credential::Ticket(Box::new(|_| Box::pin(std::future::ready(false))))
        }
    }
}
