//! The meta API's events.

use serde::Serialize;
use wamp_protocol::message::PublishOptions;
use wamp_protocol::{MatchPolicy, Payload, Serializer, SessionId, Uri};

use super::State;
use crate::dealer::policy_name;
use crate::member::Member;
use crate::meta_event::{MetaEvent, RegistrationFacts, SubscriptionFacts};
use crate::moment::{Iso8601, Moment};

/// What the session meta API tells of a session.
#[derive(Debug, Serialize)]
pub(super) struct SessionDetails<'a> {
    session: u64,
    authid: &'a str,
    authrole: &'a str,
    authmethod: &'a str,
    authprovider: &'a str,
    transport: TransportDetails,
}

#[derive(Debug, Serialize)]
struct TransportDetails {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
}

impl<'a> SessionDetails<'a> {
    pub(super) fn of(member: &'a Member) -> Self {
        Self {
            session: member.id.get(),
            authid: &member.authid,
            authrole: &member.authrole,
            authmethod: &member.authmethod,
            authprovider: &member.authprovider,
            transport: TransportDetails {
                kind: member.transport.kind.name(),
                peer: member.transport.peer.map(|peer| peer.to_string()),
            },
        }
    }
}

/// SubscriptionDetails and RegistrationDetails.
#[derive(Debug, Serialize)]
pub(super) struct PatternDetails {
    id: u64,
    created: String,
    uri: String,
    #[serde(rename = "match")]
    match_policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoke: Option<&'static str>,
}

impl From<&SubscriptionFacts> for PatternDetails {
    fn from(facts: &SubscriptionFacts) -> Self {
        Self {
            id: facts.id.get(),
            created: Iso8601(facts.created.unix).to_string(),
            uri: facts.uri.as_str().to_owned(),
            match_policy: facts.match_policy.name(),
            invoke: None,
        }
    }
}

impl From<&RegistrationFacts> for PatternDetails {
    fn from(facts: &RegistrationFacts) -> Self {
        Self {
            id: facts.id.get(),
            created: Iso8601(facts.created.unix).to_string(),
            uri: facts.uri.as_str().to_owned(),
            match_policy: facts.match_policy.name(),
            invoke: Some(policy_name(facts.invoke)),
        }
    }
}

impl State {
    /// Publishes what the meta API has to tell, if anybody listens.
    pub(super) fn tell_meta_events(&mut self, now: Moment) {
        if self.effects.meta_events.is_empty() {
            return;
        }
        for event in std::mem::take(&mut self.effects.meta_events) {
            let topic = topic(&event);
            if !self.broker.has_subscribers(topic) {
                continue;
            }
            let Some(payload) = payload(&event) else { continue };
            let options = PublishOptions::default();
            let publication = (self.ids.publication(), now);
            self.broker.publish_from(
                None,
                Uri::from(topic),
                options.into(),
                payload,
                publication,
                &mut self.effects,
            );
        }
    }
}

const fn topic(event: &MetaEvent) -> &'static str {
    match event {
        MetaEvent::Joined(_) => "wamp.session.on_join",
        MetaEvent::Left(_) => "wamp.session.on_leave",
        MetaEvent::SubscriptionCreated(..) => "wamp.subscription.on_create",
        MetaEvent::Subscribed(..) => "wamp.subscription.on_subscribe",
        MetaEvent::Unsubscribed(..) => "wamp.subscription.on_unsubscribe",
        MetaEvent::SubscriptionDeleted(..) => "wamp.subscription.on_delete",
        MetaEvent::RegistrationCreated(..) => "wamp.registration.on_create",
        MetaEvent::Registered(..) => "wamp.registration.on_register",
        MetaEvent::Unregistered(..) => "wamp.registration.on_unregister",
        MetaEvent::RegistrationDeleted(..) => "wamp.registration.on_delete",
        MetaEvent::Defined(_) => "wamp.reflect.on_define",
        MetaEvent::Undefined(..) => "wamp.reflect.on_undefine",
    }
}

fn payload(event: &MetaEvent) -> Option<Payload> {
    let args = |session: &SessionId, id: u64| Payload::with_args(Serializer::MsgPack, &(session.get(), id));
    let payload = match event {
        MetaEvent::Joined(member) => Payload::with_args(Serializer::MsgPack, &(SessionDetails::of(member),)),
        MetaEvent::Left(member) => Payload::with_args(
            Serializer::MsgPack,
            &(member.id.get(), &member.authid, &member.authrole),
        ),
        MetaEvent::SubscriptionCreated(by, facts) => {
            Payload::with_args(Serializer::MsgPack, &(by.get(), PatternDetails::from(facts)))
        }
        MetaEvent::RegistrationCreated(by, facts) => {
            Payload::with_args(Serializer::MsgPack, &(by.get(), PatternDetails::from(facts)))
        }
        MetaEvent::Subscribed(session, id)
        | MetaEvent::Unsubscribed(session, id)
        | MetaEvent::SubscriptionDeleted(session, id) => args(session, id.get()),
        MetaEvent::Registered(session, id)
        | MetaEvent::Unregistered(session, id)
        | MetaEvent::RegistrationDeleted(session, id) => args(session, id.get()),
        MetaEvent::Defined(definition) => Payload::with_args(Serializer::MsgPack, &(definition.as_dict(),)),
        MetaEvent::Undefined(kind, uri) => Payload::with_args(Serializer::MsgPack, &(kind.name(), uri.as_str())),
    };
    match payload {
        Ok(payload) => Some(payload),
        Err(error) => {
            tracing::error!(%error, topic = topic(event), "a meta event cannot be encoded");
            None
        }
    }
}

/// The policy of that name; what `match` can say.
pub(super) fn policy(name: &str) -> Option<MatchPolicy> {
    [MatchPolicy::Exact, MatchPolicy::Prefix, MatchPolicy::Wildcard]
        .into_iter()
        .find(|policy| policy.name() == name)
}
