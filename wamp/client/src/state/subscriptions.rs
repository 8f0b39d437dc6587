//! Topics this client subscribes, and who of it receives what.
//!
//! The router gives the same subscription to every SUBSCRIBE of the same topic and match policy,
//! so several consumers here share one; only the last that goes unsubscribes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::{Event as EventMessage, Subscribe, SubscribeOptions, Unsubscribe, Unsubscribed};
use wamp_protocol::{MatchPolicy, RequestId, SubscriptionId, Uri};

use super::outbox::Outbox;
use super::{retry_delay, tell};
use crate::command::{Answer, LocalId};
use crate::event_queue::EventQueue;
use crate::{Error, Event};

#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    /// What is wished for, in the order it was.
    wishes: BTreeMap<LocalId, Wish>,
    active: HashMap<SubscriptionId, Active>,
    subscribing: HashMap<RequestId, Subscribing>,
    unsubscribing: HashMap<RequestId, Answer<()>>,
}

/// What makes two subscriptions the same to the router.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    topic: Uri,
    match_policy: MatchPolicy,
    nkey: Option<String>,
}

#[derive(Debug)]
struct Wish {
    subject: Subject,
    options: SubscribeOptions,
    queue: Arc<EventQueue>,
    /// Who waits for the first SUBSCRIBED.
    answer: Option<Answer<()>>,
    subscription: Option<SubscriptionId>,
    /// How often the router has refused to restore it since the last reconnect.
    refusals: u32,
    retry_at: Option<Duration>,
}

/// What the router sends events for.
#[derive(Debug)]
struct Active {
    subject: Subject,
    receivers: Vec<(LocalId, Arc<EventQueue>)>,
    /// Retained events follow the SUBSCRIBED that asked for them: whom the newest was for.
    retained_for: Vec<LocalId>,
}

#[derive(Debug)]
struct Subscribing {
    subject: Subject,
    locals: Vec<LocalId>,
}

impl Subscriptions {
    pub(super) fn subscribe(
        &mut self,
        local: LocalId,
        topic: Uri,
        options: SubscribeOptions,
        queue: Arc<EventQueue>,
        answer: Answer<()>,
        outbox: Option<&mut Outbox>,
    ) {
        let match_policy = options.match_policy.unwrap_or_default();
        let subject = Subject {
            topic,
            match_policy,
            nkey: options.nkey.clone(),
        };
        let answer = Some(answer);
        let wish = Wish {
            subject,
            options,
            queue,
            answer,
            subscription: None,
            refusals: 0,
            retry_at: None,
        };
        self.wishes.insert(local, wish);
        if let Some(outbox) = outbox {
            self.ask(vec![local], outbox);
        }
    }

    /// Subscribes for `locals`, all of one subject.
    fn ask(&mut self, locals: Vec<LocalId>, outbox: &mut Outbox) {
        let mut asked: Option<(Subject, SubscribeOptions)> = None;
        for local in &locals {
            let Some(wish) = self.wishes.get_mut(local) else {
                continue;
            };
            wish.retry_at = None;
            let (_, options) = asked.get_or_insert_with(|| (wish.subject.clone(), wish.options.clone()));
            options.get_retained = options.get_retained.or(wish.options.get_retained);
        }
        let Some((subject, mut options)) = asked else { return };
        options.keep_newest = self.keep_newest(&subject);
        let topic = subject.topic.clone();
        let request = outbox.request(|request| Subscribe {
            request,
            options,
            topic,
        });
        self.subscribing.insert(request, Subscribing { subject, locals });
    }

    /// How many events may wait at the router: all of them, unless no consumer needs that.
    fn keep_newest(&self, subject: &Subject) -> Option<u64> {
        let wishes = self.wishes.values().filter(|wish| wish.subject == *subject);
        let most = wishes.map(|wish| wish.options.keep_newest.unwrap_or(u64::MAX)).max();
        most.filter(|most| *most < u64::MAX)
    }

    pub(super) fn subscribed(&mut self, request: RequestId, subscription: SubscriptionId, outbox: &mut Outbox) {
        let Some(Subscribing { subject, locals }) = self.subscribing.remove(&request) else {
            return;
        };
        let active = self.active.entry(subscription).or_insert_with(|| Active {
            subject,
            receivers: Vec::new(),
            retained_for: Vec::new(),
        });
        active.retained_for.clear();
        for local in locals {
            // Not there when it was taken back meanwhile.
            let Some(wish) = self.wishes.get_mut(&local) else {
                continue;
            };
            wish.subscription = Some(subscription);
            wish.queue.subscribed(Some(subscription));
            wish.refusals = 0;
            active.receivers.push((local, wish.queue.clone()));
            if wish.options.get_retained == Some(true) {
                active.retained_for.push(local);
            }
            if let Some(answer) = wish.answer.take() {
                tell(answer, Ok(()));
            }
        }
        self.release_if_unused(subscription, None, outbox);
    }

