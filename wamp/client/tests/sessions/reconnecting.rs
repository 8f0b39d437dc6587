use wamp_client::{CloseReason, ConnectionState, Error, PublicationId, Reply, SubscriptionId};
use wamp_protocol::message::{Event, EventDetails, Goodbye};
use wamp_protocol::{Dict, Message, Payload};

use crate::scripted_router::{Peer, ScriptedRouter, soon};

async fn event(peer: &mut Peer, subscription: u64) {
    let subscription = SubscriptionId::new(subscription).unwrap();
    let (publication, details) = (PublicationId::FIRST, EventDetails::default());
    peer.send(Event {
        subscription,
        publication,
        details: details.into(),
        payload: Payload::EMPTY,
    })
    .await;
}

#[tokio::test]
async fn subscriptions_and_registrations_come_back_with_the_connection() {
    let (mut router, session, mut peer) = ScriptedRouter::joined().await;
    let (events, _) = tokio::join!(session.subscribe("t").open(), peer.subscribed(1));
    let mut events = events.unwrap();
    let handler = |_| async { Ok(Reply::empty()) };
    let (registration, _) = tokio::join!(session.register("p").handler(handler), peer.registered(1));
    let _registration = registration.unwrap();
    let mut states = session.watch();
    assert!(matches!(states.next().await, Some(ConnectionState::Joined(info)) if info.session.get() == 1));
    drop(peer);
    let mut peer = router.welcome(2).await;
    assert_eq!(peer.registered(31).await.procedure.as_str(), "p");
    assert_eq!(peer.subscribed(21).await.topic.as_str(), "t");
    event(&mut peer, 21).await;
    assert!(soon("an event", events.next()).await.is_some());
    loop {
        match soon("a change", states.next()).await {
            Some(ConnectionState::Joined(info)) if info.session.get() == 2 => break,
            Some(ConnectionState::Reconnecting { .. } | ConnectionState::Joined(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_router_that_says_goodbye_is_answered_and_dialed_again() {
    let (mut router, session, mut peer) = ScriptedRouter::joined().await;
    peer.send(Goodbye {
        details: Dict::default(),
        reason: "wamp.close.system_shutdown".into(),
    })
    .await;
    let Message::Goodbye(answer) = peer.receive().await else {
        panic!("no GOODBYE")
    };
    assert_eq!(answer.reason.as_str(), "wamp.close.goodbye_and_out");
    peer.closed().await;
    let _peer = router.welcome(2).await;
    let mut states = session.watch();
    soon("the second session", async {
        while session.info().is_none_or(|info| info.session.get() != 2) {
            states.next().await;
        }
    })
    .await;
}

#[tokio::test]
async fn while_there_is_no_connection_nothing_hangs_but_what_will_be_restored() {
    let (mut router, session, peer) = ScriptedRouter::joined().await;
    let mut states = session.watch();
    drop(peer);
    // A connection that is made and says nothing.
    let silent = router.accept().await;
    soon("the loss", async {
        while !matches!(states.next().await, Some(ConnectionState::Reconnecting { .. })) {}
    })
    .await;
    assert!(session.info().is_none());
    assert!(matches!(session.publish("t").send().await, Err(Error::NotConnected)));
    assert!(matches!(session.call("p").send().await, Err(Error::NotConnected)));
    let script = async {
        drop(silent);
        router.welcome(2).await.subscribed(1).await;
    };
    let (events, ()) = tokio::join!(session.subscribe("t").open(), script);
    drop(events.unwrap());
}

#[tokio::test]
async fn one_that_shall_not_reconnect_ends() {
    for goodbye in [false, true] {
        let (mut router, connector) = ScriptedRouter::new();
        let (session, mut peer) = tokio::join!(connector.no_reconnect().connect(), router.welcome(1));
        let session = session.unwrap();
        let (events, _) = tokio::join!(session.subscribe("t").open(), peer.subscribed(1));
        if goodbye {
            peer.send(Goodbye {
                details: Dict::default(),
                reason: "wamp.close.killed".into(),
            })
            .await;
        }
        let expected = |reason: &CloseReason| match reason {
            CloseReason::ByRouter { reason, .. } => goodbye && reason == "wamp.close.killed",
            CloseReason::Lost { .. } => !goodbye,
            CloseReason::Left => false,
        };
        if !goodbye {
            drop(peer);
        }
        assert!(soon("the end of events", events.unwrap().next()).await.is_none());
        let mut states = session.watch();
        soon("the end", async { while states.next().await.is_some() {} }).await;
        assert!(matches!(session.state(), ConnectionState::Closed(reason) if expected(&reason)));
    }
}

#[tokio::test]
async fn leaving_while_there_is_no_connection_ends_the_attempts() {
    let (mut router, session, peer) = ScriptedRouter::joined().await;
    drop(peer);
    let silent = router.accept().await;
    soon("the end", session.leave()).await;
    assert_eq!(session.state(), ConnectionState::Closed(CloseReason::Left));
    silent.closed().await;
}

#[tokio::test]
async fn a_wrong_secret_at_reconnect_ends_the_session() {
    let (mut router, session, peer) = ScriptedRouter::joined().await;
    drop(peer);
    let mut peer = router.accept().await;
    peer.receive().await;
    let reason = "wamp.error.authentication_failed".into();
    peer.send(wamp_protocol::message::Abort {
        details: Dict::default(),
        reason,
        payload: Payload::EMPTY,
    })
    .await;
    let mut states = session.watch();
    soon("the end", async { while states.next().await.is_some() {} }).await;
    assert!(matches!(
        session.state(),
        ConnectionState::Closed(CloseReason::ByRouter { .. })
    ));
}
