//! Messages of joined sessions, given to broker and dealer, and what comes of them, performed.

use std::sync::{Arc, MutexGuard};

use wamp_protocol::message::Welcome;
use wamp_protocol::{Message, MessageType, RequestId, SessionId};

use super::{Closed, Realm, State};
use crate::effects::{Refusal, Violation};
use crate::member::Member;
use crate::metrics::Counters;
use crate::moment::Moment;
use crate::outbox::{Outbox, Pushed};

/// A message, and whether its session may send it.
#[derive(Debug)]
pub(crate) struct Judged {
    pub(crate) message: Message,
    /// Why not; the answer, if one is due, is sent in its turn.
    pub(crate) refusal: Option<Refusal>,
}

/// The realm, locked for some messages; wakes those who got something when it is let go.
pub(crate) struct Routing<'a> {
    realm: &'a Realm,
    state: Option<MutexGuard<'a, State>>,
    now: Moment,
    /// Outboxes that were empty before.
    filled: Vec<Arc<Outbox>>,
    first_deadline: Option<std::time::Duration>,
}

impl Drop for Routing<'_> {
    fn drop(&mut self) {
        let deadline = self.state.take().and_then(|state| state.dealer.next_deadline());
        for outbox in self.filled.drain(..) {
            outbox.wake();
        }
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
            filled: Vec::new(),
            first_deadline,
        }
    }

    /// Does what `act` does to the state, then everything that follows from it.
    fn with<T>(&mut self, act: impl FnOnce(&mut State, Moment) -> T) -> Option<T> {
        let state = self.state.as_deref_mut()?;
        let result = act(state, self.now);
        loop {
            state.tell_meta_events(self.now);
            let too_slow = perform(state, &self.realm.counters, &mut self.filled);
            if too_slow.is_empty() {
                return Some(result);
            }
            for session in too_slow {
                state.detach(session, self.now, &self.realm.counters);
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

    /// An INVOCATION that could not be brought to its callee.
    pub(crate) fn undeliverable(&mut self, callee: &Member, request: RequestId, refusal: Refusal) {
        self.with(|state, _| state.dealer.undeliverable(callee, request, refusal, &mut state.effects));
    }

    /// One message of a session that is in the realm.
    ///
    /// # Errors
    /// If the session broke the protocol: it must be ended.
    pub(crate) fn handle(&mut self, member: &Arc<Member>, judged: Judged) -> Result<(), Violation> {
        let counters = &self.realm.counters;
        let sequential = self.realm.config.strictness.sequential_request_ids;
        let Some(state) = self.state.as_deref_mut() else {
            return Ok(());
        };
        // Ended by the router in the meantime: what still comes from it is not looked at.
        let Some(attached) = state.sessions.get_mut(&member.id) else {
            return Ok(());
        };
        if let Some((message, request)) = numbered(&judged.message) {
            let expected = if attached.last_request >= RequestId::MAX.get() {
                1
            } else {
                attached.last_request + 1
            };
            // A CALL may repeat an id: the next chunk of a progressive one.
            let chunk = message == MessageType::Call && request.get() <= attached.last_request;
            if chunk && sequential && !state.dealer.knows_chunks_of(member.id, request) {
                let sentence = format!("CALL {request} continues no call in pieces");
                return Err(Violation(sentence));
            }
            if request.get() != expected && !chunk {
                Counters::add(&counters.request_id_gaps, 1);
                if sequential {
                    let sentence = format!("{} {request} comes where {expected} was due", message.name());
                    return Err(Violation(sentence));
                }
            }
            attached.last_request = attached.last_request.max(request.get());
            if request.get() == expected {
                attached.last_request = expected;
            }
        }
        let realm = self.realm;
        self.with(|state, now| state.route(member, judged, now, realm))
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
    fn route(&mut self, member: &Arc<Member>, judged: Judged, now: Moment, realm: &Realm) -> Result<(), Violation> {
        if let Some(refusal) = judged.refusal {
            self.refuse(member, &judged.message, refusal);
            return Ok(());
        }
        let Self {
            broker,
            dealer,
            ids,
            effects,
            ..
        } = self;
        match judged.message {
            Message::Publish(message) => {
                let published = broker.publish(member, message, now, ids, effects)?;
                Counters::add(&realm.counters.events, published.events as u64);
            }
            Message::Subscribe(message) => broker.subscribe(member, message, now, effects),
            Message::Unsubscribe(message) => broker.unsubscribe(member, &message, effects),
            Message::Register(message) => dealer.register(member, message, now, effects),
            Message::Unregister(message) => dealer.unregister(member, &message, effects),
            Message::Call(message) if message.procedure.is_reserved() => {
                self.call_meta_procedure(member, &message, now, realm);
            }
            Message::Call(message) => dealer.call(member, message, now, ids, effects)?,
            Message::Cancel(message) => dealer.cancel(member, message, effects),
            Message::Yield(message) => dealer.yield_result(member, message, now, effects)?,
            Message::Error(message) => dealer.error(member, message, now, ids, effects)?,
            message => {
                let sentence = format!("{} is not for a client to send now", message.message_type().name());
                return Err(Violation(sentence));
            }
        }
        Ok(())
    }

    fn refuse(&mut self, member: &Member, message: &Message, refusal: Refusal) {
        let answer = match message {
            Message::Publish(message) => message.options.acknowledge,
            _ => true,
        };
        if let Some(request) = numbered(message).filter(|_| answer) {
            self.effects.refuse(member.id, request, refusal);
        }
    }
}

/// Puts every message into its session's outbox, in order; the sessions whose outbox was full.
fn perform(state: &mut State, counters: &Counters, filled: &mut Vec<Arc<Outbox>>) -> Vec<SessionId> {
    let mut too_slow = Vec::new();
    for limit in state.effects.limits.drain(..) {
        counters.hit(limit);
    }
    let mut sends = std::mem::take(&mut state.effects.sends);
    for (session, message) in sends.drain(..) {
        if let Some(outbox) = state.outbox(session) {
            match outbox.push(message) {
                Pushed::Behind => {}
                Pushed::First => filled.push(Arc::clone(outbox)),
                Pushed::Late => Counters::add(&counters.dropped, 1),
                Pushed::Full { dropped } => {
                    Counters::add(&counters.dropped, dropped as u64);
                    Counters::add(&counters.too_slow, 1);
                    filled.push(Arc::clone(outbox));
                    too_slow.push(session);
                }
            }
        }
    }
    // Keeps the memory for the next message, unless a burst made it large.
    if sends.capacity() <= 4096 {
        state.effects.sends = sends;
    }
    too_slow
}
