//! Batched WebSocket: several messages in one WebSocket message.
//!
//! In JSON each message ends with one octet; in MessagePack and CBOR each begins with its length,
//! 32 bits, big endian. (The specification gives no form for CBOR; this is what others do.)

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::{EncodeError, Message, Serializer};

/// Ends a JSON message, as the specification says.
pub const RECORD_SEPARATOR: u8 = 0x1e;
/// Ends a JSON message, as Autobahn and Crossbar have it.
pub const CANCEL: u8 = 0x18;

/// Why octets are no batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// There is no message in it.
    #[error("a batch has at least one message")]
    Empty,
    /// A message is shorter than its length says.
    #[error("the batch ends in the middle of a message")]
    Incomplete,
}

/// The messages of a batch, still encoded; slices of `batch`.
///
/// # Errors
/// If it is empty or ends too early.
pub fn split(serializer: Serializer, batch: Bytes) -> Result<Vec<Bytes>, BatchError> {
    let messages = match serializer {
        Serializer::Json => split_json(&batch),
        Serializer::MsgPack | Serializer::Cbor => split_by_length(batch)?,
    };
    if messages.is_empty() {
        Err(BatchError::Empty)
    } else {
        Ok(messages)
    }
}

/// Neither separator can stand inside JSON text, so whichever comes ends a message.
fn split_json(batch: &Bytes) -> Vec<Bytes> {
    let pieces = batch.split(|octet| matches!(*octet, RECORD_SEPARATOR | CANCEL));
    pieces
        .filter(|piece| !piece.trim_ascii().is_empty())
        .map(|piece| batch.slice_ref(piece))
        .collect()
}

fn split_by_length(mut batch: Bytes) -> Result<Vec<Bytes>, BatchError> {
    let mut messages = Vec::new();
    while !batch.is_empty() {
        let length = batch.try_get_u32().map_err(|_| BatchError::Incomplete)? as usize;
        if length > batch.len() {
            return Err(BatchError::Incomplete);
        }
        messages.push(batch.split_to(length));
    }
    Ok(messages)
}

/// The octet that ends the messages of a client's JSON batch: it is answered in kind.
pub fn json_separator(batch: &[u8]) -> Option<u8> {
    batch
        .iter()
        .copied()
        .find(|octet| matches!(*octet, RECORD_SEPARATOR | CANCEL))
}

/// Adds one message to a batch. `separator` is used in JSON only: [`RECORD_SEPARATOR`], or what
/// [`json_separator`] found the peer to use.
///
/// # Errors
/// As [`Serializer::encode_into`]; the batch is then as it was.
pub fn push(serializer: Serializer, separator: u8, message: &Message, batch: &mut BytesMut) -> Result<(), EncodeError> {
    let before = batch.len();
    if serializer == Serializer::Json {
        serializer.encode_into(message, batch)?;
        batch.put_u8(separator);
        return Ok(());
    }
    batch.put_u32(0);
    if let Err(error) = serializer.encode_into(message, batch) {
        batch.truncate(before);
        return Err(error);
    }
    let length = u32::try_from(batch.len() - before - 4).unwrap_or(u32::MAX);
    batch[before..before + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// Adds one message that is encoded already.
pub fn push_encoded(serializer: Serializer, separator: u8, message: &[u8], batch: &mut BytesMut) {
    if serializer == Serializer::Json {
        batch.put_slice(message);
        batch.put_u8(separator);
    } else {
        batch.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
        batch.put_slice(message);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::Published;
    use crate::{PublicationId, RequestId};

    #[test]
    fn what_is_pushed_comes_out_of_the_batch() {
        let message = Message::from(Published {
            request: RequestId::FIRST,
            publication: PublicationId::MAX,
        });
        for serializer in Serializer::ALL {
            for separator in [RECORD_SEPARATOR, CANCEL] {
                let mut batch = BytesMut::new();
                push(serializer, separator, &message, &mut batch).unwrap();
                push(serializer, separator, &message, &mut batch).unwrap();
                let encoded = serializer.encode(&message).unwrap();
                push_encoded(serializer, separator, &encoded, &mut batch);
                let found = json_separator(&batch).filter(|_| serializer == Serializer::Json);
                assert_eq!(found, (serializer == Serializer::Json).then_some(separator));
                assert_eq!(
                    split(serializer, batch.freeze()),
                    Ok(vec![encoded.clone(), encoded.clone(), encoded])
                );
            }
        }
    }

    #[test]
    fn an_empty_or_torn_batch_is_refused() {
        for serializer in Serializer::ALL {
            assert_eq!(split(serializer, Bytes::new()), Err(BatchError::Empty));
        }
        for torn in [&[0, 0, 0][..], &[0, 0, 0, 2, 0x90], &[0xff; 8]] {
            assert_eq!(
                split(Serializer::MsgPack, Bytes::copy_from_slice(torn)),
                Err(BatchError::Incomplete)
            );
        }
        assert_eq!(
            split(Serializer::Json, Bytes::from_static(b"\x1e\x1e")),
            Err(BatchError::Empty)
        );
    }

    proptest! {
        #[test]
        fn any_octets_are_split_or_refused(octets: Vec<u8>) {
            for serializer in Serializer::ALL {
                let _ = split(serializer, octets.clone().into());
            }
        }
    }
}
