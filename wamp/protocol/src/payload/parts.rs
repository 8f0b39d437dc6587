//! Arguments put together from values and from the arguments of other payloads, which stay as they
//! are.

use bytes::BytesMut;

use super::Payload;
use crate::serializer::cbor::CborWriter;
use crate::serializer::is_list;
use crate::serializer::json::JsonWriter;
use crate::serializer::msgpack::MsgPackWriter;
use crate::serializer::transcode::transcode;
use crate::serializer::write::Writer;
use crate::{EncodeError, Serializer, Value};

/// A part of arguments that are put together.
#[derive(Debug, Clone)]
pub enum Part<'a> {
    /// A value.
    Value(Value),
    /// A list of parts.
    List(Vec<Self>),
    /// Parts by key.
    Dict(Vec<(&'a str, Self)>),
    /// The positional arguments of a payload, as a list. A binary in their place (payload passthru)
    /// is its only item.
    ArgsOf(&'a Payload),
    /// The keyword arguments of a payload, as a dict.
    KwargsOf(&'a Payload),
}

impl Payload {
    /// One positional argument, put together. What comes from payloads that are of `serializer` is
    /// not looked into: it is given on with everything that [`Value`] has no type for.
    ///
    /// # Errors
    /// If a payload of another serializer is not what it claims to be.
    pub fn with_part(serializer: Serializer, part: &Part<'_>) -> Result<Self, EncodeError> {
        let mut output = BytesMut::new();
        match serializer {
            Serializer::Json => one(&mut JsonWriter::new(&mut output), part),
            Serializer::MsgPack => one(&mut MsgPackWriter::new(&mut output), part),
            Serializer::Cbor => one(&mut CborWriter::new(&mut output), part),
        }?;
        Ok(Self {
            serializer,
            args: output.freeze(),
            kwargs: bytes::Bytes::new(),
        })
    }
}

fn one(writer: &mut impl Writer, part: &Part<'_>) -> Result<(), EncodeError> {
    let mut list = writer.open_list(Some(1));
    writer.item(&mut list);
    write(writer, part)?;
    writer.close_list(list);
    Ok(())
}

fn write<W: Writer>(writer: &mut W, part: &Part<'_>) -> Result<(), EncodeError> {
    match part {
        Part::Value(value) => writer.value(value),
        Part::List(items) => {
            let mut list = writer.open_list(Some(items.len() as u64));
            for item in items {
                writer.item(&mut list);
                write(writer, item)?;
            }
            writer.close_list(list);
        }
        Part::Dict(entries) => {
            let mut dict = writer.open_dict(Some(entries.len() as u64));
            for (key, value) in entries {
                writer.key(&mut dict, key);
                write(writer, value)?;
            }
            writer.close_dict(dict);
        }
        Part::ArgsOf(payload) if payload.args.is_empty() => {
            let list = writer.open_list(Some(0));
            writer.close_list(list);
        }
        Part::ArgsOf(payload) if is_list(payload.serializer, &payload.args) => {
            encoded(writer, payload.serializer, &payload.args)?;
        }
        Part::ArgsOf(payload) => {
            let mut list = writer.open_list(Some(1));
            writer.item(&mut list);
            encoded(writer, payload.serializer, &payload.args)?;
            writer.close_list(list);
        }
        Part::KwargsOf(payload) if payload.kwargs.is_empty() => {
            let dict = writer.open_dict(Some(0));
            writer.close_dict(dict);
        }
        Part::KwargsOf(payload) => encoded(writer, payload.serializer, &payload.kwargs)?,
    }
    Ok(())
}

/// One value that is encoded already.
fn encoded<W: Writer>(writer: &mut W, from: Serializer, octets: &[u8]) -> Result<(), EncodeError> {
    if from == W::SERIALIZER {
        writer.raw(octets);
        return Ok(());
    }
    transcode(from, octets, writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_together_and_payloads_are_given_on_as_they_are() {
        let empty = Payload::EMPTY;
        // A key twice, which no value has.
        let payload = Payload {
            serializer: Serializer::Json,
            args: b"[1, {\"a\":1,\"a\":2}]".as_slice().into(),
            kwargs: bytes::Bytes::new(),
        };
        let passed = Payload {
            serializer: Serializer::MsgPack,
            args: b"\xc4\x01A".as_slice().into(),
            kwargs: b"\x81\xa1k\x05".as_slice().into(),
        };
        let part = Part::List(vec![
            Part::Value("x".into()),
            Part::Dict(vec![
                ("args", Part::ArgsOf(&payload)),
                ("kwargs", Part::KwargsOf(&payload)),
            ]),
            Part::ArgsOf(&empty),
            Part::ArgsOf(&passed),
            Part::KwargsOf(&passed),
        ]);
        let json = Payload::with_part(Serializer::Json, &part).unwrap();
        assert_eq!(
            std::str::from_utf8(&json.args).unwrap(),
            r#"[["x",{"args":[1, {"a":1,"a":2}],"kwargs":{}},[],["\u0000QQ=="],{"k":5}]]"#
        );
        let msgpack = Payload::with_part(Serializer::MsgPack, &part).unwrap();
        let expected =
            b"\x91\x95\xa1x\x82\xa4args\x92\x01\x82\xa1a\x01\xa1a\x02\xa6kwargs\x80\x90\x91\xc4\x01A\x81\xa1k\x05";
        assert_eq!(&msgpack.args[..], expected);
        let torn = Payload {
            args: b"[1".as_slice().into(),
            ..payload
        };
        assert!(Payload::with_part(Serializer::Cbor, &Part::ArgsOf(&torn)).is_err());
    }
}
