//! Messages as a session sees them, without what is random or for people.

use wamp_protocol::{Message, Payload, Value};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    Welcome,
    Goodbye(String),
    Published(u64),
    Subscribed(u64, u64),
    Unsubscribed(u64),
    Registered(u64, u64),
    Unregistered(u64),
    /// The router took a registration back, for a reason.
    Revoked(u64, String),
    Event(Event),
    Invocation(Invocation),
    Interrupt(u64, &'static str),
    Result {
        request: u64,
        progress: bool,
        ppt: bool,
        payload: Vec<u64>,
    },
    Error {
        of: &'static str,
        request: u64,
        uri: String,
        ppt: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    pub(super) payload: Vec<u64>,
    pub(super) subscription: u64,
    pub(super) topic: Option<String>,
    pub(super) publisher: Option<u64>,
    pub(super) retained: bool,
    /// Which it is one of, as long as that is asked for: ids are random.
    pub(super) publication: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Invocation {
    pub(super) request: u64,
    pub(super) registration: u64,
    pub(super) procedure: Option<String>,
    pub(super) progress: bool,
    pub(super) receive_progress: bool,
    pub(super) timeout: Option<u64>,
    pub(super) caller: Option<u64>,
    pub(super) rkey: Option<String>,
    pub(super) ppt: bool,
    pub(super) payload: Vec<u64>,
}

impl Seen {
    pub(super) fn of(message: &Message) -> Self {
        match message {
            Message::Welcome(_) => Self::Welcome,
            Message::Goodbye(m) => Self::Goodbye(m.reason.as_str().to_owned()),
            Message::Published(m) => Self::Published(m.request.get()),
            Message::Subscribed(m) => Self::Subscribed(m.request.get(), m.subscription.get()),
            Message::Unsubscribed(m) => Self::Unsubscribed(m.request.map_or(0, |request| request.get())),
            Message::Registered(m) => Self::Registered(m.request.get(), m.registration.get()),
            Message::Unregistered(m) => match (m.request, &m.details) {
                (Some(request), None) => Self::Unregistered(request.get()),
                (None, Some(details)) => {
                    let reason = details.reason.clone().unwrap_or_default();
                    Self::Revoked(details.registration.get(), reason)
                }
                other => panic!("UNREGISTERED says {other:?}"),
            },
            Message::Event(m) => Self::Event(Event {
                payload: numbers(&m.payload),
                subscription: m.subscription.get(),
                topic: m.details.topic.as_ref().map(|topic| topic.as_str().to_owned()),
                publisher: m.details.publisher.map(|publisher| publisher.get()),
                retained: m.details.retained,
                publication: Some(m.publication.get()),
            }),
            Message::Invocation(m) => Self::Invocation(Invocation {
                request: m.request.get(),
                registration: m.registration.get(),
                procedure: m.details.procedure.as_ref().map(|uri| uri.as_str().to_owned()),
                progress: m.details.progress,
                receive_progress: m.details.receive_progress,
                timeout: m.details.timeout,
                caller: m.details.caller.map(|caller| caller.get()),
                rkey: m.details.rkey.clone(),
                ppt: m.details.ppt.is_some(),
                payload: numbers(&m.payload),
            }),
            Message::Interrupt(m) => Self::Interrupt(m.request.get(), m.mode.map_or("", |mode| mode.name())),
            Message::Result(m) => Self::Result {
                request: m.request.get(),
                progress: m.details.progress,
                ppt: m.details.ppt.is_some(),
                payload: numbers(&m.payload),
            },
            Message::Error(m) => Self::Error {
                of: m.request_type.name(),
                request: m.request.get(),
                uri: m.error.as_str().to_owned(),
                ppt: m.details.get("ppt_scheme").is_some(),
            },
            other => panic!("no client is sent {other:?}"),
        }
    }
}

/// The numbers in the positional arguments: those themselves, the ids of what is described, the
/// first arguments of events of the past.
fn numbers(payload: &Payload) -> Vec<u64> {
    let mut found = Vec::new();
    for value in payload.args_value().unwrap() {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<u64>) {
    match value {
        Value::Integer(number) => found.push(u64::try_from(*number).unwrap()),
        Value::List(values) => values.iter().for_each(|value| collect(value, found)),
        Value::Dict(dict) => {
            for key in ["id", "session", "args"] {
                if let Some(value) = dict.get(key) {
                    collect(value, found);
                }
            }
        }
        _ => {}
    }
}
