//! The dealer: who has registered what, which calls are open, and where their answers go.
//!
//! Plain state. Every function takes what it needs to know, time included, and puts what is to be
//! done into [`Effects`].

mod abandoned;
mod answering;
mod by_request;
mod calling;
mod canceling;
mod chunks;
mod ended_calls;
mod invocation;
mod registration;
mod rerouting;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::{InvocationPolicy, Register, Registered, Unregister, Unregistered, UnregisteredDetails};
use wamp_protocol::{MatchPolicy, MessageType, RegistrationId, RequestId, SessionId, Uri, UriRules, error_uri};

use self::abandoned::Abandoned;
use self::by_request::ByRequest;
use self::ended_calls::EndedCalls;
use self::invocation::{Invocation, InvocationKey};
use self::registration::{Callee, Registration};
use crate::config::Disclose;
use crate::effects::{Effects, Refusal};
use crate::id_map::{IdMap, IdSet};
use crate::limit::Limit;
use crate::member::Member;
use crate::meta_event::{MetaEvent, RegistrationFacts};
use crate::moment::Moment;
use crate::pattern_map::{PatternMap, Shapes};
use crate::uri_rules;

/// Why a registration was revoked that somebody took by `force_reregister`.
const REREGISTERED: &str = "reregistered";

/// What the dealer of a realm is told at the start.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct DealerSettings {
    pub(crate) disclose_callers: Disclose,
    /// Whether `disclose_caller` at REGISTER is granted.
    pub(crate) callees_may_ask: bool,
    pub(crate) uri_rules: UriRules,
    /// Progressive results and invocations need a callee that announced `call_canceling` too.
    pub(crate) progress_needs_canceling: bool,
    /// Registrations one session may have.
    pub(crate) registrations: usize,
    /// Open calls one session may have.
    pub(crate) calls: usize,
    /// Octets of one session's open calls that are kept so that other callees can be asked.
    pub(crate) reroute_octets: usize,
}

/// The dealer of one realm.
#[derive(Debug)]
pub(crate) struct Dealer {
    settings: DealerSettings,
    registrations: IdMap<RegistrationId, Registration>,
    registration_by_pattern: PatternMap<RegistrationId>,
    shapes: Shapes,
    /// What each session registered, called, and was asked.
    sessions: IdMap<SessionId, DealerSession>,
    next: RegistrationId,
    /// When invocations are to be looked at because they may have timed out.
    deadlines: BTreeSet<(Duration, InvocationKey)>,
}

/// A session as caller and callee.
#[derive(Debug)]
struct DealerSession {
    registrations: IdSet<RegistrationId>,
    /// Its open calls → their invocations.
    invocation_by_call: ByRequest<InvocationKey>,
    /// Calls that took several chunks and ended, of which more chunks may be on their way.
    ended_chunked_calls: EndedCalls,
    /// Octets of its open calls that are kept so that other callees can be asked.
    kept_for_reroute: usize,
    /// Invocations it has not answered yet.
    invocations: ByRequest<Invocation>,
    /// The id its next invocation gets.
    next_invocation: RequestId,
    /// Invocations that ended without its answer, which may still come.
    abandoned: Abandoned,
}

impl Default for DealerSession {
    fn default() -> Self {
        Self {
            registrations: IdSet::default(),
            invocation_by_call: ByRequest::default(),
            ended_chunked_calls: EndedCalls::default(),
            kept_for_reroute: 0,
            invocations: ByRequest::default(),
            next_invocation: RequestId::FIRST,
            abandoned: Abandoned::default(),
        }
    }
}

impl Dealer {
    pub(crate) fn new(settings: DealerSettings) -> Self {
        Self {
            settings,
            registrations: IdMap::default(),
            registration_by_pattern: PatternMap::default(),
            shapes: Shapes::default(),
            sessions: IdMap::default(),
            next: RegistrationId::FIRST,
            deadlines: BTreeSet::new(),
        }
    }

    /// REGISTER: REGISTERED or ERROR.
    pub(crate) fn register(&mut self, member: &Arc<Member>, message: Register, now: Moment, effects: &mut Effects) {
        let request = (MessageType::Register, message.request);
        match self.try_register(member, message, now, effects) {
            Ok(()) => {}
            Err(refusal) => effects.refuse(member.id, request, refusal),
        }
    }

