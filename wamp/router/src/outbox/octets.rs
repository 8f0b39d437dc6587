//! Octets on their way to one session.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::AsyncWrite;
use wamp_protocol::{EncodeError, Message, error_uri};

use crate::effects::Refusal;
use crate::framing::Frames;

/// Messages of at least so many octets are not copied for each receiver.
const SHARED: usize = 2048;
/// Buffers given to the operating system with one write.
const SLICES: usize = 32;
/// Memory that is kept while there is nothing to write, until [`Octets::shrink`]: what many small messages need
/// one after the other, and what bursts need. What a handshake needs is not kept: more sessions are
/// idle than not.
const KEPT: [std::ops::RangeInclusive<usize>; 2] = [1..=512, 4 * 1024..=256 * 1024];

/// Frames, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Octets {
    /// What comes first; large bodies are shared with other receivers.
    front: VecDeque<Bytes>,
    /// What comes after it.
    tail: BytesMut,
    /// Octets of `tail` that have been written.
    written: usize,
}

impl Octets {
    pub(crate) fn is_empty(&self) -> bool {
        self.front.is_empty() && self.tail.len() == self.written
    }

    pub(crate) fn len(&self) -> usize {
        self.front.iter().map(Bytes::len).sum::<usize>() + self.tail.len() - self.written
    }

    /// Where further octets are appended.
    pub(crate) const fn end(&mut self) -> &mut BytesMut {
        &mut self.tail
    }

    /// Forgets everything; keeps a moderate amount of memory for what comes next.
    pub(crate) fn clear(&mut self) {
        self.front.clear();
        self.written = 0;
        if KEPT.iter().any(|kept| kept.contains(&self.tail.capacity())) {
            self.tail.clear();
        } else {
            self.tail = BytesMut::new();
        }
    }

    /// Gives back the memory that is kept, if there is nothing to write.
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }

    /// Appends the frame of a message; the octets of its body.
    pub(crate) fn encode(&mut self, frames: Frames, message: &Message) -> Result<usize, Refusal> {
        /// Most frames have so many octets before their body; for others the body is moved.
        const ROOM: usize = 4;
        let from = self.tail.len();
        self.tail.put_bytes(0, ROOM);
        if let Err(error) = frames.serializer().encode_into(message, &mut self.tail) {
            self.tail.truncate(from);
            return Err(not_encoded(&error));
        }
        let body = from + ROOM..self.tail.len();
        let length = body.len();
        if length > frames.largest() {
            self.tail.truncate(from);
            return Err(too_large(length, frames.largest()));
        }
        let head = frames.head(length);
        let head = head.as_slice();
        if head.len() > ROOM {
            self.tail.put_bytes(0, head.len() - ROOM);
        }
        if head.len() != ROOM {
            self.tail.copy_within(body, from + head.len());
            self.tail.truncate(from + head.len() + length);
        }
        self.tail[from..from + head.len()].copy_from_slice(head);
        Ok(length)
    }

    /// Appends the frame of a message that has been put into octets; the octets of its body.
    pub(crate) fn add(&mut self, frames: Frames, body: Result<&Bytes, &EncodeError>) -> Result<usize, Refusal> {
        let body = body.map_err(not_encoded)?;
        if body.len() > frames.largest() {
            return Err(too_large(body.len(), frames.largest()));
        }
        let head = frames.head(body.len());
        self.tail.extend_from_slice(head.as_slice());
        if body.len() < SHARED {
            self.tail.extend_from_slice(body);
        } else {
            let mut before = self.tail.split().freeze();
            before = before.slice(std::mem::take(&mut self.written)..);
            self.front.push_back(before);
            self.front.push_back(body.clone());
        }
        Ok(body.len())
    }

    /// Writes once, as much as is taken; how much that was.
    pub(crate) fn poll_write(
        &mut self,
        writer: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>> {
        let tail = self.tail.get(self.written..).unwrap_or_default();
        let count = if self.front.is_empty() {
            ready!(writer.poll_write(context, tail))?
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let parts = self.front.iter().map(|part| &part[..]).chain(std::iter::once(tail));
            for (slice, part) in slices.iter_mut().zip(parts) {
                *slice = IoSlice::new(part);
            }
            let used = (self.front.len() + 1).min(SLICES);
            ready!(writer.poll_write_vectored(context, slices.get(..used).unwrap_or_default()))?
        };
        self.advance(count);
        Poll::Ready(Ok(count))
    }

    fn advance(&mut self, mut count: usize) {
        while let Some(part) = self.front.front_mut() {
            if part.len() > count {
                let _ = part.split_to(count);
                return;
            }
            count -= part.len();
            self.front.pop_front();
        }
        self.written += count;
        if self.is_empty() {
            self.clear();
        }
    }

    /// All of it, in one piece.
    pub(crate) fn freeze(self) -> Bytes {
        if self.front.is_empty() {
            return self.tail.freeze().slice(self.written..);
        }
        let mut whole = BytesMut::with_capacity(self.len());
        for part in &self.front {
            whole.extend_from_slice(part);
        }
        whole.extend_from_slice(self.tail.get(self.written..).unwrap_or_default());
        whole.freeze()
    }

    #[cfg(test)]
    pub(crate) fn to_vec(&self) -> Vec<u8> {
        let front = self.front.iter().flat_map(|part| part.iter());
        front.chain(&self.tail[self.written..]).copied().collect()
    }
}

