//! Whether a session may do what it asks for.

use wamp_protocol::{MatchPolicy, Message, error_uri};

use super::{Seat, Session};
use crate::authorization::{Action, Request};
use crate::effects::Refusal;
use crate::member::Member;
use crate::metrics::Counters;

impl Session {
    /// Why the session may not send this message; `None` if it may.
    pub(super) fn refusal(&self, seat: &Seat, message: &Message) -> Option<Refusal> {
        if seat.member.trusted {
            return None;
        }
        let (action, uri, match_policy) = match message {
            Message::Publish(m) => (Action::Publish, &m.topic, MatchPolicy::Exact),
            Message::Subscribe(m) => (Action::Subscribe, &m.topic, m.options.match_policy.unwrap_or_default()),
            Message::Call(m) => (Action::Call, &m.procedure, MatchPolicy::Exact),
            Message::Register(m) => (
                Action::Register,
                &m.procedure,
                m.options.match_policy.unwrap_or_default(),
            ),
            _ => return None,
        };
        let Member { authid, authrole, .. } = &*seat.member;
        let request = Request {
            authid,
            authrole,
            action,
            uri,
            match_policy,
        };
        if seat.realm.config.authorization.permits(&request) {
            return None;
        }
        Counters::add(&self.core.counters.requests_refused, 1);
        let verb = match action {
            Action::Call => "call",
            Action::Register => "register",
            Action::Publish => "publish to",
            Action::Subscribe => "subscribe to",
        };
        Some(Refusal::new(
            error_uri::NOT_AUTHORIZED,
            format!("the role {authrole:?} may not {verb} {uri:?}"),
        ))
    }
}
