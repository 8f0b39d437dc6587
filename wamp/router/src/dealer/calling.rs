//! CALL, and the INVOCATION it becomes.

use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::{Call, Invocation as InvocationMessage, InvocationDetails, PassThru, Sparse};
use wamp_protocol::{MatchPolicy, RegistrationId, error_uri};

use super::chunks::{Chunks, FirstChunk};
use super::invocation::{Invocation, InvocationKey, Timeout};
use super::registration::Callee;
use super::rerouting::Attempts;
use super::{Dealer, DealerSettings};
use crate::config::Disclose;
use crate::effects::{Effects, Refusal, Violation};
use crate::limit::Limit;
use crate::member::Member;
use crate::moment::Moment;
use crate::random_ids::RandomIds;
use crate::uri_rules;

impl Dealer {
    /// CALL: an INVOCATION to one callee, or ERROR. A second CALL with the id of one that is open
    /// is its next chunk.
    pub(crate) fn call(
        &mut self,
        caller: &Arc<Member>,
        message: &mut Call,
        now: Moment,
        random: &mut RandomIds,
        effects: &mut Effects,
    ) -> Result<(), Violation> {
        check_announced(caller, message)?;
        let session = self.sessions.entry(caller.id).or_default();
        let open = session.invocation_by_call.len();
        if let Some(key) = session.invocation_by_call.get(message.request) {
            let key = *key;
            return self.next_chunk(key, message, effects);
        }
        if session.is_late_chunk(message) {
            return Ok(());
        }
        let attempts = Attempts {
            unavailable: Vec::new(),
            deadline: time_limit(message).map(|after| now.monotonic.saturating_add(after)),
        };
        let started = self
            .check_call(message, open)
            .and_then(|registration| self.invoke(caller, message, registration, attempts, now, random, effects));
        if let Err(refusal) = started {
            self.refuse_first(caller, message, refusal, effects);
        }
        Ok(())
    }

    /// The registration that the call goes to, if it may. The caller has so many open calls.
    fn check_call(&self, message: &Call, open: usize) -> Result<RegistrationId, Refusal> {
        let procedure = &message.procedure;
        if !uri_rules::is_well_formed(procedure, MatchPolicy::Exact, self.settings.uri_rules) {
            let sentence = format!("{procedure:?} is not a well-formed procedure");
            return Err(Refusal::new(error_uri::INVALID_URI, sentence));
        }
        if message.options.disclose_me && self.settings.disclose_callers == Disclose::Never {
            let sentence = "this realm does not disclose callers";
            return Err(Refusal::new(error_uri::DISCLOSE_ME_DISALLOWED, sentence));
        }
        match (message.options.runmode.as_deref(), &message.options.rkey) {
            (None, _) | (Some("partition"), Some(_)) => {}
            (Some("partition"), None) => {
                let sentence = "a call with runmode \"partition\" must say which one with rkey";
                return Err(Refusal::new(error_uri::INVALID_ARGUMENT, sentence));
            }
            (Some(other), _) => {
                let sentence = format!("runmode {other:?} is not one of this router's: it has \"partition\"");
                return Err(Refusal::new(error_uri::OPTION_NOT_ALLOWED, sentence));
            }
        }
        let registration = self.registration_by_pattern.best(procedure.as_str()).ok_or_else(|| {
            Refusal::new(
                error_uri::NO_SUCH_PROCEDURE,
                format!("nobody has registered {procedure:?}"),
            )
        })?;
        if open >= self.settings.calls {
            let sentence = format!("a session may have {} open calls", self.settings.calls);
            return Err(Refusal::over(Limit::Calls, sentence));
        }
        Ok(registration)
    }

