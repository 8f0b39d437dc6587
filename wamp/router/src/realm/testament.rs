//! Testaments: what is published when a session is gone.

use std::collections::HashMap;
use std::sync::Arc;

use wamp_protocol::message::{PassThru, PublishOptions, Recipients};
use wamp_protocol::{Dict, Payload, Serializer, SessionId, Uri, Value, error_uri};

use super::State;
use super::meta_procedures::arguments::{Arguments, invalid};
use super::permissions::{Permissions, exact};
use crate::authorization::Action;
use crate::config::Disclose;
use crate::effects::Refusal;
use crate::limit::Limit;
use crate::member::Member;
use crate::metrics::Counters;
use crate::moment::Moment;

/// Testaments that one session may leave.
const PER_SESSION: usize = 100;

/// The testaments of the realm's sessions.
#[derive(Debug, Default)]
pub(super) struct Testaments {
    by_session: HashMap<SessionId, Vec<Testament>>,
}

impl Testaments {
    /// Whether nobody leaves one.
    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.by_session.is_empty()
    }

    /// These sessions leave none.
    pub(super) fn forget(&mut self, sessions: &[SessionId]) {
        for session in sessions {
            self.by_session.remove(session);
        }
    }
}

/// When a testament is published. Sessions are not resumed here, so both moments are the same;
/// the detached ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Detached,
    Destroyed,
}

#[derive(Debug)]
struct Testament {
    scope: Scope,
    topic: Uri,
    options: PublishOptions,
    payload: Payload,
}

impl State {
    /// `wamp.session.add_testament`: the session must be one that may publish it.
    pub(super) fn add_testament(
        &mut self,
        member: &Arc<Member>,
        arguments: Arguments,
        may: Permissions<'_>,
    ) -> Result<(), Refusal> {
        let scope = scope(&arguments)?;
        let topic = Uri::from(arguments.text(0, "topic")?);
        let mut options = match arguments.keyword("publish_options") {
            None => PublishOptions::default(),
            Some(Value::Dict(options)) => publish_options(options)?,
            Some(_) => return Err(invalid("publish_options", "a dict")),
        };
        check(&topic, &mut options, may)?;
        let mut rest = arguments.into_args().into_iter().skip(1);
        let args = match rest.next() {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(args)) => args,
            Some(_) => return Err(invalid("args", "a list")),
        };
        let kwargs = match rest.next() {
            None | Some(Value::Null) => Dict::default(),
            Some(Value::Dict(kwargs)) => kwargs,
            Some(_) => return Err(invalid("kwargs", "a dict")),
        };
        let payload = Payload::encode(Serializer::MsgPack, &args, &kwargs)
            .map_err(|error| Refusal::new(error_uri::INVALID_ARGUMENT, error.to_string()))?;
        let testaments = self.testaments.by_session.entry(member.id).or_default();
        if testaments.len() >= PER_SESSION {
            let sentence = format!("a session may leave {PER_SESSION} testaments");
            return Err(Refusal::over(Limit::Testaments, sentence));
        }
        testaments.push(Testament {
            scope,
            topic,
            options,
            payload,
        });
        Ok(())
    }

    /// `wamp.session.flush_testaments`
    pub(super) fn flush_testaments(&mut self, member: &Member, arguments: &Arguments) -> Result<(), Refusal> {
        let scope = scope(arguments)?;
        if let Some(testaments) = self.testaments.by_session.get_mut(&member.id) {
            testaments.retain(|testament| testament.scope != scope);
        }
        Ok(())
    }

    /// The session is gone: its testaments are published, the detached ones first, each in the
    /// order in which they were added.
    pub(super) fn publish_testaments(&mut self, member: &Arc<Member>, now: Moment, counters: &Counters) {
        let mut testaments = self.testaments.by_session.remove(&member.id).unwrap_or_default();
        testaments.sort_by_key(|testament| testament.scope);
        for Testament {
            topic,
            options,
            payload,
            ..
        } in testaments
        {
            let id = self.ids.publication();
            let published = self.broker.publish_from(
                Some(member),
                topic,
                options.into(),
                payload,
                (id, now),
                &mut self.effects,
            );
            Counters::add(&counters.events, published.events as u64);
        }
    }
}

