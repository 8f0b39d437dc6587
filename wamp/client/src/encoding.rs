//! Between Rust values and payload bytes.

use std::fmt;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::{DeserializeOwned, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use wamp_protocol::{ArgumentError, EncodeError, Payload, Serializer};

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
    Ok(Payload::with_args(serializer, value)?.args)
}

/// One encoded dict.
pub(crate) fn kwargs<T: Serialize + ?Sized>(serializer: Serializer, value: &T) -> Result<Bytes, EncodeError> {
    Ok(Payload::with_kwargs(serializer, value)?.kwargs)
}

/// A payload of one positional argument, text.
pub(crate) fn sentence(text: &str) -> Payload {
    // Text always encodes; an empty payload would still say which error it is.
    Payload::with_args(Serializer::MsgPack, &(text,)).unwrap_or_default()
}

/// The first positional argument.
pub(crate) fn first<T: DeserializeOwned>(payload: &Payload) -> Result<T, ArgumentError> {
    payload.args::<First<T>>().map(|First(value)| value)
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
