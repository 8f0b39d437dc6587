//! A realm: its sessions, broker, dealer and meta API under one short lock.

mod decisions;
mod goodbyes;
mod meta_events;
mod meta_procedures;
mod permissions;
mod reflection;
mod routing;
mod sending;
mod testament;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;
use wamp_protocol::message::Welcome;
use wamp_protocol::{SessionId, UriRules, error_uri};

use self::reflection::Definitions;
use self::testament::Testaments;
use crate::authentication::{Attempts, DecoySecret, Fingerprint, Settled, SignIn};
use crate::authorization::Decisions;
use crate::broker::{Broker, BrokerSettings};
use crate::config::{Limits, RealmConfig};
use crate::dealer::{Dealer, DealerSettings};
use crate::effects::{Effects, Refusal};
use crate::id_map::IdMap;
use crate::member::Member;
use crate::meta_event::MetaEvent;
use crate::metrics::Counters;
use crate::moment::Moment;
use crate::outbox::{Cause, Outbox};
use crate::random_ids::RandomIds;

pub(crate) use self::permissions::request;
pub(crate) use self::routing::Routing;

/// One realm of the router.
#[derive(Debug)]
pub(crate) struct Realm {
    pub(crate) config: RealmConfig,
    pub(crate) counters: Arc<Counters>,
    /// What is made up about names that nobody has, where the authenticator leaves it to us.
    pub(crate) decoys: DecoySecret,
    /// Failed sign-ins.
    attempts: Mutex<Attempts>,
    started: Instant,
    /// What authorizers have answered.
    decisions: Mutex<Decisions>,
    state: Mutex<State>,
    /// Wakes whoever watches the deadlines: there is an earlier one.
    pub(crate) deadline_changed: Notify,
}

/// What the lock protects. Never held across an await.
#[derive(Debug)]
struct State {
    broker: Broker,
    dealer: Dealer,
    sessions: IdMap<SessionId, Attached>,
    testaments: Testaments,
    definitions: Definitions,
    ids: RandomIds,
    /// Of what has been done last.
    cause: Cause,
    /// Empty between messages; kept for its memory.
    effects: Effects,
    /// No session may join any more.
    closed: bool,
}

/// A session of the realm.
#[derive(Debug)]
struct Attached {
    member: Arc<Member>,
    outbox: Arc<Outbox>,
    /// The highest request id it has used.
    last_request: u64,
}

/// The realm is closing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

impl Realm {
    pub(crate) fn new(config: RealmConfig, limits: &Limits, counters: Arc<Counters>) -> Self {
        let uri_rules = uri_rules(&config);
        let mut broker = Broker::new(BrokerSettings {
            disclose_publishers: config.disclosure.publishers,
            uri_rules,
            subscriptions: limits.subscriptions,
            history: config.history,
        });
        broker.remember(&config.history_except, config.history_store.clone());
        broker.keep_newest(&config.keep_newest);
        let state = State {
            broker,
            dealer: Dealer::new(DealerSettings {
                disclose_callers: config.disclosure.callers,
                callees_may_ask: config.disclosure.callees_may_ask,
                uri_rules,
                progress_needs_canceling: config.strictness.progressive_results_need_canceling,
                registrations: limits.registrations,
                calls: limits.calls,
                reroute_octets: limits.outbox_octets,
            }),
            sessions: IdMap::default(),
            testaments: Testaments::default(),
            definitions: Definitions::new(&config.definitions),
            ids: RandomIds::new(),
            cause: Cause::default(),
            effects: Effects::default(),
            closed: false,
        };
        Self {
            config,
            counters,
            decoys: DecoySecret::random(),
            attempts: Mutex::default(),
            started: Instant::now(),
            decisions: Mutex::default(),
            state: Mutex::new(state),
            deadline_changed: Notify::new(),
        }
    }

    fn uri_rules(&self) -> UriRules {
        uri_rules(&self.config)
    }

