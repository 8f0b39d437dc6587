//! The broker: who has subscribed to what, and who gets which event.
//!
//! Plain state. Every function takes what it needs to know, time included, and puts what is to be
//! done into [`Effects`].

mod history;
mod newest;
mod publishing;
mod recipients;
mod retained;
mod subscription;

use std::collections::BTreeSet;
use std::sync::Arc;

use wamp_protocol::message::{Subscribe, Subscribed, Unsubscribe, Unsubscribed, UnsubscribedDetails};
use wamp_protocol::{MatchPolicy, MessageType, SessionId, SubscriptionId, Uri, UriRules, error_uri};

use self::history::History;
pub(crate) use self::history::HistoryFilter;
use self::newest::NewestWanted;
use self::retained::RetainedEvents;
use self::subscription::{Subscriber, Subscription};
use crate::config::{Disclose, KeepNewest};
use crate::effects::{Effects, Refusal};
use crate::history_store::{HistoryStore, PastEvent};
use crate::id_map::{IdMap, IdSet};
use crate::limit::Limit;
use crate::member::Member;
use crate::meta_event::{MetaEvent, SubscriptionFacts};
use crate::moment::Moment;
use crate::pattern_map::{PatternMap, Shapes};
use crate::uri_rules;

/// What the broker of a realm is told at the start.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BrokerSettings {
    pub(crate) disclose_publishers: Disclose,
    pub(crate) uri_rules: UriRules,
    /// Subscriptions one session may have.
    pub(crate) subscriptions: usize,
    /// Events kept of every topic.
    pub(crate) history: usize,
}

/// The broker of one realm.
#[derive(Debug)]
pub(crate) struct Broker {
    settings: BrokerSettings,
    subscriptions: IdMap<SubscriptionId, Subscription>,
    subscription_by_pattern: PatternMap<SubscriptionId>,
    /// session → what it has subscribed to
    by_session: IdMap<SessionId, IdSet<SubscriptionId>>,
    shapes: Shapes,
    next: SubscriptionId,
    retained: RetainedEvents,
    history: History,
    newest: NewestWanted,
}

impl Broker {
    pub(crate) fn new(settings: BrokerSettings) -> Self {
        Self {
            settings,
            subscriptions: IdMap::default(),
            subscription_by_pattern: PatternMap::default(),
            by_session: IdMap::default(),
            shapes: Shapes::default(),
            next: SubscriptionId::FIRST,
            retained: RetainedEvents::default(),
            history: History::new(settings.history),
            newest: NewestWanted::default(),
        }
    }

    /// Goes on with the history that a store has; topics of `except` have none.
    pub(crate) fn remember(&mut self, except: &[String], store: Option<Arc<dyn HistoryStore>>) {
        self.history.remember(except, store);
    }

    /// Of which topics only the newest events are wanted, whoever subscribes.
    pub(crate) fn keep_newest(&mut self, topics: &[KeepNewest]) {
        self.newest = NewestWanted::of(topics);
    }

