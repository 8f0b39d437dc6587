//! The meta API's procedures, answered by the realm itself.

pub(super) mod arguments;
mod history;
mod kill;

use std::sync::Arc;

use serde::Serialize;
use wamp_protocol::message::{Call, ResultDetails, ResultMessage};
use wamp_protocol::{
    MatchPolicy, MessageType, Payload, RegistrationId, Serializer, SessionId, SubscriptionId, error_uri,
};

use self::arguments::Arguments;
use super::State;
use super::meta_events::{PatternDetails, SessionDetails};
use super::permissions::Permissions;
use crate::effects::Refusal;
use crate::member::Member;
use crate::moment::Moment;

/// Ids of subscriptions or registrations, by how they match.
#[derive(Debug, Default, Serialize)]
struct ByPolicy {
    exact: Vec<u64>,
    prefix: Vec<u64>,
    wildcard: Vec<u64>,
}

impl ByPolicy {
    fn of(patterns: impl Iterator<Item = (MatchPolicy, u64)>) -> Self {
        let mut lists = Self::default();
        for (policy, id) in patterns {
            match policy {
                MatchPolicy::Exact => lists.exact.push(id),
                MatchPolicy::Prefix => lists.prefix.push(id),
                MatchPolicy::Wildcard => lists.wildcard.push(id),
            }
        }
        for list in [&mut lists.exact, &mut lists.prefix, &mut lists.wildcard] {
            list.sort_unstable();
        }
        lists
    }
}

impl State {
    /// A CALL of a procedure that begins with `wamp.`.
    pub(super) fn call_meta_procedure(
        &mut self,
        caller: &Arc<Member>,
        message: &Call,
        now: Moment,
        may: Permissions<'_>,
    ) {
        let request = message.request;
        let procedure = message.procedure.as_str();
        let answer = Arguments::of(&message.payload)
            .and_then(|arguments| self.meta_procedure(caller, procedure, arguments, now, may));
        match answer {
            Ok(payload) => {
                let details = ResultDetails::default();
                self.effects.send(
                    caller.id,
                    ResultMessage {
                        request,
                        details: details.into(),
                        payload,
                    },
                );
            }
            Err(refusal) => self.effects.refuse(caller.id, (MessageType::Call, request), refusal),
        }
    }

    fn meta_procedure(
        &mut self,
        caller: &Arc<Member>,
        procedure: &str,
        arguments: Arguments,
        now: Moment,
        may: Permissions<'_>,
    ) -> Result<Payload, Refusal> {
        match procedure {
            "wamp.session.count" => value(&self.sessions_of(&arguments.roles(0)?).count()),
            "wamp.session.list" => {
                let mut sessions: Vec<u64> = self.sessions_of(&arguments.roles(0)?).map(SessionId::get).collect();
                sessions.sort_unstable();
                value(&sessions)
            }
            "wamp.session.get" => value(&SessionDetails::of(self.member(&arguments)?)),
            "wamp.session.kill"
            | "wamp.session.kill_by_authid"
            | "wamp.session.kill_by_authrole"
            | "wamp.session.kill_all" => self.kill(caller, procedure, &arguments, now, may.realm),
            "wamp.session.add_testament" => self.add_testament(caller, arguments, may).map(|()| Payload::EMPTY),
            "wamp.session.flush_testaments" => self.flush_testaments(caller, &arguments).map(|()| Payload::EMPTY),
            _ => {
                if let Some(name) = procedure.strip_prefix("wamp.subscription.") {
                    self.subscription_procedure(caller, name, &arguments, may)
                } else if let Some(name) = procedure.strip_prefix("wamp.registration.") {
                    self.registration_procedure(name, &arguments)
                } else if let Some(name) = procedure.strip_prefix("wamp.reflection.") {
                    self.reflection_procedure(name, &arguments, may)
                } else if let Some(name) = procedure.strip_prefix("wamp.reflect.") {
                    self.reflect_procedure(name, &arguments, may)
                } else {
                    Err(no_such_procedure(procedure))
                }
            }
        }
    }

    fn sessions_of(&self, roles: &Option<Vec<String>>) -> impl Iterator<Item = SessionId> {
        let wanted = |member: &Member| roles.as_ref().is_none_or(|roles| roles.contains(&member.authrole));
        self.sessions
            .values()
            .filter(move |attached| wanted(&attached.member))
            .map(|attached| attached.member.id)
    }

    fn member(&self, arguments: &Arguments) -> Result<&Arc<Member>, Refusal> {
        let id = arguments.number(0, "session")?;
        let attached = SessionId::new(id).and_then(|id| self.sessions.get(&id));
        attached
            .map(|attached| &attached.member)
            .ok_or_else(|| no_such_session(id))
    }

