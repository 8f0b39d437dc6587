//! Users given by configuration.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use futures_util::future::{self, BoxFuture};
use wamp_protocol::auth;
use wamp_protocol::auth::wampcra::Salting;

use super::decoy::unmatched;
use super::{
    AuthMethod, Authenticator, Credential, DecoySecret, Principal, PublicKey, SignIn, SignInError, StoredUser,
};

/// One user with a secret that serves every method but cryptosign.
#[derive(Clone, PartialEq, Eq)]
pub struct StaticUser {
    /// The name.
    pub authid: String,
    /// The secret, as typed.
    pub secret: String,
    /// The role.
    pub authrole: String,
}

impl fmt::Debug for StaticUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticUser")
            .field("authid", &self.authid)
            .field("authrole", &self.authrole)
            .finish()
    }
}

/// An authenticator that knows a fixed list.
///
/// Names that are not on it are challenged as if they were one of those that are: the same role,
/// the same parameters, and a salt that stays the same for the name.
#[derive(Debug)]
pub struct StaticUsers {
    /// authid → user
    users: BTreeMap<String, StoredUser>,
    /// public key → authid
    by_key: HashMap<PublicKey, String>,
    /// The names of those who can sign in by each method.
    by_method: HashMap<AuthMethod, Vec<String>>,
    decoys: DecoySecret,
}

impl StaticUsers {
    /// Knows `users` ([`StaticUser`] or [`StoredUser`]); of two with one name the later counts.
    /// Takes milliseconds for each that has a secret: SCRAM's keys are made of it.
    pub fn new<U: Into<StoredUser>>(users: impl IntoIterator<Item = U>) -> Self {
        let users: BTreeMap<String, StoredUser> = users
            .into_iter()
            .map(|user| {
                let user = user.into();
                (user.authid.clone(), user)
            })
            .collect();
        let by_key = users
            .values()
            .flat_map(|user| user.cryptosign.iter().map(|key| (*key, user.authid.clone())))
            .collect();
        let by_method = AuthMethod::SIGN_INS
            .into_iter()
            .map(|method| {
                let names = users.values().filter(|user| credential(user, method).is_some());
                (method, names.map(|user| user.authid.clone()).collect())
            })
            .collect();
        Self {
            users,
            by_key,
            by_method,
            decoys: DecoySecret::random(),
        }
    }

    /// Makes up the same about unknown names after a restart too. `secret` is random, and kept
    /// where the users are.
    #[must_use]
    pub fn with_decoy_secret(mut self, secret: [u8; 32]) -> Self {
        self.decoys = DecoySecret::new(secret);
        self
    }

    /// The methods by which somebody on the list can sign in.
    pub fn methods(&self) -> Vec<AuthMethod> {
        AuthMethod::SIGN_INS
            .into_iter()
            .filter(|method| self.by_method.get(method).is_some_and(|names| !names.is_empty()))
            .collect()
    }

    fn look_up(&self, sign_in: &SignIn) -> Result<(Principal, Credential), SignInError> {
        let authid = match &sign_in.authid {
            Some(authid) => Some(authid),
            None => sign_in.claimed_key().and_then(|key| self.by_key.get(&key)),
        };
        let user = authid.and_then(|authid| self.users.get(authid));
        user.and_then(|user| Some((principal(user), credential(user, sign_in.method)?)))
            .ok_or(SignInError::NoSuchPrincipal)
    }
}

fn principal(user: &StoredUser) -> Principal {
    Principal {
        authid: user.authid.clone(),
        authrole: user.authrole.clone(),
        authprovider: "static".to_owned(),
    }
}

fn credential(user: &StoredUser, method: AuthMethod) -> Option<Credential> {
    match method {
        AuthMethod::WampCra => {
            let (key, salting) = user.wampcra.clone()?;
            Some(Credential::WampCra { key, salting })
        }
        AuthMethod::Ticket => {
            let right = user.ticket.clone()?;
            Some(Credential::Ticket(Box::new(move |ticket| {
                Box::pin(future::ready(auth::same(ticket.as_bytes(), right.as_bytes())))
            })))
        }
        AuthMethod::Scram(dialect) => user.scram.get(dialect).cloned().map(Credential::Scram),
        AuthMethod::Cryptosign => {
            (!user.cryptosign.is_empty()).then(|| Credential::Cryptosign(user.cryptosign.clone()))
        }
        AuthMethod::Anonymous => None,
    }
}

impl Authenticator for StaticUsers {
    fn find<'a>(&'a self, sign_in: &'a SignIn) -> BoxFuture<'a, Result<(Principal, Credential), SignInError>> {
        Box::pin(future::ready(self.look_up(sign_in)))
    }

    fn decoy(&self, sign_in: &SignIn) -> Option<(Principal, Credential)> {
        let (method, name) = (sign_in.method, sign_in.name());
        let alike = self.by_method.get(&method)?;
        let model = self.users.get(alike.get(self.decoys.pick(name, alike.len()))?)?;
        let principal = Principal {
            authid: name.to_owned(),
            ..principal(model)
        };
        let credential = match credential(model, method)? {
            Credential::Scram(keys) => Credential::Scram(self.decoys.scram_keys(name, keys.kdf, keys.salt.len())),
            Credential::WampCra {
                salting: Some(salting), ..
            } => self.salted_decoy(name, &salting),
            Credential::WampCra { salting: None, .. } | Credential::Ticket(_) | Credential::Cryptosign(_) => {
                unmatched(&self.decoys, method, name)
            }
        };
        Some((principal, credential))
    }
}

impl StaticUsers {
    /// A salt as long as the model's, of letters that salts are usually made of.
    fn salted_decoy(&self, name: &str, model: &Salting) -> Credential {
        let salt = (0_u32..)
            .flat_map(|block| self.decoys.octets(&format!("letters{block}"), name))
            .map(|octet| {
                char::from(if octet.is_ascii_alphanumeric() {
                    octet
                } else {
                    b'a' + octet % 26
                })
            })
            .take(model.salt.chars().count())
            .collect();
        Credential::WampCra {
            key: self.decoys.text("key", name),
            salting: Some(Salting {
                salt,
                iterations: model.iterations,
                keylen: model.keylen,
            }),
        }
    }
}
