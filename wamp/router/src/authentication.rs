//! Who gets in: what a realm accepts, and where principals and their credentials come from.

mod static_users;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use wamp_protocol::Dict;
use wamp_protocol::auth;

pub use static_users::{StaticUser, StaticUsers};
pub use wamp_protocol::auth::wampcra::Salting;

/// A realm's ways in.
#[derive(Clone, Default)]
pub struct Authentication {
    /// The role of sessions that do not sign in; `None` refuses them.
    pub anonymous: Option<String>,
    /// Who knows the principals; `None` when nobody can sign in.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// The methods taken, of those that the client offers; the client's order decides.
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
}

impl AuthMethod {
    /// Its name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => auth::ANONYMOUS,
            Self::Ticket => auth::TICKET,
            Self::WampCra => auth::WAMPCRA,
        }
    }

    /// The method of that name, if the router has it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            auth::ANONYMOUS => Some(Self::Anonymous),
            auth::TICKET => Some(Self::Ticket),
            auth::WAMPCRA => Some(Self::WampCra),
            _ => None,
        }
    }
}

/// Somebody who wants to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The realm.
    pub realm: String,
    /// As whom.
    pub authid: String,
    /// By which method: never [`AuthMethod::Anonymous`].
    pub method: AuthMethod,
    /// What the client added for the method.
    pub authextra: Dict,
    /// From where; `None` over a Unix socket.
    pub address: Option<SocketAddr>,
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

/// What the client has to prove it has.
pub enum Credential {
    /// The shared secret of WAMP-CRA.
    WampCra {
        /// The HMAC key: the secret itself, or with `salting` the base64 text of the key derived
        /// from it.
        key: String,
        /// How the client derives the key from its secret.
        salting: Option<Salting>,
    },
    /// A ticket, and who decides whether it is the right one.
    Ticket(TicketCheck),
}

/// Decides about a ticket; may take its time (a slow hash, a database), other sessions go on.
pub type TicketCheck = Box<dyn FnOnce(String) -> BoxFuture<'static, bool> + Send>;

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WampCra { .. } => "WampCra",
            Self::Ticket(_) => "Ticket",
        })
    }
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
/// Asked once per sign-in, before the challenge. To keep it hidden who exists, an authenticator
/// may answer for unknown names with a credential that nothing matches; if it answers
/// [`SignInError::NoSuchPrincipal`], the router plays the same game with an unsalted challenge.
pub trait Authenticator: Send + Sync + 'static {
    /// The principal and what proves it.
    fn find<'a>(&'a self, sign_in: &'a SignIn) -> BoxFuture<'a, Result<(Principal, Credential), SignInError>>;

    /// How a sign-in ended that got as far as a challenge; for those who count failures.
    fn finished(&self, sign_in: &SignIn, accepted: bool) {
        let _ = (sign_in, accepted);
    }
}
