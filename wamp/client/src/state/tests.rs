//! Facts about the state, with no I/O: commands and messages in, messages and answers out.

mod calls;
mod procedures;
mod session;
mod subscriptions;

use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot;
use futures_util::FutureExt;
use wamp_protocol::message::{Error as ErrorMessage, Features, RouterRoles};
use wamp_protocol::{Dict, Message, MessageType, Payload, RegistrationId, RequestId, SessionId, SubscriptionId, Value};

use super::State;
use crate::command::LocalId;
use crate::{Error, SessionInfo};

type Answered<T> = oneshot::Receiver<Result<T, Error>>;

const NOW: Duration = Duration::from_secs(1000);

fn request(id: u64) -> RequestId {
    RequestId::new(id).unwrap()
}

fn subscription(id: u64) -> SubscriptionId {
    SubscriptionId::new(id).unwrap()
}

fn registration(id: u64) -> RegistrationId {
    RegistrationId::new(id).unwrap()
}

fn info(session: u64) -> SessionInfo {
    let features = |names: &[&str]| Some(Features(names.iter().map(|&name| name.to_owned()).collect()));
    SessionInfo {
        session: SessionId::new(session).unwrap(),
        realm: "homeapp".to_owned(),
        authid: None,
        authrole: None,
        authmethod: None,
        authprovider: None,
        router: None,
        roles: RouterRoles {
            broker: features(&[]),
            dealer: features(&["call_canceling"]),
            reflection: false,
        },
    }
}

/// A state that has just joined.
fn joined() -> State {
    let mut state = State::default();
    state.joined(info(1));
    state
}

/// What it wants sent.
fn sent(state: &mut State) -> Vec<Message> {
    std::iter::from_fn(|| state.next_outgoing()).collect()
}

/// What it wants sent, as the names and request ids, which is what most tests are about.
fn sent_names(state: &mut State) -> Vec<String> {
    let name = |message: Message| {
        let id = match &message {
            Message::Subscribe(m) => m.request.get(),
            Message::Unsubscribe(m) => m.request.get(),
            Message::Register(m) => m.request.get(),
            Message::Unregister(m) => m.request.get(),
            Message::Publish(m) => m.request.get(),
            Message::Call(m) => m.request.get(),
            Message::Cancel(m) => m.request.get(),
            Message::Yield(m) => m.request.get(),
            Message::Error(m) => m.request.get(),
            _ => 0,
        };
        format!("{} {id}", message.message_type().name())
    };
    sent(state).into_iter().map(name).collect()
}

/// The answer, or `None` while there is none.
fn answer<T>(answered: &mut Answered<T>) -> Option<Result<T, Error>> {
    answered
        .now_or_never()
        .map(|answer| answer.unwrap_or(Err(Error::Closed)))
}

fn error_for(request_type: MessageType, id: u64, uri: &str) -> Message {
    let details = Dict::default();
    ErrorMessage {
        request_type,
        request: request(id),
        details: details.into(),
        error: uri.into(),
        payload: Payload::EMPTY,
    }
    .into()
}

fn text(value: Option<&Value>) -> Option<&str> {
    match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

fn receive(state: &mut State, message: impl Into<Message>) -> super::Received {
    state.receive(message.into(), NOW)
}

fn queue() -> Arc<crate::event_queue::EventQueue> {
    Arc::new(crate::event_queue::EventQueue::new(8, "topic"))
}

const fn local(id: u64) -> LocalId {
    LocalId(id)
}