/// A message is not sent that cannot be put into the receiver's serializer.
pub(super) fn not_encoded(error: &EncodeError) -> Refusal {
    Refusal::new(error_uri::RUNTIME_ERROR, error.to_string())
}

/// A message of so many octets is not sent to whoever takes no more than `largest`.
pub(super) fn too_large(length: usize, largest: usize) -> Refusal {
    let sentence = format!("a message of {length} octets is larger than the {largest} that the receiver takes");
    Refusal::new(error_uri::PAYLOAD_SIZE_EXCEEDED, sentence)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wamp_protocol::message::{Event, EventDetails};
    use wamp_protocol::{Payload, PublicationId, Serializer, SubscriptionId};

    use super::*;
    use crate::effects::SharedMessage;

    /// Takes so many octets at a write.
    struct Narrow {
        step: usize,
        got: Vec<u8>,
    }

    impl AsyncWrite for Narrow {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, octets: &[u8]) -> Poll<std::io::Result<usize>> {
            let count = octets.len().min(self.step);
            self.got.extend_from_slice(&octets[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn event(size: usize) -> Message {
        Event {
            subscription: SubscriptionId::FIRST,
            publication: PublicationId::FIRST,
            details: EventDetails::default().into(),
            payload: Payload::with_args(Serializer::Json, &["x".repeat(size)]).unwrap(),
        }
        .into()
    }

    proptest! {
        #[test]
        fn shared_or_not_the_same_octets_leave_in_order(
            sizes in prop::collection::vec(prop_oneof![0..200_usize, 1900..2200_usize, 65_000..66_000_usize], 1..6),
            shared in prop::collection::vec(any::<bool>(), 6),
            step in prop_oneof![1..40_usize, 1000..100_000_usize],
        ) {
            let frames = Frames::WebSocket(Serializer::Json);
            let (mut octets, mut expected) = (Octets::default(), Octets::default());
            for (size, shared) in sizes.into_iter().zip(shared) {
                let message = event(size);
                expected.encode(frames, &message).unwrap();
                if shared {
                    octets.add(frames, SharedMessage::new(message).encoded(Serializer::Json)).unwrap();
                } else {
                    octets.encode(frames, &message).unwrap();
                }
            }
            prop_assert_eq!(octets.len(), expected.len());
            let mut writer = Narrow { step, got: Vec::new() };
            let mut context = Context::from_waker(std::task::Waker::noop());
            while !octets.is_empty() {
                prop_assert!(octets.poll_write(Pin::new(&mut writer), &mut context).is_ready());
            }
            prop_assert_eq!(writer.got, expected.to_vec());
        }
    }
}
