//! Messages in octets and back: JSON, MessagePack, CBOR.
//!
//! Readers read a message's header into its type and only check the payload, which stays a slice
//! of what came in. All three share one `Reader` and one `Writer` trait, so each
//! message is decoded and encoded in one place.

pub(crate) mod cbor;
mod decode;
mod encode;
mod error;
pub(crate) mod json;
pub(crate) mod msgpack;
pub(crate) mod read;
pub(crate) mod transcode;
pub(crate) mod write;

use std::fmt;
use std::ops::Range;

use bytes::{Bytes, BytesMut};

use self::cbor::{CborReader, CborWriter};
pub use self::error::{DecodeError, EncodeError};
use self::json::{JsonReader, JsonWriter};
use self::msgpack::{MsgPackReader, MsgPackWriter};
pub use self::read::MAX_DEPTH;
use self::read::{Kind, Reader as _};
use crate::Message;

/// How messages are put into bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Serializer {
    /// JSON; binary values by the NUL-base64 convention.
    Json,
    /// MessagePack, version 5 (str and bin).
    MsgPack,
    /// CBOR.
    Cbor,
}

impl Serializer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Json, Self::MsgPack, Self::Cbor];

    /// The name, as subprotocols have it: `json`, `msgpack`, `cbor`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::MsgPack => "msgpack",
            Self::Cbor => "cbor",
        }
    }

    /// Whether its messages go in binary WebSocket frames (JSON goes in text frames).
    pub const fn is_binary(self) -> bool {
        !matches!(self, Self::Json)
    }

    /// Whether an encoded list or dict, known to be well formed, has nothing in it.
    pub(crate) fn is_empty_container(self, encoded: &[u8]) -> bool {
        match self {
            Self::Json => JsonReader::is_empty_container(encoded),
            Self::MsgPack => MsgPackReader::is_empty_container(encoded),
            Self::Cbor => CborReader::is_empty_container(encoded),
        }
    }

    /// What kind of value `encoded` begins with.
    fn kind(self, encoded: &[u8]) -> Option<Kind> {
        match self {
            Self::Json => JsonReader::new(encoded).and_then(|mut reader| reader.kind()),
            Self::MsgPack => MsgPackReader::new(encoded).kind(),
            Self::Cbor => CborReader::new(encoded).kind(),
        }
        .ok()
    }

    /// Reads one message. Its payload is a slice of `bytes`: nothing of it is copied.
    ///
    /// # Errors
    /// Says what is wrong, as [`DecodeError`] lists.
    #[allow(clippy::needless_pass_by_value, reason = "the message takes the bytes over")]
    pub fn decode(self, bytes: Bytes) -> Result<Message, DecodeError> {
        self.decode_part(&bytes, 0..bytes.len())
    }

    /// Reads the message that is one part of `bytes`, as where a read from the network brought
    /// several.
    ///
    /// # Errors
    /// Says what is wrong, as [`DecodeError`] lists.
    pub fn decode_part(self, bytes: &Bytes, part: Range<usize>) -> Result<Message, DecodeError> {
        let source = Source {
            bytes,
            begin: part.start,
        };
        let octets = bytes.get(part).unwrap_or_default();
        match self {
            Self::Json => {
                let reader = JsonReader::new(octets)
                    .map_err(|fault| DecodeError::new(fault, self, 0, || "the message".to_owned()))?;
                decode::message(reader, source)
            }
            Self::MsgPack => decode::message(MsgPackReader::new(octets), source),
            Self::Cbor => decode::message(CborReader::new(octets), source),
        }
    }

    /// Writes one message.
    ///
    /// # Errors
    /// If its payload is of another serializer and not what it claims to be.
    pub fn encode(self, message: &Message) -> Result<Bytes, EncodeError> {
        let mut output = BytesMut::with_capacity(96 + message.payload().map_or(0, crate::Payload::len));
        self.encode_into(message, &mut output)?;
        Ok(output.freeze())
    }

    /// Writes one message at the end of `output`, which is left as it was if that fails.
    ///
    /// # Errors
    /// If its payload is of another serializer and not what it claims to be.
    pub fn encode_into(self, message: &Message, output: &mut BytesMut) -> Result<(), EncodeError> {
        let before = output.len();
        let result = match self {
            Self::Json => encode::message(&mut JsonWriter::new(output), message),
            Self::MsgPack => encode::message(&mut MsgPackWriter::new(output), message),
            Self::Cbor => encode::message(&mut CborWriter::new(output), message),
        };
        if result.is_err() {
            output.truncate(before);
        }
        result
    }
}

/// Where a message stands that is read.
#[derive(Debug, Clone, Copy)]
struct Source<'a> {
    bytes: &'a Bytes,
    /// Where the message begins.
    begin: usize,
}

impl Source<'_> {
    /// Octets of the message, not copied.
    fn slice(&self, from: usize, to: usize) -> Bytes {
        self.bytes.slice(self.begin + from..self.begin + to)
    }
}

pub(crate) fn is_list(serializer: Serializer, encoded: &[u8]) -> bool {
    serializer.kind(encoded) == Some(Kind::List)
}

pub(crate) fn is_dict(serializer: Serializer, encoded: &[u8]) -> bool {
    serializer.kind(encoded) == Some(Kind::Dict)
}

pub(crate) fn is_null(serializer: Serializer, encoded: &[u8]) -> bool {
    serializer.kind(encoded) == Some(Kind::Null)
}

impl fmt::Display for Serializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::MsgPack => "MessagePack",
            Self::Cbor => "CBOR",
        })
    }
}
