//! Event retention: the last event of a topic, for those who come later.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::{MatchPolicy, Uri};

use super::publishing::{Publication, takes};
use super::subscription::Subscription;
use crate::effects::Effects;
use crate::member::Member;
use crate::moment::Moment;

/// Topics that can have retained events at once; further ones are not kept.
const TOPICS: usize = 100_000;
/// Octets of payload kept at once; what does not fit is not kept.
const OCTETS: usize = 64 << 20;
/// Events kept beside a topic's newest one that is for everybody: with limited distribution, of a
/// shard, or due to the publisher of that one alone.
const BESIDE: usize = 16;

/// Retained events by topic, newest first: those that somebody would still be sent.
///
/// An event without payload clears its topic, and an event published with `_retain_for` is kept
/// for so long: the specification has no way to do either.
#[derive(Debug, Default)]
pub(super) struct RetainedEvents {
    by_topic: BTreeMap<Uri, Vec<Retained>>,
    /// Octets of all payloads.
    octets: usize,
}

/// One event that is kept.
#[derive(Debug)]
struct Retained {
    publication: Publication,
    /// Since the router's start; `None` is kept until another takes its place.
    expires: Option<Duration>,
}

impl Retained {
    /// Whether everybody may have it, or everybody of its shard; its publisher may be excluded.
    fn is_public(&self) -> bool {
        let recipients = self.publication.recipients.as_ref();
        recipients.is_none_or(super::recipients::RecipientFilter::is_public)
    }

    /// Whether it is public, and for every shard.
    fn is_whole(&self) -> bool {
        self.publication.rkey.is_none() && self.is_public()
    }

    /// Whether whoever would be sent this is sent one of `newer` instead. Each of those leaves out
    /// its publisher at most, so two of different publishers leave out nobody.
    fn is_replaced_by(&self, newer: &[Self]) -> bool {
        let rkey = &self.publication.rkey;
        let reaches = |event: &&Self| event.is_whole() || event.is_public() && event.publication.rkey == *rkey;
        let mut left_out = newer.iter().filter(reaches).map(|event| event.publication.excluded);
        match left_out.next() {
            None => false,
            Some(None) => true,
            Some(first) => first == self.publication.excluded || left_out.any(|other| other != first),
        }
    }

    fn is_there(&self, now: Moment) -> bool {
        self.expires.is_none_or(|expires| now.monotonic < expires)
    }
}

impl RetainedEvents {
    pub(super) fn keep(&mut self, mut publication: Publication, retain_for: Option<Duration>, now: Moment) {
        if self.by_topic.len() >= TOPICS {
            self.drop_expired(now);
        }
        let topic = publication.topic.as_str();
        if publication.payload.is_empty() {
            self.octets -= self.by_topic.remove(topic).map_or(0, |events| octets(&events));
            return;
        }
        let kept = self.by_topic.get(topic).map(|events| octets(events));
        let others = self.octets - kept.unwrap_or_default();
        if kept.is_none() && self.by_topic.len() >= TOPICS || others + publication.payload.len() > OCTETS {
            tracing::warn!(topic, "an event is not retained: too much is retained already");
            return;
        }
        publication.payload = publication.payload.detached();
        let events = self.by_topic.entry(publication.topic.clone()).or_default();
        let expires = retain_for.map(|after| now.monotonic.saturating_add(after));
        events.insert(0, Retained { publication, expires });
        drop_replaced(events);
        let newest_whole = events.iter().position(Retained::is_whole);
        if events.len() > BESIDE + usize::from(newest_whole.is_some()) {
            let last = events.len() - 1;
            events.remove(if newest_whole == Some(last) { last - 1 } else { last });
        }
        while others + octets(events) > OCTETS && events.len() > 1 {
            events.pop();
        }
        self.octets = others + octets(events);
    }

    /// Sends a new subscriber what is retained for it: of each topic the newest event that it
    /// would have received.
    pub(super) fn replay(&self, subscription: &Subscription, member: &Arc<Member>, now: Moment, effects: &mut Effects) {
        let facts = &subscription.facts;
        let nkey = subscription.node_of(member.id);
        let would_have =
            |publication: &Publication| publication.is_for(member) && takes(nkey, publication.node(subscription));
        self.matching(&facts.uri, facts.match_policy, |events| {
            let mut those = events.iter().filter(|retained| retained.is_there(now));
            if let Some(retained) = those.find(|retained| would_have(&retained.publication)) {
                effects.send(member.id, retained.publication.event_for(subscription, member));
            }
        });
    }

    fn drop_expired(&mut self, now: Moment) {
        let mut left = 0;
        self.by_topic.retain(|_, events| {
            events.retain(|retained| retained.is_there(now));
            left += octets(events);
            !events.is_empty()
        });
        self.octets = left;
    }

    fn matching(&self, pattern: &Uri, policy: MatchPolicy, mut visit: impl FnMut(&Vec<Retained>)) {
        match policy {
            MatchPolicy::Exact => {
                if let Some(events) = self.by_topic.get(pattern.as_str()) {
                    visit(events);
                }
            }
            MatchPolicy::Prefix => {
                let from = self.by_topic.range::<Uri, _>(pattern..);
                from.take_while(|(topic, _)| topic.as_str().starts_with(pattern.as_str()))
                    .for_each(|(_, events)| visit(events));
            }
            MatchPolicy::Wildcard => {
                let all = self.by_topic.iter();
                all.filter(|(topic, _)| policy.matches(pattern.as_str(), topic.as_str()))
                    .for_each(|(_, events)| visit(events));
            }
        }
    }
}

/// Leaves those that somebody would be sent.
fn drop_replaced(events: &mut Vec<Retained>) {
    let mut at = 1;
    while let Some((newer, rest)) = events.split_at_checked(at)
        && let Some(event) = rest.first()
    {
        if event.is_replaced_by(newer) {
            events.remove(at);
        } else {
            at += 1;
        }
    }
}

fn octets(events: &[Retained]) -> usize {
    events.iter().map(|retained| retained.publication.payload.len()).sum()
}
