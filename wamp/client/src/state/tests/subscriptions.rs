use std::future::poll_fn;
use std::sync::Arc;

use futures_channel::oneshot;
use futures_util::FutureExt;
use wamp_protocol::message::{Event, EventDetails, SubscribeOptions, Subscribed, Unsubscribed, UnsubscribedDetails};
use wamp_protocol::{MatchPolicy, MessageType, Payload, PublicationId};

use super::*;
use crate::command::Command;
use crate::event_queue::EventQueue;

struct Consumer {
    id: LocalId,
    queue: Arc<EventQueue>,
    answered: Answered<()>,
}

impl Consumer {
    fn subscribe(state: &mut State, id: u64, topic: &str, options: SubscribeOptions) -> Self {
        let (answer, answered) = oneshot::channel();
        let queue = queue();
        let topic = topic.into();
        state.command(Command::Subscribe {
            local: local(id),
            topic,
            options,
            queue: queue.clone(),
            answer,
        });
        Self {
            id: local(id),
            queue,
            answered,
        }
    }

    fn plain(state: &mut State, id: u64, topic: &str) -> Self {
        Self::subscribe(state, id, topic, SubscribeOptions::default())
    }

    fn unsubscribe(&self, state: &mut State) -> Answered<()> {
        let (answer, answered) = oneshot::channel();
        state.command(Command::Unsubscribe {
            local: self.id,
            answer: Some(answer),
        });
        answered
    }

    /// Publication ids that have come; `None` at the end of all.
    fn events(&self) -> Vec<Option<u64>> {
        let next = || poll_fn(|cx| self.queue.poll_next(cx)).now_or_never();
        let mut events = Vec::new();
        while let Some(event) = next() {
            let end = event.is_none();
            events.push(event.map(|event| event.publication().get()));
            if end {
                break;
            }
        }
        events
    }
}

fn subscribed(state: &mut State, id: u64, to: u64) {
    receive(
        state,
        Subscribed {
            request: request(id),
            subscription: subscription(to),
        },
    );
}

fn event(state: &mut State, to: u64, publication: u64, details: EventDetails) {
    let publication = PublicationId::new(publication).unwrap();
    receive(
        state,
        Event {
            subscription: subscription(to),
            publication,
            details: details.into(),
            payload: Payload::EMPTY,
        },
    );
}

#[test]
fn consumers_of_one_topic_share_the_router_s_subscription() {
    let mut state = joined();
    let mut one = Consumer::plain(&mut state, 1, "t");
    let mut two = Consumer::plain(&mut state, 2, "t");
    assert_eq!(sent_names(&mut state), ["SUBSCRIBE 1", "SUBSCRIBE 2"]);
    subscribed(&mut state, 1, 70);
    assert!(matches!(answer(&mut one.answered), Some(Ok(()))));
    event(&mut state, 70, 1, EventDetails::default());
    subscribed(&mut state, 2, 70);
    assert!(matches!(answer(&mut two.answered), Some(Ok(()))));
    event(&mut state, 70, 2, EventDetails::default());
    assert_eq!(one.events(), [Some(1), Some(2)]);
    assert_eq!(two.events(), [Some(2)]);

    assert!(matches!(answer(&mut one.unsubscribe(&mut state)), Some(Ok(()))));
    assert_eq!(sent_names(&mut state), [""; 0]);
    event(&mut state, 70, 3, EventDetails::default());
    assert_eq!(one.events(), [None]);
    assert_eq!(two.events(), [Some(3)]);

    let mut gone = two.unsubscribe(&mut state);
    assert_eq!(sent_names(&mut state), ["UNSUBSCRIBE 3"]);
    assert!(answer(&mut gone).is_none());
    receive(
        &mut state,
        Unsubscribed {
            request: Some(request(3)),
            details: None,
        },
    );
    assert!(matches!(answer(&mut gone), Some(Ok(()))));
}

#[test]
fn one_who_comes_while_the_last_goes_is_not_cut_off() {
    let mut state = joined();
    let one = Consumer::plain(&mut state, 1, "t");
    subscribed(&mut state, 1, 70);
    let two = Consumer::plain(&mut state, 2, "t");
    drop(one.unsubscribe(&mut state));
    assert_eq!(sent_names(&mut state), ["SUBSCRIBE 1", "SUBSCRIBE 2"]);
    subscribed(&mut state, 2, 70);
    event(&mut state, 70, 1, EventDetails::default());
    assert_eq!(two.events(), [Some(1)]);
}

#[test]
fn a_consumer_dropped_before_the_answer_is_unsubscribed_after_it() {
    let mut state = joined();
    let one = Consumer::plain(&mut state, 1, "t");
    drop(one.unsubscribe(&mut state));
    assert_eq!(sent_names(&mut state), ["SUBSCRIBE 1"]);
    subscribed(&mut state, 1, 70);
    assert_eq!(sent_names(&mut state), ["UNSUBSCRIBE 2"]);
}

