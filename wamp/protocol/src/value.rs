//! A value of any type that WAMP can carry, for details and for payloads of unknown shape.

use bytes::{Bytes, BytesMut};

use crate::serializer::cbor::CborWriter;
use crate::serializer::json::JsonWriter;
use crate::serializer::msgpack::MsgPackWriter;
use crate::serializer::read::whole;
use crate::serializer::transcode::read_value;
use crate::serializer::write::Writer as _;
use crate::{DecodeError, Serializer};

mod as_serde;

/// Anything a WAMP message can hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// A whole number; `i128` so that both `i64` and `u64` fit.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    String(String),
    /// Octets.
    Binary(Vec<u8>),
    /// A list.
    List(Vec<Self>),
    /// A dictionary, in the order it came.
    Dict(Dict),
}

impl Value {
    /// As JSON text.
    pub fn to_json(&self) -> String {
        let mut output = BytesMut::new();
        JsonWriter::new(&mut output).value(self);
        // The writer writes text only.
        String::from_utf8_lossy(&output).into_owned()
    }

    /// In octets of any serializer.
    pub fn encode(&self, serializer: Serializer) -> Bytes {
        let mut output = BytesMut::new();
        match serializer {
            Serializer::Json => JsonWriter::new(&mut output).value(self),
            Serializer::MsgPack => MsgPackWriter::new(&mut output).value(self),
            Serializer::Cbor => CborWriter::new(&mut output).value(self),
        }
        output.freeze()
    }

    /// From octets, which must hold this one value.
    ///
    /// # Errors
    /// If they do not.
    pub fn decode(serializer: Serializer, encoded: &[u8]) -> Result<Self, DecodeError> {
        read_value(serializer, encoded)
    }
}

impl Value {
    /// The whole number, not negative, that it is, also where it came as floating point: encoders of
    /// JavaScript write numbers beyond 32 bits so, ids among them.
    pub fn unsigned(&self) -> Option<u64> {
        match self {
            Self::Integer(number) => u64::try_from(*number).ok(),
            Self::Float(number) => whole(*number),
            _ => None,
        }
    }
}

/// A dictionary with text keys, in the order it came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Dict(pub Vec<(String, Value)>);

impl Dict {
    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// Sets `key`, replacing what it had.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        let key = key.into();
        let value = value.into();
        match self.0.iter_mut().find(|(k, _)| *k == key) {
            Some((_, slot)) => *slot = value,
            None => self.0.push((key, value)),
        }
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(value.into())
    }
}
impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value.into())
    }
}
impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}
impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}
impl From<Dict> for Value {
    fn from(value: Dict) -> Self {
        Self::Dict(value)
    }
}
impl From<Vec<Self>> for Value {
    fn from(value: Vec<Self>) -> Self {
        Self::List(value)
    }
}
