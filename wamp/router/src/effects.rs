//! What broker and dealer want done: messages to sessions, in order.

use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use wamp_protocol::message::{Error, EventDetails, Sparse};
use wamp_protocol::{
    Dict, EncodeError, Message, MessageType, Payload, RequestId, Serializer, SessionId, Uri, error_uri,
};

use crate::limit::Limit;
use crate::meta_event::MetaEvent;

/// What a message led to, in the order in which it is to happen.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Who gets what.
    pub(crate) sends: Vec<(SessionId, Sent)>,
    /// The messages that are for one session alone, in the order of their sends. Apart from them,
    /// so that a send is small and none needs memory of its own.
    pub(crate) own: Vec<Message>,
    /// Of which sends, by their places, so many events of the subscription are wanted at most. Apart
    /// from them too: most have none.
    pub(crate) keep_newest: Vec<(usize, NonZeroU32)>,
    /// What the meta API has to tell, after the sends.
    pub(crate) meta_events: Vec<MetaEvent>,
    /// Which limits were exceeded, for the metrics.
    pub(crate) limits: Vec<Limit>,
}

/// What a session gets.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The next one of [`Effects::own`].
    Own,
    /// What others get too.
    Shared(Arc<SharedMessage>),
}

impl Effects {
    /// Sends `message` to `session`.
    pub(crate) fn send(&mut self, session: SessionId, message: impl Into<Message>) {
        self.own.push(message.into());
        self.sends.push((session, Sent::Own));
    }

    /// Sends to `session` what others get too.
    pub(crate) fn share(&mut self, session: SessionId, message: &Arc<SharedMessage>) {
        self.sends.push((session, Sent::Shared(Arc::clone(message))));
    }

    /// Sends to `session` an event that others get too, of whose subscription it wants the newest
    /// `keep` where there are such.
    pub(crate) fn share_event(&mut self, session: SessionId, event: &Arc<SharedMessage>, keep: Option<NonZeroU32>) {
        self.keep_newest.extend(keep.map(|keep| (self.sends.len(), keep)));
        self.share(session, event);
    }

    /// Answers a request with ERROR.
    pub(crate) fn refuse(&mut self, session: SessionId, request: (MessageType, RequestId), refusal: Refusal) {
        let (request_type, request) = request;
        self.limits.extend(refusal.limit);
        self.send(session, refusal.into_error(request_type, request));
    }

    /// Who gets which message, in order.
    #[cfg(test)]
    pub(crate) fn sent(&self) -> Vec<(SessionId, &Message)> {
        let mut own = self.own.iter();
        let sends = self.sends.iter().map(|(session, sent)| match sent {
            Sent::Own => (*session, own.next().unwrap()),
            Sent::Shared(shared) => (*session, shared.message()),
        });
        sends.collect()
    }
}

/// Why a request is not done: an error URI and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) sentence: String,
    /// The limit that it would exceed.
    pub(crate) limit: Option<Limit>,
}

impl Refusal {
    pub(crate) fn new(error: &'static str, sentence: impl Into<String>) -> Self {
        Self {
            error,
            sentence: sentence.into(),
            limit: None,
        }
    }

    /// More than a session may have: `wamp.error.unavailable`.
    pub(crate) fn over(limit: Limit, sentence: impl Into<String>) -> Self {
        Self {
            limit: Some(limit),
            ..Self::new(error_uri::UNAVAILABLE, sentence)
        }
    }

    /// The ERROR that answers a request so.
    pub(crate) fn into_error(self, request_type: MessageType, request: RequestId) -> Error {
        Error {
            request_type,
            request,
            details: Dict::default().into(),
            error: Uri::from(self.error),
            payload: Payload::with_args(Serializer::MsgPack, &[self.sentence]).unwrap_or_default(),
        }
    }
}

/// A breach of the protocol: ends the session with ABORT `wamp.error.protocol_violation` and this
/// sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Violation(pub(crate) String);

impl Violation {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

/// A message that waits for a session whose transport wants messages, not octets.
#[derive(Debug, Clone)]
pub(crate) enum Outgoing {
    /// For this session alone.
    Own(Box<Message>),
    /// For several.
    Shared(Arc<SharedMessage>),
}

impl Outgoing {
    /// The message.
    pub(crate) fn message(&self) -> &Message {
        match self {
            Self::Own(message) => message,
            Self::Shared(shared) => &shared.message,
        }
    }

    /// About how many octets it holds on to while it waits.
    pub(crate) fn weight(&self) -> usize {
        const HEADER: usize = 64;
        HEADER + self.message().payload().map_or(0, Payload::len)
    }

