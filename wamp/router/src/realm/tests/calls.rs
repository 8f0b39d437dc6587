//! The model's dealer.

use wamp_protocol::MatchPolicy;
use wamp_protocol::message::{CancelMode, InvocationPolicy};

use super::model::{Got, Model, TOO_LARGE};
use super::registrations::Callee;
use super::seen::{self, Seen};

const CANCELED: &str = "wamp.error.canceled";

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
    /// (after, deadline), if the dealer keeps the time.
    timeout: Option<(u64, u64)>,
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
    /// A CALL with a new id. `got` is what the sessions really got: where chance decides, it says
    /// how.
    pub(super) fn call(&mut self, call: Calling, got: &Got) -> Result<(), Breach> {
        if call.progress && !self.able(call.by) {
            return Err(Breach);
        }
        let (by, request) = (call.by, call.request);
        let in_pieces = call.progress;
        let called = match self.best(call.procedure) {
            Some(id) => self.invoke(call, id, Vec::new(), got),
            None => Err("wamp.error.no_such_procedure"),
        };
        if let Err(uri) = called {
            if in_pieces {
                self.ended_in_pieces.insert((by, request));
            }
            self.error(by, "CALL", request, uri);
        }
        Ok(())
    }

    /// Why a callee cannot be asked.
    fn refusal(&self, callee: u64, call: &Calling) -> Option<&'static str> {
        if call.progress && !self.able(callee) {
            Some("wamp.error.feature_not_supported")
        } else {
            self.is_too_large(callee, &[call.payload]).then_some(TOO_LARGE)
        }
    }

    fn invoke(&mut self, call: Calling, id: u64, unavailable: Vec<u64>, got: &Got) -> Result<(), &'static str> {
        const NOBODY: &str = "wamp.error.no_available_callee";
        let now = self.now;
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
        let timeout = call.timeout.filter(|after| *after > 0);
        let forwarded = callee.options.forward_timeout && session.able;
        let disclosed = callee.options.disclose_caller || call.disclose_me && session.able;
        let first = seen::Invocation {
            request: session.last_invocation,
            registration: id,
            procedure: (policy != MatchPolicy::Exact).then(|| call.procedure.to_owned()),
            progress: call.progress,
            receive_progress: call.receive_progress && session.able,
            timeout: timeout.filter(|_| forwarded),
            caller: disclosed.then_some(call.by),
            rkey: call.rkey.map(str::to_owned),
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
            timeout: timeout.filter(|_| !forwarded).map(|after| (after, now + after)),
            unavailable,
            call,
        });
        self.send(callee.session, Seen::Invocation(first));
        Ok(())
    }

    /// A CALL with the id of an open one.
    pub(super) fn next_piece(&mut self, caller: u64, request: u64, progress: bool, payload: u64) -> Result<(), Breach> {
        let mut open = self.invocations.iter_mut();
        let open = open.find(|i| i.call.by == caller && i.call.request == request);
        let Some(invocation) = open else {
            if !progress {
                self.ended_in_pieces.remove(&(caller, request));
            }
            return Ok(());
        };
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
            self.ended_in_pieces
                .insert((invocation.call.by, invocation.call.request));
        }
        Some(invocation)
    }

    pub(super) fn progress(&mut self, callee: u64, request: u64, payload: u64) -> Result<(), Breach> {
        let now = self.now;
        let mut open = self.invocations.iter_mut();
        let Some(invocation) = open.find(|i| i.callee == callee && i.request == request) else {
            let late = self.late.contains(&(callee, request));
            return if late { Ok(()) } else { Err(Breach) };
        };
        if let Some((after, deadline)) = &mut invocation.timeout {
            *deadline = now + *after;
        }
        if invocation.call.receive_progress && !invocation.killed {
            let invocation = invocation.clone();
            let (to, request, payload) = (invocation.call.by, invocation.call.request, vec![payload]);
            if self.is_too_large(to, &payload) {
                self.stop(&invocation, TOO_LARGE);
                return Ok(());
            }
            self.send(
                to,
                Seen::Result {
                    request,
                    progress: true,
                    payload,
                },
            );
        }
        Ok(())
    }

    /// The callee's last word: a result, or an error.
    pub(super) fn answer(
        &mut self,
        callee: u64,
        request: u64,
        answer: Result<u64, (&'static str, u64)>,
        got: &Got,
    ) -> Result<(), Breach> {
        let Some(invocation) = self.take_invocation(callee, request) else {
            let late = self.late.remove(&(callee, request));
            return if late { Ok(()) } else { Err(Breach) };
        };
        let (caller, call) = (invocation.call.by, invocation.call.request);
        match answer {
            Ok(payload) => {
                let payload = vec![payload];
                self.send(
                    caller,
                    Seen::Result {
                        request: call,
                        progress: false,
                        payload,
                    },
                );
            }
            Err(("wamp.error.unavailable", _))
                if self.able(callee) && invocation.in_pieces == Pieces::Whole && !invocation.killed =>
            {
                let mut unavailable = invocation.unavailable;
                unavailable.push(callee);
                if let Err(uri) = self.invoke(invocation.call, invocation.first.registration, unavailable, got) {
                    self.error(caller, "CALL", call, uri);
                }
            }
            Err((_, payload)) if self.is_too_large(caller, &[payload]) => self.error(caller, "CALL", call, TOO_LARGE),
            Err((uri, _)) => self.error(caller, "CALL", call, uri),
        }
        Ok(())
    }

    pub(super) fn cancel(&mut self, caller: u64, request: u64, mode: CancelMode) {
        let mut open = self.invocations.iter_mut();
        let Some(invocation) = open.find(|i| i.call.by == caller && i.call.request == request) else {
            return;
        };
        let (callee, id) = (invocation.callee, invocation.request);
        let told = std::mem::replace(&mut invocation.killed, true);
        let able = self.able(callee);
        let mode = if able { mode } else { CancelMode::Skip };
        if mode != CancelMode::Skip && !told {
            self.send(callee, Seen::Interrupt(id, mode.name()));
        }
        if mode != CancelMode::Kill {
            self.give_up(callee, id);
            self.error(caller, "CALL", request, CANCELED);
        }
    }

    /// Ends an invocation without the callee's word.
    fn give_up(&mut self, callee: u64, request: u64) {
        self.take_invocation(callee, request);
        self.late.insert((callee, request));
    }

    fn interrupt(&mut self, invocation: &Invocation) {
        if self.able(invocation.callee) && !invocation.killed {
            self.send(invocation.callee, Seen::Interrupt(invocation.request, "killnowait"));
        }
        self.give_up(invocation.callee, invocation.request);
    }

    /// Ends a call that cannot go on.
    fn stop(&mut self, invocation: &Invocation, why: &str) {
        self.interrupt(invocation);
        self.error(invocation.call.by, "CALL", invocation.call.request, why);
    }

    pub(super) fn wait(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        let due = |i: &&Invocation| i.timeout.is_some_and(|(_, deadline)| deadline <= self.now);
        for invocation in self.invocations.iter().filter(due).cloned().collect::<Vec<_>>() {
            self.stop(&invocation, "wamp.error.timeout");
        }
    }

    pub(super) fn end_invocations(&mut self, session: u64) {
        for invocation in self.invocations.clone() {
            if invocation.callee == session {
                self.take_invocation(session, invocation.request);
                self.error(invocation.call.by, "CALL", invocation.call.request, CANCELED);
            } else if invocation.call.by == session {
                self.interrupt(&invocation);
            }
        }
        self.late.retain(|(callee, _)| *callee != session);
        self.ended_in_pieces.retain(|(caller, _)| *caller != session);
    }
}
