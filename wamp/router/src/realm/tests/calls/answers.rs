//! How the model's calls end.

use wamp_protocol::message::CancelMode;

use super::{Breach, Invocation, Pieces, Saying, TIMEOUT};
use crate::realm::tests::model::{Got, Model, NOT_SUPPORTED, TOO_LARGE};
use crate::realm::tests::seen::Seen;

const CANCELED: &str = "wamp.error.canceled";

impl Model {
    pub(in crate::realm::tests) fn progress(
        &mut self,
        callee: u64,
        request: u64,
        saying: Saying,
    ) -> Result<(), Breach> {
        if saying.ppt && !self.able(callee) {
            return Err(Breach);
        }
        let now = self.now;
        let mut open = self.invocations.iter_mut();
        let Some(invocation) = open.find(|i| i.callee == callee && i.request == request) else {
            let late = self.late.contains(&(callee, request));
            return if late { Ok(()) } else { Err(Breach) };
        };
        if let (Some(until), Some(after), false) =
            (&mut invocation.until, invocation.call.timeout, invocation.forwarded)
        {
            *until = now + after;
        }
        if invocation.call.receive_progress && !invocation.killed {
            invocation.progressed = true;
            let invocation = invocation.clone();
            let (to, payload) = (invocation.call.by, vec![saying.payload]);
            if saying.ppt && !self.able(to) {
                self.stop(&invocation, NOT_SUPPORTED);
            } else if self.is_too_large(to, &payload) {
                self.stop(&invocation, TOO_LARGE);
            } else {
                self.send(
                    to,
                    Seen::Result {
                        request: invocation.call.request,
                        progress: true,
                        ppt: saying.ppt,
                        payload,
                    },
                );
            }
        }
        Ok(())
    }

    /// The callee's last word: a result, or an error of this URI.
    pub(in crate::realm::tests) fn answer(
        &mut self,
        callee: u64,
        request: u64,
        error: Option<&'static str>,
        saying: Saying,
        got: &Got,
    ) -> Result<(), Breach> {
        if saying.ppt && !self.able(callee) {
            return Err(Breach);
        }
        let Some(invocation) = self.take_invocation(callee, request) else {
            let late = self.late.remove(&(callee, request));
            return if late { Ok(()) } else { Err(Breach) };
        };
        let (caller, call) = (invocation.call.by, invocation.call.request);
        let elsewhere =
            self.able(callee) && invocation.in_pieces == Pieces::Whole && !invocation.killed && !invocation.progressed;
        if elsewhere && error == Some("wamp.error.unavailable") {
            let mut unavailable = invocation.unavailable;
            unavailable.push(callee);
            let (id, until) = (invocation.first.registration, invocation.until);
            if let Err(uri) = self.invoke(invocation.call, id, unavailable, until, got) {
                self.error(caller, "CALL", call, uri);
            }
            return Ok(());
        }
        let (request, payload, ppt) = (call, vec![saying.payload], saying.ppt);
        if ppt && !self.able(caller) {
            self.error(caller, "CALL", call, NOT_SUPPORTED);
        } else if self.is_too_large(caller, &payload) {
            self.error(caller, "CALL", call, TOO_LARGE);
        } else if let Some(uri) = error {
            let (of, uri) = ("CALL", uri.to_owned());
            self.send(caller, Seen::Error { of, request, uri, ppt });
        } else {
            let progress = false;
            self.send(
                caller,
                Seen::Result {
                    request,
                    progress,
                    ppt,
                    payload,
                },
            );
        }
        Ok(())
    }

    pub(in crate::realm::tests) fn cancel(&mut self, caller: u64, request: u64, mode: CancelMode) {
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
    pub(super) fn stop(&mut self, invocation: &Invocation, why: &str) {
        self.interrupt(invocation);
        self.error(invocation.call.by, "CALL", invocation.call.request, why);
    }

    /// Whose time is up is told in the order in which it was; of those at the same moment, callee by
    /// callee.
    pub(in crate::realm::tests) fn wait(&mut self, milliseconds: u64) {
        self.now += milliseconds;
        let due = |i: &&Invocation| !i.forwarded && i.until.is_some_and(|until| until <= self.now);
        let mut due: Vec<Invocation> = self.invocations.iter().filter(due).cloned().collect();
        due.sort_by_key(|i| (i.until, i.callee, i.request));
        for invocation in due {
            self.stop(&invocation, TIMEOUT);
        }
    }

    /// First who called the session, then whom it called.
    pub(in crate::realm::tests) fn end_invocations(&mut self, session: u64) {
        for invocation in self.invocations.clone() {
            if invocation.callee == session {
                self.take_invocation(session, invocation.request);
                self.error(invocation.call.by, "CALL", invocation.call.request, CANCELED);
            }
        }
        for invocation in self.invocations.clone() {
            if invocation.call.by == session {
                self.interrupt(&invocation);
            }
        }
        self.late.retain(|(callee, _)| *callee != session);
        self.ended_in_pieces.retain(|(caller, _), _| *caller != session);
    }
}
