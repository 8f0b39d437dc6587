use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use wamp_client::{Error, PublicationId, Serializer, SubscriptionId};
use wamp_protocol::message::{Event, EventDetails, Published, Unsubscribed};
use wamp_protocol::{Message, Payload};

use crate::scripted_router::{Peer, ScriptedRouter, soon};

async fn event(peer: &mut Peer, subscription: u64, value: u64) {
    let subscription = SubscriptionId::new(subscription).unwrap();
    let publication = PublicationId::new(1000 + value).unwrap();
    let payload = Payload::with_args(Serializer::Json, &(value,)).unwrap();
    let details = EventDetails {
        publisher_authid: Some("anna".to_owned()),
        ..EventDetails::default()
    };
    peer.send(Event {
        subscription,
        publication,
        details: details.into(),
        payload,
    })
    .await;
}

#[derive(Serialize)]
struct Reading {
    temp: f64,
}

#[tokio::test]
async fn a_publication_goes_out_as_it_was_built() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let publish = session
        .publish("sensor.events")
        .args(&(25, "a"))
        .kwargs(&Reading { temp: 27.5 });
    let (sent, message) = tokio::join!(
        publish.exclude_me(false).eligible_authrole(["user"]).retain().send(),
        peer.receive()
    );
    assert!(matches!(sent, Ok(None)));
    let Message::Publish(publish) = message else {
        panic!("no PUBLISH")
    };
    assert_eq!(publish.topic.as_str(), "sensor.events");
    assert_eq!(publish.payload.args::<(u64, String)>().unwrap(), (25, "a".to_owned()));
    assert_eq!(publish.payload.kwargs::<BTreeMap<String, f64>>().unwrap()["temp"], 27.5);
    let options = publish.options;
    assert_eq!(
        (options.exclude_me, options.retain, options.acknowledge),
        (Some(false), true, false)
    );
    assert_eq!(
        options.into_inner().recipients.unwrap().eligible_authrole.unwrap(),
        ["user"]
    );
}

#[tokio::test]
async fn an_acknowledged_publication_gives_its_id() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let script = async {
        let Message::Publish(publish) = peer.receive().await else {
            panic!("no PUBLISH")
        };
        assert!(publish.options.acknowledge);
        peer.send(Published {
            request: publish.request,
            publication: PublicationId::new(7).unwrap(),
        })
        .await;
    };
    let (id, ()) = tokio::join!(session.publish("t").acknowledge().send(), script);
    assert_eq!(id.unwrap(), PublicationId::new(7));
}

#[tokio::test]
async fn what_cannot_be_encoded_is_told_and_not_sent() {
    let (_router, session, _peer) = ScriptedRouter::joined().await;
    for sent in [
        session.publish("t").args(&5).send().await,
        session.publish("t").kwargs(&[1]).send().await,
    ] {
        assert!(matches!(sent, Err(Error::Serialization(_))), "{sent:?}");
    }
}

#[tokio::test]
async fn events_come_with_their_values_and_their_publisher() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (events, _) = tokio::join!(session.subscribe("t").open(), peer.subscribed(1));
    let mut events = events.unwrap();
    event(&mut peer, 1, 27).await;
    let event = soon("an event", events.next()).await.unwrap();
    assert_eq!(event.args::<(u64,)>().unwrap(), (27,));
    assert_eq!(
        (event.topic(), event.publisher_authid(), event.missed),
        ("t", Some("anna"), 0)
    );
    assert!(
        event
            .args::<(String,)>()
            .unwrap_err()
            .to_string()
            .contains("argument 1")
    );
}

