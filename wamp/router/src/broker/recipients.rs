//! Subscriber black- and whitelisting.

use std::collections::HashSet;

use wamp_protocol::SessionId;
use wamp_protocol::message::Recipients;

use crate::member::Member;

/// The six lists of a PUBLISH, ready to be asked about many subscribers. All of them hold at
/// once; a whitelist that is there and empty lets nobody through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecipientFilter {
    exclude: HashSet<SessionId>,
    exclude_authid: HashSet<String>,
    exclude_authrole: HashSet<String>,
    eligible: Option<HashSet<SessionId>>,
    eligible_authid: Option<HashSet<String>>,
    eligible_authrole: Option<HashSet<String>>,
}

impl From<Recipients> for RecipientFilter {
    fn from(lists: Recipients) -> Self {
        Self {
            exclude: lists.exclude.unwrap_or_default().into_iter().collect(),
            exclude_authid: lists.exclude_authid.unwrap_or_default().into_iter().collect(),
            exclude_authrole: lists.exclude_authrole.unwrap_or_default().into_iter().collect(),
            eligible: lists.eligible.map(|list| list.into_iter().collect()),
            eligible_authid: lists.eligible_authid.map(|list| list.into_iter().collect()),
            eligible_authrole: lists.eligible_authrole.map(|list| list.into_iter().collect()),
        }
    }
}

impl RecipientFilter {
    /// Whether this subscriber may receive.
    pub(super) fn admits(&self, member: &Member) -> bool {
        let excluded = self.exclude.contains(&member.id)
            || self.exclude_authid.contains(&member.authid)
            || self.exclude_authrole.contains(&member.authrole);
        let eligible = self.eligible.as_ref().is_none_or(|list| list.contains(&member.id))
            && self
                .eligible_authid
                .as_ref()
                .is_none_or(|list| list.contains(&member.authid))
            && self
                .eligible_authrole
                .as_ref()
                .is_none_or(|list| list.contains(&member.authrole));
        eligible && !excluded
    }

    /// Whether anybody in the realm may receive except those excluded by name.
    pub(super) fn is_public(&self) -> bool {
        self.eligible.is_none()
            && self.eligible_authid.is_none()
            && self.eligible_authrole.is_none()
            && self.exclude.is_empty()
            && self.exclude_authid.is_empty()
            && self.exclude_authrole.is_empty()
    }

    /// The lists of names and roles.
    pub(super) fn names(&self) -> Recipients {
        let sorted = |names: &HashSet<String>| {
            let mut names: Vec<String> = names.iter().cloned().collect();
            names.sort_unstable();
            names
        };
        let named = |names: &HashSet<String>| Some(sorted(names)).filter(|names| !names.is_empty());
        Recipients {
            exclude_authid: named(&self.exclude_authid),
            exclude_authrole: named(&self.exclude_authrole),
            eligible_authid: self.eligible_authid.as_ref().map(sorted),
            eligible_authrole: self.eligible_authrole.as_ref().map(sorted),
            ..Recipients::default()
        }
    }

    /// Whether particular sessions are named, which a later run of the same client is not.
    pub(super) fn names_sessions(&self) -> bool {
        !self.exclude.is_empty() || self.eligible.is_some()
    }
}
