//! Whether a session may do what it asks for.

use std::sync::Arc;

use wamp_protocol::{MatchPolicy, Message, error_uri};

use super::deciding::{Outcome, Question};
use super::{Seat, Session};
use crate::authorization::{Action, Decision, Key, Request, options};
use crate::config::Disclose;
use crate::effects::Refusal;
use crate::member::Member;
use crate::metrics::Counters;

/// What is known of a message's permission.
pub(super) enum Verdict {
    Permitted,
    Refused(Refusal),
    /// An authorizer has to be asked.
    Undecided(Question),
}

impl Session {
    /// `outcome` is what came of the question about this very message, if one was asked.
    pub(super) fn judge(&self, seat: &Seat, message: &mut Message, outcome: Option<Outcome>) -> Verdict {
        if seat.unrestricted {
            return Verdict::Permitted;
        }
        let Some((action, uri, match_policy)) = asked(message) else {
            return Verdict::Permitted;
        };
        let Member { authid, authrole, .. } = &*seat.member;
        let authorization = &seat.realm.config.authorization;
        let request = Request {
            authid,
            authrole,
            action,
            uri,
            match_policy,
        };
        if authorization.permits(&request) {
            return Verdict::Permitted;
        }
        let Some(authorizer) = authorization.asked_about(authrole) else {
            return Verdict::Refused(self.refuse(&request));
        };
        let key = Key {
            action,
            uri: uri.clone(),
            match_policy,
        };
        let outcome = outcome.or_else(|| seat.realm.decided(&seat.member, &key).map(Ok));
        match outcome {
            None => Verdict::Undecided(Question {
                authorizer: Arc::clone(authorizer),
                key,
                options: options(message, match_policy),
            }),
            Some(Ok(Decision { allow: false, .. })) => Verdict::Refused(self.refuse(&request)),
            Some(Ok(Decision { allow: true, disclose })) => {
                if disclose {
                    make_known(seat, message);
                }
                Verdict::Permitted
            }
            Some(Err(_)) => {
                Counters::add(&self.core.counters.requests_refused, 1);
                let sentence = "it cannot be decided now whether this is permitted";
                Verdict::Refused(Refusal::new(error_uri::AUTHORIZATION_FAILED, sentence))
            }
        }
    }

    fn refuse(&self, request: &Request<'_>) -> Refusal {
        Counters::add(&self.core.counters.requests_refused, 1);
        let Request {
            authrole, action, uri, ..
        } = request;
        let verb = match action {
            Action::Call => "call",
            Action::Register => "register",
            Action::Publish => "publish to",
            Action::Subscribe => "subscribe to",
        };
        Refusal::new(
            error_uri::NOT_AUTHORIZED,
            format!("the role {authrole:?} may not {verb} {uri:?}"),
        )
    }
}

/// The caller or publisher is to be made known, where the realm ever does that.
fn make_known(seat: &Seat, message: &mut Message) {
    let disclosure = seat.realm.config.disclosure;
    match message {
        Message::Call(call) if disclosure.callers != Disclose::Never => call.options.disclose_me = true,
        Message::Publish(publish) if disclosure.publishers != Disclose::Never => publish.options.disclose_me = true,
        _ => {}
    }
}

/// What a message asks permission for.
fn asked(message: &Message) -> Option<(Action, &wamp_protocol::Uri, MatchPolicy)> {
    Some(match message {
        Message::Publish(m) => (Action::Publish, &m.topic, MatchPolicy::Exact),
        Message::Subscribe(m) => (Action::Subscribe, &m.topic, m.options.match_policy.unwrap_or_default()),
        Message::Call(m) => (Action::Call, &m.procedure, MatchPolicy::Exact),
        Message::Register(m) => (
            Action::Register,
            &m.procedure,
            m.options.match_policy.unwrap_or_default(),
        ),
        _ => return None,
    })
}
