//! A realm, its model beside it, and the sessions of both.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use wamp_protocol::framing::rawsocket::MaxLength;
use wamp_protocol::message::{Features, Welcome, WelcomeDetails};
use wamp_protocol::{Message, Payload, RequestId, Serializer};

use super::calls::Breach;
use super::events::HISTORY;
use super::model::{Got, Model, PAYLOADS, is_large};
use super::seen::Seen;
use crate::authorization::{Authorization, Request};
use crate::config::{Limits, RealmConfig};
use crate::framing::Frames;
use crate::member::{Member, MemberFeatures};
use crate::moment::Moment;
use crate::outbox::Outbox;
use crate::outbox::octets::Octets;
use crate::realm::{Realm, Routing};

/// The slot whose sessions come by RawSocket and take no more than so many octets: room for all that
/// the past holds, if none of it is large.
const SMALL: (u64, usize) = (3, 8192);
/// Octets of a large payload.
const LARGE: usize = 9000;

pub(super) const ROLES: [&str; 2] = ["reader", "writer"];

/// The real one and the model, step by step in the same state.
pub(super) struct World {
    pub(super) realm: Realm,
    pub(super) model: Model,
    pub(super) seats: BTreeMap<u64, Seat>,
    pub(super) last_session: u64,
    /// Payloads are numbers, each used once.
    last_payload: u64,
    /// The step that was taken last.
    pub(super) said: String,
}

pub(super) struct Seat {
    pub(super) member: Arc<Member>,
    outbox: Arc<Outbox>,
    pub(super) last_request: u64,
}

pub(super) fn payload(numbers: &[u64]) -> Payload {
    if numbers.is_empty() {
        return Payload::EMPTY;
    }
    if numbers.iter().any(|number| is_large(*number)) {
        return Payload::with_args(Serializer::MsgPack, &(numbers[0], "x".repeat(LARGE))).unwrap();
    }
    Payload::with_args(Serializer::MsgPack, numbers).unwrap()
}

