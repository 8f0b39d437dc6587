//! Event retention: the last event of a topic, for those who come later.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use wamp_protocol::{MatchPolicy, Payload, Uri};

use super::publishing::Publication;
use super::subscription::Subscription;
use crate::effects::Effects;
use crate::member::Member;

/// Topics that can have retained events at once; further ones are not kept.
const TOPICS: usize = 100_000;
/// Octets of payload kept at once; what does not fit is not kept.
const OCTETS: usize = 64 << 20;
/// Events with limited distribution kept beside a topic's public one.
const LIMITED: usize = 16;

/// Retained events by topic, newest first: at most one that everybody may have, and only such
/// limited ones as are newer.
///
/// An event without payload clears its topic (the specification has no other way to do it).
#[derive(Debug, Default)]
pub(super) struct RetainedEvents {
    by_topic: BTreeMap<Uri, Vec<Publication>>,
    /// Octets of all payloads.
    octets: usize,
}

impl RetainedEvents {
    pub(super) fn keep(&mut self, mut publication: Publication) {
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
        publication.payload = detached(&publication.payload);
        let public = publication
            .recipients
            .as_ref()
            .is_none_or(super::recipients::RecipientFilter::is_public);
        let events = self.by_topic.entry(publication.topic.clone()).or_default();
        // The publisher's own exclusion hides an event from that one session only; whoever else
        // comes shall have it, so it counts as public.
        if public {
            events.clear();
        }
        events.insert(0, publication);
        events.truncate(LIMITED + 1);
        while others + octets(events) > OCTETS && events.len() > 1 {
            events.pop();
        }
        self.octets = others + octets(events);
    }

    /// Sends a new subscriber what is retained for it: of each topic the newest event that it
    /// would have received.
    pub(super) fn replay(&self, subscription: &Subscription, member: &Arc<Member>, effects: &mut Effects) {
        let facts = &subscription.facts;
        self.matching(&facts.uri, facts.match_policy, |events| {
            if let Some(publication) = events.iter().find(|publication| publication.is_for(member)) {
                effects.send(member.id, publication.event_for(subscription, member));
            }
        });
    }

    fn matching(&self, pattern: &Uri, policy: MatchPolicy, mut visit: impl FnMut(&Vec<Publication>)) {
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

fn octets(events: &[Publication]) -> usize {
    events.iter().map(|publication| publication.payload.len()).sum()
}

/// The payload in memory of its own, so that it does not keep alive what it came in.
pub(super) fn detached(payload: &Payload) -> Payload {
    Payload {
        serializer: payload.serializer,
        args: Bytes::copy_from_slice(&payload.args),
        kwargs: Bytes::copy_from_slice(&payload.kwargs),
    }
}