    pub(crate) fn now(&self) -> Moment {
        Moment {
            monotonic: self.started.elapsed(),
            unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether whoever signs in so may try now.
    ///
    /// # Errors
    /// What ABORT says: that too many failed, and how long they have to wait.
    pub(crate) fn check_patience(&self, sign_in: &SignIn, now: Duration) -> Result<(), Refusal> {
        let wait = self.attempts().and_then(|attempts| attempts.wait(sign_in, now));
        wait.map_or(Ok(()), |wait| Err(self.too_early(wait)))
    }

    /// What a ticket is known by when it comes again.
    pub(crate) fn fingerprint(&self, ticket: &str) -> Option<Fingerprint> {
        self.attempts().map(|attempts| attempts.fingerprint(ticket))
    }

    /// A sign-in ends, rightly or not, by this ticket if it was one; whether it is accepted. In one step with
    /// finding out whether it had to wait: many answers at once are no way around it.
    ///
    /// # Errors
    /// What ABORT says, right or not: that it had to wait.
    pub(crate) fn settle(
        &self,
        sign_in: &SignIn,
        is_right: bool,
        ticket: Option<Fingerprint>,
        now: Duration,
    ) -> Result<bool, Refusal> {
        let settled = match self.attempts() {
            Some(mut attempts) => attempts.settle(sign_in, is_right, ticket, now),
            None if is_right => Settled::Accepted,
            None => Settled::Wrong,
        };
        match settled {
            Settled::Accepted => Ok(true),
            Settled::Wrong => Ok(false),
            Settled::TooEarly(wait) => Err(self.too_early(wait)),
        }
    }

    fn too_early(&self, wait: Duration) -> Refusal {
        Counters::add(&self.counters.sign_ins_held_up, 1);
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let sentence = format!("too many sign-ins failed; try again in {seconds} s");
        Refusal::new(error_uri::AUTHENTICATION_DENIED, sentence)
    }

    fn attempts(&self) -> Option<MutexGuard<'_, Attempts>> {
        let attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        self.config.limits_attempts.then_some(attempts)
    }

    /// Takes the lock for a number of messages of one session.
    pub(crate) fn routing(&self) -> Routing<'_> {
        Routing::new(self, self.lock(), self.now())
    }

    /// A session joins: WELCOME is the first message in its outbox.
    ///
    /// # Errors
    /// If the realm is closing.
    pub(crate) fn join(&self, member: &Arc<Member>, outbox: &Arc<Outbox>, welcome: Welcome) -> Result<(), Closed> {
        let mut routing = self.routing();
        routing.join(member, outbox, welcome)?;
        self.counters.joined(member.transport.kind);
        Ok(())
    }

    /// A session leaves, for whatever reason. Does nothing if it has been ended already.
    pub(crate) fn leave(&self, session: SessionId) {
        self.routing().leave(session);
    }

    /// When [`Self::expire`] is to be called next: since the router's start.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        self.lock().dealer.next_deadline()
    }

    /// Ends the calls whose time is up.
    pub(crate) fn expire(&self) {
        self.routing().expire();
    }
}

impl State {
    fn attach(&mut self, member: &Arc<Member>, outbox: &Arc<Outbox>, welcome: Welcome) {
        self.effects.send(member.id, welcome);
        self.effects.meta_events.push(MetaEvent::Joined(Arc::clone(member)));
        let attached = Attached {
            member: Arc::clone(member),
            outbox: Arc::clone(outbox),
            last_request: 0,
        };
        self.sessions.insert(member.id, attached);
    }

    /// Everything that follows from a session's end, its testaments included.
    fn detach(&mut self, session: SessionId, now: Moment, counters: &Counters) -> Option<Attached> {
        let attached = self.sessions.remove(&session)?;
        self.broker.leave(session, &mut self.effects);
        self.dealer.leave(session, &mut self.effects);
        self.definitions.leave(session, &mut self.effects.meta_events);
        self.publish_testaments(&attached.member, now, counters);
        self.effects
            .meta_events
            .push(MetaEvent::Left(Arc::clone(&attached.member)));
        counters.left(attached.member.transport.kind);
        Some(attached)
    }
}

const fn uri_rules(config: &RealmConfig) -> UriRules {
    if config.strictness.uris {
        UriRules::Strict
    } else {
        UriRules::Loose
    }
}

#[cfg(test)]
mod tests;
