use wamp_client::{CloseReason, ConnectionState, Credentials, Error};
use wamp_protocol::message::{Abort, Goodbye};
use wamp_protocol::{Dict, Message, Payload, auth};

use crate::scripted_router::{ScriptedRouter, soon, welcome};

fn abort(reason: &str) -> Abort {
    let mut details = Dict::default();
    details.insert("message", "No.");
    Abort {
        details,
        reason: reason.into(),
        payload: Payload::EMPTY,
    }
}

#[tokio::test]
async fn a_session_knows_as_whom_it_joined() {
    let (_router, session, _peer) = ScriptedRouter::joined().await;
    let info = session.info().unwrap();
    assert_eq!(
        (info.session.get(), info.realm.as_str(), info.authrole.as_deref()),
        (1, "homeapp", Some("user"))
    );
    assert_eq!(session.state(), ConnectionState::Joined(info));
}

#[tokio::test]
async fn a_ticket_is_shown_when_the_router_asks() {
    let (mut router, connector) = ScriptedRouter::new();
    let connector = connector.credentials(Credentials::Ticket {
        authid: "anna".into(),
        ticket: "t0p".into(),
    });
    let script = async {
        let mut peer = router.accept().await;
        let Message::Hello(hello) = peer.receive().await else {
            panic!("no HELLO")
        };
        assert_eq!(hello.details.authid.as_deref(), Some("anna"));
        let authmethod = auth::TICKET.to_owned();
        peer.send(wamp_protocol::message::Challenge {
            authmethod,
            extra: Dict::default(),
        })
        .await;
        let Message::Authenticate(answer) = peer.receive().await else {
            panic!("no AUTHENTICATE")
        };
        assert_eq!(answer.signature, "t0p");
        peer.send(welcome(5)).await;
        peer
    };
    let (session, _peer) = tokio::join!(connector.connect(), script);
    assert_eq!(session.unwrap().info().unwrap().session.get(), 5);
}

#[tokio::test]
async fn a_refusal_at_the_first_join_is_told() {
    let (mut router, connector) = ScriptedRouter::new();
    let script = async {
        let mut peer = router.accept().await;
        peer.receive().await;
        peer.send(abort("wamp.error.no_such_realm")).await;
        peer.closed().await;
    };
    let (refused, ()) = tokio::join!(connector.connect(), script);
    let error = refused.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.no_such_realm"));
    assert!(error.to_string().contains("No."), "{error}");
}

#[tokio::test]
async fn one_told_to_keep_trying_outlasts_a_router_that_is_not_ready() {
    let (mut router, connector) = ScriptedRouter::new();
    let script = async {
        drop(router.accept().await);
        let mut peer = router.accept().await;
        peer.receive().await;
        peer.send(abort("wamp.error.no_such_realm")).await;
        router.welcome(9).await
    };
    let (session, _peer) = tokio::join!(connector.keep_trying().connect(), script);
    assert_eq!(session.unwrap().info().unwrap().session.get(), 9);
}

#[tokio::test]
async fn even_one_told_to_keep_trying_gives_up_on_a_wrong_secret() {
    let (mut router, connector) = ScriptedRouter::new();
    let script = async {
        let mut peer = router.accept().await;
        peer.receive().await;
        peer.send(abort("wamp.error.authentication_failed")).await;
        peer.closed().await;
    };
    let (refused, ()) = tokio::join!(connector.keep_trying().connect(), script);
    assert!(matches!(refused, Err(Error::Refused { .. })));
}

#[tokio::test]
async fn a_url_that_is_none_is_told() {
    for url in ["localhost:8080", "ftp://localhost", "ws://"] {
        let error = soon(
            "an error",
            wamp_client::Connector::new(url, "r").keep_trying().connect(),
        )
        .await
        .unwrap_err();
        assert!(matches!(error, Error::Connect(_)), "{url}: {error}");
    }
}

#[tokio::test]
async fn goodbye_goes_both_ways_and_ends_all_there_is() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (events, _) = tokio::join!(session.subscribe("t").open(), peer.subscribed(1));
    let mut events = events.unwrap();
    let script = async {
        assert!(matches!(peer.receive().await, Message::Call(_)));
        let Message::Goodbye(goodbye) = peer.receive().await else {
            panic!("no GOODBYE")
        };
        assert_eq!(goodbye.reason.as_str(), "wamp.close.close_realm");
        peer.send(Goodbye {
            details: Dict::default(),
            reason: "wamp.close.goodbye_and_out".into(),
        })
        .await;
        peer.closed().await;
    };
    let (call, (), ()) = tokio::join!(session.call("p").send(), session.leave(), script);
    assert!(matches!(call, Err(Error::Closed | Error::NotConnected)));
    assert!(soon("the end of events", events.next()).await.is_none());
    assert_eq!(session.state(), ConnectionState::Closed(CloseReason::Left));
    assert!(matches!(session.publish("t").send().await, Err(Error::Closed)));
    assert!(matches!(session.subscribe("t").open().await, Err(Error::Closed)));
    session.leave().await;
}

#[tokio::test]
async fn a_session_without_handles_leaves() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    drop(session);
    assert!(matches!(peer.receive().await, Message::Goodbye(_)));
}
