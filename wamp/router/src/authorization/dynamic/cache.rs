//! Answers of authorizers, kept for a time and never more than so many.

use std::collections::HashMap;
use std::time::Duration;

use wamp_protocol::{MatchPolicy, SessionId, Uri};

use super::{Decision, Keep};
use crate::authorization::Action;

/// What a decision is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) action: Action,
    pub(crate) uri: Uri,
    pub(crate) match_policy: MatchPolicy,
}

/// For whom a decision holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Session(SessionId),
    Role(String),
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    decision: Decision,
    /// `None`: as long as it is kept.
    until: Option<Duration>,
}

/// Decisions in two generations: when the young one has half of what may be kept it becomes the
/// old one, and what the old one had is forgotten. What is asked for again becomes young again.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    young: HashMap<(Whose, Key), Entry>,
    old: HashMap<(Whose, Key), Entry>,
}

impl Decisions {
    /// What was decided for this session, or for all of its role; `now` is monotonic.
    pub(crate) fn find(&mut self, session: SessionId, role: &str, key: &Key, now: Duration) -> Option<Decision> {
        [Whose::Session(session), Whose::Role(role.to_owned())]
            .into_iter()
            .find_map(|whose| self.get(&(whose, key.clone()), now))
    }

    fn get(&mut self, about: &(Whose, Key), now: Duration) -> Option<Decision> {
        let holds = |entry: &Entry| entry.until.is_none_or(|until| now < until);
        if let Some(entry) = self.young.get(about) {
            return holds(entry).then_some(entry.decision);
        }
        let (about, entry) = self.old.remove_entry(about)?;
        if !holds(&entry) {
            return None;
        }
        self.young.insert(about, entry);
        Some(entry.decision)
    }

    /// Keeps a decision as its answer says: `usual` is how long where it says nothing, `most` how
    /// many are kept.
    pub(crate) fn keep(
        &mut self,
        (session, role): (SessionId, &str),
        key: Key,
        (decision, keep): (Decision, Keep),
        now: Duration,
        usual: Duration,
        most: usize,
    ) {
        let (whose, until) = match keep {
            Keep::Once => return,
            Keep::Session => (Whose::Session(session), None),
            Keep::ForATime => (Whose::Session(session), Some(now + usual)),
            Keep::Role => (Whose::Role(role.to_owned()), Some(now + usual)),
        };
        if until == Some(now) || most == 0 {
            return;
        }
        if self.young.len() >= most.div_ceil(2) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert((whose, key), Entry { decision, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: Duration = Duration::from_secs(60);
    const ALLOWED: Decision = Decision {
        allow: true,
        disclose: false,
    };

    fn key(uri: &str) -> Key {
        Key {
            action: Action::Call,
            uri: uri.into(),
            match_policy: MatchPolicy::Exact,
        }
    }

    fn session(id: u64) -> SessionId {
        SessionId::new(id).unwrap()
    }

    fn keep(decisions: &mut Decisions, id: u64, uri: &str, keep: Keep) {
        decisions.keep(
            (session(id), "user"),
            key(uri),
            (ALLOWED, keep),
            Duration::ZERO,
            USUAL,
            100,
        );
    }

    fn found(decisions: &mut Decisions, id: u64, uri: &str, seconds: u64) -> bool {
        decisions
            .find(session(id), "user", &key(uri), Duration::from_secs(seconds))
            .is_some()
    }

    #[test]
    fn decisions_hold_for_whom_and_as_long_as_the_answer_says() {
        let mut decisions = Decisions::default();
        keep(&mut decisions, 1, "once", Keep::Once);
        keep(&mut decisions, 1, "time", Keep::ForATime);
        keep(&mut decisions, 1, "session", Keep::Session);
        keep(&mut decisions, 1, "role", Keep::Role);
        for (uri, id, seconds, expected) in [
            ("once", 1, 0, false),
            ("time", 1, 59, true),
            ("time", 2, 0, false),
            ("time", 1, 60, false),
            ("session", 1, 1_000_000, true),
            ("session", 2, 0, false),
            ("role", 2, 59, true),
            ("role", 2, 60, false),
            ("never asked", 1, 0, false),
        ] {
            assert_eq!(
                found(&mut decisions, id, uri, seconds),
                expected,
                "{uri} {id} {seconds}"
            );
        }
        let other_action = Key {
            action: Action::Publish,
            ..key("time")
        };
        assert_eq!(decisions.find(session(1), "user", &other_action, Duration::ZERO), None);
    }

    #[test]
    fn no_more_are_kept_than_may_be_and_those_in_use_stay() {
        let mut decisions = Decisions::default();
        keep(&mut decisions, 1, "in use", Keep::Session);
        for number in 0..10_000 {
            keep(&mut decisions, 1, &format!("uri{number}"), Keep::Session);
            assert!(decisions.young.len() + decisions.old.len() <= 102);
            assert!(found(&mut decisions, 1, "in use", 0), "{number}");
        }
        assert!(!found(&mut decisions, 1, "uri1", 0));
        assert!(found(&mut decisions, 1, "uri9999", 0));
    }

    #[test]
    fn nothing_is_kept_where_nothing_may_be() {
        let mut decisions = Decisions::default();
        let kept = (ALLOWED, Keep::ForATime);
        decisions.keep(
            (session(1), "user"),
            key("a"),
            kept,
            Duration::ZERO,
            Duration::ZERO,
            100,
        );
        decisions.keep((session(1), "user"), key("b"), kept, Duration::ZERO, USUAL, 0);
        assert!(!found(&mut decisions, 1, "a", 0) && !found(&mut decisions, 1, "b", 0));
    }
}
