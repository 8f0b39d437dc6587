//! What roles may do.

use serde::Deserialize;
use wamp_protocol::MatchPolicy;
use wamp_router::authorization::{Action, Effect, Rule};

use super::RouterAuthorizer;

/// `[[realm.role]]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouterRole {
    /// Its name.
    pub name: String,
    /// It may do everything that no permission denies it.
    #[serde(default)]
    pub everything: bool,
    /// What it may do, and what it may not.
    #[serde(default, rename = "permission")]
    pub permissions: Vec<Permission>,
    /// A procedure that is asked about what the permissions do not allow.
    #[serde(default)]
    pub authorizer: Option<RouterAuthorizer>,
}

/// `[[realm.role.permission]]`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The URI or pattern it is about.
    pub uri: String,
    /// How `uri` is meant.
    #[serde(default, rename = "match")]
    pub match_policy: Match,
    /// What may be done.
    #[serde(default)]
    pub allow: Vec<Verb>,
    /// What may not be done, whatever other permissions allow.
    #[serde(default)]
    pub deny: Vec<Verb>,
}

/// How a pattern matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Match {
    /// The URI alone.
    #[default]
    Exact,
    /// Everything that begins so.
    Prefix,
    /// Empty components stand for any.
    Wildcard,
}

impl From<Match> for MatchPolicy {
    fn from(policy: Match) -> Self {
        match policy {
            Match::Exact => Self::Exact,
            Match::Prefix => Self::Prefix,
            Match::Wildcard => Self::Wildcard,
        }
    }
}

/// What can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Calling a procedure.
    Call,
    /// Offering one.
    Register,
    /// Publishing to a topic.
    Publish,
    /// Hearing what is published.
    Subscribe,
}

impl From<Verb> for Action {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Call => Self::Call,
            Verb::Register => Self::Register,
            Verb::Publish => Self::Publish,
            Verb::Subscribe => Self::Subscribe,
        }
    }
}

impl RouterRole {
    /// A role that may do everything.
    pub fn everything(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            everything: true,
            permissions: Vec::new(),
            authorizer: None,
        }
    }

    /// The same as rules of the router.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        let everything = self.everything.then(|| Rule::everything(&self.name));
        let permissions = self.permissions.iter().flat_map(|permission| {
            [(&permission.allow, Effect::Allow), (&permission.deny, Effect::Deny)]
                .into_iter()
                .filter(|(verbs, _)| !verbs.is_empty())
                .map(|(verbs, effect)| Rule {
                    role: self.name.clone(),
                    uri: permission.uri.clone(),
                    match_policy: permission.match_policy.into(),
                    actions: verbs.iter().map(|&verb| verb.into()).collect(),
                    effect,
                })
        });
        everything.into_iter().chain(permissions)
    }
}
