//! What was decided, put into the outboxes of the sessions it goes to, and what follows where that
//! fails.

use std::sync::Arc;

use wamp_protocol::message::{Unregistered, UnregisteredDetails, Unsubscribed, UnsubscribedDetails};
use wamp_protocol::{Message, MessageType, RegistrationId, RequestId, SessionId, SubscriptionId};

use super::State;
use crate::effects::{Refusal, Sent};
use crate::metrics::{Counters, Tally};
use crate::moment::Moment;
use crate::outbox::{Cause, Outbox, Pushed};

impl State {
    /// Puts every message into its session's outbox, in order; what did not work.
    pub(super) fn perform(
        &mut self,
        cause: Cause,
        counters: &Counters,
        filled: &mut Filled,
        tally: &mut Tally,
    ) -> Vec<Failure> {
        let mut failures = Vec::new();
        for limit in self.effects.limits.drain(..) {
            counters.hit(limit);
        }
        let mut sends = std::mem::take(&mut self.effects.sends);
        let mut own = std::mem::take(&mut self.effects.own);
        let mut messages = own.drain(..);
        let mut keeps = std::mem::take(&mut self.effects.keep_newest);
        let mut keep_newest = keeps.drain(..).peekable();
        for (place, (session, sent)) in sends.drain(..).enumerate() {
            let keep = keep_newest.next_if(|(of, _)| *of == place).map(|(_, keep)| keep);
            let message = match &sent {
                Sent::Own => messages.next(),
                Sent::Shared(_) => None,
            };
            let Some(attached) = self.sessions.get(&session) else {
                continue;
            };
            let outbox = &attached.outbox;
            let consequence = message.as_ref().and_then(Consequence::of);
            let pushed = match (sent, message) {
                (Sent::Shared(shared), _) => match keep {
                    None => outbox.push_shared(&shared, cause, tally),
                    Some(keep) => outbox.push_newest(&shared, keep, cause, tally),
                },
                (Sent::Own, Some(message)) => outbox.push(message, cause, tally),
                (Sent::Own, None) => continue,
            };
            match pushed {
                Pushed::Behind => {}
                Pushed::First => filled.push(outbox),
                Pushed::Instead { dropped } => {
                    Counters::add(&counters.dropped, dropped as u64);
                    Counters::add(&counters.gave_way, dropped as u64);
                }
                Pushed::Late => Counters::add(&counters.dropped, 1),
                Pushed::Full { dropped } => {
                    Counters::add(&counters.dropped, dropped as u64);
                    Counters::add(&counters.too_slow, 1);
                    filled.push(outbox);
                    failures.push(Failure::TooSlow(session));
                }
                Pushed::Undeliverable(refusal) => {
                    Counters::add(&counters.oversized, 1);
                    failures.extend(consequence.map(|consequence| Failure::Undelivered(session, consequence, refusal)));
                }
            }
        }
        drop(messages);
        drop(keep_newest);
        // Keeps the memory for the next message, unless a burst made it large.
        if sends.capacity() <= 4096 {
            self.effects.sends = sends;
        }
        if keeps.capacity() <= 4096 {
            self.effects.keep_newest = keeps;
        }
        if own.capacity() <= 64 {
            self.effects.own = own;
        }
        failures
    }

    /// What follows from a message that could not be put into an outbox.
    pub(super) fn take_back(&mut self, failure: Failure, now: Moment, counters: &Counters) {
        match failure {
            Failure::TooSlow(session) => {
                self.detach(session, now, counters);
            }
            Failure::Undelivered(callee, Consequence::CallFails(request), refusal) => {
                self.dealer.undeliverable(callee, request, refusal, &mut self.effects);
            }
            Failure::Undelivered(caller, Consequence::CallEnds(request), refusal) => {
                self.dealer
                    .progress_undeliverable(caller, request, refusal, &mut self.effects);
            }
            Failure::Undelivered(session, Consequence::Error(kind, request), refusal) => {
                self.effects.refuse(session, (kind, request), refusal);
            }
            Failure::Undelivered(session, Consequence::Unregistered(registration), _) => {
                let details = Some(UnregisteredDetails {
                    registration,
                    reason: None,
                });
                let request = None;
                self.effects.send(session, Unregistered { request, details });
            }
            Failure::Undelivered(session, Consequence::Unsubscribed(subscription), _) => {
                let details = Some(UnsubscribedDetails {
                    subscription,
                    reason: None,
                });
                let request = None;
                self.effects.send(session, Unsubscribed { request, details });
            }
        }
    }
}

/// Outboxes that were empty before: one, for most messages.
#[derive(Debug, Default)]
pub(super) struct Filled {
    first: Option<Arc<Outbox>>,
    more: Vec<Arc<Outbox>>,
}

impl Filled {
    fn push(&mut self, outbox: &Arc<Outbox>) {
        let outbox = Arc::clone(outbox);
        if self.first.is_none() {
            self.first = Some(outbox);
        } else {
            self.more.push(outbox);
        }
    }

    /// Whether there are any but this one.
    pub(super) fn has_others(&self, own: &Arc<Outbox>) -> bool {
        let mut all = self.first.iter().chain(&self.more);
        all.any(|outbox| !Arc::ptr_eq(outbox, own))
    }

    /// In their order.
    pub(super) fn wake(&mut self) {
        for outbox in self.first.take().into_iter().chain(self.more.drain(..)) {
            outbox.wake();
        }
    }
}

/// Why a message was not put into an outbox.
#[derive(Debug)]
pub(super) enum Failure {
    /// The outbox was full: the session ends.
    TooSlow(SessionId),
    /// The session cannot take it, and something follows from that.
    Undelivered(SessionId, Consequence, Refusal),
}

/// What follows from a message that could not be delivered.
#[derive(Debug, Clone, Copy)]
pub(super) enum Consequence {
    /// The receiver of this INVOCATION was to answer: the call fails.
    CallFails(RequestId),
    /// It was a part of the answer to this CALL of the receiver: the call ends.
    CallEnds(RequestId),
    /// It was an answer: the receiver gets an ERROR in its place.
    Error(MessageType, RequestId),
    /// It took something from the receiver, who is told without the reason.
    Unregistered(RegistrationId),
    Unsubscribed(SubscriptionId),
}

impl Consequence {
    fn of(message: &Message) -> Option<Self> {
        /// An ERROR of no more octets, about, fits into what any receiver takes: those that stand
        /// in another's place are that short.
        const SHORT: usize = 256;
        match message {
            Message::Invocation(invocation) => Some(Self::CallFails(invocation.request)),
            Message::Result(result) if result.details.progress => Some(Self::CallEnds(result.request)),
            Message::Result(result) => Some(Self::Error(MessageType::Call, result.request)),
            Message::Error(error) => {
                let long = error.error.as_str().len() + error.payload.len() > SHORT || !error.details.is_empty();
                long.then_some(Self::Error(error.request_type, error.request))
            }
            Message::Unregistered(Unregistered { details, .. }) => {
                let details = details.as_ref().filter(|details| details.reason.is_some());
                details.map(|details| Self::Unregistered(details.registration))
            }
            Message::Unsubscribed(Unsubscribed { details, .. }) => {
                let details = details.as_ref().filter(|details| details.reason.is_some());
                details.map(|details| Self::Unsubscribed(details.subscription))
            }
            _ => None,
        }
    }
}
