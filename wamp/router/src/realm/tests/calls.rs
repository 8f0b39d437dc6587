//! The model's dealer.

mod answers;

use wamp_protocol::MatchPolicy;
use wamp_protocol::message::InvocationPolicy;

use super::model::{Got, Model, NOT_SUPPORTED, TOO_LARGE};
use super::registrations::Callee;
use super::seen::{self, Seen};

const TIMEOUT: &str = "wamp.error.timeout";

/// A procedure of the router.
pub(super) const COUNT: &str = "wamp.session.count";

/// A CALL.
#[derive(Debug, Clone)]
pub(super) struct Calling {
    pub(super) by: u64,
    pub(super) request: u64,
    pub(super) procedure: &'static str,
    pub(super) payload: u64,
    pub(super) progress: bool,
    pub(super) receive_progress: bool,
    pub(super) disclose_me: bool,
    pub(super) timeout: Option<u64>,
    pub(super) rkey: Option<&'static str>,
    /// The payload is passed through.
    pub(super) ppt: bool,
}

/// What a callee says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Saying {
    pub(super) payload: u64,
    pub(super) ppt: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Invocation {
    pub(super) callee: u64,
    pub(super) request: u64,
    pub(super) call: Calling,
    pub(super) in_pieces: Pieces,
    /// What the callee was told first.
    first: seen::Invocation,
    killed: bool,
    /// When the call's time is up.
    until: Option<u64>,
    /// The callee keeps the time.
    forwarded: bool,
    /// The caller has got some of the result.
    progressed: bool,
    unavailable: Vec<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pieces {
    Whole,
    MoreToCome,
    AllThere,
}

/// A session broke the protocol.
#[derive(Debug)]
pub(super) struct Breach;

impl Model {
    /// A CALL: a further piece of one that is open, or of one that has ended; or else a new one,
    /// whatever its id. `got` is what the sessions really got: where chance decides, it says how.
    pub(super) fn call(&mut self, call: Calling, got: &Got) -> Result<(), Breach> {
        if (call.progress || call.ppt) && !self.able(call.by) {
            return Err(Breach);
        }
        let (by, request, procedure) = (call.by, call.request, call.procedure);
        let mut open = self.invocations.iter();
        if let Some(at) = open.position(|i| i.call.by == by && i.call.request == request) {
            return self.next_piece(at, &call);
        }
        let ended = self.ended_in_pieces.remove(&(by, request)) == Some(procedure);
        let more_may_come = call.progress;
        if !ended && let Err(uri) = self.begin(call, got) {
            self.error(by, "CALL", request, uri);
        } else if !ended {
            return Ok(());
        }
        if more_may_come {
            self.ended_in_pieces.insert((by, request), procedure);
        }
        Ok(())
    }

    fn begin(&mut self, call: Calling, got: &Got) -> Result<(), &'static str> {
        if call.procedure == COUNT {
            if call.progress || call.ppt {
                return Err(NOT_SUPPORTED);
            }
            self.result(call.by, call.request, vec![self.sessions.len() as u64]);
            return Ok(());
        }
        let id = self.best(call.procedure).ok_or("wamp.error.no_such_procedure")?;
        let until = call.timeout.filter(|after| *after > 0).map(|after| self.now + after);
        self.invoke(call, id, Vec::new(), until, got)
    }

    /// Why a callee cannot be asked.
    fn refusal(&self, callee: u64, call: &Calling) -> Option<&'static str> {
        if (call.progress || call.ppt) && !self.able(callee) {
            Some(NOT_SUPPORTED)
        } else {
            self.is_too_large(callee, &[call.payload]).then_some(TOO_LARGE)
        }
    }

    fn invoke(
        &mut self,
        call: Calling,
        id: u64,
        unavailable: Vec<u64>,
        until: Option<u64>,
        got: &Got,
    ) -> Result<(), &'static str> {
        const NOBODY: &str = "wamp.error.no_available_callee";
        let time_left = until.map(|until| until.saturating_sub(self.now));
        if time_left == Some(0) {
            return Err(TIMEOUT);
        }
        let registration = self.registrations.iter().find(|r| r.id == id).ok_or(NOBODY)?;
        // A partition that somebody holds is for its holders; another is for those who hold none.
        let held = call.rkey.is_some() && registration.callees.iter().any(|c| c.options.rkey == call.rkey);
        let fits = |callee: &&Callee| {
            let partition = match (held, call.rkey) {
                (true, rkey) => callee.options.rkey == rkey,
                (false, Some(_)) => callee.options.rkey.is_none(),
                (false, None) => true,
            };
            partition && !unavailable.contains(&callee.session)
        };
        let fitting: Vec<&Callee> = registration.callees.iter().filter(fits).collect();
        let partition = call.rkey.filter(|_| held);
        let last = registration.asked.iter().find(|(rkey, _)| *rkey == partition);
        let last = last.map_or(0, |(_, number)| *number);
        let picked = match registration.invoke {
            InvocationPolicy::Single | InvocationPolicy::First => fitting.first(),
            InvocationPolicy::Last => fitting.last(),
            InvocationPolicy::RoundRobin => {
                let next = fitting.iter().find(|callee| callee.number > last);
                next.or_else(|| fitting.first())
            }
            InvocationPolicy::Random => fitting.iter().find(|callee| {
                let has = |session, seen: &dyn Fn(&Seen) -> bool| got.get(&session).is_some_and(|g| g.iter().any(seen));
                fitting.len() == 1
                    || match self.refusal(callee.session, &call) {
                        Some(why) => has(call.by, &|seen| matches!(seen, Seen::Error { uri, .. } if uri == why)),
                        None => has(
                            callee.session,
                            &|seen| matches!(seen, Seen::Invocation(i) if i.payload == [call.payload]),
                        ),
                    }
            }),
        };
        let callee = (*picked.ok_or(NOBODY)?).clone();
        let (policy, refusal) = (registration.policy, self.refusal(callee.session, &call));
        let registration = self.registrations.iter_mut().find(|r| r.id == id).unwrap();
        registration.asked.retain(|(rkey, _)| *rkey != partition);
        registration.asked.push((partition, callee.number));
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        let session = self.sessions.get_mut(&callee.session).unwrap();
        session.last_invocation += 1;
        let forwarded = callee.options.forward_timeout && session.able;
        let disclosed = callee.options.disclose_caller || call.disclose_me && session.able;
        let first = seen::Invocation {
            request: session.last_invocation,
            registration: id,
            procedure: (policy != MatchPolicy::Exact).then(|| call.procedure.to_owned()),
            progress: call.progress,
            receive_progress: call.receive_progress && session.able,
            timeout: time_left.filter(|_| forwarded),
            caller: disclosed.then_some(call.by),
            rkey: call.rkey.map(str::to_owned),
            ppt: call.ppt,
            payload: vec![call.payload],
        };
        self.invocations.push(Invocation {
            callee: callee.session,
            request: first.request,
            in_pieces: if call.progress {
                Pieces::MoreToCome
            } else {
                Pieces::Whole
            },
            first: first.clone(),
            killed: false,
            until,
            forwarded,
            progressed: false,
            unavailable,
            call,
        });
        self.send(callee.session, Seen::Invocation(first));
        Ok(())
    }

    /// A CALL with the id of an open one: of its options only `progress` is looked at.
    fn next_piece(&mut self, at: usize, piece: &Calling) -> Result<(), Breach> {
        let (progress, payload) = (piece.progress, piece.payload);
        let invocation = &mut self.invocations[at];
        if invocation.call.procedure != piece.procedure {
            return Err(Breach);
        }
        if invocation.in_pieces != Pieces::MoreToCome {
            return Err(Breach);
        }
        if !progress {
            invocation.in_pieces = Pieces::AllThere;
        }
        if !invocation.killed {
            let invocation = invocation.clone();
            if self.is_too_large(invocation.callee, &[payload]) {
                self.stop(&invocation, TOO_LARGE);
                return Ok(());
            }
            let seen = seen::Invocation {
                progress,
                payload: vec![payload],
                ..invocation.first
            };
            self.send(invocation.callee, Seen::Invocation(seen));
        }
        Ok(())
    }

    fn take_invocation(&mut self, callee: u64, request: u64) -> Option<Invocation> {
        let at = self
            .invocations
            .iter()
            .position(|i| i.callee == callee && i.request == request)?;
        let invocation = self.invocations.remove(at);
        if invocation.in_pieces == Pieces::MoreToCome {
            let Calling {
                by, request, procedure, ..
            } = invocation.call;
            self.ended_in_pieces.insert((by, request), procedure);
        }
        Some(invocation)
    }
}
