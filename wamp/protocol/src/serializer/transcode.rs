//! From one serializer to another, deep inside a payload, without a tree in between.

use bytes::BytesMut;

use super::cbor::{CborReader, CborWriter};
use super::json::{JsonReader, JsonWriter};
use super::msgpack::{MsgPackReader, MsgPackWriter};
use super::read::{Fault, MAX_DEPTH, RESULT_DEPTH, Reader, Token, deeper};
use super::write::Writer;
use super::{DecodeError, EncodeError, Serializer};
use crate::Value;

/// Writes the one value in `encoded` to `writer`.
pub(crate) fn transcode<W: Writer>(from: Serializer, encoded: &[u8], writer: &mut W) -> Result<(), EncodeError> {
    match from {
        Serializer::Json => match JsonReader::new(encoded) {
            Ok(reader) => whole(reader, writer),
            Err(fault) => Err((fault, 0)),
        },
        Serializer::MsgPack => whole(MsgPackReader::new(encoded), writer),
        Serializer::Cbor => whole(CborReader::new(encoded), writer),
    }
    .map_err(|(fault, at)| EncodeError::Payload {
        from,
        to: W::SERIALIZER,
        reason: Box::new(in_payload(fault, from, at)),
    })
}

/// The one value in `encoded`, written with `to`.
pub(crate) fn transcoded(from: Serializer, encoded: &[u8], to: Serializer) -> Result<BytesMut, EncodeError> {
    let mut output = BytesMut::with_capacity(encoded.len() + encoded.len() / 4 + 8);
    match to {
        Serializer::Json => transcode(from, encoded, &mut JsonWriter::new(&mut output)),
        Serializer::MsgPack => transcode(from, encoded, &mut MsgPackWriter::new(&mut output)),
        Serializer::Cbor => transcode(from, encoded, &mut CborWriter::new(&mut output)),
    }?;
    Ok(output)
}

/// Reads the one value in `encoded` into memory.
pub(crate) fn read_value(from: Serializer, encoded: &[u8]) -> Result<Value, DecodeError> {
    fn all<'a, R: Reader<'a>>(mut reader: R) -> Result<Value, (Fault, usize)> {
        let value = reader
            .value(RESULT_DEPTH)
            .and_then(|value| reader.end().map(|()| value));
        value.map_err(|fault| (fault, reader.at()))
    }
    match from {
        Serializer::Json => JsonReader::new(encoded).map_err(|fault| (fault, 0)).and_then(all),
        Serializer::MsgPack => all(MsgPackReader::new(encoded)),
        Serializer::Cbor => all(CborReader::new(encoded)),
    }
    .map_err(|(fault, at)| in_payload(fault, from, at))
}

/// Checks that `encoded` is one well-formed value.
pub(crate) fn check(from: Serializer, encoded: &[u8]) -> Result<(), DecodeError> {
    fn all<'a, R: Reader<'a>>(mut reader: R) -> Result<(), (Fault, usize)> {
        let result = reader.skip(MAX_DEPTH).and_then(|()| reader.end());
        result.map_err(|fault| (fault, reader.at()))
    }
    match from {
        Serializer::Json => JsonReader::new(encoded).map_err(|fault| (fault, 0)).and_then(all),
        Serializer::MsgPack => all(MsgPackReader::new(encoded)),
        Serializer::Cbor => all(CborReader::new(encoded)),
    }
    .map_err(|(fault, at)| in_payload(fault, from, at))
}

fn in_payload(fault: Fault, from: Serializer, at: usize) -> DecodeError {
    DecodeError::new(fault, from, at, || "the payload".to_owned())
}

fn whole<'a, R: Reader<'a>>(mut reader: R, writer: &mut impl Writer) -> Result<(), (Fault, usize)> {
    let result = copy(&mut reader, writer, RESULT_DEPTH).and_then(|()| reader.end());
    result.map_err(|fault| (fault, reader.at()))
}

fn copy<'a, R: Reader<'a>>(reader: &mut R, writer: &mut impl Writer, levels: usize) -> Result<(), Fault> {
    match reader.token()? {
        Token::Null => writer.null(),
        Token::Bool(value) => writer.boolean(value),
        Token::Integer(value) => writer.integer(value),
        Token::Float(value) => writer.float(value),
        Token::Text(value) => writer.text(&value),
        Token::Binary(value) => writer.binary(&value),
        // WAMP has no type for it; what it holds is not lost.
        Token::Extension(content) => writer.binary(content),
        Token::List(mut list) => {
            let levels = deeper(levels)?;
            let mut open = writer.open_list(list.left);
            while reader.item(&mut list)? {
                writer.item(&mut open);
                copy(reader, writer, levels)?;
            }
            writer.close_list(open);
        }
        Token::Dict(mut dict) => {
            let levels = deeper(levels)?;
            let mut open = writer.open_dict(dict.left);
            while let Some(key) = reader.key(&mut dict)? {
                writer.key(&mut open, &key);
                copy(reader, writer, levels)?;
            }
            writer.close_dict(open);
        }
    }
    Ok(())
}
