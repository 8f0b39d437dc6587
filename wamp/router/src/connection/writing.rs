//! The outgoing half of a connection.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::time::Instant;

use crate::effects::Outgoing;
use crate::framing::{Batch, Framing, FramingError};
use crate::metrics::{Counters, Tally};
use crate::outbox::Outbox;
use crate::outbox::octets::Octets;

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
        counters: &Counters,
    ) {
        if !self.output.is_empty() || batch.is_none() && !outbox.exchange(&mut self.output) {
            return;
        }
        // When nothing of what was taken can be sent, the rest is looked at now: nothing else would.
        while self.fill_up(outbox, framing, batch, counters, WRITE) && self.output.is_empty() {}
    }

    /// Puts the messages that wait into octets, up to so many, about, and at least one message;
    /// whether there were any.
    pub(crate) fn fill_up(
        &mut self,
        outbox: &Arc<Outbox>,
        framing: &impl Framing,
        batch: Option<&Batch>,
        counters: &Counters,
        octets: usize,
    ) -> bool {
        outbox.take(&mut self.taken, octets);
        if self.taken.is_empty() {
            return false;
        }
        let mut tally = Tally::new();
        let mut body = BytesMut::new();
        let mut scratch = BytesMut::new();
        let mut taken = std::mem::take(&mut self.taken);
        for outgoing in taken.drain(..) {
            let Some(message) = encode(&outgoing, framing, &mut scratch) else {
                Counters::add(&counters.oversized, 1);
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
        tally.add_out(counters);
        true
    }
}

/// The message's octets, in `scratch` if they are made for this session; `None` if the peer does not
/// take so many or they cannot be had. Of a message that somebody waits for, that was found when
/// it was added: this is an event, which is lost and counted.
fn encode<'a>(outgoing: &'a Outgoing, framing: &impl Framing, scratch: &'a mut BytesMut) -> Option<&'a [u8]> {
    let serializer = framing.serializer();
    scratch.clear();
    let octets: &[u8] = match outgoing {
        Outgoing::Own(message) => {
            serializer.encode_into(message, scratch).ok()?;
            scratch
        }
        Outgoing::Shared(shared) => shared.encoded(serializer).ok()?,
    };
    Some(octets).filter(|octets| octets.len() <= framing.largest_outgoing())
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use wamp_protocol::framing::rawsocket::{Handshake, MaxLength};
    use wamp_protocol::message::{Event, EventDetails, Unsubscribed};
    use wamp_protocol::{Payload, PublicationId, RequestId, Serializer, SubscriptionId};

    use super::*;
    use crate::effects::SharedMessage;
    use crate::framing::rawsocket::RawSocket;
    use crate::outbox::{Cause, Pushed};

    #[test]
    fn what_turns_out_too_large_holds_up_nothing_that_waits_behind_it() {
        const SUBSCRIPTIONS: u64 = 1000;
        let side = Handshake {
            max_length: MaxLength::at_most(512),
            serializer: Serializer::Json,
        };
        let framing = RawSocket::new(side, side);
        let outbox = Arc::new(Outbox::new(SUBSCRIPTIONS as usize, usize::MAX));
        outbox.write_as(framing.frames().unwrap());
        let (mut tally, mut gave_way) = (Tally::new(), 0);
        // Each fits by itself, and no more when it says that another gave way to it.
        for number in 1..=SUBSCRIPTIONS {
            let args = Payload::with_args(Serializer::Json, &["x".repeat(490)]).unwrap();
            let event = Event {
                subscription: SubscriptionId::new(number).unwrap(),
                publication: PublicationId::FIRST,
                details: EventDetails::default().into(),
                payload: args,
            };
            let event = Arc::new(SharedMessage::new(event));
            for _ in 0..2 {
                gave_way += u64::from(
                    outbox.push_newest(&event, NonZeroU32::MIN, Cause::default(), &mut tally)
                        == Pushed::Instead { dropped: 1 },
                );
            }
        }
        assert_eq!(gave_way, SUBSCRIPTIONS, "otherwise this test tries nothing");
        let last = Unsubscribed {
            request: Some(RequestId::FIRST),
            details: None,
        };
        outbox.push(last.into(), Cause::default(), &mut tally);
        let (counters, mut writing) = (Counters::default(), Writing::default());
        writing.fill(&outbox, &framing, None, &counters);
        assert!(writing.output.to_vec() == b"\0\0\0\x06[35,1]");
        assert!(outbox.is_empty());
        assert_eq!(
            counters.oversized.load(std::sync::atomic::Ordering::Relaxed),
            SUBSCRIPTIONS
        );
    }
}
