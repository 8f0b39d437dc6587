//! Users given by configuration: for tests and for trying things out.

use std::collections::HashMap;
use std::fmt;

use futures_util::future::{self, BoxFuture};
use wamp_protocol::auth;

use super::{AuthMethod, Authenticator, Credential, Principal, SignIn, SignInError};

/// One user with a secret that serves every method.
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
#[derive(Debug, Default)]
pub struct StaticUsers {
    /// authid → user
    users: HashMap<String, StaticUser>,
}

impl StaticUsers {
    /// Knows `users`; of two with one name the later counts.
    pub fn new(users: impl IntoIterator<Item = StaticUser>) -> Self {
        Self {
            users: users.into_iter().map(|user| (user.authid.clone(), user)).collect(),
        }
    }

    fn look_up(&self, sign_in: &SignIn) -> Result<(Principal, Credential), SignInError> {
        let user = self.users.get(&sign_in.authid).ok_or(SignInError::NoSuchPrincipal)?;
        let principal = Principal {
            authid: user.authid.clone(),
            authrole: user.authrole.clone(),
            authprovider: "static".to_owned(),
        };
        let secret = user.secret.clone();
        let credential = match sign_in.method {
            AuthMethod::WampCra => Credential::WampCra {
                key: secret,
                salting: None,
            },
            AuthMethod::Ticket => Credential::Ticket(Box::new(move |ticket| {
                Box::pin(future::ready(auth::same(ticket.as_bytes(), secret.as_bytes())))
            })),
            AuthMethod::Anonymous => return Err(SignInError::NoSuchPrincipal),
        };
        Ok((principal, credential))
    }
}

impl Authenticator for StaticUsers {
    fn find<'a>(&'a self, sign_in: &'a SignIn) -> BoxFuture<'a, Result<(Principal, Credential), SignInError>> {
        Box::pin(future::ready(self.look_up(sign_in)))
    }
}
