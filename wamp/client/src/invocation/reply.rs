//! What a handler answers.

use serde::Serialize;
use wamp_protocol::message::PassThru;
use wamp_protocol::{Payload, Serializer};

use crate::{EncodeError, encoding};

/// What a handler answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub(crate) payload: Payload,
    pub(crate) passthru: Option<Box<PassThru>>,
}

impl Reply {
    /// Nothing but that it is done.
    pub const fn empty() -> Self {
        Self::payload(Payload::EMPTY)
    }

    /// One positional result.
    pub fn value<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        Self::args(&(value,))
    }

    /// Positional results: a tuple, a list, anything that serializes as a sequence.
    pub fn args<T: Serialize + ?Sized>(args: &T) -> Result<Self, EncodeError> {
        let serializer = Serializer::MsgPack;
        let args = encoding::args(serializer, args)?;
        Ok(Self::payload(Payload {
            serializer,
            args,
            ..Payload::EMPTY
        }))
    }

    /// Keyword results: a struct or a map.
    pub fn kwargs<T: Serialize + ?Sized>(kwargs: &T) -> Result<Self, EncodeError> {
        Self::empty().with_kwargs(kwargs)
    }

    /// Keyword results beside the positional ones.
    pub fn with_kwargs<T: Serialize + ?Sized>(mut self, kwargs: &T) -> Result<Self, EncodeError> {
        self.payload.kwargs = encoding::kwargs(self.payload.serializer, kwargs)?;
        Ok(self)
    }

    /// A payload already encoded.
    pub const fn payload(payload: Payload) -> Self {
        Self {
            payload,
            passthru: None,
        }
    }

    /// Says how the payload is encoded for the caller; the router only hands it on. The payload is
    /// one binary result then.
    pub fn with_passthru(mut self, passthru: PassThru) -> Self {
        self.passthru = Some(Box::new(passthru));
        self
    }
}
