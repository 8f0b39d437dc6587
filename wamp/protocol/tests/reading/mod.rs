//! Messages read from text and octets.

use bytes::Bytes;
use wamp_protocol::{DecodeError, Message, Serializer};

/// A message in JSON.
pub(crate) fn json(text: &str) -> Result<Message, DecodeError> {
    Serializer::Json.decode(Bytes::copy_from_slice(text.as_bytes()))
}

/// A message in hexadecimal octets, with spaces between.
pub(crate) fn octets(serializer: Serializer, hex_text: &str) -> Result<Message, DecodeError> {
    serializer.decode(hex::decode(hex_text.replace(' ', "")).unwrap().into())
}
