//! Any message, for property tests.

mod opening_and_closing;
mod parts;
mod publish_subscribe;
mod remote_procedure_call;
mod values;

use std::fmt;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use wamp_protocol::{Dict, Message, Payload, Serializer, Value};

use opening_and_closing::opening_and_closing;
use publish_subscribe::publish_subscribe;
use remote_procedure_call::remote_procedure_call;
use values::dict;

pub(crate) use values::value;

/// A message whose payload can be had in any serializer.
#[derive(Clone)]
pub(crate) struct Make {
    message: Message,
    args: Vec<Value>,
    kwargs: Dict,
}

impl Make {
    /// The message with its payload in `serializer`.
    pub(crate) fn of(&self, serializer: Serializer) -> Message {
        let mut payload = Payload {
            serializer,
            ..Payload::EMPTY
        };
        if !self.args.is_empty() {
            payload.args = Value::List(self.args.clone()).encode(serializer);
        }
        if !self.kwargs.is_empty() {
            payload.kwargs = Value::Dict(self.kwargs.clone()).encode(serializer);
        }
        if payload.is_empty() {
            payload = Payload::EMPTY;
        }
        let mut message = self.message.clone();
        match &mut message {
            Message::Abort(m) => m.payload = payload,
            Message::Error(m) => m.payload = payload,
            Message::Publish(m) => m.payload = payload,
            Message::Event(m) => m.payload = payload,
            Message::Call(m) => m.payload = payload,
            Message::Result(m) => m.payload = payload,
            Message::Invocation(m) => m.payload = payload,
            Message::Yield(m) => m.payload = payload,
            _ => {}
        }
        message
    }
}

impl fmt::Debug for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {:?} {:?}", self.message, self.args, self.kwargs)
    }
}

/// Any message.
pub(crate) fn message() -> impl Strategy<Value = Arc<Make>> {
    let message = prop_oneof![opening_and_closing(), publish_subscribe(), remote_procedure_call()];
    let args = prop_oneof![Just(Vec::new()), vec(value(), 0..20)];
    (message, args, dict()).prop_map(|(message, args, kwargs)| Arc::new(Make { message, args, kwargs }))
}
