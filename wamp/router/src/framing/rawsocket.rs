//! RawSocket after its handshake.

use bytes::BytesMut;
use wamp_protocol::Serializer;
use wamp_protocol::framing::rawsocket::{FrameHeader, FrameKind, Handshake, MaxLength};

use super::{Found, Frame, Frames, Framing, FramingError};

/// RawSocket framing for one connection.
#[derive(Debug)]
pub(crate) struct RawSocket {
    serializer: Serializer,
    largest_outgoing: MaxLength,
    largest_incoming: MaxLength,
}

impl RawSocket {
    /// As agreed: what the client said, and what it was answered.
    pub(crate) const fn new(client: Handshake, answer: Handshake) -> Self {
        Self {
            serializer: client.serializer,
            largest_outgoing: client.max_length,
            largest_incoming: answer.max_length,
        }
    }

    fn frame(&self, kind: FrameKind, body: &[u8], output: &mut BytesMut) {
        let header = FrameHeader {
            kind,
            length: body.len(),
        };
        match header.octets(self.largest_outgoing) {
            Ok(octets) => {
                output.extend_from_slice(&octets);
                output.extend_from_slice(body);
            }
            // Messages are measured before; a ping's payload may be more than its sender takes.
            Err(error) => tracing::debug!(%error, "a frame is not sent"),
        }
    }
}

impl Framing for RawSocket {
    fn serializer(&self) -> Serializer {
        self.serializer
    }

    fn largest_outgoing(&self) -> usize {
        self.largest_outgoing.octets()
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Found, FramingError> {
        let Some(octets) = input.first_chunk::<4>() else {
            return Ok(Found::Incomplete(0));
        };
        let FrameHeader { kind, length } = FrameHeader::parse(*octets, self.largest_incoming)?;
        let size = 4 + length;
        if input.len() < size {
            return Ok(Found::Incomplete(size - input.len()));
        }
        let frame = match kind {
            FrameKind::Message => Frame::Message(4..size),
            FrameKind::Ping => Frame::Ping(4..size),
            FrameKind::Pong => Frame::Pong,
        };
        Ok(Found::Frame(size, frame))
    }

    fn frames(&self) -> Option<Frames> {
        Some(Frames::RawSocket(self.serializer, self.largest_outgoing))
    }

    fn message(&self, body: &[u8], output: &mut BytesMut) {
        self.frame(FrameKind::Message, body, output);
    }

    fn ping(&self, output: &mut BytesMut) {
        self.frame(FrameKind::Ping, b"", output);
    }

    fn pong(&self, payload: &[u8], output: &mut BytesMut) {
        self.frame(FrameKind::Pong, payload, output);
    }

    /// RawSocket has no closing handshake.
    fn close(&self, _: Option<&FramingError>, _: &mut BytesMut) {}
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::{Decoded, decode_all};
    use super::*;

    fn framing(limit: usize) -> RawSocket {
        let side = |max_length| Handshake {
            max_length,
            serializer: Serializer::Json,
        };
        RawSocket::new(side(MaxLength::MAX), side(MaxLength::at_most(limit)))
    }

    #[test]
    fn frames_come_out_as_they_went_in_however_they_arrive() {
        let mut framing = framing(1 << 24);
        let largest = vec![b'x'; 1 << 24];
        let mut octets = BytesMut::new();
        framing.message(b"[1]", &mut octets);
        framing.pong(b"abc", &mut octets);
        framing.ping(&mut octets);
        framing.message(&largest, &mut octets);
        let pieces = [&octets[..2], &octets[2..5], &octets[5..100], &octets[100..]];
        let expected = [
            Decoded::Message(Bytes::from_static(b"[1]")),
            Decoded::Pong,
            Decoded::Ping(Bytes::new()),
            Decoded::Message(largest.into()),
        ];
        assert!(decode_all(&mut framing, pieces).unwrap() == expected);
    }

    #[test]
    fn a_frame_longer_than_announced_is_refused_before_it_has_come() {
        let mut input = BytesMut::from(&[0, 0, 2, 1][..]);
        assert!(matches!(
            framing(512).decode(&mut input),
            Err(FramingError::RawSocket(_))
        ));
    }
}
