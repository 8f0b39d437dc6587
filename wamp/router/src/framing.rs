//! Octets to frames and back: what differs between WebSocket and RawSocket.

pub(crate) mod rawsocket;
pub(crate) mod websocket;

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use wamp_protocol::Serializer;
use wamp_protocol::framing::batch::{self, BatchError};
use wamp_protocol::framing::rawsocket::{FrameError, FrameHeader, FrameKind, MaxLength};

/// What the octets that have come begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// A frame of so many octets.
    Frame(usize, Frame),
    /// No whole frame. So many octets are missing; 0 where that is not known yet.
    Incomplete(usize),
}

/// What a peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A message, or in a batched subprotocol one or more; where it is in the octets.
    Message(Range<usize>),
    /// The same, put together from the pieces it came in.
    Assembled(Bytes),
    /// A piece of a message of which more comes.
    Piece,
    /// To be answered with [`Framing::pong`].
    Ping(Range<usize>),
    /// A sign of life.
    Pong,
    /// The peer closes the transport.
    Close,
}

/// Why the transport cannot go on; the text is for the log and, where there is room, the peer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FramingError {
    /// The octets break the transport's own protocol.
    #[error("{0}")]
    Broken(&'static str),
    /// A WebSocket frame of text where binary is due, or the other way round.
    #[error("a {got} frame comes where the subprotocol has {expected} frames")]
    WrongType { got: &'static str, expected: &'static str },
    /// The message is larger than this router takes.
    #[error("a message of {size} octets is larger than the {limit} that are taken")]
    TooLarge { size: usize, limit: usize },
    /// A frame of RawSocket that is none.
    #[error(transparent)]
    RawSocket(#[from] FrameError),
    /// Octets that are no batch.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

impl FramingError {
    /// Whether a message was larger than this router takes.
    pub(crate) const fn is_size(&self) -> bool {
        matches!(
            self,
            Self::TooLarge { .. } | Self::RawSocket(FrameError::TooLong { .. })
        )
    }
}

/// One direction each of a transport's framing.
pub(crate) trait Framing: Send {
    /// The session's serializer.
    fn serializer(&self) -> Serializer;

    /// Whether a frame carries several messages.
    fn is_batched(&self) -> bool {
        false
    }

    /// The largest message that the peer takes.
    fn largest_outgoing(&self) -> usize;

    /// Looks at the frame that `input` begins with; removes its mask, if it has one. Each frame is
    /// to be looked at once.
    fn decode(&mut self, input: &mut [u8]) -> Result<Found, FramingError>;

    /// How messages leave, where a frame holds one and frames follow one another.
    fn frames(&self) -> Option<Frames>;

    /// Puts the frame of a message (or of a batch) at the end of `output`.
    fn message(&self, body: &[u8], output: &mut BytesMut);

    /// Asks for a sign of life.
    fn ping(&self, output: &mut BytesMut);

    /// Answers a ping.
    fn pong(&self, payload: &[u8], output: &mut BytesMut);

    /// Says that the transport ends, and why, where it has a way to.
    fn close(&self, error: Option<&FramingError>, output: &mut BytesMut);
}

/// How one message after the other is put into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frames {
    WebSocket(Serializer),
    /// And the longest message that the peer takes.
    RawSocket(Serializer, MaxLength),
}

impl Frames {
    pub(crate) const fn serializer(self) -> Serializer {
        match self {
            Self::WebSocket(serializer) | Self::RawSocket(serializer, _) => serializer,
        }
    }

    /// The largest message that the peer takes.
    pub(crate) const fn largest(self) -> usize {
        match self {
            // WebSocket has no way to say what a client takes.
            Self::WebSocket(_) => usize::MAX,
            Self::RawSocket(_, largest) => largest.octets(),
        }
    }

    /// What stands before a message of so many octets, which is not too large.
    pub(crate) fn head(self, length: usize) -> Head {
        match self {
            Self::WebSocket(serializer) => websocket::head(websocket::opcode(serializer), length),
            Self::RawSocket(_, largest) => {
                let header = FrameHeader {
                    kind: FrameKind::Message,
                    length,
                };
                let mut head = Head::default();
                head.push(&header.octets(largest).unwrap_or_default());
                head
            }
        }
    }
}

/// The octets before a frame's content.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Head {
    octets: [u8; 10],
    length: usize,
}

