use futures_channel::oneshot;
use proptest::prelude::*;
use wamp_protocol::message::{
    Abort, Goodbye, Hello, HelloDetails, PublishOptions, Published, Registered, ResultDetails, ResultMessage,
    SubscribeOptions, Subscribed, Unsubscribed, Welcome, WelcomeDetails,
};
use wamp_protocol::{MessageType, Payload, PublicationId};

use super::*;
use crate::command::{CallAnswer, Command};
use crate::state::Received;

fn publish(state: &mut State) -> Answered<PublicationId> {
    let (answer, answered) = oneshot::channel();
    let options = PublishOptions {
        acknowledge: true,
        ..PublishOptions::default()
    };
    state.command(Command::Publish {
        topic: "t".into(),
        options,
        payload: Payload::EMPTY,
        answer: Some(answer),
    });
    answered
}

#[test]
fn acknowledged_publications_are_answered_one_way_or_the_other() {
    let mut state = joined();
    let (mut one, mut two, mut three) = (publish(&mut state), publish(&mut state), publish(&mut state));
    let publication = PublicationId::new(77).unwrap();
    receive(
        &mut state,
        Published {
            request: request(1),
            publication,
        },
    );
    receive(
        &mut state,
        error_for(MessageType::Publish, 2, "wamp.error.not_authorized"),
    );
    assert!(matches!(answer(&mut one), Some(Ok(id)) if id == publication));
    assert!(matches!(answer(&mut two), Some(Err(Error::Rejected(_)))));
    assert!(answer(&mut three).is_none());
    state.lost();
    assert!(matches!(answer(&mut three), Some(Err(Error::NotConnected))));
    assert!(matches!(
        answer(&mut publish(&mut state)),
        Some(Err(Error::NotConnected))
    ));
}

#[test]
fn requests_count_from_one_in_each_session() {
    let mut state = joined();
    let _ = (publish(&mut state), publish(&mut state));
    assert_eq!(sent_names(&mut state), ["PUBLISH 1", "PUBLISH 2"]);
    state.lost();
    state.joined(info(2));
    drop(publish(&mut state));
    assert_eq!(sent_names(&mut state), ["PUBLISH 1"]);
}

#[test]
fn the_router_s_goodbye_is_answered() {
    let mut state = joined();
    let mut details = Dict::default();
    details.insert("message", "The hub restarts.");
    let reason = "wamp.close.system_shutdown".into();
    let received = receive(&mut state, Goodbye { details, reason });
    let message = Some("The hub restarts.".to_owned());
    assert_eq!(
        received,
        Received::Ended {
            reason: "wamp.close.system_shutdown".into(),
            message
        }
    );
    let Some(Message::Goodbye(answer)) = sent(&mut state).pop() else {
        panic!("no GOODBYE")
    };
    assert_eq!(answer.reason.as_str(), "wamp.close.goodbye_and_out");
}

#[test]
fn leaving_waits_for_the_answer_and_sends_nothing_more() {
    let mut state = joined();
    state.leave("wamp.close.close_realm".into());
    state.leave("wamp.close.close_realm".into());
    assert!(matches!(
        answer(&mut publish(&mut state)),
        Some(Err(Error::NotConnected))
    ));
    assert_eq!(sent_names(&mut state), ["GOODBYE 0"]);
    assert_eq!(
        receive(&mut state, error_for(MessageType::Call, 1, "late")),
        Received::Continues
    );
    let goodbye = Goodbye {
        details: Dict::default(),
        reason: "wamp.close.goodbye_and_out".into(),
    };
    assert_eq!(receive(&mut state, goodbye), Received::Left);
    assert_eq!(sent_names(&mut state), [""; 0]);
}

