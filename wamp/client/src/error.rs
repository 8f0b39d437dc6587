//! What can go wrong, by operation.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wamp_protocol::{ArgumentError, EncodeError, Payload, Uri, error_uri};

use crate::TransportError;
use crate::encoding;

/// An operation of the client failed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The router, or the callee behind it, answered with an ERROR.
    #[error("{0}")]
    Rejected(CallError),
    /// The router did not let the session in.
    #[error("the router refused the session: {}", message.as_deref().unwrap_or(reason))]
    Refused {
        /// The reason URI of ABORT.
        reason: String,
        /// The sentence for people, where the router gave one.
        message: Option<String>,
    },
    /// No connection to the router could be made.
    #[error("cannot reach the router")]
    Connect(#[source] TransportError),
    /// The session has ended for good.
    #[error("the session is closed")]
    Closed,
    /// There is no connection to the router now, or it was lost before the answer came.
    #[error("not connected to the router")]
    NotConnected,
    /// The time given for it ran out.
    #[error("no answer within the time given")]
    Timeout,
    /// The call has its final result, or all its arguments, already.
    #[error("the call takes no more arguments")]
    Ended,
    /// Results came faster than they were taken, and the limit of waiting ones was reached.
    #[error("more than {limit} progressive results were waiting to be taken")]
    Overrun {
        /// The limit.
        limit: usize,
    },
    /// A message does not fit the connection: longer than the router takes, say.
    #[error("the message cannot be sent: {0}")]
    Unsendable(#[source] TransportError),
    /// A received payload is not what was asked for.
    #[error("unexpected payload: {0}")]
    Arguments(#[from] ArgumentError),
    /// A payload to send cannot be encoded.
    #[error("the payload cannot be encoded: {0}")]
    Serialization(#[from] EncodeError),
}

impl Error {
    /// The WAMP error URI, where there is one.
    pub fn uri(&self) -> Option<&str> {
        match self {
            Self::Rejected(error) => Some(error.uri()),
            Self::Refused { reason, .. } => Some(reason),
            Self::Timeout => Some(error_uri::TIMEOUT),
            Self::Unsendable(_) => Some(error_uri::PAYLOAD_SIZE_EXCEEDED),
            Self::Connect(_)
            | Self::Closed
            | Self::NotConnected
            | Self::Ended
            | Self::Overrun { .. }
            | Self::Arguments(_)
            | Self::Serialization(_) => None,
        }
    }
}

/// A WAMP ERROR: what a handler answers with, and what a caller gets.
#[derive(Clone, PartialEq)]
pub struct CallError {
    pub(crate) uri: Uri,
    pub(crate) payload: Payload,
}

impl CallError {
    /// ERROR `uri` with one argument, a sentence for people.
    pub fn new(uri: impl Into<Uri>, sentence: impl AsRef<str>) -> Self {
        Self {
            uri: uri.into(),
            payload: encoding::sentence(sentence.as_ref()),
        }
    }

    /// `wamp.error.invalid_argument`; the sentence should name the argument.
    pub fn invalid_argument(sentence: impl AsRef<str>) -> Self {
        Self::new(error_uri::INVALID_ARGUMENT, sentence)
    }

    /// Adds `kwargs`, any map or struct.
    pub fn with_kwargs<T: Serialize + ?Sized>(mut self, kwargs: &T) -> Result<Self, EncodeError> {
        self.payload.kwargs = encoding::kwargs(self.payload.serializer, kwargs)?;
        Ok(self)
    }

    /// The error URI.
    pub fn uri(&self) -> &str {
        self.uri.as_str()
    }

    /// The sentence for people: the first argument, where it is text.
    pub fn message(&self) -> Option<String> {
        encoding::first(&self.payload).ok()
    }

    /// The positional arguments.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.args()
    }

    /// The keyword arguments.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.kwargs()
    }

    /// The payload as it came.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "{message} ({})", self.uri),
            None => self.uri.fmt(f),
        }
    }
}

impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallError")
            .field("uri", &self.uri)
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl std::error::Error for CallError {}

/// The caller sent something else: its mistake, told in a sentence.
impl From<ArgumentError> for CallError {
    fn from(error: ArgumentError) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

impl From<EncodeError> for CallError {
    fn from(error: EncodeError) -> Self {
        Self::new(
            error_uri::RUNTIME_ERROR,
            format!("the result cannot be encoded: {error}"),
        )
    }
}

/// A handler that asked others hands on what they answered.
impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        match error {
            Error::Rejected(error) => error,
            Error::Timeout => Self::new(error_uri::TIMEOUT, error.to_string()),
            Error::Refused { .. }
            | Error::Connect(_)
            | Error::Closed
            | Error::NotConnected
            | Error::Ended
            | Error::Overrun { .. }
            | Error::Unsendable(_)
            | Error::Arguments(_)
            | Error::Serialization(_) => Self::new(error_uri::RUNTIME_ERROR, error.to_string()),
        }
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        if error.uri() == error_uri::TIMEOUT {
            Self::Timeout
        } else {
            Self::Rejected(error)
        }
    }
}