    /// Asks one callee of the registration, none of those that said they are unavailable, and none if
    /// the time is up.
    #[allow(clippy::too_many_arguments, reason = "a call and its surroundings")]
    pub(super) fn invoke(
        &mut self,
        caller: &Arc<Member>,
        message: &mut Call,
        id: RegistrationId,
        attempts: Attempts,
        now: Moment,
        random: &mut RandomIds,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let time_left = attempts.deadline.map(|deadline| deadline.saturating_sub(now.monotonic));
        if let (Some(Duration::ZERO), Some(after)) = (time_left, time_limit(message)) {
            return Err(timed_out(after));
        }
        let Self {
            settings,
            registrations,
            sessions,
            deadlines,
            ..
        } = self;
        let picked = registrations.get_mut(&id).and_then(|registration| {
            let policy = registration.facts.match_policy;
            let callee = registration.pick(message.options.rkey.as_deref(), &attempts.unavailable, random);
            callee.map(|callee| (callee, policy))
        });
        let Some((callee, policy)) = picked else {
            let sentence = format!("no callee of {:?} can take the call now", message.procedure);
            return Err(Refusal::new(error_uri::NO_AVAILABLE_CALLEE, sentence));
        };
        settings.check_callee(message, &callee.member)?;
        let forwarded = time_left.filter(|_| keeps_time(callee));
        let details = settings.details(caller, message, callee, policy, forwarded);
        let timeout = match forwarded {
            None => timeout(message, attempts.deadline),
            Some(_) => None,
        };
        let features = callee.member.features.callee;
        let reroute = if features.call_reroute && !message.options.progress {
            let session = sessions.entry(caller.id).or_default();
            session.keep_for_reroute(caller, id, message, attempts, settings.reroute_octets)
        } else {
            None
        };
        let session = sessions.entry(callee.member.id).or_default();
        let key = InvocationKey {
            callee: callee.member.id,
            request: session.next_invocation,
        };
        session.next_invocation = key.request.next();
        if let Some(timeout) = &timeout {
            deadlines.insert((timeout.queued, key));
        }
        let invocation = Invocation {
            caller: caller.id,
            call: message.request,
            // Who announced nothing is not asked for progress, and wampy.js sends it all the same.
            receive_progress: message.options.receive_progress
                && (details.receive_progress || !settings.progress_needs_canceling),
            takes_passthru: caller.features.caller.payload_passthru_mode,
            stoppable: features.call_canceling,
            killed: false,
            chunks: if message.options.progress {
                Chunks::Open(Box::new(FirstChunk {
                    registration: id,
                    procedure: message.procedure.clone(),
                    details: details.clone(),
                    continued: false,
                }))
            } else {
                Chunks::Whole
            },
            timeout,
            reroute,
        };
        session.invocations.insert(key.request, invocation);
        let session = sessions.entry(caller.id).or_default();
        session.invocation_by_call.insert(message.request, key);
        effects.send(
            key.callee,
            InvocationMessage {
                request: key.request,
                registration: id,
                details,
                payload: std::mem::take(&mut message.payload),
            },
        );
        Ok(())
    }

    pub(super) fn invocation_mut(&mut self, key: InvocationKey) -> Option<&mut Invocation> {
        self.sessions.get_mut(&key.callee)?.invocations.get_mut(key.request)
    }

    /// An invocation is over: so is the call, and its time runs no more.
    pub(super) fn close(&mut self, key: InvocationKey, invocation: &Invocation) {
        if let Some(timeout) = &invocation.timeout {
            self.deadlines.remove(&(timeout.queued, key));
        }
        let Some(session) = self.sessions.get_mut(&invocation.caller) else {
            return;
        };
        session.invocation_by_call.remove(invocation.call);
        session.forget_reroute(invocation);
        if let Chunks::Open(first) = &invocation.chunks {
            session.ended_chunked_calls.add(invocation.call, &first.procedure);
        }
    }
}