    pub(super) fn refused(&mut self, request: RequestId, error: &Error, now: Duration, outbox: &mut Outbox) {
        let Some(Subscribing { subject, locals }) = self.subscribing.remove(&request) else {
            return;
        };
        for local in locals {
            let Some(wish) = self.wishes.get_mut(&local) else {
                continue;
            };
            if let Some(answer) = wish.answer.take() {
                wish.queue.end();
                self.wishes.remove(&local);
                tell(answer, Err(error.clone()));
                continue;
            }
            if wish.refusals == 0 {
                let topic = &wish.subject.topic;
                tracing::warn!(wamp.topic = %topic, "{topic} could not be subscribed again, will retry: {error}");
            }
            wish.retry_at = Some(now.saturating_add(retry_delay(wish.refusals)));
            wish.refusals = wish.refusals.saturating_add(1);
        }
        let same = |(id, active): (&SubscriptionId, &Active)| (active.subject == subject).then_some(*id);
        if let Some(subscription) = self.active.iter().find_map(same) {
            self.release_if_unused(subscription, None, outbox);
        }
    }

    pub(super) fn unsubscribe(&mut self, local: LocalId, answer: Option<Answer<()>>, outbox: Option<&mut Outbox>) {
        let Some(wish) = self.wishes.remove(&local) else {
            return answer.into_iter().for_each(|answer| tell(answer, Ok(())));
        };
        wish.queue.end();
        match (wish.subscription, outbox) {
            (Some(subscription), Some(outbox)) => {
                if let Some(active) = self.active.get_mut(&subscription) {
                    active.receivers.retain(|(receiver, _)| *receiver != local);
                }
                self.release_if_unused(subscription, answer, outbox);
            }
            _ => answer.into_iter().for_each(|answer| tell(answer, Ok(()))),
        }
    }

    /// Unsubscribes what nobody here receives any more, unless somebody is about to.
    fn release_if_unused(&mut self, subscription: SubscriptionId, answer: Option<Answer<()>>, outbox: &mut Outbox) {
        let used = self.active.get(&subscription).is_none_or(|active| {
            !active.receivers.is_empty()
                || self
                    .subscribing
                    .values()
                    .any(|waiting| waiting.subject == active.subject)
        });
        if used {
            return answer.into_iter().for_each(|answer| tell(answer, Ok(())));
        }
        self.active.remove(&subscription);
        let request = outbox.request(|request| Unsubscribe { request, subscription });
        if let Some(answer) = answer {
            self.unsubscribing.insert(request, answer);
        }
    }

    pub(super) fn unsubscribed(&mut self, message: Unsubscribed) {
        if let Some(request) = message.request {
            if let Some(answer) = self.unsubscribing.remove(&request) {
                tell(answer, Ok(()));
            }
        } else if let Some(details) = message.details
            && let Some(active) = self.active.remove(&details.subscription)
        {
            let (topic, reason) = (
                &active.subject.topic,
                details.reason.as_deref().unwrap_or("no reason given"),
            );
            tracing::warn!(wamp.topic = %topic, "the router revoked the subscription of {topic}: {reason}");
            for (local, queue) in active.receivers {
                self.wishes.remove(&local);
                queue.end();
            }
        }
    }

    pub(super) fn unsubscribe_refused(&mut self, request: RequestId, error: Error) {
        if let Some(answer) = self.unsubscribing.remove(&request) {
            tell(answer, Err(error));
        }
    }

    pub(super) fn event(&self, message: EventMessage) {
        // Unknown when it crossed our UNSUBSCRIBE.
        let Some(active) = self.active.get(&message.subscription) else {
            return;
        };
        let EventMessage {
            publication,
            details,
            payload,
            ..
        } = message;
        let retained = details.retained;
        let topic = details.topic.clone().unwrap_or_else(|| active.subject.topic.clone());
        let event = Event::new(topic, publication, details, payload);
        let mut receivers = active
            .receivers
            .iter()
            .filter(|(local, _)| !retained || active.retained_for.contains(local))
            .peekable();
        while let Some((_, queue)) = receivers.next() {
            if receivers.peek().is_none() {
                queue.push(event);
                return;
            }
            queue.push(event.clone());
        }
    }

    pub(super) fn joined(&mut self, outbox: &mut Outbox) {
        let mut subjects: Vec<(Subject, Vec<LocalId>)> = Vec::new();
        for (local, wish) in &self.wishes {
            match subjects.iter_mut().find(|(subject, _)| *subject == wish.subject) {
                Some((_, locals)) => locals.push(*local),
                None => subjects.push((wish.subject.clone(), vec![*local])),
            }
        }
        for (_, locals) in subjects {
            self.ask(locals, outbox);
        }
    }

    pub(super) fn lost(&mut self) {
        self.active.clear();
        self.subscribing.clear();
        for (_, answer) in self.unsubscribing.drain() {
            tell(answer, Ok(()));
        }
        for wish in self.wishes.values_mut() {
            wish.subscription = None;
            wish.queue.subscribed(None);
            wish.refusals = 0;
            wish.retry_at = None;
        }
    }

    pub(super) fn close(&mut self) {
        self.lost();
        for (_, wish) in std::mem::take(&mut self.wishes) {
            wish.queue.end();
            if let Some(answer) = wish.answer {
                tell(answer, Err(Error::Closed));
            }
        }
    }

    pub(super) fn next_retry(&self) -> Option<Duration> {
        self.wishes.values().filter_map(|wish| wish.retry_at).min()
    }

    pub(super) fn retry(&mut self, now: Duration, outbox: &mut Outbox) {
        let due = |wish: &Wish| wish.retry_at.is_some_and(|at| at <= now);
        let locals: Vec<_> = self
            .wishes
            .iter()
            .filter(|(_, wish)| due(wish))
            .map(|(local, _)| *local)
            .collect();
        for local in locals {
            self.ask(vec![local], outbox);
        }
    }
}
