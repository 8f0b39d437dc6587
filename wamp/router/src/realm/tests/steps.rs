//! The steps of a program: a message, or a moment that passes.

use std::collections::BTreeMap;

use wamp_protocol::message::{
    Call, CallOptions, Cancel, CancelMode, Error, InvocationPolicy, Publish, PublishOptions, Recipients, Register,
    RegisterOptions, Subscribe, SubscribeOptions, Unregister, Unsubscribe, Yield, YieldOptions,
};
use wamp_protocol::{
    Dict, MatchPolicy, MessageType, Payload, RegistrationId, Serializer, SessionId, SubscriptionId, Uri,
};

use super::calls::{Calling, Pieces};
use super::events::Publication;
use super::model::Got;
use super::program::{Draw, SLOTS};
use super::registrations::Registering;
use super::seen::Seen;
use super::world::{ROLES, World, id, payload};

const TOPICS: [&str; 4] = ["a.b", "a.c", "a.b.c", "b.b"];
const PATTERNS: [(MatchPolicy, &str); 8] = [
    (MatchPolicy::Exact, "a.b"),
    (MatchPolicy::Exact, "a.b.c"),
    (MatchPolicy::Prefix, "a"),
    (MatchPolicy::Prefix, "a.b"),
    (MatchPolicy::Wildcard, "a."),
    (MatchPolicy::Wildcard, ".b"),
    (MatchPolicy::Prefix, "wamp.s"),
    (MatchPolicy::Exact, "wamp.registration.on_delete"),
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
            5 => {
                let request = self.request(slot);
                let subscription = draw.below(self.model.last_subscription + 1) + 1;
                let message = Unsubscribe {
                    request: id(request),
                    subscription: SubscriptionId::new(subscription).unwrap(),
                };
                let (_, got) = self.send(slot, message.into());
                self.model.unsubscribe(by, request, subscription);
                self.compare(got, true)
            }
            6..=11 => self.publish(slot, by, draw),
            12..=14 => self.register(slot, by, draw),
            15 => {
                let request = self.request(slot);
                let registration = draw.below(self.model.last_registration + 1) + 1;
                let message = Unregister {
                    request: id(request),
                    registration: RegistrationId::new(registration).unwrap(),
                };
                let (_, got) = self.send(slot, message.into());
                self.model.unregister(by, request, registration);
                self.compare(got, true)
            }
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

    fn subscribe(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let request = self.request(slot);
        let (policy, uri) = draw.of(&PATTERNS);
        let (nkey, get_retained) = (draw.of(&KEYS), draw.one_in(2));
        let options = SubscribeOptions {
            match_policy: Some(policy),
            nkey: nkey.map(str::to_owned),
            get_retained: Some(get_retained),
            // So many that none gives way: events are to come as without it, and in the same order.
            keep_newest: draw.one_in(3).then_some(1 << 20),
            ..SubscribeOptions::default()
        };
        let topic = uri.into();
        let message = Subscribe {
            request: id(request),
            options,
            topic,
        };
        let (_, got) = self.send(slot, message.into());
        self.model.subscribe(by, request, (policy, uri), nkey, get_retained);
        self.compare(got, true)
    }

    fn publish(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let request = self.request(slot);
        let (acknowledge, exclude_me, disclosed) = (draw.one_in(2), !draw.one_in(3), draw.one_in(4));
        let retain = draw.one_in(3).then(|| draw.one_in(2).then(|| draw.below(80)));
        let numbers = if draw.one_in(8) { Vec::new() } else { vec![self.fresh()] };
        let mut publication = Publication {
            publisher: disclosed.then_some(by),
            excluded: exclude_me.then_some(by),
            rkey: draw.of(&KEYS),
            ..Publication::new(draw.of(&TOPICS), numbers)
        };
        let anybody = |draw: &mut Draw, world: &Self| world.last_session.saturating_sub(draw.below(8)).max(1);
        match draw.below(10) {
            0 => publication.eligible = Some(Vec::new()),
            1 => publication.eligible = Some(vec![anybody(&mut draw, self), anybody(&mut draw, self)]),
            2 => publication.exclude = vec![anybody(&mut draw, self)],
            3 => publication.eligible_roles = Some(vec![draw.of(&ROLES)]),
            _ => {}
        }
        let sessions = |ids: &[u64]| ids.iter().map(|id| SessionId::new(*id).unwrap()).collect::<Vec<_>>();
        let recipients = Recipients {
            eligible: publication.eligible.as_deref().map(sessions),
            exclude: Some(sessions(&publication.exclude)).filter(|ids| !ids.is_empty()),
            eligible_authrole: publication
                .eligible_roles
                .as_ref()
                .map(|roles| roles.iter().map(|role| (*role).to_owned()).collect()),
            ..Recipients::default()
        };
        let options = PublishOptions {
            acknowledge,
            exclude_me: Some(exclude_me),
            disclose_me: disclosed,
            retain: retain.is_some(),
            retain_for: retain.flatten(),
            rkey: publication.rkey.map(str::to_owned),
            recipients: Some(Box::new(recipients)),
            ..PublishOptions::default()
        };
        let message = Publish {
            request: id(request),
            options: options.into(),
            topic: publication.topic.into(),
            payload: payload(&publication.payload),
        };
        let (_, got) = self.send(slot, message.into());
        self.model
            .publish(by, acknowledge.then_some(request), publication, retain);
        self.compare(got, true)
    }

    fn register(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        use InvocationPolicy::{First, Last, Random, RoundRobin, Single};
        let request = self.request(slot);
        let (policy, uri) = draw.of(&PATTERNS[..PROCEDURES]);
        let registering = Registering {
            invoke: draw.of(&[RoundRobin, RoundRobin, Random, First, Last, Single]),
            rkey: draw.of(&KEYS),
            disclose_caller: draw.one_in(3),
            forward_timeout: draw.one_in(3),
        };
        let options = RegisterOptions {
            match_policy: Some(policy),
            invoke: Some(registering.invoke),
            disclose_caller: Some(registering.disclose_caller),
            forward_timeout: Some(registering.forward_timeout),
            rkey: registering.rkey.map(str::to_owned),
            force_reregister: None,
        };
        let procedure = uri.into();
        let message = Register {
            request: id(request),
            options,
            procedure,
        };
        let (_, got) = self.send(slot, message.into());
        self.model.register(by, request, (policy, uri), registering);
        self.compare(got, true)
    }

    fn call(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let calling = Calling {
            by,
            request: self.request(slot),
            procedure: draw.of(&TOPICS),
            payload: self.fresh(),
            progress: draw.one_in(4),
            receive_progress: draw.one_in(2),
            disclose_me: draw.one_in(3),
            timeout: draw.one_in(2).then(|| draw.below(60)),
            rkey: draw.of(&KEYS),
        };
        let options = CallOptions {
            progress: calling.progress,
            receive_progress: calling.receive_progress,
            disclose_me: calling.disclose_me,
            timeout: calling.timeout,
            rkey: calling.rkey.map(str::to_owned),
            ..CallOptions::default()
        };
        let message = Call {
            request: id(calling.request),
            options: options.into(),
            procedure: calling.procedure.into(),
            payload: payload(&[calling.payload]),
        };
        let (happened, got) = self.send(slot, message.into());
        let expected = self.model.call(calling, &got);
        self.breach(slot, &expected, &happened, got)
    }

    /// The slot of a session that is there.
    fn slot_of(&self, session: u64) -> u64 {
        let mut seats = self.seats.iter();
        *seats.find(|(_, seat)| seat.member.id.get() == session).unwrap().0
    }

    /// Another piece of an open call, or of one that has ended.
    fn next_piece(&mut self, mut draw: Draw) -> Result<(), String> {
        let open = self.model.invocations.iter();
        let mut calls: Vec<(u64, u64, &'static str)> = open
            .filter(|i| i.in_pieces != Pieces::Whole || i.request % 4 == 0)
            .map(|i| (i.call.by, i.call.request, i.call.procedure))
            .collect();
        calls.extend(
            self.model
                .ended_in_pieces
                .iter()
                .map(|(caller, call)| (*caller, *call, TOPICS[0])),
        );
        if calls.is_empty() {
            return Ok(());
        }
        let (caller, request, procedure) = draw.of(&calls);
        let (progress, number) = (draw.one_in(2), self.fresh());
        let slot = self.slot_of(caller);
        if progress && !self.model.able(caller) {
            return Ok(());
        }
        let options = CallOptions {
            progress,
            ..CallOptions::default()
        };
        let message = Call {
            request: id(request),
            options: options.into(),
            procedure: procedure.into(),
            payload: payload(&[number]),
        };
        let (happened, got) = self.send(slot, message.into());
        let expected = self.model.next_piece(caller, request, progress, number);
        self.breach(slot, &expected, &happened, got)
    }

    /// Any open invocation is answered.
    fn answer(&mut self, mut draw: Draw) -> Result<(), String> {
        let open = self.model.invocations.iter().map(|i| (i.callee, i.request));
        let open: Vec<(u64, u64)> = open.collect();
        if open.is_empty() {
            return Ok(());
        }
        let (callee, request) = draw.of(&open);
        self.say(callee, request, draw)
    }

    /// One that is over, or never was, is answered.
    fn answer_late(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let late: Vec<(u64, u64)> = self.model.late.iter().copied().collect();
        if late.is_empty() {
            if draw.one_in(4) {
                let (_, request) = (slot, 1_000_000);
                return self.say(by, request, draw);
            }
            return Ok(());
        }
        let (callee, request) = draw.of(&late);
        self.say(callee, request, draw)
    }

    fn say(&mut self, callee: u64, request: u64, mut draw: Draw) -> Result<(), String> {
        let (slot, number) = (self.slot_of(callee), self.fresh());
        let progress = draw.one_in(3);
        let error = draw
            .one_in(3)
            .then(|| draw.of(&["com.error", "wamp.error.unavailable"]));
        let message = match error {
            Some(error) if !progress => Error {
                request_type: MessageType::Invocation,
                request: id(request),
                details: Dict::default().into(),
                error: Uri::from(error),
                payload: payload(&[number]),
            }
            .into(),
            _ => Yield {
                request: id(request),
                options: YieldOptions {
                    progress,
                    ..YieldOptions::default()
                }
                .into(),
                payload: payload(&[number]),
            }
            .into(),
        };
        let (happened, got) = self.send(slot, message);
        let expected = match error {
            _ if progress => self.model.progress(callee, request, number),
            Some(error) => self.model.answer(callee, request, Err(error), &got),
            None => self.model.answer(callee, request, Ok(number), &got),
        };
        self.breach(slot, &expected, &happened, got)
    }

    fn cancel(&mut self, mut draw: Draw) -> Result<(), String> {
        let open = self.model.invocations.iter().map(|i| (i.call.by, i.call.request));
        let open: Vec<(u64, u64)> = open.collect();
        if open.is_empty() {
            return Ok(());
        }
        let (caller, request) = draw.of(&open);
        let mode = draw.of(&[CancelMode::Skip, CancelMode::Kill, CancelMode::KillNoWait]);
        let message = Cancel {
            request: id(request),
            mode: Some(Ok(mode)),
        };
        let (_, got) = self.send(self.slot_of(caller), message.into());
        self.model.cancel(caller, request, mode);
        self.compare(got, true)
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
        self.compare(got, false)
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

    /// Testaments, the past, and how many sessions there are.
    fn ask_the_router(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let (request, payload, got) = match draw.below(3) {
            0 => {
                let (topic, number, detached) = (draw.of(&TOPICS), self.fresh(), draw.one_in(2));
                let kwargs = BTreeMap::from([("scope", if detached { "detached" } else { "destroyed" })]);
                let args = (topic, [number], BTreeMap::<String, u64>::new());
                let args = Payload::encode(Serializer::MsgPack, &args, &kwargs).unwrap();
                let (request, got) = self.meta_call(slot, "wamp.session.add_testament", args);
                let session = self.model.sessions.get_mut(&by).unwrap();
                session.testaments.push((detached, topic, number));
                (request, Vec::new(), got)
            }
            1 => {
                let (request, got) = self.meta_call(slot, "wamp.session.count", Payload::EMPTY);
                (request, vec![self.model.sessions.len() as u64], got)
            }
            _ => {
                let subscription = draw.below(self.model.last_subscription + 1) + 1;
                let (request, got) = self.meta_call(slot, "wamp.subscription.get_events", payload(&[subscription]));
                let Some(events) = self.model.events_of(by, subscription) else {
                    self.model.error(by, "CALL", request, "wamp.error.no_such_subscription");
                    return self.compare(got, true);
                };
                (request, events, got)
            }
        };
        self.model.send(
            by,
            Seen::Result {
                request,
                progress: false,
                payload,
            },
        );
        self.compare(got, true)
    }

    fn kill(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let victim_slot = draw.below(SLOTS);
        let Some(victim) = self.seats.get(&victim_slot).map(|seat| seat.member.id.get()) else {
            return Ok(());
        };
        let (request, got) = self.meta_call(slot, "wamp.session.kill", payload(&[victim]));
        if victim == by {
            self.model.error(by, "CALL", request, "wamp.error.no_such_session");
            return self.compare(got, true);
        }
        self.model.send(victim, Seen::Goodbye("wamp.close.killed".to_owned()));
        self.model.send(
            by,
            Seen::Result {
                request,
                progress: false,
                payload: Vec::new(),
            },
        );
        self.model.leave(victim);
        self.compare(got, false)?;
        self.seats.remove(&victim_slot);
        Ok(())
    }
}
