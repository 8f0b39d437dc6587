//! YIELD and ERROR, and what the caller gets.

use wamp_protocol::message::{Error, ResultDetails, ResultMessage, Sparse, Yield};
use wamp_protocol::{MessageType, RequestId, SessionId, Value, error_uri};

use super::Dealer;
use super::calling::is_passthru;
use super::invocation::{Invocation, InvocationKey};
use super::rerouting::Reroute;
use crate::effects::{Effects, Refusal, Violation};
use crate::member::Member;
use crate::moment::Moment;
use crate::random_ids::RandomIds;

impl Dealer {
    /// YIELD: RESULT to the caller, who may be gone or have given up by now.
    pub(crate) fn yield_result(
        &mut self,
        callee: &Member,
        message: &mut Yield,
        now: Moment,
        effects: &mut Effects,
    ) -> Result<(), Violation> {
        let key = InvocationKey {
            callee: callee.id,
            request: message.request,
        };
        if is_passthru(message.options.ppt.as_deref()) && !callee.features.callee.payload_passthru_mode {
            return Err(Violation::new(
                "YIELD uses payload_passthru_mode, which the callee did not announce",
            ));
        }
        if !message.options.progress {
            let Some(invocation) = self.take_answered(key, true)? else {
                return Ok(());
            };
            deliver(&invocation, message, effects);
            return Ok(());
        }
        let Some(invocation) = self.invocation_mut(key) else {
            return self.take_answered(key, false).map(|_| ());
        };
        if let Some(timeout) = &mut invocation.timeout {
            timeout.deadline = now.monotonic.saturating_add(timeout.after);
        }
        // Whoever did not ask for progress, or asked the callee to stop, gets the end only.
        if invocation.receive_progress && !invocation.killed {
            if let Err(refusal) = check_takes(invocation, is_passthru(message.options.ppt.as_deref())) {
                self.stop(key, refusal, effects);
                return Ok(());
            }
            // Another callee would begin anew, and the caller has what this one began with.
            let reroute = invocation.reroute.take();
            let caller = invocation.caller;
            let details = ResultDetails {
                progress: true,
                ppt: std::mem::take(&mut message.options).said().and_then(|said| said.ppt),
                ..ResultDetails::UNSAID
            };
            let result = ResultMessage {
                request: invocation.call,
                details: details.into(),
                payload: std::mem::take(&mut message.payload),
            };
            effects.send(caller, result);
            self.no_reroute(caller, reroute);
        }
        Ok(())
    }

    /// ERROR of an INVOCATION: another callee is asked if this one is unavailable and the call
    /// may go elsewhere; else the caller gets the error.
    pub(crate) fn error(
        &mut self,
        callee: &Member,
        message: &mut Error,
        now: Moment,
        random: &mut RandomIds,
        effects: &mut Effects,
    ) -> Result<(), Violation> {
        if message.request_type != MessageType::Invocation {
            let sentence = format!("ERROR answers an INVOCATION, and not {}", message.request_type.name());
            return Err(Violation(sentence));
        }
        let key = InvocationKey {
            callee: callee.id,
            request: message.request,
        };
        let passed_through = matches!(message.details.get("ppt_scheme"), Some(Value::String(_)));
        if passed_through && !callee.features.callee.payload_passthru_mode {
            return Err(Violation::new(
                "ERROR uses payload_passthru_mode, which the callee did not announce",
            ));
        }
        let Some(mut invocation) = self.take_answered(key, true)? else {
            return Ok(());
        };
        let unavailable = message.error.as_str() == error_uri::UNAVAILABLE && !invocation.killed;
        if let Some(mut reroute) = invocation.reroute.take().filter(|_| unavailable) {
            reroute.attempts.unavailable.push(callee.id);
            if let Some(timeout) = &invocation.timeout {
                // Later than that of the call, if the callee has sent what nobody asked for.
                reroute.attempts.deadline = Some(timeout.deadline);
            }
            let Reroute {
                caller,
                registration,
                mut call,
                attempts,
                ..
            } = *reroute;
            let again = self.invoke(&caller, &mut call, registration, attempts, now, random, effects);
            if let Err(refusal) = again {
                effects.refuse(caller.id, (MessageType::Call, invocation.call), refusal);
            }
            return Ok(());
        }
        if let Err(refusal) = check_takes(&invocation, passed_through) {
            effects.refuse(invocation.caller, (MessageType::Call, invocation.call), refusal);
            return Ok(());
        }
        effects.send(
            invocation.caller,
            Error {
                request_type: MessageType::Call,
                request: invocation.call,
                details: std::mem::take(&mut message.details),
                error: message.error.clone(),
                payload: std::mem::take(&mut message.payload),
            },
        );
        Ok(())
    }

