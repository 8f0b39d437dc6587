//! One subscription: a topic or pattern, and who shares it.

use std::num::NonZeroU32;
use std::sync::Arc;

use wamp_protocol::SessionId;

use crate::id_map::IdMap;
use crate::member::Member;
use crate::meta_event::SubscriptionFacts;

/// A subscription, shared by every session that subscribed to the same pattern in the same way.
#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) facts: SubscriptionFacts,
    subscribers: Vec<Subscriber>,
    /// session → its place in `subscribers`
    place: IdMap<SessionId, usize>,
}

/// A session's part in a subscription.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) member: Arc<Member>,
    /// The shard it takes; `None` takes all.
    pub(super) nkey: Option<String>,
    /// How many of its events may wait; `None` where each has to be sent.
    pub(super) keep_newest: Option<NonZeroU32>,
}

impl Subscription {
    pub(super) fn new(facts: SubscriptionFacts) -> Self {
        Self {
            facts,
            subscribers: Vec::new(),
            place: IdMap::default(),
        }
    }

    pub(super) fn subscribers(&self) -> &[Subscriber] {
        &self.subscribers
    }

    /// The nodes that take a shard each.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &str> {
        self.subscribers
            .iter()
            .filter_map(|subscriber| subscriber.nkey.as_deref())
    }

    /// The node as which a session takes part, if it takes a shard.
    pub(super) fn node_of(&self, session: SessionId) -> Option<&str> {
        let at = *self.place.get(&session)?;
        self.subscribers.get(at)?.nkey.as_deref()
    }

    /// Adds a subscriber, or changes how it takes part; whether it is new.
    pub(super) fn add(&mut self, subscriber: Subscriber) -> bool {
        let session = subscriber.member.id;
        if let Some(known) = self.place.get(&session).and_then(|at| self.subscribers.get_mut(*at)) {
            *known = subscriber;
            return false;
        }
        self.place.insert(session, self.subscribers.len());
        self.subscribers.push(subscriber);
        true
    }

    /// Removes a subscriber in constant time; the last one takes its place.
    pub(super) fn remove(&mut self, session: SessionId) {
        let Some(at) = self.place.remove(&session) else { return };
        if at < self.subscribers.len() {
            self.subscribers.swap_remove(at);
        }
        if let Some(moved) = self.subscribers.get(at) {
            self.place.insert(moved.member.id, at);
        }
    }
}
