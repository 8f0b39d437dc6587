//! The incoming half of a connection: octets to messages.

use std::cell::Cell;
use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use wamp_protocol::{DecodeError, Message, Serializer};

use crate::framing::{Batch, Found, Frame, Framing, FramingError};
use crate::metrics::Tally;
use crate::outbox::octets::Octets;

/// Octets made room for at once where a frame says that so many will come.
const ROOM: usize = 256 * 1024;
/// Messages whose memory is kept for the next read, and octets.
const KEPT_MESSAGES: usize = 1024;
const KEPT_OCTETS: usize = 4 * 1024;

thread_local! {
    /// Where messages and frames stand while they are handled, whichever connection they came on:
    /// one that waits needs no memory for them.
    static MESSAGES: Cell<VecDeque<Message>> = const { Cell::new(VecDeque::new()) };
    static BODIES: Cell<Vec<Body>> = const { Cell::new(Vec::new()) };
}

/// Octets to messages.
pub(super) struct Reading<F> {
    pub(super) framing: F,
    pub(super) batch: Option<Batch>,
    /// What has come and the session has not seen.
    pub(super) messages: VecDeque<Message>,
    /// Octets of answers to pings since everything was written last.
    answers: usize,
}

/// The octets of a frame that carries messages.
enum Body {
    /// So many of what was read.
    Part(Range<usize>),
    Whole(Bytes),
}

/// Why no more is read.
pub(super) enum Stop {
    Closed,
    Framing(FramingError),
    /// Octets that are no message.
    Message(DecodeError),
}

impl<F: Framing> Reading<F> {
    pub(super) fn new(framing: F) -> Self {
        Self {
            batch: framing.is_batched().then(|| Batch::new(framing.serializer())),
            framing,
            messages: VecDeque::new(),
            answers: 0,
        }
    }

    /// Takes the frames that have come wholly off the front of `input`; answers pings into `output`.
    pub(super) fn read(&mut self, input: &mut BytesMut, output: &mut BytesMut, tally: &mut Tally) -> Result<(), Stop> {
        let mut bodies = BODIES.take();
        let mut at = 0;
        let stopped = loop {
            let Some(rest) = input.get_mut(at..) else { break Ok(()) };
            match self.framing.decode(rest) {
                Ok(Found::Incomplete(missing)) => {
                    if missing > 0 {
                        input.reserve(missing.min(ROOM));
                    }
                    break Ok(());
                }
                Ok(Found::Frame(size, frame)) => {
                    let begin = at;
                    at += size;
                    match frame {
                        Frame::Message(part) => {
                            bodies.push(Body::Part(begin + part.start..begin + part.end));
                        }
                        Frame::Assembled(body) => bodies.push(Body::Whole(body)),
                        Frame::Ping(part) => {
                            let before = output.len();
                            let payload = input.get(begin + part.start..begin + part.end);
                            self.framing.pong(payload.unwrap_or_default(), output);
                            self.answers += output.len() - before;
                        }
                        Frame::Piece | Frame::Pong => {}
                        Frame::Close => break Err(Stop::Closed),
                    }
                }
                Err(error) => break Err(Stop::Framing(error)),
            }
        };
        let octets = input.split_to(at).freeze();
        if input.is_empty() && octets.len() < KEPT_OCTETS {
            // An idle session has no buffer.
            *input = BytesMut::new();
        }
        if self.messages.capacity() == 0 && !bodies.is_empty() {
            self.messages = MESSAGES.take();
        }
        let decoded = self.decode(&octets, bodies.drain(..), tally);
        if bodies.capacity() <= KEPT_MESSAGES {
            BODIES.set(bodies);
        }
        decoded.and(stopped)
    }

    /// Reads the messages in what [`Self::read`] found.
    fn decode(&mut self, octets: &Bytes, bodies: impl Iterator<Item = Body>, tally: &mut Tally) -> Result<(), Stop> {
        let serializer = self.framing.serializer();
        for body in bodies {
            match (body, &mut self.batch) {
                (Body::Part(part), None) => self.message(serializer, octets, part, tally)?,
                (Body::Whole(body), None) => self.message(serializer, &body, 0..body.len(), tally)?,
                (body, Some(batch)) => {
                    let body = match body {
                        Body::Part(part) => octets.slice(part),
                        Body::Whole(body) => body,
                    };
                    for message in batch.split(body).map_err(Stop::Framing)? {
                        self.message(serializer, &message, 0..message.len(), tally)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn message(
        &mut self,
        serializer: Serializer,
        octets: &Bytes,
        part: Range<usize>,
        tally: &mut Tally,
    ) -> Result<(), Stop> {
        let size = part.len();
        match serializer.decode_part(octets, part) {
            Ok(message) => {
                tally.count(message.message_type(), size);
                self.messages.push_back(message);
                Ok(())
            }
            Err(error) => Err(Stop::Message(error)),
        }
    }

    /// The session has seen every message; their memory serves for what comes next, here or elsewhere.
    pub(super) fn handled(&mut self) {
        let mut messages = std::mem::take(&mut self.messages);
        messages.clear();
        if messages.capacity() <= KEPT_MESSAGES {
            MESSAGES.set(messages);
        }
    }

    /// Octets of answers that may not have been written yet.
    pub(super) fn unread_answers(&mut self, output: &Octets) -> usize {
        if output.is_empty() {
            self.answers = 0;
        }
        self.answers
    }
}
