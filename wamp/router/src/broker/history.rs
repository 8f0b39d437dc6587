//! Event history: the last events of every topic, kept in memory, and in a store where the realm
//! has one.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::Recipients;
use wamp_protocol::{MatchPolicy, PublicationId, Uri};

use super::publishing::Publication;
use super::recipients::RecipientFilter;
use crate::history_store::{HistoryStore, PastEvent, Publisher};
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
    /// Topics that have none.
    except: HashSet<Uri>,
    store: Option<Arc<dyn HistoryStore>>,
}

#[derive(Debug)]
struct Kept {
    sequence: u64,
    event: Arc<PastEvent>,
    recipients: Option<RecipientFilter>,
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

impl History {
    pub(super) fn new(of_each: usize) -> Self {
        Self {
            of_each,
            by_topic: BTreeMap::new(),
            sequence: 0,
            octets: 0,
            except: HashSet::new(),
            store: None,
        }
    }

    /// Goes on from what the store has, and keeps there what comes, `except` aside.
    pub(super) fn remember(&mut self, except: &[String], store: Option<Arc<dyn HistoryStore>>) {
        self.except = except.iter().map(|topic| Uri::from(topic.as_str())).collect();
        for event in store.as_ref().map(|store| store.load()).unwrap_or_default() {
            let recipients = Some(&event.recipients).filter(|lists| **lists != Recipients::default());
            let recipients = recipients.map(|lists| RecipientFilter::from(lists.clone()));
            self.add(Arc::new(event), recipients);
        }
        self.store = store;
    }

    /// Keeps an event, unless it was meant for particular sessions: they will not come again.
    pub(super) fn keep(&mut self, publication: &Publication, now: Moment) {
        let by_session = publication
            .recipients
            .as_ref()
            .is_some_and(RecipientFilter::names_sessions);
        if self.of_each == 0 || by_session || self.except.contains(publication.topic.as_str()) {
            return;
        }
        let publisher = publication.publisher.as_ref().filter(|_| publication.disclosed);
        let event = Arc::new(PastEvent {
            topic: publication.topic.clone(),
            publication: publication.id,
            // As clients are told the time, so that the time they were told finds the event again.
            at: Duration::from_millis(u64::try_from(now.unix.as_millis()).unwrap_or(u64::MAX)),
            publisher: publisher.map(|publisher| Publisher {
                session: publisher.id,
                authid: publisher.authid.clone(),
                authrole: publisher.authrole.clone(),
            }),
            recipients: publication
                .recipients
                .as_ref()
                .map_or_else(Recipients::default, RecipientFilter::names),
            trustlevel: publication
                .publisher
                .as_ref()
                .and_then(|publisher| publisher.trustlevel),
            passthru: publication.ppt.clone(),
            payload: publication.payload.detached(),
        });
        // What the router itself tells is of this run alone.
        if let Some(store) = self.store.as_ref().filter(|_| !event.topic.is_reserved()) {
            store.keep(&event);
        }
        self.add(event, publication.recipients.clone());
    }

    fn add(&mut self, event: Arc<PastEvent>, recipients: Option<RecipientFilter>) {
        let full = self.by_topic.len() >= TOPICS;
        if self.of_each == 0 || full && !self.by_topic.contains_key(event.topic.as_str()) {
            return;
        }
        self.sequence += 1;
        let events = self.by_topic.entry(event.topic.clone()).or_default();
        let size = event.payload.len();
        while events.len() >= self.of_each || self.octets + size > OCTETS {
            let Some(oldest) = events.pop_front() else { return };
            self.octets -= oldest.event.payload.len();
        }
        self.octets += size;
        events.push_back(Kept {
            sequence: self.sequence,
            event,
            recipients,
        });
    }

    /// The events that a subscription of this pattern would have got, oldest first unless
    /// reversed.
    pub(super) fn select(&self, pattern: &Uri, policy: MatchPolicy, filter: &HistoryFilter) -> Vec<Arc<PastEvent>> {
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
        events.into_iter().map(|kept| Arc::clone(&kept.event)).collect()
    }
}

impl HistoryFilter {
    fn admits(&self, kept: &Kept) -> bool {
        let event = &kept.event;
        let passthru = event.passthru.as_ref().is_some_and(|said| said.scheme.is_some());
        let may_have = |asker: &Arc<Member>| {
            kept.recipients.as_ref().is_none_or(|lists| lists.admits(asker))
                && (!passthru || asker.features.subscriber.payload_passthru_mode)
        };
        self.from_time.is_none_or(|from| event.at >= from)
            && self.after_time.is_none_or(|after| event.at > after)
            && self.before_time.is_none_or(|before| event.at < before)
            && self.until_time.is_none_or(|until| event.at <= until)
            && self.topic.as_ref().is_none_or(|topic| event.topic.as_str() == topic)
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
                .find(|kept| kept.event.publication == id)
                .map(|kept| kept.sequence)
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
