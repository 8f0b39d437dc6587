//! Octets to frames and back: what differs between WebSocket and RawSocket.

pub(crate) mod rawsocket;
pub(crate) mod websocket;

use bytes::{Bytes, BytesMut};
use wamp_protocol::Serializer;
use wamp_protocol::framing::batch::{self, BatchError};
use wamp_protocol::framing::rawsocket::FrameError;

/// What a peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A message, or in a batched subprotocol one or more.
    Message(Bytes),
    /// To be answered with [`Framing::pong`].
    Ping(Bytes),
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

    /// Takes the next frame off the front of `input`; `None` if it has not come wholly.
    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, FramingError>;

    /// Puts the frame of a message (or of a batch) at the end of `output`.
    fn message(&self, body: &[u8], output: &mut BytesMut);

    /// Asks for a sign of life.
    fn ping(&self, output: &mut BytesMut);

    /// Answers a ping.
    fn pong(&self, payload: &[u8], output: &mut BytesMut);

    /// Says that the transport ends, and why, where it has a way to.
    fn close(&self, error: Option<&FramingError>, output: &mut BytesMut);
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
