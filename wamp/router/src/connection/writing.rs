//! The outgoing half of a connection.

use std::sync::Arc;

use bytes::{Buf as _, BytesMut};
use tokio::time::Instant;
use wamp_protocol::{Message, error_uri};

use crate::effects::{Outgoing, Refusal};
use crate::framing::{Batch, Framing, FramingError};
use crate::metrics::{Counters, Tally};
use crate::outbox::Outbox;
use crate::session::Session;

/// Octets written at once, about.
const WRITE: usize = 128 * 1024;
/// An output buffer larger than this is not kept while there is nothing to write.
const KEPT: usize = 4 * 1024;

/// Messages to octets.
#[derive(Default)]
pub(crate) struct Writing {
    /// What is to be written next.
    pub(crate) output: BytesMut,
    /// One message being encoded.
    scratch: BytesMut,
    taken: Vec<Outgoing>,
    /// Until when a client that the router dismissed may answer.
    pub(crate) grace: Option<Instant>,
    /// What the transport's own goodbye says.
    error: Option<FramingError>,
    close_said: bool,
}

impl Writing {
    /// Whether more messages should be taken from the outbox.
    fn has_room(&self) -> bool {
        self.output.len() < WRITE
    }

    /// So many octets have been written.
    pub(crate) fn written(&mut self, count: usize) {
        self.output.advance(count);
        if self.output.is_empty() && self.output.capacity() > KEPT {
            self.output = BytesMut::new();
        }
    }

    /// The transport's goodbye, once everything else is out, will say this.
    pub(crate) fn close_with(&mut self, error: Option<FramingError>) {
        self.error = error;
    }

    /// Appends the transport's goodbye; whether there is anything left to write.
    pub(crate) fn say_close(&mut self, framing: &impl Framing) -> bool {
        if !self.close_said {
            self.close_said = true;
            framing.close(self.error.as_ref(), &mut self.output);
        }
        !self.output.is_empty()
    }

    /// Encodes what waits in the outbox, while there is room.
    pub(crate) fn fill(
        &mut self,
        outbox: &Arc<Outbox>,
        framing: &impl Framing,
        batch: Option<&Batch>,
        session: &Session,
    ) {
        if self.has_room() {
            self.fill_up(outbox, framing, batch, session, WRITE - self.output.len());
        }
    }

    /// Encodes what waits in the outbox up to so many octets, about, and at least one message.
    pub(crate) fn fill_up(
        &mut self,
        outbox: &Arc<Outbox>,
        framing: &impl Framing,
        batch: Option<&Batch>,
        session: &Session,
        octets: usize,
    ) {
        outbox.take(&mut self.taken, octets);
        if self.taken.is_empty() {
            return;
        }
        let mut tally = Tally::new();
        let mut body = BytesMut::new();
        let mut taken = std::mem::take(&mut self.taken);
        for outgoing in taken.drain(..) {
            let Some(message) = self.encode(&outgoing, framing, session) else {
                continue;
            };
            tally.count(outgoing.message().message_type(), message.len());
            match batch {
                None => framing.message(&message, &mut self.output),
                Some(batch) => batch.add(&message, &mut body),
            }
            if let Encoded::Scratch(scratch) = message {
                self.scratch = scratch;
            }
        }
        if !body.is_empty() {
            framing.message(&body, &mut self.output);
        }
        self.scratch = BytesMut::new();
        if taken.capacity() <= 16 {
            self.taken = taken;
        }
        tally.add_out(session.counters());
    }

    /// The message's octets; `None` if they cannot be had or the peer does not take so many.
    fn encode(&mut self, outgoing: &Outgoing, framing: &impl Framing, session: &Session) -> Option<Encoded> {
        let serializer = framing.serializer();
        let encoded = match outgoing {
            Outgoing::Own(message) => {
                let mut scratch = std::mem::take(&mut self.scratch);
                scratch.clear();
                serializer
                    .encode_into(message, &mut scratch)
                    .map(|()| Encoded::Scratch(scratch))
            }
            Outgoing::Shared(shared) => shared.encoded(serializer).map(Encoded::Shared),
        };
        let refusal = match encoded {
            Ok(encoded) if encoded.len() <= framing.largest_outgoing() => return Some(encoded),
            Ok(encoded) => {
                let sentence = format!(
                    "a message of {} octets is larger than the {} that the receiver takes",
                    encoded.len(),
                    framing.largest_outgoing()
                );
                Refusal::new(error_uri::PAYLOAD_SIZE_EXCEEDED, sentence)
            }
            Err(error) => Refusal::new(error_uri::RUNTIME_ERROR, error.to_string()),
        };
        Counters::add(&session.counters().oversized, 1);
        self.undeliverable(outgoing.message(), refusal, framing, session)
    }

    /// What is sent in place of a message that cannot be: a result becomes an error, an
    /// invocation fails at its caller, an event is lost (and counted).
    fn undeliverable(
        &mut self,
        message: &Message,
        refusal: Refusal,
        framing: &impl Framing,
        session: &Session,
    ) -> Option<Encoded> {
        match message {
            Message::Invocation(invocation) => {
                session.undeliverable(invocation.request, refusal);
                None
            }
            Message::Result(result) => {
                let error = refusal.into_error(wamp_protocol::MessageType::Call, result.request);
                let mut scratch = BytesMut::new();
                framing.serializer().encode_into(&error.into(), &mut scratch).ok()?;
                Some(Encoded::Scratch(scratch))
            }
            _ => None,
        }
    }
}

/// A message's octets.
enum Encoded {
    /// Made for this session.
    Scratch(BytesMut),
    /// Made for all who get it.
    Shared(bytes::Bytes),
}

impl std::ops::Deref for Encoded {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Scratch(octets) => octets,
            Self::Shared(octets) => octets,
        }
    }
}
