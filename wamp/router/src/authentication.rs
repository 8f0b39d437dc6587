//! Who gets in: what a realm accepts, and where principals and their credentials come from.

mod attempts;
mod credential;
mod decoy;
pub(crate) mod dynamic;
mod router_key;
mod static_users;
mod stored_user;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use wamp_protocol::Dict;
use wamp_protocol::auth;
use wamp_protocol::auth::scram::Dialect;

pub(crate) use attempts::{Attempts, Fingerprint, Settled};
pub use credential::{Credential, PublicKey, TicketCheck};
pub(crate) use decoy::{DecoySecret, generic_decoy};
pub use dynamic::DynamicAuthenticator;
pub use router_key::RouterKey;
pub use static_users::{StaticUser, StaticUsers};
pub use stored_user::{ScramKeys, StoredUser};
pub use wamp_protocol::auth::scram;
pub use wamp_protocol::auth::wampcra::Salting;

/// A realm's ways in.
#[derive(Clone, Default)]
pub struct Authentication {
    /// The role of sessions that do not sign in; `None` refuses them.
    pub anonymous: Option<String>,
    /// Who knows the principals; `None` when nobody can sign in.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// The methods taken with the authenticator, of those that the client offers; the client's
    /// order decides.
    pub methods: Vec<AuthMethod>,
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authentication")
            .field("anonymous", &self.anonymous)
            .field("methods", &self.methods)
            .finish_non_exhaustive()
    }
}

/// A sign-in method of the specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// No proof.
    Anonymous,
    /// A shared secret, sent as it is.
    Ticket,
    /// Challenge and response over a shared secret.
    WampCra,
    /// A password that neither travels nor is stored, and a router that proves itself too.
    Scram(Dialect),
    /// A key pair (Ed25519).
    Cryptosign,
}

impl AuthMethod {
    /// Those by which somebody proves who they are, the ones that give least away first.
    pub const SIGN_INS: [Self; 5] = [
        Self::Cryptosign,
        Self::Scram(Dialect::Specification),
        Self::Scram(Dialect::Autobahn),
        Self::WampCra,
        Self::Ticket,
    ];

    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => auth::ANONYMOUS,
            Self::Ticket => auth::TICKET,
            Self::WampCra => auth::WAMPCRA,
            Self::Scram(dialect) => dialect.authmethod(),
            Self::Cryptosign => auth::CRYPTOSIGN,
        }
    }

    /// The method of that name, if the router has it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            auth::ANONYMOUS => Some(Self::Anonymous),
            auth::TICKET => Some(Self::Ticket),
            auth::WAMPCRA => Some(Self::WampCra),
            auth::CRYPTOSIGN => Some(Self::Cryptosign),
            _ => Dialect::of(name).map(Self::Scram),
        }
    }
}

/// Somebody who wants to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The realm.
    pub realm: String,
    /// As whom. Only a client with a key may leave it to the key.
    pub authid: Option<String>,
    /// By which method: never [`AuthMethod::Anonymous`].
    pub method: AuthMethod,
    /// What the client added for the method.
    pub authextra: Dict,
    /// From where; `None` over a Unix socket.
    pub address: Option<SocketAddr>,
}

impl SignIn {
    /// The name, empty where the client leaves it to its key.
    pub fn name(&self) -> &str {
        self.authid.as_deref().unwrap_or_default()
    }

    /// The public key that the client says is its own; with [`AuthMethod::Cryptosign`] there is
    /// one.
    pub fn claimed_key(&self) -> Option<PublicKey> {
        auth::cryptosign::claimed_key(&self.authextra)
    }
}

/// Who somebody is in the realm, once the credential is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name.
    pub authid: String,
    /// The role, which authorization goes by.
    pub authrole: String,
    /// Who vouches, as WELCOME says it: `static`, `database`, …
    pub authprovider: String,
}

/// Why a sign-in goes no further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// Nobody of that name. The client is not told: it is challenged, and then fails.
    #[error("there is nobody of that name")]
    NoSuchPrincipal,
    /// Known and not let in; the sentence goes to the client with
    /// `wamp.error.authentication_denied`.
    #[error("{0}")]
    Denied(String),
    /// It cannot be found out now. The sentence is for the log; the client gets
    /// `wamp.error.authentication_failed`.
    #[error("cannot decide: {0}")]
    Unavailable(String),
}

/// Knows the principals of a realm.
///
/// Asked once per sign-in, before the challenge. Who exists stays hidden: for
/// [`SignInError::NoSuchPrincipal`] the client is challenged all the same, with what
/// [`decoy`](Self::decoy) gives. An authenticator may as well answer for unknown names with a
/// credential that nothing matches.
pub trait Authenticator: Send + Sync + 'static {
    /// The principal and what proves it.
    fn find<'a>(&'a self, sign_in: &'a SignIn) -> BoxFuture<'a, Result<(Principal, Credential), SignInError>>;

    /// What somebody who is not there seems to have: challenged with it, a client must not tell
    /// the difference, so it is the same each time for a name. Whatever the client answers is
    /// wrong. `None`: the router makes something up.
    fn decoy(&self, sign_in: &SignIn) -> Option<(Principal, Credential)> {
        let _ = sign_in;
        None
    }

    /// How a sign-in ended that was challenged and answered; for those who count failures. One that
    /// has to wait is not accepted, whatever its secret was.
    fn finished(&self, sign_in: &SignIn, accepted: bool) {
        let _ = (sign_in, accepted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_found_by_its_name_in_either_spelling() {
        for method in AuthMethod::SIGN_INS.into_iter().chain([AuthMethod::Anonymous]) {
            assert_eq!(AuthMethod::from_name(method.name()), Some(method));
        }
        assert_eq!(AuthMethod::from_name("cookie"), None);
    }
}
