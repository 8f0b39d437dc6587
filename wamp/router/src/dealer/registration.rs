//! One registration: a procedure or pattern, and the callees that share it.

use std::collections::HashMap;
use std::sync::Arc;

use wamp_protocol::message::InvocationPolicy;
use wamp_protocol::{SessionId, error_uri};

use super::policy_name;
use crate::effects::Refusal;
use crate::member::Member;
use crate::meta_event::RegistrationFacts;
use crate::random_ids::RandomIds;

#[derive(Debug)]
pub(super) struct Registration {
    pub(super) facts: RegistrationFacts,
    /// In the order of registration.
    callees: Vec<Callee>,
    /// Whose turn it is under `roundrobin`, by the partition that is called; "" for calls of none.
    turns: HashMap<String, usize>,
}

/// A session's part in a registration.
#[derive(Debug, Clone)]
pub(super) struct Callee {
    pub(super) member: Arc<Member>,
    /// Wants to know who calls.
    pub(super) disclose_caller: bool,
    /// Keeps the time itself.
    pub(super) forward_timeout: bool,
    /// The partition it takes; `None` takes any call.
    pub(super) rkey: Option<String>,
    /// Registered with `force_reregister`, so another that does may take its place.
    pub(super) replaceable: bool,
}

impl Registration {
    pub(super) fn new(facts: RegistrationFacts) -> Self {
        Self {
            facts,
            callees: Vec::new(),
            turns: HashMap::new(),
        }
    }

    pub(super) fn callees(&self) -> &[Callee] {
        &self.callees
    }

    /// Whether one more session may register, with this policy. A session that has it already
    /// may not (the specification is silent there).
    pub(super) fn check_joining(&self, session: SessionId, invoke: InvocationPolicy) -> Result<(), Refusal> {
        let uri = &self.facts.uri;
        let sentence = if self.callees.iter().any(|callee| callee.member.id == session) {
            format!("this session has registered {uri:?} already")
        } else if self.facts.invoke == InvocationPolicy::Single {
            format!("{uri:?} is registered already")
        } else if self.facts.invoke != invoke {
            format!(
                "{uri:?} is registered with the invocation policy {:?} already",
                policy_name(self.facts.invoke)
            )
        } else {
            return Ok(());
        };
        Err(Refusal::new(error_uri::PROCEDURE_ALREADY_EXISTS, sentence))
    }

    /// Whether every callee lets another take its place.
    pub(super) fn is_replaceable(&self) -> bool {
        self.callees.iter().all(|callee| callee.replaceable)
    }

    pub(super) fn add(&mut self, callee: Callee) {
        self.callees.push(callee);
    }

    pub(super) fn remove(&mut self, session: SessionId) {
        let Some(at) = self.callees.iter().position(|callee| callee.member.id == session) else {
            return;
        };
        self.callees.remove(at);
        for turn in self.turns.values_mut().filter(|turn| at < **turn) {
            *turn -= 1;
        }
        let Self { callees, turns, .. } = self;
        turns.retain(|rkey, _| rkey.is_empty() || callees.iter().any(|callee| callee.rkey.as_deref() == Some(rkey)));
    }

    /// The callee that a call goes to, `unavailable` ones aside. A call with a resource key goes
    /// to the callees that registered for that key, or if there are none to those without one;
    /// among several the policy decides.
    pub(super) fn pick(
        &mut self,
        rkey: Option<&str>,
        unavailable: &[SessionId],
        random: &mut RandomIds,
    ) -> Option<&Callee> {
        let keyed = rkey.is_some() && self.callees.iter().any(|callee| callee.rkey.as_deref() == rkey);
        let shard = rkey.filter(|_| keyed).unwrap_or_default();
        let fits = |callee: &Callee| {
            let right_shard = if keyed {
                callee.rkey.as_deref() == rkey
            } else {
                rkey.is_none() || callee.rkey.is_none()
            };
            right_shard && !unavailable.contains(&callee.member.id)
        };
        let places = || {
            self.callees
                .iter()
                .enumerate()
                .filter(|(_, callee)| fits(callee))
                .map(|(at, _)| at)
        };
        let at = match self.facts.invoke {
            InvocationPolicy::Single | InvocationPolicy::First => places().next(),
            InvocationPolicy::Last => places().next_back(),
            InvocationPolicy::RoundRobin => {
                let turn = self.turns.get(shard).copied().unwrap_or_default();
                places().find(|at| *at >= turn).or_else(|| places().next())
            }
            InvocationPolicy::Random => {
                let count = places().count().max(1) as u64;
                places().nth(usize::try_from(random.number() % count).unwrap_or_default())
            }
        }?;
        if self.facts.invoke == InvocationPolicy::RoundRobin {
            self.turns.insert(shard.to_owned(), at + 1);
        }
        self.callees.get(at)
    }
}
