//! Steps of callees and callers.

use wamp_protocol::message::{
    Call, CallOptions, Cancel, CancelMode, Error, InvocationPolicy, Register, RegisterOptions, Unregister, Yield,
    YieldOptions,
};
use wamp_protocol::{Dict, MessageType, RegistrationId, Uri};

use super::{KEYS, PATTERNS, PROCEDURES, TOPICS};
use crate::realm::tests::calls::{Calling, Pieces};
use crate::realm::tests::program::Draw;
use crate::realm::tests::registrations::Registering;
use crate::realm::tests::world::{World, id, payload};

impl World {
    pub(super) fn register(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        use InvocationPolicy::{First, Last, Random, RoundRobin, Single};
        let request = self.request(slot);
        let (policy, uri) = draw.of(&PATTERNS[..PROCEDURES]);
        let registering = Registering {
            invoke: draw.of(&[RoundRobin, RoundRobin, Random, First, Last, Single]),
            rkey: draw.of(&KEYS),
            disclose_caller: draw.one_in(3),
            forward_timeout: draw.one_in(3),
            force: draw.one_in(2),
        };
        let options = RegisterOptions {
            match_policy: Some(policy),
            invoke: Some(registering.invoke),
            disclose_caller: Some(registering.disclose_caller),
            forward_timeout: Some(registering.forward_timeout),
            rkey: registering.rkey.map(str::to_owned),
            force_reregister: Some(registering.force),
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

    pub(super) fn unregister(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
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

    pub(super) fn call(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
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
    pub(super) fn next_piece(&mut self, mut draw: Draw) -> Result<(), String> {
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
    pub(super) fn answer(&mut self, mut draw: Draw) -> Result<(), String> {
        let open = self.model.invocations.iter().map(|i| (i.callee, i.request));
        let open: Vec<(u64, u64)> = open.collect();
        if open.is_empty() {
            return Ok(());
        }
        let (callee, request) = draw.of(&open);
        self.say(callee, request, draw)
    }

    /// One that is over, or never was, is answered.
    pub(super) fn answer_late(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
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
            Some(error) => self.model.answer(callee, request, Err((error, number)), &got),
            None => self.model.answer(callee, request, Ok(number), &got),
        };
        self.breach(slot, &expected, &happened, got)
    }

    pub(super) fn cancel(&mut self, mut draw: Draw) -> Result<(), String> {
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
}
