//! Whether a session may do what it asks for.

use std::sync::Arc;

use wamp_protocol::{MatchPolicy, Message, error_uri};

use super::deciding::Question;
use super::{Seat, Session};
use crate::authorization::{Action, Decision, Key, Outcome, Outcomes, Request, options};
use crate::config::Disclose;
use crate::effects::Refusal;
use crate::member::Member;
use crate::metrics::Counters;
use crate::realm::request;

/// What is known of a message's permission.
pub(super) enum Verdict {
    Permitted,
    Refused(Refusal),
    /// An authorizer has to be asked.
    Undecided(Question),
}

impl Session {
    /// `outcomes` are what came of the questions about this very message, if any were asked; what has
    /// been decided before and is needed is added.
    pub(super) fn judge(&self, seat: &Seat, message: &mut Message, outcomes: &mut Outcomes) -> Verdict {
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
            return self.judge_further(seat, message, outcomes);
        }
        let Some(authorizer) = authorization.asked_about(authrole) else {
            return Verdict::Refused(self.refuse(&request));
        };
        let key = Key {
            action,
            uri: uri.clone(),
            match_policy,
        };
        let outcome = outcomes.get(&key).cloned();
        match outcome.or_else(|| seat.realm.decided(&seat.member, &key).map(Ok)) {
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
                self.judge_further(seat, message, outcomes)
            }
            Some(Err(_)) => self.cannot_be_decided(),
        }
    }

    /// What a meta procedure does in its caller's name is asked about before it is called, and
    /// judged by the procedure.
    fn judge_further(&self, seat: &Seat, message: &Message, outcomes: &mut Outcomes) -> Verdict {
        let Message::Call(call) = message else {
            return Verdict::Permitted;
        };
        let authorization = &seat.realm.config.authorization;
        let asked_about = || authorization.asked_about(&seat.member.authrole);
        let Some(authorizer) = call.procedure.is_reserved().then(asked_about).flatten() else {
            return Verdict::Permitted;
        };
        for alternatives in seat.realm.needs(call) {
            let mut failed = false;
            for (key, options) in alternatives {
                if authorization.permits(&request(&seat.member, &key)) {
                    failed = false;
                    break;
                }
                match known(seat, &key, outcomes) {
                    None => {
                        return Verdict::Undecided(Question {
                            authorizer: Arc::clone(authorizer),
                            key,
                            options,
                        });
                    }
                    Some(Ok(Decision { allow: true, .. })) => {
                        failed = false;
                        break;
                    }
                    Some(Ok(Decision { allow: false, .. })) => {}
                    Some(Err(_)) => failed = true,
                }
            }
            if failed {
                return self.cannot_be_decided();
            }
        }
        Verdict::Permitted
    }

    fn cannot_be_decided(&self) -> Verdict {
        Counters::add(&self.core.counters.requests_refused, 1);
        let sentence = "it cannot be decided now whether this is permitted";
        Verdict::Refused(Refusal::new(error_uri::AUTHORIZATION_FAILED, sentence))
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

/// What has been decided about `key`, for this message or before.
fn known(seat: &Seat, key: &Key, outcomes: &mut Outcomes) -> Option<Outcome> {
    if outcomes.get(key).is_none() {
        let decision = seat.realm.decided(&seat.member, key)?;
        outcomes.add(key.clone(), Ok(decision));
    }
    outcomes.get(key).cloned()
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
