//! Messages of joined sessions, given to broker and dealer, and what comes of them, performed.

use std::sync::{Arc, MutexGuard};

use wamp_protocol::message::{Unregistered, UnregisteredDetails, Unsubscribed, UnsubscribedDetails, Welcome};
use wamp_protocol::{Message, MessageType, RegistrationId, RequestId, SessionId, SubscriptionId};

use super::permissions::Permissions;
use super::{Closed, Realm, State};
use crate::authorization::Outcomes;
use crate::effects::{Refusal, Sent, Violation};
use crate::member::Member;
use crate::metrics::{Counters, Tally};
use crate::moment::Moment;
use crate::outbox::{Cause, Outbox, Pushed};

/// The realm, locked for some messages; wakes those who got something when it is let go.
pub(crate) struct Routing<'a> {
    realm: &'a Realm,
    state: Option<MutexGuard<'a, State>>,
    now: Moment,
    filled: Filled,
    /// What has been put into outboxes.
    sent: Tally,
    first_deadline: Option<std::time::Duration>,
    /// What authorizers have said about the next message, beside that it is permitted.
    outcomes: Option<Box<Outcomes>>,
}

impl Drop for Routing<'_> {
    fn drop(&mut self) {
        let deadline = self.state.take().and_then(|state| state.dealer.next_deadline());
        self.filled.wake();
        std::mem::replace(&mut self.sent, Tally::new()).add_out(&self.realm.counters);
        if deadline.is_some_and(|deadline| self.first_deadline.is_none_or(|first| deadline < first)) {
            self.realm.deadline_changed.notify_one();
        }
    }
}

impl<'a> Routing<'a> {
    pub(super) fn new(realm: &'a Realm, state: MutexGuard<'a, State>, now: Moment) -> Self {
        let first_deadline = state.dealer.next_deadline();
        Self {
            realm,
            state: Some(state),
            now,
            filled: Filled::default(),
            sent: Tally::new(),
            first_deadline,
            outcomes: None,
        }
    }

    /// What authorizers have said about the next message.
    pub(crate) fn with_outcomes(&mut self, outcomes: Outcomes) {
        self.outcomes = Some(Box::new(outcomes));
    }

    /// Does what `act` does to the state, then everything that follows from it.
    fn with<T>(&mut self, act: impl FnOnce(&mut State, Moment) -> T) -> Option<T> {
        let state = self.state.as_deref_mut()?;
        let result = act(state, self.now);
        let cause = state.cause.next();
        loop {
            state.tell_meta_events(self.now);
            let failures = state.perform(cause, &self.realm.counters, &mut self.filled, &mut self.sent);
            if failures.is_empty() {
                return Some(result);
            }
            for failure in failures {
                state.take_back(failure, self.now, &self.realm.counters);
            }
        }
    }

    pub(super) fn join(&mut self, member: &Arc<Member>, outbox: &Arc<Outbox>, welcome: Welcome) -> Result<(), Closed> {
        let joined = self.with(|state, _| {
            if state.closed {
                return Err(Closed);
            }
            state.attach(member, outbox, welcome);
            Ok(())
        });
        joined.unwrap_or(Err(Closed))
    }

    pub(super) fn leave(&mut self, session: SessionId) {
        let counters = &self.realm.counters;
        self.with(|state, now| state.detach(session, now, counters).is_some());
    }

    pub(super) fn expire(&mut self) {
        self.with(|state, now| state.dealer.expire(now, &mut state.effects));
    }

    /// Closes the realm to new sessions and ends those that there are.
    pub(super) fn close(&mut self, reason: &str) {
        let counters = &self.realm.counters;
        self.with(|state, now| {
            state.closed = true;
            let everybody: Vec<SessionId> = state.sessions.keys().copied().collect();
            // Without meta events: nobody stays to get them.
            state.dismiss(&everybody, reason, None, now, counters);
            state.effects.meta_events.clear();
        });
    }

