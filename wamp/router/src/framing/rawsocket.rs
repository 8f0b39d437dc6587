//! RawSocket: four octets of handshake each way, then frames with a prefix of four octets.

use bytes::{Buf as _, BytesMut};
use wamp_protocol::Serializer;

use super::{Frame, Framing, FramingError};

/// The first octet of a client's handshake, and of the router's answer.
pub(crate) const MAGIC: u8 = 0x7F;
/// The longest message that the frame's 24-bit length (and its 25th bit) can say.
const LONGEST: usize = 1 << 24;

const MESSAGE: u8 = 0;
const PING: u8 = 1;
const PONG: u8 = 2;

/// An error that the handshake answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandshakeError {
    SerializerUnsupported = 1,
    ReservedBits = 3,
    TooManyConnections = 4,
}

impl HandshakeError {
    /// The four octets that say so.
    pub(crate) const fn reply(self) -> [u8; 4] {
        [MAGIC, (self as u8) << 4, 0, 0]
    }
}

/// Reads a client's handshake: the framing that follows, and what to answer. `limit` is the
/// largest message that this side takes.
pub(crate) fn accept(request: [u8; 4], limit: usize) -> Result<(RawSocket, [u8; 4]), HandshakeError> {
    let [magic, setup, reserved @ ..] = request;
    if magic != MAGIC || reserved != [0, 0] {
        return Err(HandshakeError::ReservedBits);
    }
    let serializer = match setup & 0x0F {
        1 => Serializer::Json,
        2 => Serializer::MsgPack,
        3 => Serializer::Cbor,
        _ => return Err(HandshakeError::SerializerUnsupported),
    };
    let exponent = length_exponent(limit);
    let framing = RawSocket {
        serializer,
        largest_outgoing: 1 << (9 + (setup >> 4)),
        largest_incoming: (1 << (9 + exponent)).min(LONGEST),
    };
    Ok((framing, [MAGIC, exponent << 4 | setup & 0x0F, 0, 0]))
}

/// The largest L with 2^(9+L) at most `limit`.
fn length_exponent(limit: usize) -> u8 {
    let exponent = limit.max(512).ilog2() - 9;
    u8::try_from(exponent.min(15)).unwrap_or(15)
}

/// RawSocket after the handshake.
#[derive(Debug)]
pub(crate) struct RawSocket {
    serializer: Serializer,
    largest_outgoing: usize,
    largest_incoming: usize,
}

impl RawSocket {
    fn frame(kind: u8, body: &[u8], output: &mut BytesMut) {
        // Only 2^24 itself needs the 25th bit; larger messages do not get here.
        let length = u32::try_from(body.len().min(LONGEST)).unwrap_or_default();
        let [high, a, b, c] = length.to_be_bytes();
        output.extend_from_slice(&[kind | high << 3, a, b, c]);
        output.extend_from_slice(body);
    }
}

impl Framing for RawSocket {
    fn serializer(&self) -> Serializer {
        self.serializer
    }

    fn largest_outgoing(&self) -> usize {
        self.largest_outgoing
    }

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FramingError> {
        let Some(prefix) = input.first_chunk::<4>() else {
            return Ok(None);
        };
        let [first, length @ ..] = *prefix;
        if first & 0xF0 != 0 {
            return Err(FramingError::Broken("a frame has reserved bits set"));
        }
        let [a, b, c] = length.map(usize::from);
        let length = a << 16 | b << 8 | c;
        let length = match (first & 0x08 != 0, length) {
            (false, length) => length,
            (true, 0) => LONGEST,
            (true, _) => return Err(FramingError::Broken("a frame is longer than 2^24 octets")),
        };
        if length > self.largest_incoming {
            return Err(FramingError::TooLarge {
                size: length,
                limit: self.largest_incoming,
            });
        }
        if input.len() < 4 + length {
            input.reserve(4 + length - input.len());
            return Ok(None);
        }
        input.advance(4);
        let body = input.split_to(length).freeze();
        match first & 0x07 {
            MESSAGE => Ok(Some(Frame::Message(body))),
            PING => Ok(Some(Frame::Ping(body))),
            PONG => Ok(Some(Frame::Pong)),
            _ => Err(FramingError::Broken("a frame is of a reserved type")),
        }
    }

    fn message(&self, body: &[u8], output: &mut BytesMut) {
        Self::frame(MESSAGE, body, output);
    }

    fn ping(&self, output: &mut BytesMut) {
        Self::frame(PING, b"", output);
    }

    fn pong(&self, payload: &[u8], output: &mut BytesMut) {
        Self::frame(PONG, payload, output);
    }

    /// RawSocket has no closing handshake.
    fn close(&self, _: Option<&FramingError>, _: &mut BytesMut) {}
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn the_handshake_answers_with_the_same_serializer_and_its_own_length() {
        for (request, expected) in [
            ([0x7F, 0xF1, 0, 0], Ok([0x7F, 0xB1, 0, 0])),
            ([0x7F, 0x02, 0, 0], Ok([0x7F, 0xB2, 0, 0])),
            ([0x7F, 0x73, 0, 0], Ok([0x7F, 0xB3, 0, 0])),
            ([0x7F, 0xF4, 0, 0], Err(HandshakeError::SerializerUnsupported)),
            ([0x7F, 0xF0, 0, 0], Err(HandshakeError::SerializerUnsupported)),
            ([0x7F, 0xF1, 1, 0], Err(HandshakeError::ReservedBits)),
            ([0x7F, 0xF1, 0, 1], Err(HandshakeError::ReservedBits)),
        ] {
            assert_eq!(
                accept(request, 1 << 20).map(|(_, reply)| reply),
                expected,
                "{request:?}"
            );
        }
        assert_eq!(
            accept([0x7F, 0xF1, 0, 0], 1 << 24).map(|(_, reply)| reply),
            Ok([0x7F, 0xF1, 0, 0])
        );
        assert_eq!(HandshakeError::SerializerUnsupported.reply(), [0x7F, 0x10, 0, 0]);
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let (mut framing, _) = accept([0x7F, 0xF1, 0, 0], 1 << 24).unwrap();
        let mut octets = BytesMut::new();
        let largest = vec![b'x'; LONGEST];
        framing.message(b"[1]", &mut octets);
        framing.pong(b"abc", &mut octets);
        framing.ping(&mut octets);
        framing.message(&largest, &mut octets);
        assert_eq!(
            framing.decode(&mut octets),
            Ok(Some(Frame::Message(Bytes::from_static(b"[1]"))))
        );
        assert_eq!(framing.decode(&mut octets), Ok(Some(Frame::Pong)));
        assert_eq!(framing.decode(&mut octets), Ok(Some(Frame::Ping(Bytes::new()))));
        assert_eq!(framing.decode(&mut octets), Ok(Some(Frame::Message(largest.into()))));
        assert_eq!(framing.decode(&mut octets), Ok(None));
    }

    #[test]
    fn broken_frames_are_refused() {
        for (octets, expected) in [
            (
                &[0x10, 0, 0, 0][..],
                FramingError::Broken("a frame has reserved bits set"),
            ),
            (&[0x03, 0, 0, 0], FramingError::Broken("a frame is of a reserved type")),
            (
                &[0x08, 0, 0, 1],
                FramingError::Broken("a frame is longer than 2^24 octets"),
            ),
            (&[0x00, 0, 2, 1], FramingError::TooLarge { size: 513, limit: 512 }),
        ] {
            let (mut framing, _) = accept([0x7F, 0xF1, 0, 0], 512).unwrap();
            assert_eq!(framing.decode(&mut BytesMut::from(octets)), Err(expected));
        }
    }
}