impl Head {
    pub(crate) fn push(&mut self, octets: &[u8]) {
        let end = self.length + octets.len();
        if let Some(room) = self.octets.get_mut(self.length..end) {
            room.copy_from_slice(octets);
            self.length = end;
        }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// The batched subprotocols: several messages in one frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batch {
    serializer: Serializer,
    /// What the peer separates JSON messages with: it is answered in kind.
    separator: u8,
}

impl Batch {
    pub(crate) const fn new(serializer: Serializer) -> Self {
        Self {
            serializer,
            separator: batch::RECORD_SEPARATOR,
        }
    }

    /// The messages of a frame.
    pub(crate) fn split(&mut self, body: Bytes) -> Result<Vec<Bytes>, FramingError> {
        if self.serializer == Serializer::Json {
            self.separator = batch::json_separator(&body).unwrap_or(self.separator);
        }
        Ok(batch::split(self.serializer, body)?)
    }

    /// Adds a message to the body of a frame.
    pub(crate) fn add(&self, message: &[u8], body: &mut BytesMut) {
        batch::push_encoded(self.serializer, self.separator, message, body);
    }
}

/// Only for tests: what `framing` makes of octets that arrive in pieces, messages as octets.
#[cfg(test)]
pub(crate) fn decode_all<'a>(
    framing: &mut impl Framing,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<Decoded>, FramingError> {
    let mut input = BytesMut::new();
    let mut decoded = Vec::new();
    for piece in pieces {
        input.extend_from_slice(piece);
        while let Found::Frame(size, frame) = framing.decode(&mut input)? {
            let octets = input.split_to(size).freeze();
            match frame {
                Frame::Message(range) => decoded.push(Decoded::Message(octets.slice(range))),
                Frame::Assembled(body) => decoded.push(Decoded::Message(body)),
                Frame::Ping(range) => decoded.push(Decoded::Ping(octets.slice(range))),
                Frame::Pong => decoded.push(Decoded::Pong),
                Frame::Close => decoded.push(Decoded::Close),
                Frame::Piece => {}
            }
        }
    }
    Ok(decoded)
}

/// Only for tests: a [`Frame`] with its octets.
#[cfg(test)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decoded {
    Message(Bytes),
    Ping(Bytes),
    Pong,
    Close,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_split_into_what_was_put_in() {
        for serializer in Serializer::ALL {
            let mut batch = Batch::new(serializer);
            let mut body = BytesMut::new();
            batch.add(b"[1]", &mut body);
            batch.add(b"[22]", &mut body);
            let messages = batch.split(body.freeze()).unwrap();
            assert_eq!(messages, [Bytes::from_static(b"[1]"), Bytes::from_static(b"[22]")]);
        }
    }

    #[test]
    fn autobahns_separator_is_taken_and_given_back() {
        let mut batch = Batch::new(Serializer::Json);
        let messages = batch.split(Bytes::from_static(b"[1]\x18[2]\x18")).unwrap();
        assert_eq!(messages.len(), 2);
        let mut body = BytesMut::new();
        batch.add(b"[3]", &mut body);
        assert_eq!(&body[..], b"[3]\x18");
    }

    #[test]
    fn empty_and_broken_batches_are_refused() {
        assert!(Batch::new(Serializer::Json).split(Bytes::new()).is_err());
        assert!(
            Batch::new(Serializer::MsgPack)
                .split(Bytes::from_static(b"\0\0\0\x05[1]"))
                .is_err()
        );
        assert!(Batch::new(Serializer::Cbor).split(Bytes::from_static(b"\0\0")).is_err());
    }
}
