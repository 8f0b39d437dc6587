//! The model's broker.

use std::collections::BTreeSet;

use wamp_protocol::MatchPolicy;

use super::model::{Model, matches};
use super::seen::{Event, Seen};
use super::shards::node_for;

/// Events kept of every topic.
pub(super) const HISTORY: usize = 4;
/// Events retained beside the newest one that is for everybody.
const BESIDE: usize = 16;

#[derive(Debug)]
pub(super) struct Subscription {
    pub(super) id: u64,
    pub(super) policy: MatchPolicy,
    pub(super) uri: &'static str,
    /// (session, node key)
    pub(super) subscribers: Vec<(u64, Option<&'static str>)>,
}

impl Subscription {
    pub(super) fn matches(&self, topic: &str) -> bool {
        matches(self.policy, self.uri, topic)
    }

    /// Whether the session takes the shard of this publication, or all.
    fn gives_shard_to(&self, publication: &Publication, session: u64) -> bool {
        let nodes = self.subscribers.iter().filter_map(|(_, nkey)| *nkey);
        let node = publication.rkey.and_then(|rkey| node_for(rkey, nodes));
        let own = self.subscribers.iter().find(|(other, _)| *other == session);
        let nkey = own.and_then(|(_, nkey)| *nkey);
        node.is_none() || nkey.is_none() || node == nkey
    }
}

#[derive(Debug, Clone)]
pub(super) struct Publication {
    pub(super) topic: &'static str,
    pub(super) payload: Vec<u64>,
    /// Only where disclosed.
    pub(super) publisher: Option<u64>,
    pub(super) excluded: Option<u64>,
    pub(super) eligible: Option<Vec<u64>>,
    pub(super) eligible_roles: Option<Vec<&'static str>>,
    pub(super) exclude: Vec<u64>,
    pub(super) rkey: Option<&'static str>,
}

impl Publication {
    pub(super) const fn new(topic: &'static str, payload: Vec<u64>) -> Self {
        Self {
            topic,
            payload,
            publisher: None,
            excluded: None,
            eligible: None,
            eligible_roles: None,
            exclude: Vec::new(),
            rkey: None,
        }
    }

    fn is_for(&self, session: u64, role: &str) -> bool {
        self.excluded != Some(session) && self.admits(session, role)
    }

    fn admits(&self, session: u64, role: &str) -> bool {
        self.eligible.as_ref().is_none_or(|ids| ids.contains(&session))
            && self.eligible_roles.as_ref().is_none_or(|roles| roles.contains(&role))
            && !self.exclude.contains(&session)
    }

    /// Whether nobody would be sent this any more, with these that came later: each public one leaves
    /// out its publisher, and one with a key those who take other shards.
    fn is_replaced_by(&self, later: &[Self]) -> bool {
        let reaches = |other: &&Self| {
            other.topic == self.topic && !other.is_limited() && (other.rkey.is_none() || other.rkey == self.rkey)
        };
        let left_out: BTreeSet<Option<u64>> = later.iter().filter(reaches).map(|other| other.excluded).collect();
        left_out.contains(&None) || left_out.len() > 1 || left_out.contains(&self.excluded)
    }