    /// The INVOCATION that was sent last with this id could not be brought to its callee: the call
    /// ends. Of one that it never heard of the callee is told nothing, and its next has the id.
    pub(crate) fn undeliverable(
        &mut self,
        callee: SessionId,
        request: RequestId,
        refusal: Refusal,
        effects: &mut Effects,
    ) {
        let key = InvocationKey { callee, request };
        if self
            .invocation_mut(key)
            .is_some_and(|invocation| invocation.chunks.are_continued())
        {
            return self.stop(key, refusal, effects);
        }
        let Some(session) = self.sessions.get_mut(&callee) else {
            return;
        };
        let Some(invocation) = session.invocations.remove(request) else {
            return;
        };
        session.next_invocation = request;
        self.close(key, &invocation);
        effects.refuse(invocation.caller, (MessageType::Call, invocation.call), refusal);
    }

    /// A progressive RESULT could not be brought to its caller: the call ends.
    pub(crate) fn progress_undeliverable(
        &mut self,
        caller: SessionId,
        call: RequestId,
        refusal: Refusal,
        effects: &mut Effects,
    ) {
        let session = self.sessions.get(&caller);
        if let Some(key) = session.and_then(|session| session.invocation_by_call.get(call)) {
            self.stop(*key, refusal, effects);
        }
    }

    /// The invocation that the callee has answered, which is over now. `None` if it was over
    /// before for another reason; a violation if there never was one, or it has been answered.
    fn take_answered(&mut self, key: InvocationKey, last: bool) -> Result<Option<Invocation>, Violation> {
        let unknown = || Violation(format!("there is no open INVOCATION {}", key.request));
        let session = self.sessions.get_mut(&key.callee).ok_or_else(unknown)?;
        if let Some(invocation) = session.invocations.remove(key.request) {
            self.close(key, &invocation);
            return Ok(Some(invocation));
        }
        if !session.abandoned.may_contain(key.request) {
            return Err(unknown());
        }
        if last {
            session.abandoned.remove(key.request);
        }
        Ok(None)
    }
}

/// Whether the caller takes an answer, which may be passed through.
fn check_takes(invocation: &Invocation, passed_through: bool) -> Result<(), Refusal> {
    if passed_through && !invocation.takes_passthru {
        let sentence = "the answer is passed through, and the caller did not announce that it takes such";
        return Err(Refusal::new(error_uri::FEATURE_NOT_SUPPORTED, sentence));
    }
    Ok(())
}

/// RESULT, the last one, to the caller.
fn deliver(invocation: &Invocation, message: &mut Yield, effects: &mut Effects) {
    let mut details = Sparse::<ResultDetails>::NONE;
    if let Some(ppt) = std::mem::take(&mut message.options).said().and_then(|said| said.ppt) {
        if let Err(refusal) = check_takes(invocation, is_passthru(Some(&ppt))) {
            return effects.refuse(invocation.caller, (MessageType::Call, invocation.call), refusal);
        }
        details.ppt = Some(ppt);
    }
    effects.send(
        invocation.caller,
        ResultMessage {
            request: invocation.call,
            details,
            payload: std::mem::take(&mut message.payload),
        },
    );
}
