//! Application payload as it travels: bytes, not values.

mod argument_error;
mod parts;
mod values;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::argument_error::ArgumentError;
pub use self::parts::Part;
use crate::serializer::is_list;
use crate::serializer::transcode::transcoded;
use crate::{Dict, EncodeError, Serializer, Value};

/// The `args` and `kwargs` of a message, still encoded.
///
/// `args` holds one encoded list and `kwargs` one encoded dict, or nothing when absent. The bytes
/// are slices of the message they came in, so passing a payload on copies and parses nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// What `args` and `kwargs` are encoded in.
    pub serializer: Serializer,
    /// One encoded list (or, in payload passthru, one binary), or empty.
    pub args: Bytes,
    /// One encoded dict, or empty.
    pub kwargs: Bytes,
}

impl Payload {
    /// No arguments at all.
    pub const EMPTY: Self = Self {
        serializer: Serializer::MsgPack,
        args: Bytes::from_static(b""),
        kwargs: Bytes::from_static(b""),
    };

    /// Positional arguments: a tuple, an array, a `Vec` or what else serializes as a list.
    ///
    /// # Errors
    /// If it serializes as something else, or holds what WAMP cannot carry.
    pub fn with_args<A: Serialize + ?Sized>(serializer: Serializer, args: &A) -> Result<Self, EncodeError> {
        Ok(Self {
            serializer,
            args: values::args(serializer, args)?,
            kwargs: Bytes::new(),
        })
    }

    /// Keyword arguments: a struct, a map or what else serializes as a dict.
    ///
    /// # Errors
    /// If it serializes as something else, or holds what WAMP cannot carry.
    pub fn with_kwargs<K: Serialize + ?Sized>(serializer: Serializer, kwargs: &K) -> Result<Self, EncodeError> {
        Ok(Self {
            serializer,
            args: Bytes::new(),
            kwargs: values::kwargs(serializer, kwargs)?,
        })
    }

    /// Positional and keyword arguments.
    ///
    /// # Errors
    /// As [`Self::with_args`] and [`Self::with_kwargs`].
    pub fn encode<A, K>(serializer: Serializer, args: &A, kwargs: &K) -> Result<Self, EncodeError>
    where
        A: Serialize + ?Sized,
        K: Serialize + ?Sized,
    {
        Ok(Self {
            serializer,
            args: values::args(serializer, args)?,
            kwargs: values::kwargs(serializer, kwargs)?,
        })
    }

    /// The same in memory of its own, so that it does not keep alive what it was read with.
    #[must_use]
    pub fn detached(&self) -> Self {
        Self {
            serializer: self.serializer,
            args: Bytes::copy_from_slice(&self.args),
            kwargs: Bytes::copy_from_slice(&self.kwargs),
        }
    }

    /// How many octets it takes as it is.
    pub fn len(&self) -> usize {
        self.args.len() + self.kwargs.len()
    }

    /// Whether there are neither args nor kwargs.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty() && self.kwargs.is_empty()
    }

    /// Whether a binary stands in the place of the arguments (payload passthru, in its older way).
    pub fn is_opaque(&self) -> bool {
        !self.args.is_empty() && !is_list(self.serializer, &self.args)
    }

    /// The positional arguments, such as `(f64, String)`; none are an empty list.
    ///
    /// # Errors
    /// If they are not what `T` is; the error names the argument.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        values::decode_args(self.serializer, &self.args)
    }

    /// The keyword arguments, usually into a struct; none are an empty dict.
    ///
    /// # Errors
    /// If they are not what `T` is; the error names the argument.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        values::decode_kwargs(self.serializer, &self.kwargs)
    }

    /// The positional arguments, whatever they are. A binary in their place (payload passthru)
    /// comes as the only one.
    ///
    /// # Errors
    /// If the payload is not well formed.
    pub fn args_value(&self) -> Result<Vec<Value>, ArgumentError> {
        values::args_value(self.serializer, &self.args)
    }

    /// The keyword arguments, whatever they are.
    ///
    /// # Errors
    /// If the payload is not well formed, or has a key twice.
    pub fn kwargs_value(&self) -> Result<Dict, ArgumentError> {
        values::kwargs_value(self.serializer, &self.kwargs)
    }

    /// The same payload in `to`. Costs nothing if it is that already.
    ///
    /// Binary values in JSON are text that begins with U+0000; numbers that JSON does not have
    /// (NaN, infinities) become null.
    ///
    /// # Errors
    /// If the payload is not what it claims to be; one that came in a message always is.
    pub fn transcode(&self, to: Serializer) -> Result<Self, EncodeError> {
        let from = self.serializer;
        if from == to {
            return Ok(self.clone());
        }
        let part = |encoded: &Bytes| {
            if encoded.is_empty() {
                Ok(Bytes::new())
            } else {
                transcoded(from, encoded, to).map(Into::into)
            }
        };
        Ok(Self {
            serializer: to,
            args: part(&self.args)?,
            kwargs: part(&self.kwargs)?,
        })
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::EMPTY
    }
}
