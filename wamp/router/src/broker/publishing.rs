//! PUBLISH, and the events it becomes.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::{
    Event, EventDetails, PassThru, Publish, PublishOptions, Published as PublishedMessage, Sparse,
};
use wamp_protocol::{MatchPolicy, MessageType, Payload, PublicationId, SessionId, Uri, error_uri};

use super::Broker;
use super::newest;
use super::recipients::RecipientFilter;
use super::subscription::Subscription;
use crate::config::Disclose;
use crate::effects::{Effects, Refusal, SharedMessage, Violation};
use crate::member::Member;
use crate::moment::Moment;
use crate::random_ids::RandomIds;
use crate::uri_rules;

/// What a publication led to, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Published {
    /// Events sent.
    pub(crate) events: usize,
}

/// A publication as subscribers may come to see it, at once or later.
#[derive(Debug, Clone)]
pub(super) struct Publication {
    pub(super) id: PublicationId,
    pub(super) topic: Uri,
    pub(super) payload: Payload,
    /// Who published; `None` for the router itself.
    pub(super) publisher: Option<Arc<Member>>,
    /// Whether subscribers may know.
    pub(super) disclosed: bool,
    /// The publisher that does not get its own event.
    pub(super) excluded: Option<SessionId>,
    pub(super) recipients: Option<RecipientFilter>,
    pub(super) ppt: Option<Box<PassThru>>,
    pub(super) rkey: Option<String>,
}

impl Broker {
    /// PUBLISH: an EVENT for each matching subscription of each eligible subscriber, and
    /// PUBLISHED or ERROR if the publisher wants to know.
    pub(crate) fn publish(
        &mut self,
        member: &Arc<Member>,
        message: &mut Publish,
        now: Moment,
        ids: &mut RandomIds,
        effects: &mut Effects,
    ) -> Result<Published, Violation> {
        let (request, acknowledge) = (message.request, message.options.acknowledge);
        match self.check_publish(member, message) {
            Ok(()) => {}
            Err(Objection::Violation(violation)) => return Err(violation),
            Err(Objection::Refusal(refusal)) => {
                if acknowledge {
                    effects.refuse(member.id, (MessageType::Publish, request), refusal);
                }
                return Ok(Published::default());
            }
        }
        let id = ids.publication();
        let published = self.publish_from(
            Some(member),
            message.topic.clone(),
            std::mem::take(&mut message.options),
            std::mem::take(&mut message.payload),
            (id, now),
            effects,
        );
        if acknowledge {
            effects.send(
                member.id,
                PublishedMessage {
                    request,
                    publication: id,
                },
            );
        }
        Ok(published)
    }

    fn check_publish(&self, member: &Member, message: &Publish) -> Result<(), Objection> {
        let topic = &message.topic;
        if !uri_rules::is_well_formed(topic, MatchPolicy::Exact, self.settings.uri_rules) {
            let sentence = format!("{topic:?} is not a well-formed topic");
            return Err(Refusal::new(error_uri::INVALID_URI, sentence).into());
        }
        if topic.is_reserved() {
            let sentence = format!("{topic:?} is the router's own: topics of applications do not begin with \"wamp.\"");
            return Err(Refusal::new(error_uri::INVALID_URI, sentence).into());
        }
        if message.options.disclose_me && self.settings.disclose_publishers == Disclose::Never {
            let sentence = "this realm does not disclose publishers";
            return Err(Refusal::new(error_uri::DISCLOSE_ME_DISALLOWED, sentence).into());
        }
        let passthru = message.options.ppt.as_ref().is_some_and(|ppt| ppt.scheme.is_some());
        if passthru && !member.features.publisher.payload_passthru_mode {
            return Err(Objection::Violation(Violation::new(
                "PUBLISH uses payload_passthru_mode, which the publisher did not announce",
            )));
        }
        Ok(())
    }

    /// Publishes what has been checked, or comes from the router itself (`publisher` is `None`).
    pub(crate) fn publish_from(
        &mut self,
        publisher: Option<&Arc<Member>>,
        topic: Uri,
        options: Sparse<PublishOptions>,
        payload: Payload,
        (id, now): (PublicationId, Moment),
        effects: &mut Effects,
    ) -> Published {
        let disclosed = match self.settings.disclose_publishers {
            Disclose::Never => false,
            Disclose::OnRequest => options.disclose_me,
            Disclose::Always => true,
        };
        let (retain, retain_for) = (options.retain, options.retain_for.map(Duration::from_millis));
        let excluded = publisher
            .filter(|_| options.exclude_me != Some(false))
            .map(|publisher| publisher.id);
        let (recipients, ppt, rkey) = options
            .said()
            .map_or((None, None, None), |said| (said.recipients, said.ppt, said.rkey));
        let publication = Publication {
            id,
            topic,
            payload,
            publisher: publisher.map(Arc::clone),
            disclosed: disclosed && publisher.is_some(),
            excluded,
            recipients: recipients.map(|lists| RecipientFilter::from(*lists)),
            ppt,
            rkey,
        };
        let keep_newest = self.newest.of_topic(&publication.topic);
        let before = effects.sends.len();
        let subscriptions = &self.subscriptions;
        self.subscription_by_pattern.matches(publication.topic.as_str(), |id| {
            if let Some(subscription) = subscriptions.get(&id) {
                publication.deliver(subscription, keep_newest, effects);
            }
        });
        let published = Published {
            events: effects.sends.len() - before,
        };
        self.history.keep(&publication, now);
        if retain {
            self.retained.keep(publication, retain_for, now);
        }
        published
    }

