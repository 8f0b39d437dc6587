//! Between Rust values and payload bytes.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use wamp_protocol::{Payload, Serializer};

use crate::{ArgumentError, EncodeError};

/// A payload being put together; remembers the first failure until it is finished.
#[derive(Debug)]
pub(crate) struct PayloadBuilder(Result<Payload, EncodeError>);

impl PayloadBuilder {
    pub(crate) fn new(serializer: Serializer) -> Self {
        Self(Ok(Payload {
            serializer,
            ..Payload::EMPTY
        }))
    }

    pub(crate) fn args<T: Serialize + ?Sized>(&mut self, value: &T) {
        self.set(|payload| {
            payload.args = args(payload.serializer, value)?;
            Ok(())
        });
    }

    pub(crate) fn kwargs<T: Serialize + ?Sized>(&mut self, value: &T) {
        self.set(|payload| {
            payload.kwargs = kwargs(payload.serializer, value)?;
            Ok(())
        });
    }

    fn set(&mut self, change: impl FnOnce(&mut Payload) -> Result<(), EncodeError>) {
        if let Ok(payload) = &mut self.0
            && let Err(error) = change(payload)
        {
            self.0 = Err(error);
        }
    }

    pub(crate) fn finish(self) -> Result<Payload, EncodeError> {
        self.0
    }
}

impl From<Payload> for PayloadBuilder {
    fn from(payload: Payload) -> Self {
        Self(Ok(payload))
    }
}

/// One encoded list.
pub(crate) fn args<T: Serialize + ?Sized>(serializer: Serializer, value: &T) -> Result<Bytes, EncodeError> {
    let bytes = encode(serializer, value)?;
    let list = match serializer {
        Serializer::Json => bytes.first() == Some(&b'['),
        _ => matches!(bytes.first(), Some(0x90..=0x9f | 0xdc | 0xdd)),
    };
    if list {
        Ok(bytes)
    } else {
        Err(EncodeError {
            sentence: "positional arguments must be a sequence".to_owned(),
        })
    }
}

/// One encoded dict.
pub(crate) fn kwargs<T: Serialize + ?Sized>(serializer: Serializer, value: &T) -> Result<Bytes, EncodeError> {
    let bytes = encode(serializer, value)?;
    let dict = match serializer {
        Serializer::Json => bytes.first() == Some(&b'{'),
        _ => matches!(bytes.first(), Some(0x80..=0x8f | 0xde | 0xdf)),
    };
    if dict {
        Ok(bytes)
    } else {
        Err(EncodeError {
            sentence: "keyword arguments must be a struct or a map".to_owned(),
        })
    }
}

fn encode<T: Serialize + ?Sized>(serializer: Serializer, value: &T) -> Result<Bytes, EncodeError> {
    let encoded = match serializer {
        Serializer::Json => serde_json::to_vec(value).map_err(|error| error.to_string()),
        _ => rmp_serde::to_vec_named(value).map_err(|error| error.to_string()),
    };
    encoded.map(Bytes::from).map_err(|sentence| EncodeError { sentence })
}

/// A payload of one positional argument, text.
pub(crate) fn sentence(text: &str) -> Payload {
    // Text always encodes; an empty payload would still say which error it is.
    let args = args(Serializer::MsgPack, &(text,)).unwrap_or_default();
    Payload { args, ..Payload::EMPTY }
}

pub(crate) fn decode_args<T: DeserializeOwned>(payload: &Payload) -> Result<T, ArgumentError> {
    decode(payload.serializer, &payload.args, &[0x90], b"[]")
}

pub(crate) fn decode_kwargs<T: DeserializeOwned>(payload: &Payload) -> Result<T, ArgumentError> {
    decode(payload.serializer, &payload.kwargs, &[0x80], b"{}")
}

fn decode<T: DeserializeOwned>(
    serializer: Serializer,
    bytes: &[u8],
    empty_msgpack: &[u8],
    empty_json: &[u8],
) -> Result<T, ArgumentError> {
    let decoded = match serializer {
        Serializer::Json => {
            serde_json::from_slice(if bytes.is_empty() { empty_json } else { bytes }).map_err(|error| error.to_string())
        }
        _ => rmp_serde::from_slice(if bytes.is_empty() { empty_msgpack } else { bytes })
            .map_err(|error| error.to_string()),
    };
    decoded.map_err(|sentence| ArgumentError { sentence })
}

/// The first positional argument.
pub(crate) fn first<T: DeserializeOwned>(payload: &Payload) -> Result<T, ArgumentError> {
    decode_args::<First<T>>(payload).map(|First(value)| value)
}

/// The first element of a sequence, whatever follows.
struct First<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FirstVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for FirstVisitor<T> {
            type Value = First<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("at least one positional argument")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<First<T>, A::Error> {
                let first = seq
                    .next_element()?
                    .ok_or_else(|| serde::de::Error::invalid_length(0, &self))?;
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }

        deserializer.deserialize_seq(FirstVisitor(PhantomData))
    }
}
