//! The other ways in which a call ends: CANCEL, timeout, a caller or callee that leaves.

use std::time::Duration;

use wamp_protocol::message::{Cancel, CancelMode, Interrupt};
use wamp_protocol::{MessageType, error_uri};

use super::Dealer;
use super::calling::timed_out;
use super::invocation::{Invocation, InvocationKey};
use crate::effects::{Effects, Refusal};
use crate::member::Member;
use crate::moment::Moment;

impl Dealer {
    /// CANCEL. One for a call that is over already changes nothing.
    pub(crate) fn cancel(&mut self, caller: &Member, message: Cancel, effects: &mut Effects) {
        let mode = match message.mode.unwrap_or(Ok(CancelMode::KillNoWait)) {
            Ok(mode) => mode,
            Err(unknown) => {
                let sentence = format!("mode must be \"skip\", \"kill\" or \"killnowait\", and is {unknown:?}");
                let refusal = Refusal::new(error_uri::INVALID_ARGUMENT, sentence);
                return effects.refuse(caller.id, (MessageType::Cancel, message.request), refusal);
            }
        };
        let session = self.sessions.get(&caller.id);
        let Some(key) = session
            .and_then(|session| session.invocation_by_call.get(message.request))
            .copied()
        else {
            return;
        };
        let Some(invocation) = self.invocation_mut(key) else {
            return;
        };
        let stoppable = invocation.stoppable;
        let told = std::mem::replace(&mut invocation.killed, true);
        let mode = if stoppable { mode } else { CancelMode::Skip };
        if mode != CancelMode::Skip && !told {
            effects.send(key.callee, interrupt(key, mode, error_uri::CANCELED));
        }
        if mode != CancelMode::Kill {
            let refusal = Refusal::new(error_uri::CANCELED, "the caller canceled the call");
            self.abandon(key, Some(refusal), effects);
        }
    }

    /// Ends the invocations whose time is up, in the order in which it was.
    pub(crate) fn expire(&mut self, now: Moment, effects: &mut Effects) {
        while self.next_deadline().is_some_and(|deadline| deadline <= now.monotonic) {
            let Some((_, key)) = self.deadlines.pop_first() else {
                return;
            };
            let Some(invocation) = self.invocation_mut(key) else {
                continue;
            };
            let Some(timeout) = &mut invocation.timeout else {
                continue;
            };
            // Later than where it stood: it has its turn then, if that is past already.
            if timeout.deadline > timeout.queued {
                timeout.queued = timeout.deadline;
                let queued = timeout.queued;
                self.deadlines.insert((queued, key));
                continue;
            }
            let refusal = timed_out(timeout.after);
            self.stop(key, refusal, effects);
        }
    }

    /// When [`Self::expire`] has something to do next; it may turn out to be nothing.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Ends a call that cannot go on: the caller gets this ERROR and nothing after it, the callee is
    /// told if it can be, and what either still sends about it is discarded.
    pub(super) fn stop(&mut self, key: InvocationKey, refusal: Refusal, effects: &mut Effects) {
        self.tell_to_stop(key, refusal.error, effects);
        self.abandon(key, Some(refusal), effects);
    }

    /// The caller left: nobody waits for this invocation any more.
    pub(super) fn caller_left(&mut self, key: InvocationKey, effects: &mut Effects) {
        self.tell_to_stop(key, error_uri::CANCELED, effects);
        self.abandon(key, None, effects);
    }

    fn tell_to_stop(&mut self, key: InvocationKey, reason: &str, effects: &mut Effects) {
        let invocation = self.invocation_mut(key);
        if invocation.is_some_and(|invocation| invocation.stoppable && !invocation.killed) {
            effects.send(key.callee, interrupt(key, CancelMode::KillNoWait, reason));
        }
    }

    /// The callee left without an answer.
    pub(super) fn callee_left(&mut self, key: InvocationKey, invocation: &Invocation, effects: &mut Effects) {
        self.close(key, invocation);
        // A session that called itself is gone with its callee.
        if self.sessions.contains_key(&invocation.caller) {
            let refusal = Refusal::new(error_uri::CANCELED, "the callee left before it answered");
            effects.refuse(invocation.caller, (MessageType::Call, invocation.call), refusal);
        }
    }

    /// Ends an invocation without the callee's answer, which may come and be discarded.
    fn abandon(&mut self, key: InvocationKey, refusal: Option<Refusal>, effects: &mut Effects) {
        let Some(session) = self.sessions.get_mut(&key.callee) else {
            return;
        };
        let Some(invocation) = session.invocations.remove(key.request) else {
            return;
        };
        session.abandoned.add(key.request);
        self.close(key, &invocation);
        if let Some(refusal) = refusal {
            effects.refuse(invocation.caller, (MessageType::Call, invocation.call), refusal);
        }
    }
}

fn interrupt(key: InvocationKey, mode: CancelMode, reason: &str) -> Interrupt {
    Interrupt {
        request: key.request,
        mode: Some(mode),
        reason: Some(reason.to_owned()),
    }
}
