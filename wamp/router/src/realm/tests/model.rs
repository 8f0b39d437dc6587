//! The model: a realm as the specification words it, in lists that are searched from end to end.

use std::collections::{BTreeMap, BTreeSet};

use wamp_protocol::MatchPolicy;

use super::calls::Invocation;
use super::events::{Publication, Retained, Subscription};
use super::registrations::Registration;
use super::seen::Seen;

/// What the sessions of one step have got, each in its order.
pub(super) type Got = BTreeMap<u64, Vec<Seen>>;

pub(super) const TOO_LARGE: &str = "wamp.error.payload_size_exceeded";
pub(super) const NOT_SUPPORTED: &str = "wamp.error.feature_not_supported";

/// Numbers from here on are payloads; ids are smaller.
pub(super) const PAYLOADS: u64 = 1_000_000;

#[derive(Debug, Default)]
pub(super) struct Model {
    /// Milliseconds.
    pub(super) now: u64,
    pub(super) sessions: BTreeMap<u64, Session>,
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) last_subscription: u64,
    /// Everything that was published, oldest first.
    pub(super) history: Vec<Publication>,
    pub(super) retained: Vec<Retained>,
    pub(super) registrations: Vec<Registration>,
    pub(super) last_registration: u64,
    /// Counts registrations of callees.
    pub(super) last_turn: u64,
    pub(super) invocations: Vec<Invocation>,
    /// (callee, request): ended without the callee's word, which may still come.
    pub(super) late: BTreeSet<(u64, u64)>,
    /// (caller, request) → procedure: calls in pieces that ended before their last piece came.
    pub(super) ended_in_pieces: BTreeMap<(u64, u64), &'static str>,
    /// topic → the session that has defined it
    pub(super) definitions: BTreeMap<&'static str, u64>,
    out: Vec<(u64, Seen)>,
    meta: Vec<(&'static str, Vec<u64>)>,
}

#[derive(Debug)]
pub(super) struct Session {
    /// Announced every feature, or none.
    pub(super) able: bool,
    /// Takes no large messages.
    pub(super) small: bool,
    pub(super) role: &'static str,
    pub(super) last_invocation: u64,
    /// (detached, topic, payload)
    pub(super) testaments: Vec<(bool, &'static str, u64)>,
}

impl Model {
    /// What is too large for the session is left out, and the answer to a call becomes an ERROR.
    /// What else follows from that is said where it does.
    pub(super) fn send(&mut self, session: u64, seen: Seen) {
        let seen = match seen {
            Seen::Event(event) if self.is_too_large(session, &event.payload) => return,
            Seen::Result {
                request,
                progress: false,
                payload,
                ..
            } if self.is_too_large(session, &payload) => Seen::Error {
                of: "CALL",
                request,
                uri: TOO_LARGE.to_owned(),
                ppt: false,
            },
            seen => seen,
        };
        self.out.push((session, seen));
    }

    /// Whether the session does not take a message with this payload.
    pub(super) fn is_too_large(&self, session: u64, payload: &[u64]) -> bool {
        let small = self.sessions.get(&session).is_some_and(|session| session.small);
        small && payload.iter().any(|number| is_large(*number))
    }

    pub(super) fn error(&mut self, session: u64, of: &'static str, request: u64, uri: &str) {
        let (uri, ppt) = (uri.to_owned(), false);
        self.send(session, Seen::Error { of, request, uri, ppt });
    }

    /// The router's own result of a call.
    pub(super) fn result(&mut self, session: u64, request: u64, payload: Vec<u64>) {
        let (progress, ppt) = (false, false);
        self.send(
            session,
            Seen::Result {
                request,
                progress,
                ppt,
                payload,
            },
        );
    }

    /// Says something of a topic, or takes it back; others than who did may not.
    pub(super) fn define(&mut self, by: u64, request: u64, topic: &'static str, back: bool) {
        let owner = self.definitions.get(topic).copied();
        if owner.is_some_and(|owner| owner != by) {
            return self.error(by, "CALL", request, "wamp.error.not_authorized");
        }
        if !back {
            self.definitions.insert(topic, by);
            self.tell("wamp.reflect.on_define", &[]);
        } else if self.definitions.remove(topic).is_some() {
            self.tell("wamp.reflect.on_undefine", &[]);
        }
        self.result(by, request, Vec::new());
    }

    pub(super) fn tell(&mut self, topic: &'static str, facts: &[u64]) {
        self.meta.push((topic, facts.to_vec()));
    }

    pub(super) fn able(&self, session: u64) -> bool {
        self.sessions.get(&session).is_some_and(|session| session.able)
    }

    pub(super) fn join(&mut self, id: u64, able: bool, small: bool, role: &'static str) {
        let session = Session {
            able,
            small,
            role,
            last_invocation: 0,
            testaments: Vec::new(),
        };
        self.sessions.insert(id, session);
        self.send(id, Seen::Welcome);
        self.tell("wamp.session.on_join", &[id]);
    }

    pub(super) fn leave(&mut self, id: u64) {
        let Some(mut gone) = self.sessions.remove(&id) else {
            return;
        };
        self.end_subscriptions(id);
        self.end_registrations(id);
        self.end_invocations(id);
        for _ in 0..self.definitions.values().filter(|owner| **owner == id).count() {
            self.tell("wamp.reflect.on_undefine", &[]);
        }
        self.definitions.retain(|_, owner| *owner != id);
        gone.testaments.sort_by_key(|(detached, ..)| !detached);
        for (_, topic, payload) in gone.testaments {
            self.publish_as(Publication {
                excluded: Some(id),
                ..Publication::new(topic, vec![payload])
            });
        }
        self.tell("wamp.session.on_leave", &[id]);
    }

    /// Publishes what the meta API has to tell; what each session gets in this step.
    pub(super) fn finish(&mut self) -> Got {
        for (topic, facts) in std::mem::take(&mut self.meta) {
            if self
                .subscriptions
                .iter()
                .any(|subscription| subscription.matches(topic))
            {
                self.publish_as(Publication::new(topic, facts));
            }
        }
        let mut got = Got::new();
        for (session, seen) in std::mem::take(&mut self.out) {
            let goodbye = matches!(seen, Seen::Goodbye(_));
            if goodbye || self.sessions.contains_key(&session) {
                got.entry(session).or_default().push(seen);
            }
        }
        got
    }

    /// Whether nothing is left that belonged to a session.
    pub(super) fn is_bare(&self) -> bool {
        self.sessions.is_empty()
            && self.subscriptions.is_empty()
            && self.registrations.is_empty()
            && self.invocations.is_empty()
            && self.definitions.is_empty()
    }
}

/// Whether the payload with this number is large: some of those are that are payloads.
pub(super) const fn is_large(number: u64) -> bool {
    number >= PAYLOADS && number.is_multiple_of(16)
}

/// Whether a pattern matches, as the specification words it.
pub(super) fn matches(policy: MatchPolicy, pattern: &str, uri: &str) -> bool {
    match policy {
        MatchPolicy::Exact => pattern == uri,
        MatchPolicy::Prefix => uri.starts_with(pattern),
        MatchPolicy::Wildcard => {
            let (pattern, uri): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), uri.split('.').collect());
            pattern.len() == uri.len() && pattern.iter().zip(&uri).all(|(p, u)| p.is_empty() || p == u)
        }
    }
}