    /// SUBSCRIBE: SUBSCRIBED, then the retained events if asked for; or ERROR.
    pub(crate) fn subscribe(&mut self, member: &Arc<Member>, message: Subscribe, now: Moment, effects: &mut Effects) {
        let request = (MessageType::Subscribe, message.request);
        let policy = message.options.match_policy.unwrap_or_default();
        if !uri_rules::is_well_formed(&message.topic, policy, self.settings.uri_rules) {
            let sentence = format!("{:?} is not a well-formed {} topic", message.topic, policy.name());
            return effects.refuse(member.id, request, Refusal::new(error_uri::INVALID_URI, sentence));
        }
        let keep_newest = match newest::wanted(message.options.keep_newest) {
            Ok(keep_newest) => keep_newest,
            Err(refusal) => return effects.refuse(member.id, request, refusal),
        };
        let own = self.by_session.entry(member.id).or_default();
        let known = self.subscription_by_pattern.get(policy, message.topic.as_str());
        if known.is_none_or(|id| !own.contains(&id)) {
            if own.len() >= self.settings.subscriptions {
                let sentence = format!("a session may have {} subscriptions", self.settings.subscriptions);
                return effects.refuse(member.id, request, Refusal::over(Limit::Subscriptions, sentence));
            }
            if let Err(refusal) = self.shapes.check(member.id, policy, &message.topic) {
                return effects.refuse(member.id, request, refusal);
            }
        }
        let id = match known {
            Some(id) => id,
            None => self.create(message.topic, policy, member.id, now, effects),
        };
        effects.send(
            member.id,
            Subscribed {
                request: message.request,
                subscription: id,
            },
        );
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return;
        };
        let subscriber = Subscriber {
            member: Arc::clone(member),
            nkey: message.options.nkey,
            keep_newest,
        };
        if subscription.add(subscriber) {
            self.shapes.add(member.id, policy, &subscription.facts.uri);
            self.by_session.entry(member.id).or_default().insert(id);
            effects.meta_events.push(MetaEvent::Subscribed(member.id, id));
        }
        if message.options.get_retained == Some(true) {
            self.retained.replay(subscription, member, now, effects);
        }
    }

    fn create(
        &mut self,
        topic: Uri,
        policy: MatchPolicy,
        by: SessionId,
        now: Moment,
        effects: &mut Effects,
    ) -> SubscriptionId {
        let id = self.next;
        self.next = id.next();
        self.subscription_by_pattern.insert(policy, &topic, id);
        let subscription = Subscription::new(SubscriptionFacts {
            id,
            created: now,
            uri: topic,
            match_policy: policy,
        });
        effects
            .meta_events
            .push(MetaEvent::SubscriptionCreated(by, subscription.facts.clone()));
        self.subscriptions.insert(id, subscription);
        id
    }

    /// UNSUBSCRIBE: UNSUBSCRIBED, or ERROR `wamp.error.no_such_subscription`.
    pub(crate) fn unsubscribe(&mut self, member: &Member, message: &Unsubscribe, effects: &mut Effects) {
        if !self.drop_subscriber(member.id, message.subscription, effects) {
            let sentence = format!("this session has no subscription {}", message.subscription);
            let refusal = Refusal::new(error_uri::NO_SUCH_SUBSCRIPTION, sentence);
            return effects.refuse(member.id, (MessageType::Unsubscribe, message.request), refusal);
        }
        effects.send(
            member.id,
            Unsubscribed {
                request: Some(message.request),
                details: None,
            },
        );
    }

    /// Takes a subscription from a session, which is told if it announced that it understands.
    pub(crate) fn revoke(&mut self, member: &Member, id: SubscriptionId, reason: &str, effects: &mut Effects) -> bool {
        let had_it = self.drop_subscriber(member.id, id, effects);
        if had_it && member.features.subscriber.subscription_revocation {
            let details = UnsubscribedDetails {
                subscription: id,
                reason: Some(reason.to_owned()),
            };
            effects.send(
                member.id,
                Unsubscribed {
                    request: None,
                    details: Some(details),
                },
            );
        }
        had_it
    }

    /// The session is gone, and with it its subscriptions.
    pub(crate) fn leave(&mut self, session: SessionId, effects: &mut Effects) {
        let ids = self.by_session.remove(&session).unwrap_or_default();
        // In the order in which they were created, whoever hears of it.
        let ids: BTreeSet<SubscriptionId> = ids.into_iter().collect();
        for id in ids {
            self.remove_from(session, id, effects);
        }
    }

    fn drop_subscriber(&mut self, session: SessionId, id: SubscriptionId, effects: &mut Effects) -> bool {
        let Some(own) = self.by_session.get_mut(&session) else {
            return false;
        };
        let had_it = own.remove(&id);
        if had_it {
            self.remove_from(session, id, effects);
        }
        had_it
    }

    fn remove_from(&mut self, session: SessionId, id: SubscriptionId, effects: &mut Effects) {
        let Some(subscription) = self.subscriptions.get_mut(&id) else {
            return;
        };
        subscription.remove(session);
        let facts = &subscription.facts;
        self.shapes.remove(session, facts.match_policy, &facts.uri);
        effects.meta_events.push(MetaEvent::Unsubscribed(session, id));
        if subscription.subscribers().is_empty() {
            self.subscription_by_pattern
                .remove(facts.match_policy, facts.uri.as_str());
            self.subscriptions.remove(&id);
            effects.meta_events.push(MetaEvent::SubscriptionDeleted(session, id));
        }
    }

    /// Every subscription.
    pub(crate) fn subscriptions(&self) -> impl Iterator<Item = &SubscriptionFacts> {
        self.subscriptions.values().map(|subscription| &subscription.facts)
    }

    /// The subscription with this id.
    pub(crate) fn subscription(&self, id: SubscriptionId) -> Option<&SubscriptionFacts> {
        self.subscriptions.get(&id).map(|subscription| &subscription.facts)
    }

    /// The subscription of exactly this pattern.
    pub(crate) fn lookup(&self, topic: &str, policy: MatchPolicy) -> Option<SubscriptionId> {
        self.subscription_by_pattern.get(policy, topic)
    }

    /// The subscriptions that an event on `topic` would go to.
    pub(crate) fn matching(&self, topic: &str) -> Vec<SubscriptionId> {
        let mut ids = Vec::new();
        self.subscription_by_pattern.matches(topic, |id| ids.push(id));
        ids
    }

    /// The sessions of a subscription.
    pub(crate) fn subscribers(&self, id: SubscriptionId) -> Option<Vec<SessionId>> {
        let subscription = self.subscriptions.get(&id)?;
        Some(
            subscription
                .subscribers()
                .iter()
                .map(|subscriber| subscriber.member.id)
                .collect(),
        )
    }

    /// Whether nothing is left of any session.
    #[cfg(test)]
    pub(crate) fn is_bare(&self) -> bool {
        let mut patterns = 0;
        for topic in ["a.b", "a.b.c", "b.b", "wamp.session.on_join"] {
            self.subscription_by_pattern.matches(topic, |_| patterns += 1);
        }
        let indices_are_bare = patterns == 0 && self.shapes.is_empty();
        self.subscriptions.is_empty() && self.by_session.is_empty() && indices_are_bare
    }

    /// What is kept of the events that a subscription would have got.
    pub(crate) fn history(&self, id: SubscriptionId, filter: &HistoryFilter) -> Option<Vec<Arc<PastEvent>>> {
        let facts = self.subscription(id)?;
        Some(self.history.select(&facts.uri, facts.match_policy, filter))
    }
}

#[cfg(test)]
mod tests;
