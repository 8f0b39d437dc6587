//! A subscription's own queue: bounded, and the oldest give way.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use wamp_protocol::SubscriptionId;

use crate::Event;

/// Events on their way from the driver to one consumer. The driver never waits for the consumer:
/// when the queue is full, its oldest event is dropped and counted.
#[derive(Debug)]
pub(crate) struct EventQueue {
    waiting: Mutex<Waiting>,
    consumer: AtomicWaker,
    capacity: usize,
    topic: String,
    /// The router's id of the subscription; 0 while there is none.
    subscription: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Dropped since the consumer took the last one.
    missed: u64,
    warned: bool,
    ended: bool,
}

impl EventQueue {
    pub(crate) fn new(capacity: usize, topic: &str) -> Self {
        Self {
            waiting: Mutex::default(),
            consumer: AtomicWaker::new(),
            capacity: capacity.max(1),
            topic: topic.to_owned(),
            subscription: AtomicU64::new(0),
        }
    }

    pub(crate) fn subscribed(&self, subscription: Option<SubscriptionId>) {
        self.subscription
            .store(subscription.map_or(0, SubscriptionId::get), Ordering::Relaxed);
    }

    pub(crate) fn subscription(&self) -> Option<SubscriptionId> {
        SubscriptionId::new(self.subscription.load(Ordering::Relaxed))
    }

    pub(crate) fn push(&self, event: Event) {
        let first_loss = {
            let mut waiting = self.lock();
            if waiting.ended {
                return;
            }
            let full = waiting.events.len() >= self.capacity;
            if full {
                let oldest = waiting.events.pop_front();
                waiting.missed += 1 + oldest.map_or(0, |oldest| oldest.missed);
            }
            waiting.events.push_back(event);
            full && !std::mem::replace(&mut waiting.warned, true)
        };
        if first_loss {
            tracing::warn!(
                wamp.topic = self.topic,
                queue.capacity = self.capacity,
                "a subscriber of {} is too slow and loses its oldest events",
                self.topic
            );
        }
        self.consumer.wake();
    }

    /// No event will come any more; those waiting are still there to take.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.consumer.wake();
    }

    pub(crate) fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        if let Some(ready) = self.take() {
            return Poll::Ready(ready);
        }
        self.consumer.register(cx.waker());
        // Once more: an event may have come between the look and the registration.
        self.take().map_or(Poll::Pending, Poll::Ready)
    }

    fn take(&self) -> Option<Option<Event>> {
        let mut waiting = self.lock();
        match waiting.events.pop_front() {
            Some(mut event) => {
                event.missed += std::mem::take(&mut waiting.missed);
                Some(Some(event))
            }
            None => waiting.ended.then_some(None),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::poll_fn;
    use wamp_protocol::message::EventDetails;
    use wamp_protocol::{Payload, PublicationId};

    fn event(number: u64) -> Event {
        Event::new(
            "t".into(),
            PublicationId::new(number).unwrap(),
            EventDetails::default().into(),
            Payload::EMPTY,
        )
    }

    fn next(queue: &EventQueue) -> Option<Option<(u64, u64)>> {
        let event = poll_fn(|cx| queue.poll_next(cx)).now_or_never()?;
        Some(event.map(|event| (event.publication().get(), event.missed)))
    }

    #[test]
    fn a_slow_consumer_loses_the_oldest_and_is_told_how_many() {
        let queue = EventQueue::new(2, "t");
        (1..=5).for_each(|number| queue.push(event(number)));
        assert_eq!(next(&queue), Some(Some((4, 3))));
        assert_eq!(next(&queue), Some(Some((5, 0))));
        assert_eq!(next(&queue), None);
    }

    #[test]
    fn what_the_router_dropped_counts_too() {
        let queue = EventQueue::new(2, "t");
        for number in 1..=4 {
            let dropped = 10 * (number % 2);
            let details = EventDetails {
                dropped,
                ..EventDetails::default()
            };
            let publication = PublicationId::new(number).unwrap();
            queue.push(Event::new("t".into(), publication, details.into(), Payload::EMPTY));
        }
        assert_eq!(next(&queue), Some(Some((3, 10 + 1 + 10 + 1))));
        assert_eq!(next(&queue), Some(Some((4, 0))));
    }

    #[test]
    fn what_waits_is_delivered_before_the_end() {
        let queue = EventQueue::new(2, "t");
        queue.push(event(1));
        queue.end();
        queue.push(event(2));
        assert_eq!(next(&queue), Some(Some((1, 0))));
        assert_eq!(next(&queue), Some(None));
    }
}
