//! What waits behind an event that gives way to newer ones of its subscription.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroU32;
use std::sync::Arc;

use wamp_protocol::{Message, SubscriptionId};

use super::queue::Load;
use crate::effects::{Outgoing, SharedMessage};

/// Messages in their order, some of which are events that may be dropped where they are. They stay
/// messages, whatever the transport: octets could not be taken out again.
///
/// What may be dropped is bounded by itself, and so leaves to everything else the room it has.
#[derive(Debug, Default)]
pub(super) struct Newest {
    /// place → what has to be sent
    lasting: BTreeMap<u64, Outgoing>,
    /// place → event that may be dropped
    events: BTreeMap<u64, Waits>,
    backlogs: HashMap<SubscriptionId, Backlog>,
    next: u64,
    /// What `lasting` weighs.
    lasting_load: Load,
    /// What `events` weigh.
    events_load: Load,
}

/// An event that waits.
#[derive(Debug)]
struct Waits {
    subscription: SubscriptionId,
    event: Arc<SharedMessage>,
    /// What it weighed when it came: others may make it heavier.
    weight: usize,
}

/// What waits of one subscription.
#[derive(Debug, Default)]
struct Backlog {
    /// The places of its events, the oldest first.
    places: VecDeque<u64>,
    /// Dropped since one was taken.
    dropped: u64,
}

/// A message whose turn has come.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) message: Outgoing,
    pub(super) weight: usize,
    /// Whether it counts to what ends the session when there is too much of it.
    pub(super) lasting: bool,
}

impl Newest {
    pub(super) fn is_empty(&self) -> bool {
        self.lasting.is_empty() && self.events.is_empty()
    }

    pub(super) const fn lasting_load(&self) -> Load {
        self.lasting_load
    }

    /// Events that may be dropped.
    pub(super) const fn events(&self) -> usize {
        self.events_load.messages
    }

    /// Whether anything has to be remembered.
    pub(super) fn is_idle(&self) -> bool {
        self.is_empty() && self.backlogs.is_empty()
    }

    fn place(&mut self) -> u64 {
        let place = self.next;
        self.next += 1;
        place
    }

    /// Adds what has to be sent; its weight.
    pub(super) fn push(&mut self, message: Outgoing) -> usize {
        let weight = message.weight();
        self.lasting_load.add(weight);
        let place = self.place();
        self.lasting.insert(place, message);
        weight
    }

    /// Adds an event. Of its subscription `keep` stay, it among them, and of all subscriptions
    /// together what is within `limit`; the oldest are dropped, and how many is returned.
    pub(super) fn push_event(
        &mut self,
        subscription: SubscriptionId,
        event: &Arc<SharedMessage>,
        keep: NonZeroU32,
        limit: Load,
    ) -> usize {
        let place = self.place();
        let backlog = self.backlogs.entry(subscription).or_default();
        let surplus = (backlog.places.len() + 1).saturating_sub(keep.get() as usize);
        let mut dropped = 0;
        for _ in 0..surplus {
            dropped += usize::from(self.drop_oldest_of(subscription));
        }
        let waits = Waits {
            subscription,
            event: Arc::clone(event),
            weight: event.weight(),
        };
        self.events_load.add(waits.weight);
        self.events.insert(place, waits);
        self.backlogs.entry(subscription).or_default().places.push_back(place);
        while self.events_load.exceeds(limit)
            && self.events.len() > 1
            && let Some((_, oldest)) = self.events.first_key_value()
        {
            dropped += usize::from(self.drop_oldest_of(oldest.subscription));
        }
        // Of subscriptions that are over nobody will ask how much they lost.
        if self.backlogs.len() > 2 * limit.messages.max(64) {
            self.backlogs.retain(|_, backlog| !backlog.places.is_empty());
        }
        dropped
    }

    fn drop_oldest_of(&mut self, subscription: SubscriptionId) -> bool {
        let Some(backlog) = self.backlogs.get_mut(&subscription) else {
            return false;
        };
        let oldest = backlog.places.pop_front().and_then(|place| self.events.remove(&place));
        let Some(oldest) = oldest else { return false };
        backlog.dropped += 1;
        self.events_load.subtract(oldest.weight);
        true
    }

