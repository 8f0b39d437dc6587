use std::time::Duration;

use futures_util::FutureExt;
use wamp_client::{Error, SessionId};
use wamp_protocol::message::{Call, CancelMode, Error as ErrorMessage, ResultDetails, ResultMessage};
use wamp_protocol::{Dict, Message, MessageType, Payload, Serializer};

use crate::scripted_router::{Peer, ScriptedRouter, soon};

async fn called(peer: &mut Peer) -> Call {
    match peer.receive().await {
        Message::Call(call) => call,
        other => panic!("{other:?} in place of CALL"),
    }
}

async fn result(peer: &mut Peer, call: &Call, value: &str, progress: bool) {
    let payload = Payload::with_args(Serializer::MsgPack, &(value, "more")).unwrap();
    let callee = SessionId::new(44);
    let details = ResultDetails {
        progress,
        callee,
        ..ResultDetails::default()
    };
    peer.send(ResultMessage {
        request: call.request,
        details: details.into(),
        payload,
    })
    .await;
}

#[tokio::test]
async fn a_call_gives_its_result() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let script = async {
        let call = called(&mut peer).await;
        assert_eq!(call.payload.args::<(bool,)>().unwrap(), (true,));
        assert!(call.options.disclose_me);
        result(&mut peer, &call, "on", false).await;
    };
    let (answer, ()) = tokio::join!(
        session.call("dcs.fan.control").args(&(true,)).disclose_me().send(),
        script
    );
    let answer = answer.unwrap();
    assert_eq!(answer.value::<String>().unwrap(), "on");
    assert_eq!((answer.progress, answer.callee()), (false, SessionId::new(44)));
}

#[tokio::test]
async fn an_error_comes_with_its_uri_and_its_sentence() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let script = async {
        let call = called(&mut peer).await;
        let payload = Payload::with_args(Serializer::Json, &("There is no fan.",)).unwrap();
        let error = "homeapp.error.hardware_not_found".into();
        let (request_type, details) = (MessageType::Call, Dict::default());
        peer.send(ErrorMessage {
            request_type,
            request: call.request,
            details: details.into(),
            error,
            payload,
        })
        .await;
    };
    let (answer, ()) = tokio::join!(session.call("dcs.fan.control").args(&[true]).send(), script);
    let error = answer.unwrap_err();
    assert_eq!(error.uri(), Some("homeapp.error.hardware_not_found"));
    assert_eq!(error.to_string(), "There is no fan. (homeapp.error.hardware_not_found)");
}

#[tokio::test]
async fn progressive_results_come_one_by_one_and_the_final_one_is_last() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (call, asked) = tokio::join!(session.call("discover.devices").progressive(), called(&mut peer));
    let mut call = call.unwrap();
    assert!(asked.options.receive_progress);
    for (value, progress) in [("a", true), ("b", true), ("all", false)] {
        result(&mut peer, &asked, value, progress).await;
        let item = soon("a result", call.next()).await.unwrap().unwrap();
        assert_eq!(
            (item.value::<String>().unwrap(), item.progress),
            (value.to_owned(), progress)
        );
    }
    assert!(soon("the end", call.next()).await.is_none());
    drop(call);
    session.publish("after").send().await.unwrap();
    assert!(
        matches!(peer.receive().await, Message::Publish(_)),
        "a finished call was canceled"
    );
}

#[tokio::test]
async fn a_dropped_call_is_canceled() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let single = async {
        let mut sending = Box::pin(session.call("p").send());
        assert!(sending.as_mut().now_or_never().is_none());
        called(&mut peer).await
    };
    let asked = single.await;
    let Message::Cancel(cancel) = peer.receive().await else {
        panic!("no CANCEL")
    };
    assert_eq!(
        (cancel.request, cancel.mode),
        (asked.request, Some(Ok(CancelMode::KillNoWait)))
    );

    let (progressive, asked) = tokio::join!(
        session.call("p").cancel_mode(CancelMode::Kill).progressive(),
        called(&mut peer)
    );
    drop(progressive);
    let Message::Cancel(cancel) = peer.receive().await else {
        panic!("no CANCEL")
    };
    assert_eq!(
        (cancel.request, cancel.mode),
        (asked.request, Some(Ok(CancelMode::Kill)))
    );
}

#[tokio::test]
async fn a_call_that_nobody_answers_times_out_and_is_canceled() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (timed_out, asked) = tokio::join!(
        session.call("p").timeout(Duration::from_millis(1)).send(),
        called(&mut peer)
    );
    assert!(matches!(timed_out, Err(Error::Timeout)));
    assert_eq!(asked.options.timeout, Some(1));
    assert!(matches!(peer.receive().await, Message::Cancel(_)));
}

#[tokio::test]
async fn the_time_of_a_progressive_call_is_the_gap_between_results() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (call, asked) = tokio::join!(
        session.call("p").timeout(Duration::from_millis(1)).progressive(),
        called(&mut peer)
    );
    let mut call = call.unwrap();
    result(&mut peer, &asked, "a", true).await;
    assert!(soon("a result", call.next()).await.unwrap().is_ok());
    assert!(matches!(
        soon("a timeout", call.next()).await,
        Some(Err(Error::Timeout))
    ));
    assert!(matches!(peer.receive().await, Message::Cancel(_)));
    assert!(soon("the end", call.next()).await.is_none());
}

#[tokio::test]
async fn a_broken_connection_fails_the_calls_that_wait() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let script = async {
        called(&mut peer).await;
        drop(peer);
    };
    let (answer, ()) = tokio::join!(session.call("p").send(), script);
    assert!(matches!(answer, Err(Error::NotConnected)));
}
