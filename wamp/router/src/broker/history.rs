//! Event history: the last events of every topic, kept in memory.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::{MatchPolicy, Payload, PublicationId, Uri};

use super::publishing::Publication;
use super::retained::detached;
use crate::member::Member;
use crate::moment::Moment;

/// Topics whose events are kept at once; further ones have no history.
const TOPICS: usize = 10_000;

/// Octets of payload kept at once; then a topic's oldest events make room for its newest.
const OCTETS: usize = 256 << 20;

/// Rings of events by topic.
#[derive(Debug)]
pub(super) struct History {
    /// Events kept of each topic; 0 keeps none.
    of_each: usize,
    by_topic: BTreeMap<Uri, VecDeque<Kept>>,
    /// Counts events in the order in which the broker got them.
    sequence: u64,
    /// Octets of all payloads.
    octets: usize,
}

#[derive(Debug)]
struct Kept {
    sequence: u64,
    at: Duration,
    publication: Publication,
}

/// Which events to give; all conditions hold at once. What `wamp.subscription.get_events` takes.
#[derive(Debug, Clone, Default)]
pub(crate) struct HistoryFilter {
    /// Who asks: events that it could not have received are left out.
    pub(crate) asker: Option<Arc<Member>>,
    pub(crate) reverse: bool,
    pub(crate) limit: Option<usize>,
    pub(crate) from_time: Option<Duration>,
    pub(crate) after_time: Option<Duration>,
    pub(crate) before_time: Option<Duration>,
    pub(crate) until_time: Option<Duration>,
    pub(crate) topic: Option<String>,
    pub(crate) from_publication: Option<PublicationId>,
    pub(crate) after_publication: Option<PublicationId>,
    pub(crate) before_publication: Option<PublicationId>,
    pub(crate) until_publication: Option<PublicationId>,
}

/// One event of the past.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HistoryItem {
    pub(crate) at: Duration,
    pub(crate) topic: Uri,
    pub(crate) publication: PublicationId,
    /// Who published, if that was disclosed.
    pub(crate) publisher: Option<Arc<Member>>,
    pub(crate) payload: Payload,
}

impl History {
    pub(super) const fn new(of_each: usize) -> Self {
        Self {
            of_each,
            by_topic: BTreeMap::new(),
            sequence: 0,
            octets: 0,
        }
    }

    /// Keeps an event, unless it was meant for particular sessions: they will not come again.
    pub(super) fn keep(&mut self, publication: &Publication, now: Moment) {
        let by_session = publication
            .recipients
            .as_ref()
            .is_some_and(super::recipients::RecipientFilter::names_sessions);
        let full = self.by_topic.len() >= TOPICS;
        if self.of_each == 0 || by_session || full && !self.by_topic.contains_key(publication.topic.as_str()) {
            return;
        }
        self.sequence += 1;
        let events = self.by_topic.entry(publication.topic.clone()).or_default();
        let size = publication.payload.len();
        while events.len() >= self.of_each || self.octets + size > OCTETS {
            let Some(oldest) = events.pop_front() else { return };
            self.octets -= oldest.publication.payload.len();
        }
        self.octets += size;
        let payload = detached(&publication.payload);
        let publication = Publication {
            payload,
            ..publication.clone()
        };
        events.push_back(Kept {
            sequence: self.sequence,
            // As clients are told the time, so that the time they were told finds the event again.
            at: Duration::from_millis(u64::try_from(now.unix.as_millis()).unwrap_or(u64::MAX)),
            publication,
        });
    }

    /// The events that a subscription of this pattern would have got, oldest first unless
    /// reversed.
    pub(super) fn select(&self, pattern: &Uri, policy: MatchPolicy, filter: &HistoryFilter) -> Vec<HistoryItem> {
        let topics: Vec<&VecDeque<Kept>> = match policy {
            MatchPolicy::Exact => self.by_topic.get(pattern.as_str()).into_iter().collect(),
            MatchPolicy::Prefix => self
                .by_topic
                .range::<Uri, _>(pattern..)
                .take_while(|(topic, _)| topic.as_str().starts_with(pattern.as_str()))
                .map(|(_, events)| events)
                .collect(),
            MatchPolicy::Wildcard => self
                .by_topic
                .iter()
                .filter(|(topic, _)| policy.matches(pattern.as_str(), topic.as_str()))
                .map(|(_, events)| events)
                .collect(),
        };
        let mut events: Vec<&Kept> = topics.into_iter().flatten().collect();
        events.sort_unstable_by_key(|event| event.sequence);
        let Some(bounds) = Bounds::of(filter, &events) else {
            return Vec::new();
        };
        events.retain(|event| bounds.contain(event.sequence) && filter.admits(event));
        if filter.reverse {
            events.reverse();
        }
        events.truncate(filter.limit.unwrap_or(usize::MAX));
        events.into_iter().map(Kept::item).collect()
    }
}

impl HistoryFilter {
    fn admits(&self, event: &Kept) -> bool {
        let publication = &event.publication;
        let may_have = |asker: &Arc<Member>| publication.recipients.as_ref().is_none_or(|lists| lists.admits(asker));
        self.from_time.is_none_or(|from| event.at >= from)
            && self.after_time.is_none_or(|after| event.at > after)
            && self.before_time.is_none_or(|before| event.at < before)
            && self.until_time.is_none_or(|until| event.at <= until)
            && self
                .topic
                .as_ref()
                .is_none_or(|topic| publication.topic.as_str() == topic)
            && self.asker.as_ref().is_none_or(may_have)
    }
}

/// Where the publications named in a filter stand in the sequence: first and last of what is
/// wanted.
struct Bounds {
    first: u64,
    last: u64,
}

impl Bounds {
    /// `None` if one of the publications is not there: nothing comes before or after it.
    fn of(filter: &HistoryFilter, events: &[&Kept]) -> Option<Self> {
        let place = |id: PublicationId| {
            events
                .iter()
                .find(|event| event.publication.id == id)
                .map(|event| event.sequence)
        };
        let mut bounds = Self {
            first: 0,
            last: u64::MAX,
        };
        if let Some(id) = filter.from_publication {
            bounds.first = bounds.first.max(place(id)?);
        }
        if let Some(id) = filter.after_publication {
            bounds.first = bounds.first.max(place(id)? + 1);
        }
        if let Some(id) = filter.before_publication {
            bounds.last = bounds.last.min(place(id)?.saturating_sub(1));
        }
        if let Some(id) = filter.until_publication {
            bounds.last = bounds.last.min(place(id)?);
        }
        Some(bounds)
    }

    const fn contain(&self, sequence: u64) -> bool {
        self.first <= sequence && sequence <= self.last
    }
}

impl Kept {
    fn item(&self) -> HistoryItem {
        HistoryItem {
            at: self.at,
            topic: self.publication.topic.clone(),
            publication: self.publication.id,
            publisher: self
                .publication
                .publisher
                .clone()
                .filter(|_| self.publication.disclosed),
            payload: self.publication.payload.clone(),
        }
    }
}
