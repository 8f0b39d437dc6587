//! What is kept of an open call so that another callee can be asked.

use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::{Call, PassThru};
use wamp_protocol::{RegistrationId, SessionId};

use super::invocation::Invocation;
use super::{Dealer, DealerSession};
use crate::member::Member;

/// A call that may have to go to another callee.
#[derive(Debug)]
pub(super) struct Reroute {
    pub(super) caller: Arc<Member>,
    pub(super) registration: RegistrationId,
    pub(super) call: Call,
    pub(super) attempts: Attempts,
    /// What it counts for among those of the caller.
    octets: usize,
}

/// What has become of a call so far.
#[derive(Debug)]
pub(super) struct Attempts {
    /// The callees that said they are unavailable.
    pub(super) unavailable: Vec<SessionId>,
    /// When its time is up, whoever keeps it: that of the call, not of each callee.
    pub(super) deadline: Option<Duration>,
}

impl DealerSession {
    /// Keeps the call of this session, as far as all that is kept of its calls stays within `limit`
    /// octets. The call's payload is its own then, and no slice of what it came in, which may be
    /// much more.
    pub(super) fn keep_for_reroute(
        &mut self,
        caller: &Arc<Member>,
        registration: RegistrationId,
        call: &mut Call,
        attempts: Attempts,
        limit: usize,
    ) -> Option<Box<Reroute>> {
        let octets = octets(call);
        let kept = self.kept_for_reroute.saturating_add(octets);
        if kept > limit {
            return None;
        }
        self.kept_for_reroute = kept;
        // Another callee is asked with what was kept.
        if attempts.unavailable.is_empty() {
            call.payload = call.payload.detached();
        }
        Some(Box::new(Reroute {
            caller: Arc::clone(caller),
            registration,
            call: call.clone(),
            attempts,
            octets,
        }))
    }

    /// The call is over: nothing is kept of it.
    pub(super) fn forget_reroute(&mut self, invocation: &Invocation) {
        if let Some(reroute) = &invocation.reroute {
            self.kept_for_reroute = self.kept_for_reroute.saturating_sub(reroute.octets);
        }
    }
}

impl Dealer {
    /// A call of the session stays with its callee: nothing is kept of it.
    pub(super) fn no_reroute(&mut self, caller: SessionId, reroute: Option<Box<Reroute>>) {
        let Some(reroute) = reroute else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&caller) {
            session.kept_for_reroute = session.kept_for_reroute.saturating_sub(reroute.octets);
        }
    }

    /// Whether each session's count is that of its open calls.
    #[cfg(test)]
    pub(super) fn counts_what_it_keeps(&self) -> bool {
        let of = |session: &'_ DealerSession| -> Vec<(SessionId, usize)> {
            let invocations = &session.invocations;
            let open = invocations.keys().filter_map(|request| invocations.get(request));
            open.filter_map(|invocation| Some((invocation.caller, invocation.reroute.as_ref()?.octets)))
                .collect()
        };
        let kept: Vec<(SessionId, usize)> = self.sessions.values().flat_map(of).collect();
        self.sessions.iter().all(|(id, session)| {
            let own = kept.iter().filter(|(caller, _)| caller == id);
            session.kept_for_reroute == own.map(|(_, octets)| octets).sum::<usize>()
        })
    }
}

/// What the call takes in memory, about.
fn octets(call: &Call) -> usize {
    let options = &*call.options;
    let texts = [&options.rkey, &options.runmode];
    let said: usize = texts.into_iter().flatten().map(String::len).sum();
    let passed = options.ppt.as_deref().map_or(0, |ppt| {
        size_of::<PassThru>() + ppt.entries().map(|(_, text)| text.len()).sum::<usize>()
    });
    size_of::<Reroute>() + call.payload.len() + call.procedure.as_str().len() + said + passed
}
