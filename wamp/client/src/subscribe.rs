//! Subscribing.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use wamp_protocol::message::{EventDetails, PassThru, Sparse, SubscribeOptions};
use wamp_protocol::{MatchPolicy, Payload, PublicationId, SessionId, SubscriptionId, Uri};

use crate::command::{Command, LocalId};
use crate::event_queue::EventQueue;
use crate::{ArgumentError, Error, Session};

/// Events a subscription holds for its consumer unless told otherwise.
const DEFAULT_QUEUE: usize = 1024;

/// A subscription about to be made; [`open`](Self::open) does it.
#[derive(Debug)]
#[must_use = "nothing is subscribed until `open` is awaited"]
pub struct SubscribeRequest {
    session: Session,
    topic: Uri,
    options: SubscribeOptions,
    queue: usize,
}

impl SubscribeRequest {
    pub(crate) fn new(session: Session, topic: Uri) -> Self {
        Self {
            session,
            topic,
            options: SubscribeOptions::default(),
            queue: DEFAULT_QUEUE,
        }
    }

    /// How the topic matches; exactly unless told.
    pub fn match_policy(mut self, policy: MatchPolicy) -> Self {
        self.options.match_policy = Some(policy);
        self
    }

    /// Delivers the topic's retained event at once.
    pub fn get_retained(mut self) -> Self {
        self.options.get_retained = Some(true);
        self
    }

    /// Takes only events of this part of the topic.
    pub fn shard(mut self, key: impl Into<String>) -> Self {
        self.options.nkey = Some(key.into());
        self
    }

    /// Where the connection is too slow, at most so many events wait at the router, and the oldest
    /// give way; without it the router ends a session that reads too slowly. An extension: routers
    /// that do not know it ignore it. Several subscriptions of one topic in a session get what the
    /// one that wants the most needs.
    pub fn keep_newest(mut self, events: NonZeroU32) -> Self {
        self.options.keep_newest = Some(events.get().into());
        self
    }

    /// How many events wait for the consumer before the oldest are dropped; at least 1.
    pub fn queue(mut self, capacity: usize) -> Self {
        self.queue = capacity;
        self
    }

    /// Subscribes. While there is no connection this waits for the next one.
    ///
    /// Errors: [`Error::Rejected`], [`Error::Closed`].
    pub async fn open(self) -> Result<Subscription, Error> {
        let Self {
            session,
            topic,
            options,
            queue,
        } = self;
        let local = session.local_id();
        let queue = Arc::new(EventQueue::new(queue, topic.as_str()));
        // Made before the answer is there: dropped while waiting, it takes the wish back.
        let subscription = Subscription {
            session: session.clone(),
            local,
            topic: topic.clone(),
            queue: queue.clone(),
        };
        let subscribe = |answer| Command::Subscribe {
            local,
            topic,
            options,
            queue,
            answer,
        };
        session.0.commands.ask(subscribe).await?;
        Ok(subscription)
    }
}

/// A stream of events. Dropping it unsubscribes. It goes on by itself after a reconnect; events
/// published while there was no connection are not delivered.
#[derive(Debug)]
pub struct Subscription {
    session: Session,
    local: LocalId,
    topic: Uri,
    queue: Arc<EventQueue>,
}

impl Subscription {
    /// The next event, or `None` when the session is over or the router revoked the subscription.
    pub async fn next(&mut self) -> Option<Event> {
        StreamExt::next(self).await
    }

    /// The topic or pattern that was subscribed.
    pub fn topic(&self) -> &str {
        self.topic.as_str()
    }

    /// The router's id of it, which its meta procedures take; another one after each reconnect, and
    /// `None` while there is no connection.
    pub fn id(&self) -> Option<SubscriptionId> {
        self.queue.subscription()
    }

    /// Unsubscribes and waits for the router's answer.
    pub async fn unsubscribe(self) -> Result<(), Error> {
        let local = self.local;
        self.session
            .0
            .commands
            .ask(|answer| Command::Unsubscribe {
                local,
                answer: Some(answer),
            })
            .await
    }
}

impl Stream for Subscription {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.queue.poll_next(cx)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // An error means that the session is over, and the subscription with it.
        let _ = self.session.0.commands.post(Command::Unsubscribe {
            local: self.local,
            answer: None,
        });
    }
}

/// One event of a subscription.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// How many events of this subscription were lost just before this one, because the consumer
    /// was too slow, or, with [`SubscribeRequest::keep_newest`], the connection.
    pub missed: u64,
    topic: Uri,
    publication: PublicationId,
    details: Sparse<EventDetails>,
    payload: Payload,
}

impl Event {
    pub(crate) fn new(topic: Uri, publication: PublicationId, details: Sparse<EventDetails>, payload: Payload) -> Self {
        Self {
            missed: details.dropped,
            topic,
            publication,
            details,
            payload,
        }
    }

    /// The positional arguments, as any type that deserializes from a sequence.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.args()
    }

    /// The keyword arguments, as a struct or a map.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.kwargs()
    }

    /// The event's fields: its keyword arguments, or, where it has none, its one positional
    /// argument. Publishers in the field do either.
    pub fn fields<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        let by_name = self.payload.kwargs();
        if by_name.is_err()
            && self.payload.kwargs_value().is_ok_and(|kwargs| kwargs.is_empty())
            && let Ok((sole,)) = self.payload.args::<(T,)>()
        {
            return Ok(sole);
        }
        by_name
    }

    /// The payload as it came.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// How the payload is encoded, when it is for the two ends only.
    pub fn passthru(&self) -> Option<&PassThru> {
        self.details.ppt.as_deref()
    }

    /// The topic it was published to; for a pattern subscription not the pattern.
    pub fn topic(&self) -> &str {
        self.topic.as_str()
    }

    /// The publication's id.
    pub const fn publication(&self) -> PublicationId {
        self.publication
    }

    /// The publisher's session, when disclosed.
    pub fn publisher(&self) -> Option<SessionId> {
        self.details.publisher
    }

    /// The publisher's name, when disclosed.
    pub fn publisher_authid(&self) -> Option<&str> {
        self.details.publisher_authid.as_deref()
    }

    /// The publisher's role, when disclosed.
    pub fn publisher_authrole(&self) -> Option<&str> {
        self.details.publisher_authrole.as_deref()
    }

    /// Whether it was published before and kept for this subscriber.
    pub fn retained(&self) -> bool {
        self.details.retained
    }

    /// How far the router trusts the publisher, where it says.
    pub fn trustlevel(&self) -> Option<u64> {
        self.details.trustlevel
    }
}
