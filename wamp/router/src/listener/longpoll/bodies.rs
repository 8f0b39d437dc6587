//! What long-poll has in the place of frames.

use bytes::BytesMut;
use wamp_protocol::Serializer;

use crate::framing::{Found, Frame, Frames, Framing, FramingError};

/// Bodies of HTTP have no frames of their own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bodies {
    pub(super) serializer: Serializer,
}

impl Framing for Bodies {
    fn serializer(&self) -> Serializer {
        self.serializer
    }

    fn largest_outgoing(&self) -> usize {
        usize::MAX
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Found, FramingError> {
        Ok(match input.len() {
            0 => Found::Incomplete(0),
            size => Found::Frame(size, Frame::Message(0..size)),
        })
    }

    /// A response holds one message, or as many as there are in a batched protocol.
    fn frames(&self) -> Option<Frames> {
        None
    }

    fn message(&self, body: &[u8], output: &mut BytesMut) {
        output.extend_from_slice(body);
    }

    fn ping(&self, _: &mut BytesMut) {}

    fn pong(&self, _: &[u8], _: &mut BytesMut) {}

    fn close(&self, _: Option<&FramingError>, _: &mut BytesMut) {}
}
