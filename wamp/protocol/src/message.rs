//! The messages, one type each, with typed options and details.
//!
//! Known keys are fields; unknown keys are ignored, as the specification demands. Fields that
//! carry what only peers understand stay [`Dict`](crate::Dict)s.

use crate::{Payload, SessionId};

mod publish_subscribe;
mod remote_procedure_call;
mod session;
mod sparse;

pub use publish_subscribe::{
    Event, EventDetails, EventReceived, Publish, PublishOptions, Published, Recipients, Subscribe, SubscribeOptions,
    Subscribed, Unsubscribe, Unsubscribed, UnsubscribedDetails,
};
pub use remote_procedure_call::{
    Call, CallOptions, Cancel, CancelMode, Error, Interrupt, Invocation, InvocationDetails, InvocationPolicy, Register,
    RegisterOptions, Registered, ResultDetails, ResultMessage, Unregister, Unregistered, UnregisteredDetails, Yield,
    YieldOptions,
};
pub use session::{
    Abort, Authenticate, Challenge, ClientRoles, Features, Goodbye, Hello, HelloDetails, RouterRoles, Welcome,
    WelcomeDetails,
};
pub use sparse::{Sparse, Unsaid};

/// A router that handed a message on to the next one: whose session it came from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardedFor {
    /// `session`
    pub session: SessionId,
    /// `authid`
    pub authid: Option<String>,
    /// `authrole`
    pub authrole: Option<String>,
}

/// Payload passthru: how an end-to-end payload is encoded; the router only hands it on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PassThru {
    /// `enc_algo`: the older way, still written by Autobahn (`cryptobox`, `mqtt`, `xbr`, `x_…`).
    pub enc_algo: Option<String>,
    /// `enc_serializer`, with `enc_algo`.
    pub enc_serializer: Option<String>,
    /// `enc_key`, with `enc_algo`.
    pub enc_key: Option<String>,
    /// `ppt_scheme`; present when passthru is used.
    pub scheme: Option<String>,
    /// `ppt_serializer`
    pub serializer: Option<String>,
    /// `ppt_cipher`
    pub cipher: Option<String>,
    /// `ppt_keyid`
    pub keyid: Option<String>,
}

impl PassThru {
    /// What is said, by its names in options and details.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let entries = [
            ("enc_algo", self.enc_algo.as_deref()),
            ("enc_serializer", self.enc_serializer.as_deref()),
            ("enc_key", self.enc_key.as_deref()),
            ("ppt_scheme", self.scheme.as_deref()),
            ("ppt_serializer", self.serializer.as_deref()),
            ("ppt_cipher", self.cipher.as_deref()),
            ("ppt_keyid", self.keyid.as_deref()),
        ];
        entries.into_iter().filter_map(|(name, text)| Some((name, text?)))
    }

    /// Whether the older names have values that the specification's tables know, or ones of
    /// applications, which begin with `x_`.
    ///
    /// # Errors
    /// The name that has another, and what it must be.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let known = |text: &Option<String>, names: &[&str]| {
            let text = text.as_deref();
            text.is_none_or(|text| names.contains(&text) || text.starts_with("x_"))
        };
        if !known(&self.enc_algo, &["cryptobox", "mqtt", "xbr"]) {
            return Err(("enc_algo", "cryptobox, mqtt, xbr or one beginning with x_"));
        }
        if !known(
            &self.enc_serializer,
            &["json", "msgpack", "cbor", "ubjson", "flatbuffers"],
        ) {
            return Err(("enc_serializer", "a serializer's name, or one beginning with x_"));
        }
        Ok(())
    }

    /// Where what has this name in options and details is kept; `None` if nothing here has it.
    pub fn entry(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "enc_algo" => &mut self.enc_algo,
            "enc_serializer" => &mut self.enc_serializer,
            "enc_key" => &mut self.enc_key,
            "ppt_scheme" => &mut self.scheme,
            "ppt_serializer" => &mut self.serializer,
            "ppt_cipher" => &mut self.cipher,
            "ppt_keyid" => &mut self.keyid,
            _ => return None,
        })
    }
}

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident($body:ty) = $code:literal, $wire:literal;)*) => {
        /// Any WAMP message.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Message { $($(#[$doc])* $name($body),)* }

        /// A message's type; the discriminant is its code on the wire.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum MessageType { $($(#[$doc])* $name = $code,)* }

        impl MessageType {
            /// The type with this code.
            pub const fn from_code(code: u64) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }

            /// The number on the wire.
            pub const fn code(self) -> u64 {
                self as u64
            }

            /// The name as the specification writes it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $wire,)* }
            }
        }

        impl Message {
            /// Its type.
            pub const fn message_type(&self) -> MessageType {
                match self { $(Self::$name(_) => MessageType::$name,)* }
            }
        }

        $(impl From<$body> for Message {
            fn from(body: $body) -> Self {
                Self::$name(body)
            }
        })*
    };
}