#[test]
fn a_refused_newcomer_does_not_keep_an_unused_subscription() {
    let mut state = joined();
    let one = Consumer::plain(&mut state, 1, "t");
    subscribed(&mut state, 1, 70);
    let mut two = Consumer::plain(&mut state, 2, "t");
    drop(one.unsubscribe(&mut state));
    sent(&mut state);
    receive(
        &mut state,
        error_for(MessageType::Subscribe, 2, "wamp.error.not_authorized"),
    );
    assert_eq!(
        answer(&mut two.answered).unwrap().unwrap_err().uri(),
        Some("wamp.error.not_authorized")
    );
    assert_eq!(two.events(), [None]);
    assert_eq!(sent_names(&mut state), ["UNSUBSCRIBE 3"]);
}

#[test]
fn the_same_text_with_another_policy_is_another_subscription() {
    let mut state = joined();
    let exact = Consumer::plain(&mut state, 1, "a");
    let options = SubscribeOptions {
        match_policy: Some(MatchPolicy::Prefix),
        ..SubscribeOptions::default()
    };
    let prefix = Consumer::subscribe(&mut state, 2, "a", options);
    subscribed(&mut state, 1, 70);
    subscribed(&mut state, 2, 71);
    event(
        &mut state,
        71,
        5,
        EventDetails {
            topic: Some("a.b".into()),
            ..EventDetails::default()
        },
    );
    assert_eq!(exact.events(), []);
    assert_eq!(prefix.events(), [Some(5)]);
}

#[test]
fn retained_events_reach_only_the_one_that_asked_for_them_last() {
    let mut state = joined();
    let asks = || SubscribeOptions {
        get_retained: Some(true),
        ..SubscribeOptions::default()
    };
    let retained = || EventDetails {
        retained: true,
        ..EventDetails::default()
    };
    let one = Consumer::subscribe(&mut state, 1, "t", asks());
    subscribed(&mut state, 1, 70);
    event(&mut state, 70, 9, retained());
    let two = Consumer::subscribe(&mut state, 2, "t", asks());
    let never = Consumer::plain(&mut state, 3, "t");
    subscribed(&mut state, 2, 70);
    event(&mut state, 70, 9, retained());
    subscribed(&mut state, 3, 70);
    assert_eq!(one.events(), [Some(9)]);
    assert_eq!(two.events(), [Some(9)]);
    assert_eq!(never.events(), []);
}

#[test]
fn all_subscriptions_come_back_with_the_connection_one_per_topic() {
    let mut state = joined();
    let one = Consumer::plain(&mut state, 1, "t");
    let two = Consumer::plain(&mut state, 2, "t");
    let other = Consumer::plain(&mut state, 3, "u");
    subscribed(&mut state, 1, 70);
    subscribed(&mut state, 2, 70);
    subscribed(&mut state, 3, 71);
    state.lost();
    let mut late = Consumer::plain(&mut state, 4, "v");
    assert!(answer(&mut late.answered).is_none());
    state.joined(info(2));
    assert_eq!(sent_names(&mut state), ["SUBSCRIBE 1", "SUBSCRIBE 2", "SUBSCRIBE 3"]);
    subscribed(&mut state, 1, 5);
    subscribed(&mut state, 2, 6);
    subscribed(&mut state, 3, 7);
    assert!(matches!(answer(&mut late.answered), Some(Ok(()))));
    event(&mut state, 70, 1, EventDetails::default());
    event(&mut state, 5, 2, EventDetails::default());
    event(&mut state, 6, 3, EventDetails::default());
    assert_eq!(
        (one.events(), two.events(), other.events()),
        (vec![Some(2)], vec![Some(2)], vec![Some(3)])
    );
}

#[test]
fn a_subscription_that_is_not_restored_is_asked_for_again_later() {
    let mut state = joined();
    let one = Consumer::plain(&mut state, 1, "t");
    subscribed(&mut state, 1, 70);
    state.lost();
    state.joined(info(2));
    sent(&mut state);
    receive(
        &mut state,
        error_for(MessageType::Subscribe, 1, "wamp.error.authorization_failed"),
    );
    let retry = state.next_retry().unwrap();
    assert!(retry > NOW);
    state.tick(retry - Duration::from_millis(1));
    assert_eq!(sent_names(&mut state), [""; 0]);
    state.tick(retry);
    assert_eq!(sent_names(&mut state), ["SUBSCRIBE 2"]);
    assert_eq!(state.next_retry(), None);
    subscribed(&mut state, 2, 4);
    event(&mut state, 4, 1, EventDetails::default());
    assert_eq!(one.events(), [Some(1)]);
}

#[test]
fn a_revoked_subscription_ends_its_consumers() {
    let mut state = joined();
    let one = Consumer::plain(&mut state, 1, "t");
    subscribed(&mut state, 1, 70);
    let details = Some(UnsubscribedDetails {
        subscription: subscription(70),
        reason: None,
    });
    receive(&mut state, Unsubscribed { request: None, details });
    assert_eq!(one.events(), [None]);
    sent(&mut state);
    state.lost();
    state.joined(info(2));
    assert_eq!(sent_names(&mut state), [""; 0]);
}

#[test]
fn the_end_of_the_session_ends_everything() {
    let mut state = joined();
    let one = Consumer::plain(&mut state, 1, "t");
    subscribed(&mut state, 1, 70);
    let mut two = Consumer::plain(&mut state, 2, "u");
    state.close();
    assert_eq!(one.events(), [None]);
    assert!(matches!(answer(&mut two.answered), Some(Err(Error::Closed))));
}