pub(super) fn id(number: u64) -> RequestId {
    RequestId::new(number).unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        let config = RealmConfig {
            history: HISTORY,
            authorization: Authorization::by(|_: &Request<'_>| true),
            ..RealmConfig::new("realm1")
        };
        Self {
            realm: Realm::new(config, &Limits::default(), Arc::default()),
            model: Model::default(),
            seats: BTreeMap::new(),
            last_session: 0,
            last_payload: PAYLOADS,
            said: String::new(),
        }
    }

    pub(super) fn now(&self) -> Moment {
        let now = Duration::from_millis(self.model.now);
        Moment {
            monotonic: now,
            unix: now,
        }
    }

    pub(super) fn routing(&self) -> Routing<'_> {
        Routing::new(&self.realm, self.realm.lock(), self.now())
    }

    pub(super) fn fresh(&mut self) -> u64 {
        self.last_payload += 1;
        self.last_payload
    }

    /// What every session has got, those that are gone included.
    pub(super) fn drain(&self) -> Got {
        let mut got = Got::new();
        for seat in self.seats.values() {
            let (mut octets, mut taken) = (Octets::default(), Vec::new());
            seat.outbox.exchange(&mut octets);
            seat.outbox.take(&mut taken, usize::MAX);
            let mut seen = framed(&octets);
            seen.extend(taken.iter().map(|outgoing| Seen::of(outgoing.message())));
            if !seen.is_empty() {
                got.insert(seat.member.id.get(), seen);
            }
        }
        got
    }

    /// Each session's messages, in their order.
    pub(super) fn compare(&mut self, got: Got) -> Result<(), String> {
        let (mut got, mut expected) = (got, self.model.finish());
        for (session, seen) in &mut got {
            let mut at = 0;
            for events in seen.chunk_by_mut(may_come_in_any_order) {
                let place = at..at + events.len();
                at = place.end;
                events.iter_mut().for_each(forget_publication);
                events.sort();
                if let Some(events) = expected.get_mut(session).and_then(|seen| seen.get_mut(place)) {
                    events.sort();
                }
            }
        }
        if got == expected {
            return Ok(());
        }
        Err(format!("{}\n     got {got:?}\nexpected {expected:?}", self.said))
    }

    /// One session's message.
    pub(super) fn send(&mut self, slot: u64, message: Message) -> (Result<(), Breach>, Got) {
        self.said = format!("session {}: {message:?}", self.seats[&slot].member.id);
        let member = Arc::clone(&self.seats[&slot].member);
        let handled = self.routing().handle(&member, message, None);
        let got = self.drain();
        (handled.map_err(|_| Breach), got)
    }

    pub(super) fn request(&mut self, slot: u64) -> u64 {
        let seat = self.seats.get_mut(&slot).unwrap();
        seat.last_request += 1;
        seat.last_request
    }

    pub(super) fn join(&mut self, slot: u64) -> Result<(), String> {
        self.last_session += 1;
        let (able, small, role) = (slot != 0, slot == SMALL.0, ROLES[slot as usize % 2]);
        let features = if able {
            MemberFeatures::all()
        } else {
            MemberFeatures::default()
        };
        let member = Arc::new(Member::for_test(self.last_session, role, features));
        let outbox = Arc::new(Outbox::new(1000, 1 << 20));
        if small {
            outbox.write_as(Frames::RawSocket(Serializer::MsgPack, MaxLength::at_most(SMALL.1)));
        }
        let mut details = WelcomeDetails::default();
        details.roles.dealer = Some(Features::default());
        let welcome = Welcome {
            session: member.id,
            details,
        };
        self.said = format!("session {} joins", member.id);
        self.routing().join(&member, &outbox, welcome).unwrap();
        let last_request = 0;
        self.seats.insert(
            slot,
            Seat {
                member,
                outbox,
                last_request,
            },
        );
        self.model.join(self.last_session, able, small, role);
        let got = self.drain();
        self.compare(got)
    }

    pub(super) fn leave(&mut self, slot: u64) -> Result<(), String> {
        let Some(seat) = self.seats.remove(&slot) else {
            return Ok(());
        };
        self.said = format!("session {} leaves", seat.member.id);
        self.routing().leave(seat.member.id);
        self.model.leave(seat.member.id.get());
        let got = self.drain();
        self.compare(got)
    }

    /// The answer to a breach is the session's end.
    pub(super) fn breach(
        &mut self,
        slot: u64,
        expected: &Result<(), Breach>,
        happened: &Result<(), Breach>,
        got: Got,
    ) -> Result<(), String> {
        if expected.is_err() != happened.is_err() {
            return Err(format!("{}: {happened:?}, and expected {expected:?}", self.said));
        }
        self.compare(got)?;
        if happened.is_err() { self.leave(slot) } else { Ok(()) }
    }

    pub(super) fn nothing_is_left(&self) -> Result<(), String> {
        assert!(self.model.is_bare());
        let state = self.realm.lock();
        let empty = state.sessions.is_empty()
            && state.broker.is_bare()
            && state.dealer.is_bare()
            && state.testaments.is_empty()
            && state.definitions.is_bare()
            && state.effects.sends.is_empty();
        if empty {
            Ok(())
        } else {
            Err(format!("something is left: {:?}", *state))
        }
    }
}

/// What is in the frames of a RawSocket.
fn framed(octets: &Octets) -> Vec<Seen> {
    let (mut seen, mut rest) = (Vec::new(), Bytes::from(octets.to_vec()));
    while let Some((&[0, a, b, c], _)) = rest.split_first_chunk() {
        let end = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
        let message = Serializer::MsgPack.decode(rest.slice(4..end)).unwrap();
        seen.push(Seen::of(&message));
        rest = rest.slice(end..);
    }
    assert!(rest.is_empty());
    seen
}

/// Among events of one publication for one session the order is nobody's business, nor is it among
/// retained events of one replay.
fn may_come_in_any_order(one: &Seen, other: &Seen) -> bool {
    match (one, other) {
        (Seen::Event(one), Seen::Event(other)) if one.retained => other.retained,
        (Seen::Event(one), Seen::Event(other)) => !other.retained && one.publication == other.publication,
        _ => false,
    }
}

fn forget_publication(seen: &mut Seen) {
    if let Seen::Event(event) = seen {
        event.publication = None;
    }
}