    /// Whether anybody would get an event on `topic`.
    pub(crate) fn has_subscribers(&self, topic: &str) -> bool {
        let mut found = false;
        self.subscription_by_pattern.matches(topic, |_| found = true);
        found
    }
}

enum Objection {
    Refusal(Refusal),
    Violation(Violation),
}

impl From<Refusal> for Objection {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

/// What subscribers of one subscription can differ in: what they get to know of the publisher.
#[derive(Debug, Clone, Copy)]
struct Audience {
    identity: bool,
    trustlevel: bool,
}

impl Publication {
    /// One EVENT to each of the subscribers that shall have it: the same message for all who may
    /// know the same. `keep_newest` is how many may wait whoever the subscriber is.
    fn deliver(&self, subscription: &Subscription, keep_newest: Option<NonZeroU32>, effects: &mut Effects) {
        let node = self.node(subscription);
        let mut shared: [Option<Arc<SharedMessage>>; 4] = Default::default();
        for subscriber in subscription.subscribers() {
            if !takes(subscriber.nkey.as_deref(), node) || !self.is_for(&subscriber.member) {
                continue;
            }
            let audience = self.audience(&subscriber.member);
            let slot = usize::from(audience.identity) * 2 + usize::from(audience.trustlevel);
            let Some(slot) = shared.get_mut(slot) else { continue };
            let event =
                slot.get_or_insert_with(|| Arc::new(SharedMessage::new(self.event(subscription, audience, false))));
            let keep = newest::fewer(keep_newest, subscriber.keep_newest);
            effects.share_event(subscriber.member.id, event, keep);
        }
    }

    /// The node of the subscription that it is for; `None` if it is for all of them.
    pub(super) fn node<'a>(&self, subscription: &'a Subscription) -> Option<&'a str> {
        let rkey = self.rkey.as_deref()?;
        node_for(rkey, subscription.nodes())
    }

    /// Whether this subscriber shall have it, shards aside.
    pub(super) fn is_for(&self, member: &Member) -> bool {
        self.excluded != Some(member.id)
            && self
                .recipients
                .as_ref()
                .is_none_or(|recipients| recipients.admits(member))
            && (!self.is_passthru() || member.features.subscriber.payload_passthru_mode)
    }

    fn is_passthru(&self) -> bool {
        self.ppt.as_ref().is_some_and(|ppt| ppt.scheme.is_some())
    }

    fn audience(&self, member: &Member) -> Audience {
        let features = member.features.subscriber;
        let trustlevel = self
            .publisher
            .as_ref()
            .is_some_and(|publisher| publisher.trustlevel.is_some());
        Audience {
            identity: self.disclosed && features.publisher_identification,
            trustlevel: trustlevel && features.publication_trustlevels,
        }
    }

    /// The event as one subscriber gets it when it comes too late for the first delivery.
    pub(super) fn event_for(&self, subscription: &Subscription, member: &Member) -> Event {
        self.event(subscription, self.audience(member), true)
    }

    fn event(&self, subscription: &Subscription, audience: Audience, retained: bool) -> Event {
        let facts = &subscription.facts;
        let publisher = self.publisher.as_deref();
        let disclosed = publisher.filter(|_| audience.identity);
        let mut details = Sparse::<EventDetails>::NONE;
        if facts.match_policy != MatchPolicy::Exact {
            details.topic = Some(self.topic.clone());
        }
        if let Some(publisher) = disclosed {
            details.publisher = Some(publisher.id);
            details.publisher_authid = Some(publisher.authid.clone());
            details.publisher_authrole = Some(publisher.authrole.clone());
        }
        if let Some(trustlevel) = publisher
            .filter(|_| audience.trustlevel)
            .and_then(|publisher| publisher.trustlevel)
        {
            details.trustlevel = Some(trustlevel);
        }
        if retained {
            details.retained = true;
        }
        if let Some(ppt) = &self.ppt {
            details.ppt = Some(ppt.clone());
        }
        Event {
            subscription: facts.id,
            publication: self.id,
            details,
            payload: self.payload.clone(),
        }
    }
}

/// Whether a subscriber that takes the shard of `nkey`, or all, takes what is for `node`, or for all.
pub(super) fn takes(nkey: Option<&str>, node: Option<&str>) -> bool {
    match (nkey, node) {
        (Some(nkey), Some(node)) => nkey == node,
        _ => true,
    }
}

/// The node whose shard `rkey` falls into, by rendezvous hashing: while nodes come and go, only
/// the keys of those nodes move. `None` if no subscriber takes a shard.
pub(super) fn node_for<'a>(rkey: &str, nodes: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let weight = |nkey: &str| {
        let mut hasher = DefaultHasher::new();
        (rkey, nkey).hash(&mut hasher);
        hasher.finish()
    };
    nodes.max_by_key(|nkey| (weight(nkey), *nkey))
}