#[test]
fn what_only_clients_send_is_a_violation() {
    let out_of_place: [Message; 4] = [
        Hello {
            realm: "r".into(),
            details: HelloDetails::default(),
        }
        .into(),
        Welcome {
            session: SessionId::FIRST,
            details: WelcomeDetails::default(),
        }
        .into(),
        wamp_protocol::message::Unsubscribe {
            request: request(1),
            subscription: subscription(1),
        }
        .into(),
        error_for(MessageType::Welcome, 1, "x"),
    ];
    for message in out_of_place {
        let mut state = joined();
        assert!(matches!(receive(&mut state, message), Received::Violated(_)));
        let Some(Message::Abort(Abort { reason, details, .. })) = sent(&mut state).pop() else {
            panic!("no ABORT")
        };
        assert_eq!(reason.as_str(), "wamp.error.protocol_violation");
        assert!(text(details.get("message")).is_some());
    }
}

/// Something that happens to a state.
#[derive(Debug, Clone)]
enum Step {
    Subscribe(u64),
    Unsubscribe(u64),
    Call(u64),
    Publish,
    Receive(u8, u64),
    Lost,
    Joined,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (1_u64..8).prop_map(Step::Subscribe),
        (1_u64..8).prop_map(Step::Unsubscribe),
        (10_u64..20).prop_map(Step::Call),
        Just(Step::Publish),
        (0_u8..8, 1_u64..12).prop_map(|(kind, id)| Step::Receive(kind, id)),
        Just(Step::Lost),
        Just(Step::Joined),
    ]
}

fn message(kind: u8, id: u64) -> Message {
    let details = ResultDetails {
        progress: id.is_multiple_of(2),
        ..ResultDetails::default()
    };
    match kind {
        0 => Subscribed {
            request: request(id),
            subscription: subscription(id % 3 + 1),
        }
        .into(),
        1 => Unsubscribed {
            request: Some(request(id)),
            details: None,
        }
        .into(),
        2 => Published {
            request: request(id),
            publication: PublicationId::FIRST,
        }
        .into(),
        3 => ResultMessage {
            request: request(id),
            details: details.into(),
            payload: Payload::EMPTY,
        }
        .into(),
        4 => error_for(MessageType::Call, id, "x"),
        5 => error_for(MessageType::Subscribe, id, "x"),
        6 => Registered {
            request: request(id),
            registration: registration(id),
        }
        .into(),
        _ => error_for(MessageType::Unsubscribe, id, "x"),
    }
}

proptest! {
    /// Whatever happens in whatever order: nothing panics, request ids count without a gap, and
    /// nobody is left waiting in the end.
    #[test]
    fn everyone_is_answered_in_the_end(steps in prop::collection::vec(step(), 0..60)) {
        let mut state = joined();
        let (mut calls, mut subscriptions, mut publications) = (Vec::new(), Vec::new(), Vec::new());
        let mut expected = 1;
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Subscribe(topic) => {
                    let (answer, answered) = oneshot::channel();
                    let (local, topic) = (local(number as u64), format!("t{topic}").into());
                    let options = SubscribeOptions::default();
                    state.command(Command::Subscribe { local, topic, options, queue: queue(), answer });
                    subscriptions.push(answered);
                }
                Step::Unsubscribe(which) => state.command(Command::Unsubscribe { local: local(which), answer: None }),
                Step::Call(id) => {
                    let (answer, answered) = oneshot::channel();
                    let (local, answer) = (local(1000 + number as u64 + id), CallAnswer::Single(answer));
                    let (procedure, options, payload) = ("p".into(), Default::default(), Payload::EMPTY);
                    state.command(Command::Call { local, procedure, options, payload, answer });
                    calls.push(answered);
                }
                Step::Publish => publications.push(publish(&mut state)),
                Step::Receive(kind, id) => drop(receive(&mut state, message(kind, id))),
                Step::Lost => { state.lost(); expected = 1; }
                Step::Joined => { state.lost(); state.joined(info(number as u64 + 2)); expected = 1; }
            }
            for name in sent_names(&mut state) {
                prop_assert!(name.ends_with(&format!(" {expected}")), "{} is not request {}", name, expected);
                expected += 1;
            }
        }
        state.close();
        prop_assert!(calls.iter_mut().all(|answered| answer(answered).is_some()));
        prop_assert!(subscriptions.iter_mut().all(|answered| answer(answered).is_some()));
        prop_assert!(publications.iter_mut().all(|answered| answer(answered).is_some()));
    }
}