    fn subscription_procedure(
        &mut self,
        caller: &Arc<Member>,
        name: &str,
        arguments: &Arguments,
        may: Permissions<'_>,
    ) -> Result<Payload, Refusal> {
        let broker = &self.broker;
        match name {
            "list" => value(&ByPolicy::of(
                broker.subscriptions().map(|facts| (facts.match_policy, facts.id.get())),
            )),
            "lookup" => {
                let topic = arguments.text(0, "topic")?;
                value(&broker.lookup(topic, arguments.policy(1)?).map(SubscriptionId::get))
            }
            "match" => {
                let mut ids: Vec<u64> = broker
                    .matching(arguments.text(0, "topic")?)
                    .into_iter()
                    .map(SubscriptionId::get)
                    .collect();
                ids.sort_unstable();
                value(&Some(ids).filter(|ids| !ids.is_empty()))
            }
            "get" => {
                let id = subscription(arguments)?;
                value(&PatternDetails::from(
                    broker.subscription(id).ok_or_else(|| no_such_subscription(id))?,
                ))
            }
            "list_subscribers" => {
                let id = subscription(arguments)?;
                let sessions = broker.subscribers(id).ok_or_else(|| no_such_subscription(id))?;
                value(&sessions.into_iter().map(SessionId::get).collect::<Vec<_>>())
            }
            "count_subscribers" => {
                let id = subscription(arguments)?;
                value(&broker.subscribers(id).ok_or_else(|| no_such_subscription(id))?.len())
            }
            "get_events" => self.get_events(caller, arguments, may),
            "remove_subscriber" => {
                let id = subscription(arguments)?;
                let member = Arc::clone(self.second_member(arguments)?);
                if self.broker.revoke(&member, id, arguments.reason()?, &mut self.effects) {
                    Ok(Payload::EMPTY)
                } else {
                    Err(no_such_subscription(id))
                }
            }
            _ => Err(no_such_procedure(&format!("wamp.subscription.{name}"))),
        }
    }

    fn registration_procedure(&mut self, name: &str, arguments: &Arguments) -> Result<Payload, Refusal> {
        let dealer = &self.dealer;
        match name {
            "list" => value(&ByPolicy::of(
                dealer.registrations().map(|facts| (facts.match_policy, facts.id.get())),
            )),
            "lookup" => {
                let procedure = arguments.text(0, "procedure")?;
                value(&dealer.lookup(procedure, arguments.policy(1)?).map(RegistrationId::get))
            }
            "match" => value(
                &dealer
                    .matching(arguments.text(0, "procedure")?)
                    .map(RegistrationId::get),
            ),
            "get" => {
                let id = registration(arguments)?;
                value(&PatternDetails::from(
                    dealer.registration(id).ok_or_else(|| no_such_registration(id))?,
                ))
            }
            "list_callees" => {
                let id = registration(arguments)?;
                let sessions = dealer.callees(id).ok_or_else(|| no_such_registration(id))?;
                value(&sessions.into_iter().map(SessionId::get).collect::<Vec<_>>())
            }
            "count_callees" => {
                let id = registration(arguments)?;
                value(&dealer.callees(id).ok_or_else(|| no_such_registration(id))?.len())
            }
            "remove_callee" => {
                let id = registration(arguments)?;
                let member = Arc::clone(self.second_member(arguments)?);
                if self.dealer.revoke(&member, id, arguments.reason()?, &mut self.effects) {
                    Ok(Payload::EMPTY)
                } else {
                    Err(no_such_registration(id))
                }
            }
            _ => Err(no_such_procedure(&format!("wamp.registration.{name}"))),
        }
    }

    fn second_member(&self, arguments: &Arguments) -> Result<&Arc<Member>, Refusal> {
        let id = arguments.number(1, "session")?;
        let attached = SessionId::new(id).and_then(|id| self.sessions.get(&id));
        attached
            .map(|attached| &attached.member)
            .ok_or_else(|| no_such_session(id))
    }
}

/// One positional result.
pub(super) fn value<T: Serialize>(value: &T) -> Result<Payload, Refusal> {
    Payload::with_args(Serializer::MsgPack, &(value,))
        .map_err(|error| Refusal::new(error_uri::RUNTIME_ERROR, error.to_string()))
}

fn subscription(arguments: &Arguments) -> Result<SubscriptionId, Refusal> {
    let id = arguments.number(0, "subscription")?;
    let refusal = || {
        Refusal::new(
            error_uri::NO_SUCH_SUBSCRIPTION,
            format!("there is no subscription {id}"),
        )
    };
    SubscriptionId::new(id).ok_or_else(refusal)
}

fn registration(arguments: &Arguments) -> Result<RegistrationId, Refusal> {
    let id = arguments.number(0, "registration")?;
    let refusal = || {
        Refusal::new(
            error_uri::NO_SUCH_REGISTRATION,
            format!("there is no registration {id}"),
        )
    };
    RegistrationId::new(id).ok_or_else(refusal)
}

fn no_such_subscription(id: SubscriptionId) -> Refusal {
    Refusal::new(
        error_uri::NO_SUCH_SUBSCRIPTION,
        format!("there is no subscription {id}"),
    )
}

fn no_such_registration(id: RegistrationId) -> Refusal {
    Refusal::new(
        error_uri::NO_SUCH_REGISTRATION,
        format!("there is no registration {id}"),
    )
}

fn no_such_session(id: u64) -> Refusal {
    Refusal::new(error_uri::NO_SUCH_SESSION, format!("there is no session {id}"))
}

pub(super) fn no_such_procedure(procedure: &str) -> Refusal {
    Refusal::new(
        error_uri::NO_SUCH_PROCEDURE,
        format!("the router has no procedure {procedure:?}"),
    )
}
