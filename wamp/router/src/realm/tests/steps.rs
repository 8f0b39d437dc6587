//! The steps of a program: a message, or a moment that passes.

mod publish_subscribe;
mod remote_procedure_calls;

use std::collections::BTreeMap;

use wamp_protocol::message::{Call, CallOptions};
use wamp_protocol::{MatchPolicy, Payload, Serializer};

use super::calls::COUNT;
use super::model::{Got, is_large};
use super::program::{Draw, SLOTS};
use super::seen::Seen;
use super::world::{World, id, payload};

const TOPICS: [&str; 4] = ["a.b", "a.c", "a.b.c", "b.b"];
const CALLED: [&str; 8] = ["a.b", "a.b", "a.c", "a.c", "a.b.c", "a.b.c", "b.b", COUNT];
const PATTERNS: [(MatchPolicy, &str); 9] = [
    (MatchPolicy::Exact, "a.b"),
    (MatchPolicy::Exact, "a.b.c"),
    (MatchPolicy::Prefix, "a"),
    (MatchPolicy::Prefix, "a.b"),
    (MatchPolicy::Wildcard, "a."),
    (MatchPolicy::Wildcard, ".b"),
    (MatchPolicy::Prefix, "wamp.s"),
    (MatchPolicy::Exact, "wamp.registration.on_delete"),
    (MatchPolicy::Prefix, "wamp.reflect."),
];
/// Those that may be registered.
const PROCEDURES: usize = 6;
const KEYS: [Option<&str>; 4] = [None, None, Some("one"), Some("two")];

impl World {
    pub(super) fn step(&mut self, mut draw: Draw) -> Result<(), String> {
        let slot = draw.below(SLOTS);
        if !self.seats.contains_key(&slot) {
            return self.join(slot);
        }
        let by = self.seats[&slot].member.id.get();
        match draw.below(32) {
            0 => self.leave(slot),
            1..=4 => self.subscribe(slot, by, draw),
            5 => self.unsubscribe(slot, by, draw),
            6..=11 => self.publish(slot, by, draw),
            12..=14 => self.register(slot, by, draw),
            15 => self.unregister(slot, by, draw),
            16..=20 => self.call(slot, by, draw),
            21 => self.next_piece(draw),
            22..=26 => self.answer(draw),
            27 => self.answer_late(slot, by, draw),
            28 => self.cancel(draw),
            29 => self.wait(draw),
            30 => self.ask_the_router(slot, by, draw),
            _ => self.kill(slot, by, draw),
        }
    }

    fn wait(&mut self, mut draw: Draw) -> Result<(), String> {
        let milliseconds = draw.below(50);
        self.said = format!("{milliseconds} ms pass");
        self.model.wait(milliseconds);
        self.routing().expire();
        let got = self.drain();
        let next = self.realm.next_deadline();
        if next.is_some_and(|next| next <= self.now().monotonic) {
            return Err(format!("{}: {next:?} is due still", self.said));
        }
        self.compare(got)
    }

    fn meta_call(&mut self, slot: u64, procedure: &str, args: Payload) -> (u64, Got) {
        let request = self.request(slot);
        let message = Call {
            request: id(request),
            options: CallOptions::default().into(),
            procedure: procedure.into(),
            payload: args,
        };
        (request, self.send(slot, message.into()).1)
    }

    /// Testaments, the past, what has been defined, and how many sessions there are.
    fn ask_the_router(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let (request, payload, got) = match draw.below(4) {
            0 => {
                let (topic, number, detached) = (draw.of(&TOPICS), self.fresh(), draw.one_in(2));
                let number = if is_large(number) { self.fresh() } else { number };
                let kwargs = BTreeMap::from([("scope", if detached { "detached" } else { "destroyed" })]);
                let args = (topic, [number], BTreeMap::<String, u64>::new());
                let args = Payload::encode(Serializer::MsgPack, &args, &kwargs).unwrap();
                let (request, got) = self.meta_call(slot, "wamp.session.add_testament", args);
                let session = self.model.sessions.get_mut(&by).unwrap();
                session.testaments.push((detached, topic, number));
                (request, Vec::new(), got)
            }
            1 => {
                let (request, got) = self.meta_call(slot, COUNT, Payload::EMPTY);
                (request, vec![self.model.sessions.len() as u64], got)
            }
            2 => {
                let (topic, back) = (draw.of(&TOPICS), draw.one_in(3));
                let description = (!back).then(BTreeMap::<String, u64>::new);
                let kwargs = BTreeMap::from([("type", "topic")]);
                let args = Payload::encode(Serializer::MsgPack, &(topic, description), &kwargs).unwrap();
                let (request, got) = self.meta_call(slot, "wamp.reflect.define", args);
                self.model.define(by, request, topic, back);
                return self.compare(got);
            }
            _ => {
                let subscription = draw.below(self.model.last_subscription + 1) + 1;
                let (request, got) = self.meta_call(slot, "wamp.subscription.get_events", payload(&[subscription]));
                let Some(events) = self.model.events_of(by, subscription) else {
                    self.model.error(by, "CALL", request, "wamp.error.no_such_subscription");
                    return self.compare(got);
                };
                (request, events, got)
            }
        };
        self.model.result(by, request, payload);
        self.compare(got)
    }

    fn kill(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let victim_slot = draw.below(SLOTS);
        let Some(victim) = self.seats.get(&victim_slot).map(|seat| seat.member.id.get()) else {
            return Ok(());
        };
        let (request, got) = self.meta_call(slot, "wamp.session.kill", payload(&[victim]));
        if victim == by {
            self.model.error(by, "CALL", request, "wamp.error.no_such_session");
            return self.compare(got);
        }
        self.model.send(victim, Seen::Goodbye("wamp.close.killed".to_owned()));
        self.model.leave(victim);
        self.model.result(by, request, Vec::new());
        self.compare(got)?;
        self.seats.remove(&victim_slot);
        Ok(())
    }
}