    fn try_register(
        &mut self,
        member: &Arc<Member>,
        message: Register,
        now: Moment,
        effects: &mut Effects,
    ) -> Result<(), Refusal> {
        let Register {
            request,
            options,
            procedure,
        } = message;
        let policy = options.match_policy.unwrap_or_default();
        self.check_procedure(&procedure, policy)?;
        let disclose_caller = options.disclose_caller == Some(true);
        if disclose_caller && !self.settings.callees_may_ask {
            let sentence = "this realm does not disclose callers because a callee asks";
            return Err(Refusal::new(error_uri::DISCLOSE_ME_DISALLOWED, sentence));
        }
        let session = self.sessions.entry(member.id).or_default();
        if session.registrations.len() >= self.settings.registrations {
            let sentence = format!("a session may have {} registrations", self.settings.registrations);
            return Err(Refusal::over(Limit::Registrations, sentence));
        }
        self.shapes.check(member.id, policy, &procedure)?;
        if options.force_reregister == Some(true) {
            self.make_room(policy, &procedure, effects);
        }
        let invoke = options.invoke.unwrap_or_default();
        let known = self.registration_by_pattern.get(policy, procedure.as_str());
        if let Some(registration) = known.and_then(|id| self.registrations.get(&id)) {
            registration.check_joining(member.id, invoke)?;
        }
        let id = known.unwrap_or_else(|| {
            let id = self.next;
            self.next = id.next();
            self.registration_by_pattern.insert(policy, &procedure, id);
            id
        });
        self.sessions.entry(member.id).or_default().registrations.insert(id);
        self.shapes.add(member.id, policy, &procedure);
        effects.send(
            member.id,
            Registered {
                request,
                registration: id,
            },
        );
        let registration = self.registrations.entry(id).or_insert_with(|| {
            let facts = RegistrationFacts {
                id,
                created: now,
                uri: procedure,
                match_policy: policy,
                invoke,
            };
            effects
                .meta_events
                .push(MetaEvent::RegistrationCreated(member.id, facts.clone()));
            Registration::new(facts)
        });
        registration.add(Callee {
            member: Arc::clone(member),
            disclose_caller,
            forward_timeout: options.forward_timeout == Some(true),
            rkey: options.rkey,
            replaceable: options.force_reregister == Some(true),
        });
        effects.meta_events.push(MetaEvent::Registered(member.id, id));
        Ok(())
    }

    /// Takes the registration of this pattern from its callees, if all of them let somebody take it.
    fn make_room(&mut self, policy: MatchPolicy, procedure: &Uri, effects: &mut Effects) {
        let known = self.registration_by_pattern.get(policy, procedure.as_str());
        let Some(registration) = known.and_then(|id| self.registrations.get(&id)) else {
            return;
        };
        if !registration.is_replaceable() {
            return;
        }
        let id = registration.facts.id;
        let callees: Vec<Arc<Member>> = registration
            .callees()
            .iter()
            .map(|callee| Arc::clone(&callee.member))
            .collect();
        for callee in callees {
            self.revoke(&callee, id, REREGISTERED, effects);
        }
    }

    fn check_procedure(&self, procedure: &Uri, policy: MatchPolicy) -> Result<(), Refusal> {
        if !uri_rules::is_well_formed(procedure, policy, self.settings.uri_rules) {
            let sentence = format!("{procedure:?} is not a well-formed {} procedure", policy.name());
            return Err(Refusal::new(error_uri::INVALID_URI, sentence));
        }
        if procedure.is_reserved() {
            let sentence = format!("{procedure:?} is the router's own: applications register nothing under \"wamp.\"");
            return Err(Refusal::new(error_uri::INVALID_URI, sentence));
        }
        Ok(())
    }

    /// UNREGISTER: UNREGISTERED, or ERROR `wamp.error.no_such_registration`. Calls that are open
    /// stay so.
    pub(crate) fn unregister(&mut self, member: &Member, message: &Unregister, effects: &mut Effects) {
        if self.drop_callee(member.id, message.registration, effects) {
            effects.send(
                member.id,
                Unregistered {
                    request: Some(message.request),
                    details: None,
                },
            );
        } else {
            let sentence = format!("this session has no registration {}", message.registration);
            let refusal = Refusal::new(error_uri::NO_SUCH_REGISTRATION, sentence);
            effects.refuse(member.id, (MessageType::Unregister, message.request), refusal);
        }
    }