fn scope(arguments: &Arguments) -> Result<Scope, Refusal> {
    match arguments.keyword_text("scope")? {
        None | Some("destroyed") => Ok(Scope::Destroyed),
        Some("detached") => Ok(Scope::Detached),
        Some(_) => Err(invalid("scope", "\"destroyed\" or \"detached\"")),
    }
}

fn check(topic: &Uri, options: &mut PublishOptions, may: Permissions<'_>) -> Result<(), Refusal> {
    let Permissions { realm, member, .. } = may;
    if !realm.is_of_applications(topic) {
        return Err(Refusal::new(
            error_uri::INVALID_URI,
            format!("{topic:?} is not a topic to publish to"),
        ));
    }
    let decision = may.check(&exact(Action::Publish, topic), "publish to")?;
    if decision.disclose && realm.config.disclosure.publishers != Disclose::Never {
        options.disclose_me = true;
    }
    let passthru = options.ppt.as_ref().is_some_and(|ppt| ppt.scheme.is_some());
    if passthru && !member.features.publisher.payload_passthru_mode {
        let sentence = "payload_passthru_mode was not announced";
        return Err(Refusal::new(error_uri::FEATURE_NOT_SUPPORTED, sentence));
    }
    if options.disclose_me && realm.config.disclosure.publishers == Disclose::Never {
        let sentence = "this realm does not disclose publishers";
        return Err(Refusal::new(error_uri::DISCLOSE_ME_DISALLOWED, sentence));
    }
    Ok(())
}

/// The options of PUBLISH that make sense for one who is gone; others are ignored.
fn publish_options(dict: &Dict) -> Result<PublishOptions, Refusal> {
    let flag = |name: &str| match dict.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(_) => Err(invalid(&format!("publish_options.{name}"), "true or false")),
    };
    let sessions = |name: &str| list(dict, name, |value| value.unsigned().and_then(SessionId::new));
    let texts = |name: &str| {
        list(dict, name, |value| match value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        })
    };
    let recipients = Recipients {
        exclude: sessions("exclude")?,
        exclude_authid: texts("exclude_authid")?,
        exclude_authrole: texts("exclude_authrole")?,
        eligible: sessions("eligible")?,
        eligible_authid: texts("eligible_authid")?,
        eligible_authrole: texts("eligible_authrole")?,
    };
    let mut ppt = PassThru::default();
    for (name, value) in &dict.0 {
        match (ppt.entry(name), value) {
            (None, _) | (Some(_), Value::Null) => {}
            (Some(entry), Value::String(text)) => *entry = Some(text.clone()),
            (Some(_), _) => return Err(text_wanted(name)),
        }
    }
    ppt.check()
        .map_err(|(name, expected)| invalid(&format!("publish_options.{name}"), expected))?;
    let rkey = match dict.get("rkey") {
        None | Some(Value::Null) => None,
        Some(Value::String(rkey)) => Some(rkey.clone()),
        Some(_) => return Err(text_wanted("rkey")),
    };
    Ok(PublishOptions {
        rkey,
        ppt: Some(Box::new(ppt)).filter(|ppt| **ppt != PassThru::default()),
        disclose_me: flag("disclose_me")?.unwrap_or_default(),
        retain: flag("retain")?.unwrap_or_default(),
        retain_for: milliseconds(dict, "_retain_for")?,
        recipients: Some(Box::new(recipients)).filter(|lists| **lists != Recipients::default()),
        ..PublishOptions::default()
    })
}

fn text_wanted(name: &str) -> Refusal {
    invalid(&format!("publish_options.{name}"), "text")
}

fn milliseconds(dict: &Dict, name: &str) -> Result<Option<u64>, Refusal> {
    let wrong = || invalid(&format!("publish_options.{name}"), "a number of milliseconds");
    match dict.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.unsigned().map(Some).ok_or_else(wrong),
    }
}

fn list<T>(dict: &Dict, name: &str, item: impl Fn(&Value) -> Option<T>) -> Result<Option<Vec<T>>, Refusal> {
    let wrong = || invalid(&format!("publish_options.{name}"), "a list of ids or names");
    match dict.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::List(values)) => values
            .iter()
            .map(item)
            .collect::<Option<_>>()
            .map(Some)
            .ok_or_else(wrong),
        Some(_) => Err(wrong()),
    }
}