    fn is_limited(&self) -> bool {
        self.eligible.is_some() || self.eligible_roles.is_some() || !self.exclude.is_empty()
    }
}

#[derive(Debug)]
pub(super) struct Retained {
    publication: Publication,
    expires: Option<u64>,
}

impl Model {
    pub(super) fn subscribe(
        &mut self,
        by: u64,
        request: u64,
        (policy, uri): (MatchPolicy, &'static str),
        nkey: Option<&'static str>,
        get_retained: bool,
    ) {
        let known = self.subscriptions.iter().find(|s| s.policy == policy && s.uri == uri);
        let id = known.map_or_else(
            || {
                self.last_subscription += 1;
                self.last_subscription
            },
            |subscription| subscription.id,
        );
        self.send(by, Seen::Subscribed(request, id));
        if !self.subscriptions.iter().any(|subscription| subscription.id == id) {
            self.tell("wamp.subscription.on_create", &[by, id]);
            let subscribers = Vec::new();
            self.subscriptions.push(Subscription {
                id,
                policy,
                uri,
                subscribers,
            });
        }
        let subscription = self.subscriptions.iter_mut().find(|s| s.id == id).unwrap();
        match subscription.subscribers.iter_mut().find(|(session, _)| *session == by) {
            Some(subscriber) => subscriber.1 = nkey,
            None => {
                subscription.subscribers.push((by, nkey));
                self.tell("wamp.subscription.on_subscribe", &[by, id]);
            }
        }
        if get_retained {
            self.replay(by, id);
        }
    }

    fn replay(&mut self, to: u64, id: u64) {
        let role = self.sessions[&to].role;
        let subscription = self.subscriptions.iter().find(|s| s.id == id).unwrap();
        let mut topics: Vec<&str> = self
            .retained
            .iter()
            .map(|retained| retained.publication.topic)
            .collect();
        topics.sort_unstable();
        topics.dedup();
        let mut events = Vec::new();
        for topic in topics.into_iter().filter(|topic| subscription.matches(topic)) {
            // The newest that it would have got.
            let newest = self.retained.iter().rev().find(|retained| {
                retained.publication.topic == topic
                    && retained.expires.is_none_or(|expires| self.now < expires)
                    && retained.publication.is_for(to, role)
                    && subscription.gives_shard_to(&retained.publication, to)
            });
            if let Some(retained) = newest {
                events.push(self.event(&retained.publication, subscription, to, true));
            }
        }
        for event in events {
            self.send(to, Seen::Event(event));
        }
    }

    fn event(&self, publication: &Publication, subscription: &Subscription, to: u64, retained: bool) -> Event {
        Event {
            payload: publication.payload.clone(),
            subscription: subscription.id,
            topic: (subscription.policy != MatchPolicy::Exact).then(|| publication.topic.to_owned()),
            publisher: publication.publisher.filter(|_| self.able(to)),
            retained,
            publication: None,
        }
    }

    pub(super) fn unsubscribe(&mut self, by: u64, request: u64, id: u64) {
        let found = self.subscriptions.iter().find(|s| s.id == id);
        if !found.is_some_and(|s| s.subscribers.iter().any(|(session, _)| *session == by)) {
            return self.error(by, "UNSUBSCRIBE", request, "wamp.error.no_such_subscription");
        }
        self.end_subscription(by, id);
        self.send(by, Seen::Unsubscribed(request));
    }

    fn end_subscription(&mut self, session: u64, id: u64) {
        let subscription = self.subscriptions.iter_mut().find(|s| s.id == id).unwrap();
        subscription.subscribers.retain(|(other, _)| *other != session);
        let empty = subscription.subscribers.is_empty();
        self.tell("wamp.subscription.on_unsubscribe", &[session, id]);
        if empty {
            self.subscriptions.retain(|s| s.id != id);
            self.tell("wamp.subscription.on_delete", &[session, id]);
        }
    }

    pub(super) fn end_subscriptions(&mut self, session: u64) {
        let own = self.subscriptions.iter();
        let own: Vec<u64> = own
            .filter(|s| s.subscribers.iter().any(|(other, _)| *other == session))
            .map(|s| s.id)
            .collect();
        for id in own {
            self.end_subscription(session, id);
        }
    }

    pub(super) fn publish(
        &mut self,
        by: u64,
        request: Option<u64>,
        publication: Publication,
        retain: Option<Option<u64>>,
    ) {
        if let Some(after) = retain {
            self.retain(publication.clone(), after);
        }
        self.publish_as(publication);
        if let Some(request) = request {
            self.send(by, Seen::Published(request));
        }
    }

    fn retain(&mut self, publication: Publication, after: Option<u64>) {
        let topic = publication.topic;
        let clears = publication.payload.is_empty();
        if clears {
            self.retained.retain(|retained| retained.publication.topic != topic);
            return;
        }
        let expires = after.map(|after| self.now + after);
        self.retained.push(Retained { publication, expires });
        let all: Vec<Publication> = self.retained.iter().map(|r| r.publication.clone()).collect();
        let mut at = 0;
        self.retained.retain(|_| {
            at += 1;
            all[at - 1].topic != topic || !all[at - 1].is_replaced_by(&all[at..])
        });
        let of_topic = |r: &Retained| r.publication.topic == topic;
        let whole = |r: &Retained| !r.publication.is_limited() && r.publication.rkey.is_none();
        let newest_whole = self.retained.iter().rposition(|r| of_topic(r) && whole(r));
        let beside: Vec<usize> = (0..self.retained.len())
            .filter(|at| of_topic(&self.retained[*at]) && Some(*at) != newest_whole)
            .collect();
        if beside.len() > BESIDE {
            self.retained.remove(beside[0]);
        }
    }

    /// An event to each subscriber of each matching subscription that shall have it.
    pub(super) fn publish_as(&mut self, publication: Publication) {
        let mut events = Vec::new();
        for subscription in self.subscriptions.iter().filter(|s| s.matches(publication.topic)) {
            for (session, _) in &subscription.subscribers {
                let role = self.sessions.get(session).map_or("", |session| session.role);
                if subscription.gives_shard_to(&publication, *session) && publication.is_for(*session, role) {
                    events.push((*session, self.event(&publication, subscription, *session, false)));
                }
            }
        }
        for (session, event) in events {
            self.send(session, Seen::Event(event));
        }
        if publication.eligible.is_none() && publication.exclude.is_empty() {
            self.history.push(publication);
        }
    }

    /// What `get_events` gives a session: of each topic the last few, and of those what it may
    /// have.
    pub(super) fn events_of(&self, asker: u64, id: u64) -> Option<Vec<u64>> {
        let subscription = self.subscriptions.iter().find(|s| s.id == id)?;
        let role = self.sessions[&asker].role;
        let mut found = Vec::new();
        for (at, publication) in self.history.iter().enumerate() {
            let newer = self.history[at + 1..].iter();
            let kept = newer.filter(|other| other.topic == publication.topic).count() < HISTORY;
            if kept && subscription.matches(publication.topic) && publication.admits(asker, role) {
                found.extend(&publication.payload);
            }
        }
        Some(found)
    }
}
