//! Steps of callees and callers.

use wamp_protocol::message::{
    Call, CallOptions, Cancel, CancelMode, Error, InvocationPolicy, PassThru, Register, RegisterOptions, Unregister,
    Yield, YieldOptions,
};
use wamp_protocol::{Dict, MessageType, RegistrationId, Uri};

use super::{CALLED, KEYS, PATTERNS, PROCEDURES};
use crate::realm::tests::calls::{COUNT, Calling, Pieces, Saying};
use crate::realm::tests::program::Draw;
use crate::realm::tests::registrations::Registering;
use crate::realm::tests::world::{World, id, payload};

const SCHEME: &str = "x_test";

fn passed_through(ppt: bool) -> Option<Box<PassThru>> {
    let scheme = Some(SCHEME.to_owned());
    ppt.then(|| {
        Box::new(PassThru {
            scheme,
            ..PassThru::default()
        })
    })
}

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
        self.compare(got)
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
        self.compare(got)
    }

    pub(super) fn call(&mut self, slot: u64, by: u64, mut draw: Draw) -> Result<(), String> {
        let calling = Calling {
            by,
            request: self.request(slot),
            procedure: draw.of(&CALLED),
            payload: self.fresh(),
            progress: draw.one_in(4),
            receive_progress: draw.one_in(2),
            disclose_me: draw.one_in(3),
            timeout: draw.one_in(2).then(|| draw.below(60)),
            rkey: draw.of(&KEYS),
            ppt: draw.one_in(6),
        };
        self.make(slot, calling)
    }

    fn make(&mut self, slot: u64, calling: Calling) -> Result<(), String> {
        let options = CallOptions {
            progress: calling.progress,
            receive_progress: calling.receive_progress,
            disclose_me: calling.disclose_me,
            timeout: calling.timeout,
            rkey: calling.rkey.map(str::to_owned),
            ppt: passed_through(calling.ppt),
            ..CallOptions::default()
        };
        let message = Call {
            request: id(calling.request),
            options: options.into(),
            procedure: calling.procedure.into(),
            payload: payload(if calling.procedure == COUNT {
                &[]
            } else {
                std::slice::from_ref(&calling.payload)
            }),
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

    /// A CALL with an id that its session has used: another piece of a call that is open or has ended,
    /// as a rule.
    pub(super) fn next_piece(&mut self, mut draw: Draw) -> Result<(), String> {
        let open = self.model.invocations.iter();
        let mut calls: Vec<(u64, u64, &'static str)> = open
            .filter(|i| i.in_pieces != Pieces::Whole || i.request % 4 == 0)
            .map(|i| (i.call.by, i.call.request, i.call.procedure))
            .collect();
        let ended = self.model.ended_in_pieces.iter();
        calls.extend(ended.map(|((caller, call), procedure)| (*caller, *call, *procedure)));
        let used = self.seats.values().filter(|seat| seat.last_request > 0);
        let used: Vec<(u64, u64)> = used.map(|seat| (seat.member.id.get(), seat.last_request)).collect();
        if !used.is_empty() && (calls.is_empty() || draw.one_in(8)) {
            let (caller, last) = draw.of(&used);
            calls = vec![(caller, draw.below(last) + 1, draw.of(&CALLED))];
        }
        if calls.is_empty() {
            return Ok(());
        }
        let (caller, request, mut procedure) = draw.of(&calls);
        if draw.one_in(8) {
            procedure = draw.of(&CALLED);
        }
        let calling = Calling {
            by: caller,
            request,
            procedure,
            payload: self.fresh(),
            progress: draw.one_in(2) && self.model.able(caller),
            receive_progress: draw.one_in(2),
            disclose_me: draw.one_in(4),
            timeout: draw.one_in(4).then(|| draw.below(60)),
            rkey: draw.of(&KEYS),
            ppt: draw.one_in(6) && self.model.able(caller),
        };
        self.make(self.slot_of(caller), calling)
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
        // Who did not announce it breaks the protocol by it, so is rarely made to.
        let ppt = draw.one_in(6) && (self.model.able(callee) || draw.one_in(4));
        let message = match error {
            Some(error) if !progress => {
                let mut details = Dict::default();
                if ppt {
                    details.insert("ppt_scheme", SCHEME);
                }
                Error {
                    request_type: MessageType::Invocation,
                    request: id(request),
                    details: details.into(),
                    error: Uri::from(error),
                    payload: payload(&[number]),
                }
                .into()
            }
            _ => Yield {
                request: id(request),
                options: YieldOptions {
                    progress,
                    ppt: passed_through(ppt),
                }
                .into(),
                payload: payload(&[number]),
            }
            .into(),
        };
        let (happened, got) = self.send(slot, message);
        let saying = Saying { payload: number, ppt };
        let expected = if progress {
            self.model.progress(callee, request, saying)
        } else {
            self.model.answer(callee, request, error, saying, &got)
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
        self.compare(got)
    }
}