    /// The first of all that waits. An event says how many before it were dropped.
    pub(super) fn pop(&mut self) -> Option<Taken> {
        let lasting = self.lasting.first_key_value().map(|(place, _)| *place);
        let event = self.events.first_key_value().map(|(place, _)| *place);
        if event.is_none_or(|event| lasting.is_some_and(|lasting| lasting < event)) {
            let (_, message) = self.lasting.pop_first()?;
            let weight = message.weight();
            self.lasting_load.subtract(weight);
            return Some(Taken {
                message,
                weight,
                lasting: true,
            });
        }
        let (_, waits) = self.events.pop_first()?;
        let Waits {
            subscription,
            event,
            weight,
        } = waits;
        self.events_load.subtract(weight);
        let mut dropped = 0;
        if let Some(backlog) = self.backlogs.get_mut(&subscription) {
            backlog.places.pop_front();
            dropped = std::mem::take(&mut backlog.dropped);
            if backlog.places.is_empty() {
                self.backlogs.remove(&subscription);
            }
        }
        Some(Taken {
            message: telling(event, dropped),
            weight,
            lasting: false,
        })
    }
}

/// The event, saying that so many before it were dropped.
fn telling(event: Arc<SharedMessage>, dropped: u64) -> Outgoing {
    if dropped == 0 {
        return Outgoing::Shared(event);
    }
    let mut message = event.message().clone();
    if let Message::Event(event) = &mut message {
        event.details.dropped = dropped;
    }
    Outgoing::Own(Box::new(message))
}

#[cfg(test)]
mod tests {
    use wamp_protocol::message::{Event, EventDetails};
    use wamp_protocol::{Payload, PublicationId, Serializer};

    use super::*;

    fn event(subscription: u64) -> (SubscriptionId, Arc<SharedMessage>) {
        let subscription = SubscriptionId::new(subscription).unwrap();
        let event = Event {
            subscription,
            publication: PublicationId::FIRST,
            details: EventDetails::default().into(),
            payload: Payload::EMPTY,
        };
        (subscription, Arc::new(SharedMessage::new(event)))
    }

    #[test]
    fn octets_of_all_subscriptions_together_are_bounded_and_the_oldest_goes() {
        let weight = event(1).1.weight();
        let limit = Load {
            messages: 100,
            octets: 3 * weight,
        };
        let mut newest = Newest::default();
        let dropped = |newest: &mut Newest, id| {
            let (subscription, event) = event(id);
            newest.push_event(subscription, &event, NonZeroU32::MAX, limit)
        };
        assert_eq!([1, 1, 2].map(|id| dropped(&mut newest, id)), [0, 0, 0]);
        assert_eq!([2, 3].map(|id| dropped(&mut newest, id)), [1, 1]);
        assert_eq!(newest.events(), 3);
        // Of the first subscription nothing waits; its next event tells.
        assert_eq!(dropped(&mut newest, 1), 1);
        let mut told = Vec::new();
        while let Some(taken) = newest.pop() {
            let Message::Event(event) = taken.message.message() else {
                panic!("no event")
            };
            told.push((event.subscription.get(), event.details.dropped));
        }
        assert_eq!(told, [(2, 1), (3, 0), (1, 2)]);
        assert!(newest.is_idle());
    }

    #[test]
    fn subscriptions_that_come_and_go_leave_little_behind() {
        let limit = Load {
            messages: 3,
            octets: usize::MAX,
        };
        let mut newest = Newest::default();
        for id in 1..2000 {
            let (subscription, event) = event(id);
            newest.push_event(subscription, &event, NonZeroU32::MIN, limit);
            assert!(newest.backlogs.len() <= 130 && newest.events() <= 3);
        }
    }

    #[test]
    fn an_event_weighs_all_that_it_holds() {
        let limit = Load {
            messages: 1000,
            octets: 100_000,
        };
        for (topic, payload) in [(10_000, 0), (0, 10_000), (0, 0)] {
            let mut newest = Newest::default();
            for number in 1..1000 {
                let subscription = SubscriptionId::new(number).unwrap();
                let details = EventDetails {
                    topic: Some("a".repeat(topic).as_str().into()),
                    ..EventDetails::default()
                };
                let event = Event {
                    subscription,
                    publication: PublicationId::FIRST,
                    details: details.into(),
                    payload: Payload::with_args(Serializer::MsgPack, &["a".repeat(payload)]).unwrap(),
                };
                let event = Arc::new(SharedMessage::new(event));
                // Somebody who reads has it as octets already.
                event.encoded(Serializer::Json).unwrap();
                newest.push_event(subscription, &event, NonZeroU32::MAX, limit);
            }
            let each = topic + 2 * payload + topic + size_of::<SharedMessage>();
            assert!(newest.events() * each <= 100_000, "{} of {each}", newest.events());
        }
    }
}
