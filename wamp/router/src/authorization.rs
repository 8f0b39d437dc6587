//! Which role may do what with which URI.

mod dynamic;
mod rules;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use wamp_protocol::{MatchPolicy, Uri};

pub use dynamic::DynamicAuthorizer;
pub(crate) use dynamic::{Decision, Decisions, Keep, Key, Outcome, Outcomes, decision, options, question};
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

    /// Whether every request of this role is permitted, and always will be: then its sessions'
    /// requests are not asked about.
    fn permits_everything(&self, authrole: &str) -> bool {
        let _ = authrole;
        false
    }
}

impl<F: Fn(&Request<'_>) -> bool + Send + Sync + 'static> Authorizer for F {
    fn permits(&self, request: &Request<'_>) -> bool {
        self(request)
    }
}

/// A realm's authorization; by default nobody may do anything.
#[derive(Clone)]
pub struct Authorization {
    authorizer: Arc<dyn Authorizer>,
    /// role → who is asked about what the authorizer does not permit it
    asked: BTreeMap<String, Arc<DynamicAuthorizer>>,
}

impl Authorization {
    /// Lets `authorizer` decide: [`Rules`], or a function.
    pub fn by(authorizer: impl Authorizer) -> Self {
        Self {
            authorizer: Arc::new(authorizer),
            asked: BTreeMap::new(),
        }
    }

    /// Asks a procedure about whatever is not permitted to `role` otherwise.
    #[must_use]
    pub fn asking(mut self, role: impl Into<String>, authorizer: DynamicAuthorizer) -> Self {
        self.asked.insert(role.into(), Arc::new(authorizer));
        self
    }

    /// Who is asked about a role.
    pub(crate) fn asked_about(&self, role: &str) -> Option<&Arc<DynamicAuthorizer>> {
        self.asked.get(role)
    }

    /// Whether the request is permitted.
    pub fn permits(&self, request: &Request<'_>) -> bool {
        self.authorizer.permits(request)
    }

    /// Whether nothing need be asked about this role.
    pub(crate) fn permits_everything(&self, authrole: &str) -> bool {
        self.authorizer.permits_everything(authrole)
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