    /// The message for a session in this process: its payload in MessagePack.
    pub(crate) fn into_linked(self) -> Result<Message, EncodeError> {
        match self {
            Self::Own(mut message) => {
                convert(&mut message, Serializer::MsgPack)?;
                Ok(*message)
            }
            Self::Shared(shared) => shared
                .linked
                .get_or_init(|| {
                    let mut message = shared.message.clone();
                    convert(&mut message, Serializer::MsgPack).map(|_| message)
                })
                .clone(),
        }
    }
}

/// The payload of a message to a client.
const fn payload_of(message: &mut Message) -> Option<&mut Payload> {
    match message {
        Message::Abort(m) => Some(&mut m.payload),
        Message::Error(m) => Some(&mut m.payload),
        Message::Event(m) => Some(&mut m.payload),
        Message::Result(m) => Some(&mut m.payload),
        Message::Invocation(m) => Some(&mut m.payload),
        _ => None,
    }
}

/// Gives the payload of a message that may wait for long memory of its own.
pub(crate) fn detach(message: &mut Message) {
    if let Some(payload) = payload_of(message) {
        *payload = payload.detached();
    }
}

/// Puts the payload of a message to a client into `serializer`; whether it was in another one, and so has
/// memory of its own now.
pub(crate) fn convert(message: &mut Message, serializer: Serializer) -> Result<bool, EncodeError> {
    let payload = payload_of(message).filter(|payload| payload.serializer != serializer);
    let Some(payload) = payload else {
        return Ok(false);
    };
    *payload = payload.transcode(serializer)?;
    Ok(true)
}

/// What is said in an event's details, which a pattern's topic and a disclosed publisher make large.
fn octets_of_details(details: &Sparse<EventDetails>) -> usize {
    let EventDetails {
        topic,
        publisher_authid,
        publisher_authrole,
        ppt,
        ..
    } = &**details;
    let texts = [
        topic.as_ref().map(|topic| topic.as_str()),
        publisher_authid.as_deref(),
        publisher_authrole.as_deref(),
    ];
    let passed = ppt.iter().flat_map(|ppt| ppt.entries()).map(|(_, text)| text);
    let octets: usize = texts.into_iter().flatten().chain(passed).map(str::len).sum();
    if octets > 0 {
        octets + size_of::<EventDetails>()
    } else {
        0
    }
}

/// A message that several sessions get; put into octets once for each serializer.
#[derive(Debug)]
pub(crate) struct SharedMessage {
    message: Message,
    /// In JSON, MessagePack, CBOR.
    encoded: [OnceLock<Result<Bytes, EncodeError>>; 3],
    linked: OnceLock<Result<Message, EncodeError>>,
    /// The same with memory of its own, for those for whom it waits as it is.
    detached: OnceLock<Arc<Self>>,
}

impl SharedMessage {
    pub(crate) fn new(message: impl Into<Message>) -> Self {
        Self {
            message: message.into(),
            encoded: Default::default(),
            linked: OnceLock::new(),
            detached: OnceLock::new(),
        }
    }

    /// The same message, which keeps nothing alive but itself: one for all for whom it waits.
    pub(crate) fn detached(&self) -> &Arc<Self> {
        self.detached.get_or_init(|| {
            let mut message = self.message.clone();
            detach(&mut message);
            Arc::new(Self::new(message))
        })
    }

    /// The message.
    pub(crate) const fn message(&self) -> &Message {
        &self.message
    }

    /// About how many octets it holds on to, as if it were not shared: the message with what is said in its
    /// details, and what it has become for others. It is to become octets at least once.
    pub(crate) fn weight(&self) -> usize {
        /// What keeps it in its place among others.
        const PLACE: usize = 64;
        let payload = self.message.payload().map_or(0, Payload::len);
        let details = match &self.message {
            Message::Event(event) => octets_of_details(&event.details),
            _ => 0,
        };
        let encoded = self.encoded.iter().filter_map(|encoded| encoded.get()?.as_ref().ok());
        let encoded: usize = encoded.map(Bytes::len).sum();
        let linked = match self.linked.get() {
            Some(Ok(linked)) => linked.payload().map_or(0, Payload::len),
            _ => 0,
        };
        size_of::<Self>() + PLACE + details + payload + encoded.max(payload) + linked
    }

    /// The message's octets.
    pub(crate) fn encoded(&self, serializer: Serializer) -> Result<&Bytes, &EncodeError> {
        let [json, msgpack, cbor] = &self.encoded;
        let slot = match serializer {
            Serializer::Json => json,
            Serializer::MsgPack => msgpack,
            Serializer::Cbor => cbor,
        };
        slot.get_or_init(|| serializer.encode(&self.message)).as_ref()
    }
}