    /// One message of a session that is in the realm. With a `refusal` it is not done; the answer,
    /// if one is due, is sent in its turn.
    ///
    /// # Errors
    /// If the session broke the protocol: it must be ended.
    pub(crate) fn handle(
        &mut self,
        member: &Arc<Member>,
        mut message: Message,
        refusal: Option<Refusal>,
    ) -> Result<(), Violation> {
        let counters = &self.realm.counters;
        let sequential = self.realm.config.strictness.sequential_request_ids;
        let Some(state) = self.state.as_deref_mut() else {
            return Ok(());
        };
        // Ended by the router in the meantime: what still comes from it is not looked at.
        let Some(attached) = state.sessions.get_mut(&member.id) else {
            return Ok(());
        };
        if let Some((message_type, request)) = numbered(&message) {
            let expected = if attached.last_request >= RequestId::MAX.get() {
                1
            } else {
                attached.last_request + 1
            };
            // A CALL may repeat an id: the next chunk of a progressive one.
            let chunk = message_type == MessageType::Call && request.get() <= attached.last_request;
            if chunk
                && sequential
                && !matches!(&message, Message::Call(call) if state.dealer.knows_call(member.id, call))
            {
                let sentence = format!("CALL {request} continues no call in pieces");
                return Err(Violation(sentence));
            }
            if request.get() != expected && !chunk {
                Counters::add(&counters.request_id_gaps, 1);
                if sequential {
                    let sentence = format!("{} {request} comes where {expected} was due", message_type.name());
                    return Err(Violation(sentence));
                }
            }
            attached.last_request = attached.last_request.max(request.get());
            if request.get() == expected {
                attached.last_request = expected;
            }
        }
        let outcomes = self.outcomes.take();
        let may = Permissions {
            realm: self.realm,
            member,
            outcomes: outcomes.as_deref(),
        };
        self.with(|state, now| match refusal {
            None => state.route(member, &mut message, now, may),
            Some(refusal) => state.refuse(member, &message, refusal),
        })
        .unwrap_or(Ok(()))
    }
}

/// The type and id of a message whose id is one of the session's sequence.
const fn numbered(message: &Message) -> Option<(MessageType, RequestId)> {
    let request = match message {
        Message::Publish(m) => m.request,
        Message::Subscribe(m) => m.request,
        Message::Unsubscribe(m) => m.request,
        Message::Call(m) => m.request,
        Message::Register(m) => m.request,
        Message::Unregister(m) => m.request,
        _ => return None,
    };
    Some((message.message_type(), request))
}

impl State {
    /// Takes out of the message what goes on; moving the whole of it would cost more.
    fn route(
        &mut self,
        member: &Arc<Member>,
        message: &mut Message,
        now: Moment,
        may: Permissions<'_>,
    ) -> Result<(), Violation> {
        let Self {
            broker,
            dealer,
            ids,
            effects,
            ..
        } = self;
        match message {
            Message::Publish(message) => {
                let published = broker.publish(member, message, now, ids, effects)?;
                Counters::add(&may.realm.counters.events, published.events as u64);
            }
            Message::Subscribe(message) => broker.subscribe(member, message.clone(), now, effects),
            Message::Unsubscribe(message) => broker.unsubscribe(member, message, effects),
            Message::Register(message) => dealer.register(member, message.clone(), now, effects),
            Message::Unregister(message) => dealer.unregister(member, message, effects),
            Message::Call(message) if message.procedure.is_reserved() => {
                if dealer.is_for_the_router(member, message, effects)? {
                    self.call_meta_procedure(member, message, now, may);
                }
            }
            Message::Call(message) => dealer.call(member, message, now, ids, effects)?,
            Message::Cancel(message) => dealer.cancel(member, message.clone(), effects),
            Message::Yield(message) => dealer.yield_result(member, message, now, effects)?,
            Message::Error(message) => dealer.error(member, message, now, ids, effects)?,
            message => {
                let sentence = format!("{} is not for a client to send now", message.message_type().name());
                return Err(Violation(sentence));
            }
        }
        Ok(())
    }

    fn refuse(&mut self, member: &Member, message: &Message, refusal: Refusal) -> Result<(), Violation> {
        match message {
            Message::Publish(message) if !message.options.acknowledge => {}
            Message::Call(message) => {
                self.dealer.refuse_call(member, message, refusal, &mut self.effects)?;
            }
            message => {
                if let Some(request) = numbered(message) {
                    self.effects.refuse(member.id, request, refusal);
                }
            }
        }
        Ok(())
    }

    /// Puts every message into its session's outbox, in order; what did not work.
    fn perform(&mut self, cause: Cause, counters: &Counters, filled: &mut Filled, tally: &mut Tally) -> Vec<Failure> {
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
    fn take_back(&mut self, failure: Failure, now: Moment, counters: &Counters) {
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
struct Filled {
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

    /// In their order.
    fn wake(&mut self) {
        for outbox in self.first.take().into_iter().chain(self.more.drain(..)) {
            outbox.wake();
        }
    }
}

/// Why a message was not put into an outbox.
#[derive(Debug)]
enum Failure {
    /// The outbox was full: the session ends.
    TooSlow(SessionId),
    /// The session cannot take it, and something follows from that.
    Undelivered(SessionId, Consequence, Refusal),
}

/// What follows from a message that could not be delivered.
#[derive(Debug, Clone, Copy)]
enum Consequence {
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
