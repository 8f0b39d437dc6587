//! The outgoing half of a connection.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::time::Instant;
use wamp_protocol::{Message, error_uri};

use crate::effects::{Outgoing, Refusal};
use crate::framing::{Batch, Framing, FramingError};
use crate::metrics::{Counters, Tally};
use crate::outbox::Outbox;
use crate::outbox::octets::{Octets, too_large};
use crate::session::Session;

/// Octets of messages put together at once, about.
const WRITE: usize = 128 * 1024;

/// What is to be written, and what comes after it.
#[derive(Default)]
pub(crate) struct Writing {
    /// What is to be written next.
    pub(crate) output: Octets,
    taken: Vec<Outgoing>,
    /// Until when a client that the router dismissed may answer.
    pub(crate) grace: Option<Instant>,
    /// What the transport's own goodbye says.
    error: Option<FramingError>,
    close_said: bool,
}

impl Writing {
    /// The transport's goodbye, once everything else is out, will say this.
    pub(crate) fn close_with(&mut self, error: Option<FramingError>) {
        self.error = error;
    }

    /// Appends the transport's goodbye; whether there is anything left to write.
    pub(crate) fn say_close(&mut self, framing: &impl Framing) -> bool {
        if !self.close_said {
            self.close_said = true;
            framing.close(self.error.as_ref(), self.output.end());
        }
        !self.output.is_empty()
    }

    /// Takes what waits in the outbox, once everything before it has been written.
    pub(crate) fn fill(
        &mut self,
        outbox: &Arc<Outbox>,
        framing: &impl Framing,
        batch: Option<&Batch>,
        session: &Session,
    ) {
        if !self.output.is_empty() {
            return;
        }
        if batch.is_some() {
            self.fill_up(outbox, framing, batch, session, WRITE);
        } else if outbox.exchange(&mut self.output) {
            self.fill_up(outbox, framing, None, session, WRITE);
        }
    }

    /// Puts the messages that wait into octets, up to so many, about, and at least one message.
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
        let mut scratch = BytesMut::new();
        let mut taken = std::mem::take(&mut self.taken);
        for outgoing in taken.drain(..) {
            let Some(message) = encode(&outgoing, framing, session, &mut scratch) else {
                continue;
            };
            tally.count(outgoing.message().message_type(), message.len());
            match batch {
                None => framing.message(message, self.output.end()),
                Some(batch) => batch.add(message, &mut body),
            }
        }
        if !body.is_empty() {
            framing.message(&body, self.output.end());
        }
        if taken.capacity() <= 16 {
            self.taken = taken;
        }
        tally.add_out(session.counters());
    }
}

/// The message's octets, in `scratch` if they are made for this session; `None` if they cannot be
/// had or the peer does not take so many.
fn encode<'a>(
    outgoing: &'a Outgoing,
    framing: &impl Framing,
    session: &Session,
    scratch: &'a mut BytesMut,
) -> Option<&'a [u8]> {
    let (serializer, largest) = (framing.serializer(), framing.largest_outgoing());
    scratch.clear();
    let (length, error) = match outgoing {
        Outgoing::Own(message) => match serializer.encode_into(message, scratch) {
            Ok(()) if scratch.len() <= largest => return Some(scratch),
            Ok(()) => (scratch.len(), None),
            Err(error) => (0, Some(error.to_string())),
        },
        Outgoing::Shared(shared) => match shared.encoded(serializer) {
            Ok(octets) if octets.len() <= largest => return Some(octets),
            Ok(octets) => (octets.len(), None),
            Err(error) => (0, Some(error.to_string())),
        },
    };
    let refusal = match error {
        Some(sentence) => Refusal::new(error_uri::RUNTIME_ERROR, sentence),
        None => too_large(length, largest),
    };
    Counters::add(&session.counters().oversized, 1);
    // An invocation fails at its caller, a result becomes an error, an event is lost and counted.
    match outgoing.message() {
        Message::Invocation(invocation) => {
            session.undeliverable(invocation.request, refusal);
            None
        }
        Message::Result(result) => {
            let error = refusal.into_error(wamp_protocol::MessageType::Call, result.request);
            scratch.clear();
            serializer.encode_into(&error.into(), scratch).ok()?;
            Some(scratch)
        }
        _ => None,
    }
}
