//! What authorizers have answered.

use std::sync::PoisonError;

use super::Realm;
use crate::authorization::{Decision, DynamicAuthorizer, Keep, Key};
use crate::member::Member;

impl Realm {
    /// What has been decided about this already, and still holds.
    pub(crate) fn decided(&self, member: &Member, key: &Key) -> Option<Decision> {
        let mut decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        decisions.find(member.id, &member.authrole, key, self.started.elapsed())
    }

    /// Keeps an authorizer's answer for as long as it says.
    pub(crate) fn keep_decision(
        &self,
        member: &Member,
        key: Key,
        decision: (Decision, Keep),
        authorizer: &DynamicAuthorizer,
    ) {
        let mut decisions = self.decisions.lock().unwrap_or_else(PoisonError::into_inner);
        decisions.keep(
            (member.id, &member.authrole),
            key,
            decision,
            self.started.elapsed(),
            authorizer.cache_time,
            authorizer.cache_entries,
        );
    }
}
