//! Which role may do what with which URI.

mod rules;

use std::fmt;
use std::sync::Arc;

use wamp_protocol::{MatchPolicy, Uri};

pub use rules::{Effect, Rule, Rules};

/// What needs permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// CALL
    Call,
    /// REGISTER
    Register,
    /// PUBLISH
    Publish,
    /// SUBSCRIBE
    Subscribe,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Call, Self::Register, Self::Publish, Self::Subscribe];

    /// Its name, as configuration has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Register => "register",
            Self::Publish => "publish",
            Self::Subscribe => "subscribe",
        }
    }
}

/// A session that wants to do something.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who.
    pub authid: &'a str,
    /// In which role.
    pub authrole: &'a str,
    /// What.
    pub action: Action,
    /// With which URI or pattern.
    pub uri: &'a Uri,
    /// What the URI is: always [`MatchPolicy::Exact`] for CALL and PUBLISH.
    pub match_policy: MatchPolicy,
}

/// Decides about requests.
///
/// Asked for every request of every session that is not trusted, in the session's own task, so it
/// answers from memory. A pattern is permitted only if everything that it could match is.
pub trait Authorizer: Send + Sync + 'static {
    /// Whether the request is permitted.
    fn permits(&self, request: &Request<'_>) -> bool;
}

impl<F: Fn(&Request<'_>) -> bool + Send + Sync + 'static> Authorizer for F {
    fn permits(&self, request: &Request<'_>) -> bool {
        self(request)
    }
}

/// A realm's authorization; by default nobody may do anything.
#[derive(Clone)]
pub struct Authorization(Arc<dyn Authorizer>);

impl Authorization {
    /// Lets `authorizer` decide: [`Rules`], or a function.
    pub fn by(authorizer: impl Authorizer) -> Self {
        Self(Arc::new(authorizer))
    }

    /// Whether the request is permitted.
    pub fn permits(&self, request: &Request<'_>) -> bool {
        self.0.permits(request)
    }
}

impl Default for Authorization {
    fn default() -> Self {
        Self::by(Rules::default())
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization").finish_non_exhaustive()
    }
}