#[tokio::test]
async fn a_consumer_too_slow_loses_the_oldest_and_holds_up_nobody() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (slow, _) = tokio::join!(session.subscribe("t").queue(3).open(), peer.subscribed(1));
    let (quick, _) = tokio::join!(session.subscribe("t").queue(100).open(), peer.subscribed(1));
    let (mut slow, mut quick) = (slow.unwrap(), quick.unwrap());
    for value in 1..=10 {
        event(&mut peer, 1, value).await;
    }
    for value in 1..=10 {
        let event = soon("an event", quick.next()).await.unwrap();
        assert_eq!((event.args::<(u64,)>().unwrap(), event.missed), ((value,), 0));
    }
    let mut got = Vec::new();
    for _ in 0..3 {
        let event = soon("an event", slow.next()).await.unwrap();
        got.push((event.args::<(u64,)>().unwrap().0, event.missed));
    }
    assert_eq!(got, [(8, 7), (9, 0), (10, 0)]);
}

#[tokio::test]
async fn the_router_keeps_the_newest_for_whoever_asks_and_says_what_it_dropped() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let asks = |events| session.subscribe("t").keep_newest(NonZeroU32::new(events).unwrap());
    let (one, asked) = tokio::join!(asks(2).open(), peer.subscribed(1));
    assert_eq!(asked.options.keep_newest, Some(2));
    // The router has one subscription for both.
    let (_two, asked) = tokio::join!(asks(5).open(), peer.subscribed(1));
    assert_eq!(asked.options.keep_newest, Some(5));
    let (_all, asked) = tokio::join!(session.subscribe("t").open(), peer.subscribed(1));
    assert_eq!(asked.options.keep_newest, None);
    let details = EventDetails {
        dropped: 3,
        ..EventDetails::default()
    };
    peer.send(Event {
        subscription: SubscriptionId::new(1).unwrap(),
        publication: PublicationId::new(7).unwrap(),
        details: details.into(),
        payload: Payload::EMPTY,
    })
    .await;
    assert_eq!(soon("an event", one.unwrap().next()).await.unwrap().missed, 3);
}

#[tokio::test]
async fn dropping_a_subscription_unsubscribes() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (events, _) = tokio::join!(session.subscribe("t").open(), peer.subscribed(1));
    drop(events);
    assert!(matches!(peer.receive().await, Message::Unsubscribe(_)));
}

#[tokio::test]
async fn unsubscribing_waits_for_the_router() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (events, _) = tokio::join!(session.subscribe("t").open(), peer.subscribed(1));
    let script = async {
        let Message::Unsubscribe(unsubscribe) = peer.receive().await else {
            panic!("no UNSUBSCRIBE")
        };
        peer.send(Unsubscribed {
            request: Some(unsubscribe.request),
            details: None,
        })
        .await;
    };
    let (done, ()) = tokio::join!(events.unwrap().unsubscribe(), script);
    done.unwrap();
}

/// The router takes nothing until the client's own queues are full too, then everything at once.
#[tokio::test]
async fn publications_go_on_after_the_router_was_slow() {
    const PUBLICATIONS: u64 = 5000;
    let (mut router, connector) = ScriptedRouter::with_room(1024);
    let (session, mut peer) = tokio::join!(connector.connect(), router.welcome(1));
    let session = session.unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let publisher = tokio::spawn(async move {
        for number in 0..PUBLICATIONS {
            session.publish("numbers").args(&(number,)).send().await.unwrap();
            counter.fetch_add(1, Ordering::Relaxed);
        }
        session
    });
    // All tasks run on one thread: what has not moved in so many turns is waiting for room.
    let mut still = 0;
    while still < 1000 {
        let before = sent.load(Ordering::Relaxed);
        tokio::task::yield_now().await;
        let moved = sent.load(Ordering::Relaxed) > before || before == 0;
        still = if moved { 0 } else { still + 1 };
    }
    let mut received = 0;
    while peer.0.rx.try_recv().is_ok() {
        received += 1;
    }
    assert!(received >= 1024, "{received} publications had been on their way");
    while received < PUBLICATIONS {
        assert!(matches!(peer.receive().await, Message::Publish(_)));
        received += 1;
    }
    soon("the publisher to end", publisher).await.unwrap();
}
