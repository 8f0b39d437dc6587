//! Between payload bytes and values of Rust types.
//!
//! JSON and MessagePack are read and written by their serde crates. CBOR goes by way of
//! MessagePack, and so does JSON with binary in it, which serde's JSON has no notion of.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::ser::Formatter;

use super::ArgumentError;
use crate::serializer::transcode::{check, read_value, transcoded};
use crate::serializer::{is_dict, is_list, is_null};
use crate::{Dict, EncodeError, Serializer, Value};

/// One encoded list; empty for the empty list and for `()`.
pub(super) fn args<T: Serialize + ?Sized>(serializer: Serializer, value: &T) -> Result<Bytes, EncodeError> {
    container(serializer, value, is_list, EncodeError::ArgsNotAList)
}

/// One encoded dict; empty for the empty dict and for `()`.
pub(super) fn kwargs<T: Serialize + ?Sized>(serializer: Serializer, value: &T) -> Result<Bytes, EncodeError> {
    container(serializer, value, is_dict, EncodeError::KwargsNotADict)
}

fn container<T: Serialize + ?Sized>(
    serializer: Serializer,
    value: &T,
    is_right: fn(Serializer, &[u8]) -> bool,
    otherwise: EncodeError,
) -> Result<Bytes, EncodeError> {
    let encoded = encode(serializer, value)?;
    if is_null(serializer, &encoded) {
        return Ok(Bytes::new());
    }
    if !is_right(serializer, &encoded) {
        return Err(otherwise);
    }
    Ok(if serializer.is_empty_container(&encoded) {
        Bytes::new()
    } else {
        encoded
    })
}

fn encode<T: Serialize + ?Sized>(serializer: Serializer, value: &T) -> Result<Bytes, EncodeError> {
    match serializer {
        Serializer::Json => {
            let mut encoded = Vec::with_capacity(128);
            let mut json = serde_json::Serializer::with_formatter(&mut encoded, BinaryAsText);
            value
                .serialize(&mut json)
                .map_err(|error| EncodeError::Value(error.to_string()))?;
            Ok(encoded.into())
        }
        Serializer::MsgPack => msgpack(value).map(Bytes::from),
        Serializer::Cbor => Ok(transcoded(Serializer::MsgPack, &msgpack(value)?, serializer)?.into()),
    }
}

fn msgpack<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut encoded = Vec::with_capacity(128);
    // "Human readable" as JSON is, so that types look the same in both.
    let mut serializer = rmp_serde::Serializer::new(&mut encoded)
        .with_struct_map()
        .with_human_readable();
    value
        .serialize(&mut serializer)
        .map_err(|error| EncodeError::Value(error.to_string()))?;
    // A map with keys that are not text would end the session at the router.
    check(Serializer::MsgPack, &encoded).map_err(|error| EncodeError::Value(error.to_string()))?;
    Ok(encoded)
}

/// JSON without white space, binary as WAMP writes it.
struct BinaryAsText;

impl Formatter for BinaryAsText {
    fn write_byte_array<W: ?Sized + io::Write>(&mut self, writer: &mut W, octets: &[u8]) -> io::Result<()> {
        writer.write_all(b"\"\\u0000")?;
        writer.write_all(STANDARD.encode(octets).as_bytes())?;
        writer.write_all(b"\"")
    }
}

pub(super) fn decode_args<T: DeserializeOwned>(serializer: Serializer, encoded: &[u8]) -> Result<T, ArgumentError> {
    decode(serializer, encoded, [b"[]", &[0x90]])
}

pub(super) fn decode_kwargs<T: DeserializeOwned>(serializer: Serializer, encoded: &[u8]) -> Result<T, ArgumentError> {
    decode(serializer, encoded, [b"{}", &[0x80]])
}

/// `empty` is what an absent container is in JSON and in MessagePack.
fn decode<T: DeserializeOwned>(serializer: Serializer, encoded: &[u8], empty: [&[u8]; 2]) -> Result<T, ArgumentError> {
    let [empty_json, empty_msgpack] = empty;
    match serializer {
        _ if encoded.is_empty() && serializer != Serializer::Json => from_msgpack(empty_msgpack),
        Serializer::Json if encoded.is_empty() => from_json(empty_json),
        Serializer::Json if !has_nul(encoded) => from_json(encoded),
        Serializer::MsgPack => from_msgpack(encoded),
        Serializer::Json | Serializer::Cbor => {
            let encoded = transcoded(serializer, encoded, Serializer::MsgPack);
            from_msgpack(&encoded.map_err(|error| ArgumentError::new(error.to_string()))?)
        }
    }
}

/// Whether there may be binary in JSON.
fn has_nul(json: &[u8]) -> bool {
    json.windows(6).any(|six| six == b"\\u0000")
}

fn from_json<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, ArgumentError> {
    let mut json = serde_json::Deserializer::from_slice(encoded);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let message = error.inner().to_string();
        // The position is of no use to who sent it.
        let message = message
            .rsplit_once(" at line ")
            .map_or(&*message, |(message, _)| message);
        ArgumentError::of(error.path(), message)
    })
}

fn from_msgpack<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, ArgumentError> {
    let mut msgpack = rmp_serde::Deserializer::from_read_ref(encoded).with_human_readable();
    let error = match serde_path_to_error::deserialize(&mut msgpack) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let sentence = ArgumentError::of(error.path(), &error.inner().to_string());
    if !matches!(error.inner(), rmp_serde::decode::Error::TypeMismatch(_)) {
        return Err(sentence);
    }
    // This one does not say what was wanted; JSON's reader does.
    match transcoded(Serializer::MsgPack, encoded, Serializer::Json) {
        Ok(json) => Err(from_json::<T>(&json).err().unwrap_or(sentence)),
        Err(_) => Err(sentence),
    }
}

pub(super) fn args_value(serializer: Serializer, encoded: &[u8]) -> Result<Vec<Value>, ArgumentError> {
    match value(serializer, encoded)? {
        None => Ok(Vec::new()),
        Some(Value::List(items)) => Ok(items),
        Some(only) => Ok(vec![only]),
    }
}

pub(super) fn kwargs_value(serializer: Serializer, encoded: &[u8]) -> Result<Dict, ArgumentError> {
    match value(serializer, encoded)? {
        None => Ok(Dict::default()),
        Some(Value::Dict(dict)) => Ok(dict),
        Some(_) => Err(ArgumentError::new("the keyword arguments must be a dict".to_owned())),
    }
}

fn value(serializer: Serializer, encoded: &[u8]) -> Result<Option<Value>, ArgumentError> {
    if encoded.is_empty() {
        return Ok(None);
    }
    read_value(serializer, encoded)
        .map(Some)
        .map_err(|error| ArgumentError::new(error.to_string()))
}
