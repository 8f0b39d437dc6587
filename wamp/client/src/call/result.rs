//! What a call gives.

use serde::de::DeserializeOwned;
use wamp_protocol::message::{PassThru, ResultDetails, Sparse};
use wamp_protocol::{Payload, SessionId};

use crate::{ArgumentError, encoding};

/// What a call gave.
#[derive(Debug, Clone, PartialEq)]
pub struct CallResult {
    /// Whether more results of this call follow.
    pub progress: bool,
    details: Sparse<ResultDetails>,
    payload: Payload,
}

impl CallResult {
    pub(crate) fn new(details: Sparse<ResultDetails>, payload: Payload) -> Self {
        Self {
            progress: details.progress,
            details,
            payload,
        }
    }

    /// The positional results, as any type that deserializes from a sequence.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.args()
    }

    /// The keyword results, as a struct or a map.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.kwargs()
    }

    /// The first positional result.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        encoding::first(&self.payload)
    }

    /// The payload as it came.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// How the payload is encoded, when it is for the two ends only.
    pub fn passthru(&self) -> Option<&PassThru> {
        self.details.ppt.as_deref()
    }

    /// The callee's session, when disclosed.
    pub fn callee(&self) -> Option<SessionId> {
        self.details.callee
    }

    /// The callee's name, when disclosed.
    pub fn callee_authid(&self) -> Option<&str> {
        self.details.callee_authid.as_deref()
    }

    /// The callee's role, when disclosed.
    pub fn callee_authrole(&self) -> Option<&str> {
        self.details.callee_authrole.as_deref()
    }
}