impl DealerSettings {
    fn check_callee(&self, message: &Call, callee: &Member) -> Result<(), Refusal> {
        let features = callee.features.callee;
        let takes_chunks = features.progressive_call_invocations && self.can_be_stopped(callee);
        if message.options.progress && !takes_chunks {
            let sentence = "the callee does not take calls in several pieces";
            return Err(Refusal::new(error_uri::FEATURE_NOT_SUPPORTED, sentence));
        }
        if is_passthru(message.options.ppt.as_deref()) && !features.payload_passthru_mode {
            let sentence = "the callee does not take payloads passed through";
            return Err(Refusal::new(error_uri::FEATURE_NOT_SUPPORTED, sentence));
        }
        Ok(())
    }

    /// Whether a callee is taken for one that can be canceled where progress needs that. By the
    /// letter only those that announce it; callees in the field forget to.
    const fn can_be_stopped(&self, callee: &Member) -> bool {
        callee.features.callee.call_canceling || !self.progress_needs_canceling
    }

    /// INVOCATION.Details: most calls need none.
    fn details(
        &self,
        caller: &Member,
        message: &Call,
        callee: &Callee,
        policy: MatchPolicy,
        time_left: Option<Duration>,
    ) -> Sparse<InvocationDetails> {
        let features = callee.member.features.callee;
        let options = &*message.options;
        let asked_for = match self.disclose_callers {
            Disclose::Never => false,
            Disclose::OnRequest => options.disclose_me,
            Disclose::Always => true,
        };
        let mut details = Sparse::<InvocationDetails>::NONE;
        if policy != MatchPolicy::Exact {
            details.procedure = Some(message.procedure.clone());
        }
        if options.receive_progress && features.progressive_call_results && self.can_be_stopped(&callee.member) {
            details.receive_progress = true;
        }
        if options.progress {
            details.progress = true;
        }
        if let Some(time_left) = time_left {
            details.timeout = Some(milliseconds(time_left));
        }
        if callee.disclose_caller || asked_for && features.caller_identification {
            details.caller = Some(caller.id);
            details.caller_authid = Some(caller.authid.clone());
            details.caller_authrole = Some(caller.authrole.clone());
        }
        if let Some(trustlevel) = caller.trustlevel.filter(|_| features.call_trustlevels) {
            details.trustlevel = Some(trustlevel);
        }
        if let Some(rkey) = &options.rkey {
            details.rkey = Some(rkey.clone());
        }
        if let Some(ppt) = &options.ppt {
            details.ppt = Some(ppt.clone());
        }
        details
    }
}

/// That the call uses no feature that the caller did not announce.
pub(super) fn check_announced(caller: &Member, message: &Call) -> Result<(), Violation> {
    if message.options.progress && !caller.features.caller.progressive_call_invocations {
        return Err(Violation::new(
            "CALL uses progressive_call_invocations, which the caller did not announce",
        ));
    }
    if is_passthru(message.options.ppt.as_deref()) && !caller.features.caller.payload_passthru_mode {
        return Err(Violation::new(
            "CALL uses payload_passthru_mode, which the caller did not announce",
        ));
    }
    Ok(())
}

/// How long the call may take.
fn time_limit(message: &Call) -> Option<Duration> {
    let milliseconds = message.options.timeout.filter(|milliseconds| *milliseconds > 0)?;
    Some(Duration::from_millis(milliseconds))
}

/// The timeout that the dealer has to keep, where the callee does not want to keep it.
fn timeout(message: &Call, deadline: Option<Duration>) -> Option<Box<Timeout>> {
    let (after, deadline) = (time_limit(message)?, deadline?);
    Some(Box::new(Timeout {
        after,
        deadline,
        queued: deadline,
    }))
}

/// Begun ones count: of a little time that is left, 0 would say that there is no limit.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

pub(super) fn timed_out(after: Duration) -> Refusal {
    let sentence = format!("there was no result within {} ms", after.as_millis());
    Refusal::new(error_uri::TIMEOUT, sentence)
}

fn keeps_time(callee: &Callee) -> bool {
    callee.forward_timeout && callee.member.features.callee.call_timeout
}

pub(super) fn is_passthru(ppt: Option<&PassThru>) -> bool {
    ppt.is_some_and(|ppt| ppt.scheme.is_some())
}
