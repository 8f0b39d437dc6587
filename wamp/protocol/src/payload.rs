//! Application payload as it travels: bytes, not values.

use bytes::Bytes;

use crate::Serializer;

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

    /// How many octets it takes as it is.
    pub fn len(&self) -> usize {
        self.args.len() + self.kwargs.len()
    }

    /// Whether there are neither args nor kwargs.
    pub fn is_empty(&self) -> bool {
        self.args.is_empty() && self.kwargs.is_empty()
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::EMPTY
    }
}
