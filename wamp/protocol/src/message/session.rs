//! HELLO, WELCOME, ABORT, CHALLENGE, AUTHENTICATE, GOODBYE.

use crate::{Dict, Payload, SessionId, Uri};

/// `[HELLO, Realm|uri, Details|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Hello {
    /// The realm to join.
    pub realm: Uri,
    /// Who is asking, and what it can do.
    pub details: HelloDetails,
}

/// HELLO.Details
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HelloDetails {
    /// The roles the client takes; at least one.
    pub roles: ClientRoles,
    /// The client's name and version.
    pub agent: Option<String>,
    /// Who wants to join.
    pub authid: Option<String>,
    /// As what.
    pub authrole: Option<String>,
    /// Sign-in methods the client offers, best first.
    pub authmethods: Vec<String>,
    /// What its method needs beside.
    pub authextra: Dict,
    /// Every other key, kept for extensions (`resumable`, `transport`, `_custom`).
    pub other: Dict,
}

/// The features a peer announced for one role: the names that are `true`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Features(pub Vec<String>);

impl Features {
    /// Whether `feature` was announced.
    pub fn has(&self, feature: &str) -> bool {
        self.0.iter().any(|f| f == feature)
    }
}

/// The roles of a client; `None` where it does not take the role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClientRoles {
    /// May publish.
    pub publisher: Option<Features>,
    /// May subscribe.
    pub subscriber: Option<Features>,
    /// May call.
    pub caller: Option<Features>,
    /// May register.
    pub callee: Option<Features>,
}

/// The roles of a router.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouterRoles {
    /// Routes events.
    pub broker: Option<Features>,
    /// Routes calls.
    pub dealer: Option<Features>,
    /// Whether the roles answer `wamp.reflection.…`.
    pub reflection: bool,
}

/// `[WELCOME, Session|id, Details|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Welcome {
    /// The session's id.
    pub session: SessionId,
    /// What the router can do, and as whom the client is in.
    pub details: WelcomeDetails,
}

/// WELCOME.Details
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WelcomeDetails {
    /// The router's roles.
    pub roles: RouterRoles,
    /// The router's name and version.
    pub agent: Option<String>,
    /// The realm, as joined.
    pub realm: Option<String>,
    /// As whom the client is in.
    pub authid: Option<String>,
    /// With which role.
    pub authrole: Option<String>,
    /// By which method.
    pub authmethod: Option<String>,
    /// Vouched for by whom.
    pub authprovider: Option<String>,
    /// What the method adds (SCRAM's verifier).
    pub authextra: Dict,
    /// Every other key.
    pub other: Dict,
}

/// `[ABORT, Details|dict, Reason|uri]` (and arguments, where the field adds them)
#[derive(Debug, Clone, PartialEq)]
pub struct Abort {
    /// `message` and more.
    pub details: Dict,
    /// Why.
    pub reason: Uri,
    /// Arguments, rarely.
    pub payload: Payload,
}

/// `[CHALLENGE, AuthMethod|string, Extra|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Challenge {
    /// The method the router chose.
    pub authmethod: String,
    /// What has to be answered.
    pub extra: Dict,
}

/// `[AUTHENTICATE, Signature|string, Extra|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Authenticate {
    /// The answer.
    pub signature: String,
    /// What the method adds.
    pub extra: Dict,
}

/// `[GOODBYE, Details|dict, Reason|uri]`
#[derive(Debug, Clone, PartialEq)]
pub struct Goodbye {
    /// `message` and more.
    pub details: Dict,
    /// Why.
    pub reason: Uri,
}
