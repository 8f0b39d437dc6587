//! Messages of joined sessions, given to broker and dealer, and what comes of them, performed.

use std::sync::{Arc, MutexGuard};

use wamp_protocol::message::Welcome;
use wamp_protocol::{Message, MessageType, RequestId, SessionId};

use super::permissions::Permissions;
use super::sending::Filled;
use super::{Closed, Realm, State};
use crate::authorization::Outcomes;
use crate::effects::{Refusal, Violation};
use crate::member::Member;
use crate::metrics::{Counters, Tally};
use crate::moment::Moment;
use crate::outbox::Outbox;

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

    /// Whether others than the one with this outbox have something to do now.
    pub(crate) fn wakes_others(&self, own: &Arc<Outbox>) -> bool {
        self.filled.has_others(own)
    }

    /// How many turns those should have who got something.
    pub(crate) const fn turns(&self) -> u8 {
        self.sent.turns
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
}
