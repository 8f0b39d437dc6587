//! What can be wrong with octets that should be a message, and with messages that should be octets.

use super::Serializer;
use super::read::{Fault, MAX_DEPTH};
use crate::MessageType;

/// Why octets are no message. The text is what an ABORT `wamp.error.protocol_violation` can say.
///
/// URIs are not looked at here: a bad one is answered with `wamp.error.invalid_uri`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The octets are not of the serializer.
    #[error("this is not {serializer}: {problem} (octet {at})")]
    Malformed {
        /// What they should be.
        serializer: Serializer,
        /// What is wrong.
        problem: &'static str,
        /// Where, counted from 0.
        at: usize,
    },
    /// The octets end inside a value.
    #[error("the {serializer} ends in the middle of a value")]
    Incomplete {
        /// What they are.
        serializer: Serializer,
    },
    /// Lists and dicts are nested more than [`MAX_DEPTH`] deep.
    #[error("lists and dicts are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// A dict has a key that is not text.
    #[error("{place} has a key that is not text")]
    KeyNotText {
        /// Which dict, such as `PUBLISH.Options`.
        place: String,
    },
    /// A dict has a key twice.
    #[error("{place} has the key {key:?} twice")]
    DuplicateKey {
        /// Which dict, such as `PUBLISH.Options`.
        place: String,
        /// The key.
        key: String,
    },
    /// The value is no list.
    #[error("a message is a list")]
    NotAList,
    /// The list is empty.
    #[error("a message is a list that begins with its type, and this one is empty")]
    Empty,
    /// There is no such message type.
    #[error("there is no message type {0}")]
    UnknownType(u64),
    /// The message ends before this element.
    #[error("{place} is missing")]
    Missing {
        /// Which, such as `PUBLISH.Topic`.
        place: String,
    },
    /// The message has more elements than its type has.
    #[error("{} has more elements than it may have", .0.name())]
    TooManyElements(MessageType),
    /// An element or option is not what it must be.
    #[error("{place} must be {expected}")]
    WrongType {
        /// Which, such as `PUBLISH.Options.acknowledge`.
        place: String,
        /// What it must be.
        expected: &'static str,
    },
}

impl DecodeError {
    /// The fault, with its place: a message's element, or what is in it.
    pub(crate) fn new(fault: Fault, serializer: Serializer, at: usize, place: impl FnOnce() -> String) -> Self {
        match fault {
            Fault::Incomplete => Self::Incomplete { serializer },
            Fault::Malformed(problem) => Self::Malformed {
                serializer,
                problem,
                at,
            },
            Fault::TooDeep => Self::TooDeep,
            Fault::Expected(expected) => Self::WrongType {
                place: place(),
                expected,
            },
            Fault::KeyNotText => Self::KeyNotText { place: place() },
            Fault::DuplicateKey(key) => Self::DuplicateKey {
                place: place(),
                key: key.into(),
            },
        }
    }
}

/// Why something cannot be put into octets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A payload from another serializer is not what it claims to be.
    #[error("a payload cannot be converted from {from} to {to}: {reason}")]
    Payload {
        /// What it should be.
        from: Serializer,
        /// What it should become.
        to: Serializer,
        /// What is wrong with it.
        reason: Box<DecodeError>,
    },
    /// A value's own `Serialize` failed, or gave what WAMP cannot carry.
    #[error("the value cannot be sent: {0}")]
    Value(String),
    /// Positional arguments must be a list.
    #[error("the arguments must be a list")]
    ArgsNotAList,
    /// Keyword arguments must be a dict.
    #[error("the keyword arguments must be a dict")]
    KwargsNotADict,
}
