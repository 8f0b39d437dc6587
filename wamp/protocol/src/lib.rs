//! The WAMP protocol without I/O: messages, serializers, framing, sign-in methods, URIs and
//! patterns. No sockets, no clock, no threads, no randomness of its own; builds for the browser.
//!
//! A message's header is typed ([`Message`]); its application payload stays the bytes that came
//! in ([`Payload`]) until somebody who wants the values asks for them.

pub mod auth;
pub mod error_uri;
pub mod feature;
pub mod framing;
pub mod message;
pub mod serializer;

mod id;
mod payload;
mod uri;
mod value;

pub use id::{PublicationId, RegistrationId, RequestId, SessionId, SubscriptionId};
pub use message::{Message, MessageType};
pub use payload::{ArgumentError, Part, Payload};
pub use serializer::{DecodeError, EncodeError, Serializer};
pub use uri::{MatchPolicy, Uri, UriRules};
pub use value::{Dict, Value};