    /// Takes a registration from a session, which is told if it announced that it understands.
    pub(crate) fn revoke(&mut self, member: &Member, id: RegistrationId, reason: &str, effects: &mut Effects) -> bool {
        let had_it = self.drop_callee(member.id, id, effects);
        if had_it && member.features.callee.registration_revocation {
            let details = UnregisteredDetails {
                registration: id,
                reason: Some(reason.to_owned()),
            };
            effects.send(
                member.id,
                Unregistered {
                    request: None,
                    details: Some(details),
                },
            );
        }
        had_it
    }

    fn drop_callee(&mut self, session: SessionId, id: RegistrationId, effects: &mut Effects) -> bool {
        let had_it = self
            .sessions
            .get_mut(&session)
            .is_some_and(|session| session.registrations.remove(&id));
        if had_it {
            self.remove_from(session, id, effects);
        }
        had_it
    }

    fn remove_from(&mut self, session: SessionId, id: RegistrationId, effects: &mut Effects) {
        let Some(registration) = self.registrations.get_mut(&id) else {
            return;
        };
        registration.remove(session);
        let facts = &registration.facts;
        self.shapes.remove(session, facts.match_policy, &facts.uri);
        effects.meta_events.push(MetaEvent::Unregistered(session, id));
        if registration.callees().is_empty() {
            self.registration_by_pattern
                .remove(facts.match_policy, facts.uri.as_str());
            self.registrations.remove(&id);
            effects.meta_events.push(MetaEvent::RegistrationDeleted(session, id));
        }
    }

    /// The session is gone: its registrations end, whoever called it is told, and whom it called
    /// is interrupted.
    pub(crate) fn leave(&mut self, session: SessionId, effects: &mut Effects) {
        let Some(gone) = self.sessions.remove(&session) else {
            return;
        };
        // In the order in which they were created, whoever hears of it.
        let registrations: BTreeSet<RegistrationId> = gone.registrations.into_iter().collect();
        for id in registrations {
            self.remove_from(session, id, effects);
        }
        for (request, invocation) in gone.invocations {
            let key = InvocationKey {
                callee: session,
                request,
            };
            self.callee_left(key, &invocation, effects);
        }
        // Ids of calls need not count up; those of a callee's invocations do.
        let mut called: Vec<InvocationKey> = gone.invocation_by_call.into_iter().map(|(_, key)| key).collect();
        called.sort_unstable();
        for key in called {
            self.caller_left(key, effects);
        }
    }

    /// Whether nothing is left of any session.
    #[cfg(test)]
    pub(crate) fn is_bare(&self) -> bool {
        let nobody = self.sessions.is_empty() && self.shapes.is_empty();
        self.registrations.is_empty() && nobody && self.deadlines.is_empty()
    }

    /// Every registration.
    pub(crate) fn registrations(&self) -> impl Iterator<Item = &RegistrationFacts> {
        self.registrations.values().map(|registration| &registration.facts)
    }

    /// The registration with this id.
    pub(crate) fn registration(&self, id: RegistrationId) -> Option<&RegistrationFacts> {
        self.registrations.get(&id).map(|registration| &registration.facts)
    }

    /// The registration of exactly this pattern.
    pub(crate) fn lookup(&self, procedure: &str, policy: MatchPolicy) -> Option<RegistrationId> {
        self.registration_by_pattern.get(policy, procedure)
    }

    /// The registration that a call of `procedure` goes to.
    pub(crate) fn matching(&self, procedure: &str) -> Option<RegistrationId> {
        self.registration_by_pattern.best(procedure)
    }

    /// The sessions of a registration, in the order in which they registered.
    pub(crate) fn callees(&self, id: RegistrationId) -> Option<Vec<SessionId>> {
        let registration = self.registrations.get(&id)?;
        Some(registration.callees().iter().map(|callee| callee.member.id).collect())
    }
}

/// The name of an invocation policy on the wire.
pub(crate) const fn policy_name(policy: InvocationPolicy) -> &'static str {
    match policy {
        InvocationPolicy::Single => "single",
        InvocationPolicy::RoundRobin => "roundrobin",
        InvocationPolicy::Random => "random",
        InvocationPolicy::First => "first",
        InvocationPolicy::Last => "last",
    }
}

#[cfg(test)]
mod tests;
