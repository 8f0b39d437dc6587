//! Calls whose arguments come in pieces, and the options that only travel.

use std::time::Duration;

use wamp_client::{Error, Invocation, PassThru, RegistrationId, Reply};
use wamp_protocol::message::{Invocation as InvocationMessage, InvocationDetails, ResultDetails, ResultMessage};
use wamp_protocol::{Message, Payload, RequestId, Serializer};

use crate::scripted_router::{Peer, ScriptedRouter, soon};

async fn called(peer: &mut Peer) -> wamp_protocol::message::Call {
    match peer.receive().await {
        Message::Call(call) => call,
        other => panic!("{other:?} in place of CALL"),
    }
}

async fn invoke(peer: &mut Peer, value: u64, details: InvocationDetails) {
    let payload = Payload::with_args(Serializer::MsgPack, &(value,)).unwrap();
    let (request, registration) = (RequestId::FIRST, RegistrationId::new(1).unwrap());
    peer.send(InvocationMessage {
        request,
        registration,
        details: details.into(),
        payload,
    })
    .await;
}

fn more(progress: bool) -> InvocationDetails {
    InvocationDetails {
        progress,
        receive_progress: true,
        ..InvocationDetails::default()
    }
}

#[tokio::test]
async fn a_call_s_arguments_go_out_in_pieces_while_results_come() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (call, first) = tokio::join!(session.call("sum").args(&(1,)).chunked(), called(&mut peer));
    let (mut input, mut results) = call.unwrap();
    assert!(first.options.progress && first.options.receive_progress);
    let (sent, second) = tokio::join!(input.chunk().args(&(2,)).send(), called(&mut peer));
    sent.unwrap();
    assert_eq!((second.request, second.options.progress), (first.request, true));
    let (sent, last) = tokio::join!(input.chunk().args(&(3,)).finish(), called(&mut peer));
    sent.unwrap();
    assert_eq!((last.request, last.options.progress), (first.request, false));
    assert_eq!(last.payload.args::<(u64,)>().unwrap(), (3,));
    assert!(matches!(input.chunk().send().await, Err(Error::Ended)));
    let payload = Payload::with_args(Serializer::MsgPack, &(6,)).unwrap();
    peer.send(ResultMessage {
        request: first.request,
        details: ResultDetails::default().into(),
        payload,
    })
    .await;
    assert_eq!(
        soon("the sum", results.next())
            .await
            .unwrap()
            .unwrap()
            .value::<u64>()
            .unwrap(),
        6
    );
}

#[tokio::test]
async fn a_call_that_has_its_result_takes_no_more_arguments() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (call, first) = tokio::join!(session.call("sum").args(&(1,)).chunked(), called(&mut peer));
    let (mut input, mut results) = call.unwrap();
    let (request, details, payload) = (first.request, ResultDetails::default(), Payload::EMPTY);
    peer.send(ResultMessage {
        request,
        details: details.into(),
        payload,
    })
    .await;
    assert!(soon("the result", results.next()).await.is_some());
    assert!(matches!(input.chunk().args(&(2,)).send().await, Err(Error::Ended)));
}

/// Adds what comes, and says each sum.
async fn sum(mut invocation: Invocation) -> Result<Reply, wamp_client::CallError> {
    let (mut sum,): (u64,) = invocation.args()?;
    while let Some(chunk) = invocation.next_chunk().await? {
        sum += chunk.value::<u64>()?;
        if !chunk.last {
            invocation.progress(Reply::value(&sum)?).await?;
        }
    }
    Ok(Reply::value(&sum)?)
}

#[tokio::test]
async fn a_handler_takes_arguments_in_pieces() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (registration, _) = tokio::join!(session.register("sum").handler(sum), peer.registered(1));
    let _registration = registration.unwrap();
    invoke(&mut peer, 1, more(true)).await;
    for (value, progress, expected) in [(2, true, 3), (3, true, 6), (4, false, 10)] {
        invoke(&mut peer, value, more(progress)).await;
        let Message::Yield(answer) = peer.receive().await else {
            panic!("no YIELD")
        };
        assert_eq!(
            (answer.payload.args::<(u64,)>().unwrap().0, answer.options.progress),
            (expected, progress)
        );
    }
}

#[tokio::test]
async fn pieces_that_come_after_the_answer_start_nothing() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let handler = |invocation: Invocation| async move { Ok(Reply::value(&invocation.has_input())?) };
    let (registration, _) = tokio::join!(session.register("p").handler(handler), peer.registered(1));
    let _registration = registration.unwrap();
    invoke(&mut peer, 1, more(true)).await;
    assert!(matches!(peer.receive().await, Message::Yield(_)));
    invoke(&mut peer, 2, more(true)).await;
    invoke(&mut peer, 3, more(false)).await;
    session.publish("after").send().await.unwrap();
    assert!(
        matches!(peer.receive().await, Message::Publish(_)),
        "a piece was taken for a call"
    );
}

#[tokio::test]
async fn a_procedure_is_registered_by_force() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let register = session.register("p").force().handler(|_| std::future::pending());
    let (registration, register) = tokio::join!(register, peer.registered(1));
    registration.unwrap();
    assert_eq!(register.options.force_reregister, Some(true));
}

#[tokio::test]
async fn a_handler_that_is_given_a_time_is_ended_by_it() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let handler = |_| std::future::pending();
    let register = session.register("p").forward_timeout().handler(handler);
    let (registration, register) = tokio::join!(register, peer.registered(1));
    let _registration = registration.unwrap();
    assert_eq!(register.options.forward_timeout, Some(true));
    let timeout = Some(u64::try_from(Duration::from_millis(20).as_millis()).unwrap());
    invoke(
        &mut peer,
        1,
        InvocationDetails {
            timeout,
            ..InvocationDetails::default()
        },
    )
    .await;
    let Message::Error(error) = peer.receive().await else {
        panic!("no ERROR")
    };
    assert_eq!(error.error.as_str(), "wamp.error.timeout");
}

#[tokio::test]
async fn shards_and_payloads_for_the_ends_only_are_said() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let passthru = PassThru {
        scheme: Some("x_mine".to_owned()),
        ..PassThru::default()
    };
    let publish = session.publish("t").shard("a").passthru(passthru.clone()).args(&[1]);
    publish.send().await.unwrap();
    let Message::Publish(publish) = peer.receive().await else {
        panic!("no PUBLISH")
    };
    assert_eq!(publish.options.rkey.as_deref(), Some("a"));
    assert_eq!(publish.options.ppt.as_deref(), Some(&passthru));
    let (events, subscribe) = tokio::join!(session.subscribe("t").shard("a").open(), peer.subscribed(12));
    assert_eq!(subscribe.options.nkey.as_deref(), Some("a"));
    assert_eq!(events.unwrap().id().map(wamp_client::SubscriptionId::get), Some(12));
}