messages! {
    /// Client → router: opens a session.
    Hello(Box<Hello>) = 1, "HELLO";
    /// Router → client: the session is open.
    Welcome(Box<Welcome>) = 2, "WELCOME";
    /// Either way: the session cannot open, or broke.
    Abort(Abort) = 3, "ABORT";
    /// Router → client: prove who you are.
    Challenge(Challenge) = 4, "CHALLENGE";
    /// Client → router: the proof.
    Authenticate(Authenticate) = 5, "AUTHENTICATE";
    /// Either way: the session ends.
    Goodbye(Goodbye) = 6, "GOODBYE";
    /// Either way: a request failed.
    Error(Error) = 8, "ERROR";
    /// Publisher → broker.
    Publish(Publish) = 16, "PUBLISH";
    /// Broker → publisher.
    Published(Published) = 17, "PUBLISHED";
    /// Subscriber → broker.
    Subscribe(Subscribe) = 32, "SUBSCRIBE";
    /// Broker → subscriber.
    Subscribed(Subscribed) = 33, "SUBSCRIBED";
    /// Subscriber → broker.
    Unsubscribe(Unsubscribe) = 34, "UNSUBSCRIBE";
    /// Broker → subscriber.
    Unsubscribed(Unsubscribed) = 35, "UNSUBSCRIBED";
    /// Broker → subscriber.
    Event(Event) = 36, "EVENT";
    /// Subscriber → broker: an event has been taken care of (proposed, not yet in the text).
    EventReceived(EventReceived) = 337, "EVENT_RECEIVED";
    /// Caller → dealer.
    Call(Call) = 48, "CALL";
    /// Caller → dealer.
    Cancel(Cancel) = 49, "CANCEL";
    /// Dealer → caller.
    Result(ResultMessage) = 50, "RESULT";
    /// Callee → dealer.
    Register(Register) = 64, "REGISTER";
    /// Dealer → callee.
    Registered(Registered) = 65, "REGISTERED";
    /// Callee → dealer.
    Unregister(Unregister) = 66, "UNREGISTER";
    /// Dealer → callee.
    Unregistered(Unregistered) = 67, "UNREGISTERED";
    /// Dealer → callee.
    Invocation(Invocation) = 68, "INVOCATION";
    /// Dealer → callee.
    Interrupt(Interrupt) = 69, "INTERRUPT";
    /// Callee → dealer.
    Yield(Yield) = 70, "YIELD";
}

/// Boxed: they are large and rare, and every message is moved at the size of the largest.
impl From<Hello> for Message {
    fn from(hello: Hello) -> Self {
        Self::Hello(Box::new(hello))
    }
}

impl From<Welcome> for Message {
    fn from(welcome: Welcome) -> Self {
        Self::Welcome(Box::new(welcome))
    }
}

impl Message {
    /// The payload, of messages that can have one.
    pub const fn payload(&self) -> Option<&Payload> {
        match self {
            Self::Abort(m) => Some(&m.payload),
            Self::Error(m) => Some(&m.payload),
            Self::Publish(m) => Some(&m.payload),
            Self::Event(m) => Some(&m.payload),
            Self::Call(m) => Some(&m.payload),
            Self::Result(m) => Some(&m.payload),
            Self::Invocation(m) => Some(&m.payload),
            Self::Yield(m) => Some(&m.payload),
            _ => None,
        }
    }
}
