//! What is particular to long-poll: requests that replace, give up and outlive each other.

use std::time::{Duration, Instant};

use serde_json::json;
use wamp_protocol::Serializer;
use wamp_router::{KeepAlive, Limits, RouterConfig};

use super::support::{Client, Kind, LongPollWire, Server, Wire, open_realm};

fn kinds() -> impl Iterator<Item = Kind> {
    let of = |serializer| [Kind::LongPoll(serializer), Kind::BatchedLongPoll(serializer)];
    Serializer::ALL.into_iter().flat_map(of)
}

pub(super) fn wire(client: &Client) -> &LongPollWire {
    match &client.wire {
        Wire::LongPoll(wire) => wire,
        _ => panic!("not long-poll"),
    }
}

async fn with(keep_alive: KeepAlive, limits: Limits) -> Server {
    Server::with(RouterConfig {
        realms: vec![open_realm()],
        keep_alive,
        limits,
        ..RouterConfig::default()
    })
    .await
}

#[tokio::test]
async fn a_second_receive_takes_the_place_of_the_first_and_the_session_lives() {
    let server = Server::start().await;
    for kind in kinds() {
        let mut client = server.join_by(kind).await;
        client.subscribe("com.topic", json!({})).await;
        let mut publisher = server.join().await;
        for number in 0..3 {
            let wire = wire(&client);
            let (one, two) = (wire.post("receive", b""), wire.post("receive", b""));
            tokio::pin!(one, two);
            // Whichever came first gives way to the other.
            let (given_up, waiting) = tokio::select! {
                answer = &mut one => (answer, two),
                answer = &mut two => (answer, one),
            };
            assert_eq!(given_up.0, 404, "{kind}");
            publisher.publish("com.topic", json!({}), json!([number])).await;
            let (status, event) = waiting.await;
            assert_eq!(status, 200, "{kind}");
            assert!(!event.is_empty(), "{kind}");
        }
        client.subscribe("com.other", json!({})).await;
        client.has_nothing_to_read().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_with_a_receive_that_was_given_up() {
    let server = Server::start().await;
    for kind in kinds() {
        let mut client = server.join_by(kind).await;
        client.subscribe("com.topic", json!({})).await;
        let mut publisher = server.join().await;
        for number in 0..50 {
            let given_up = wire(&client).begin("receive", b"").await;
            // The router has it when it has answered another.
            publisher.publish("com.other", json!({}), json!([])).await;
            drop(given_up);
            let publishing = publisher.publish("com.topic", json!({}), json!([number]));
            // The event comes before the next receive, or after it.
            let event = if number % 2 == 0 {
                publishing.await;
                client.receive().await
            } else {
                tokio::join!(client.receive(), publishing).0
            };
            assert_eq!(event[4], json!([number]), "{kind}");
        }
        client.has_nothing_to_read().await;
    }
}

#[tokio::test]
async fn after_the_routers_goodbye_long_poll_is_over_soon_whether_it_is_answered_or_not() {
    let server = Server::start().await;
    let mut killer = server.join().await;
    for answers in [true, false] {
        let mut client = server.join_by(Kind::LongPoll(Serializer::Json)).await;
        killer.ask("wamp.session.kill", json!([client.session])).await.unwrap();
        assert_eq!(client.receive().await[0], 6);
        let began = Instant::now();
        let waiting = wire(&client).post("receive", b"");
        if answers {
            let goodbye = br#"[6,{},"wamp.close.goodbye_and_out"]"#;
            let (waited, sent) = tokio::join!(waiting, wire(&client).post("send", goodbye));
            assert_eq!((waited.0, sent.0), (404, 202));
        } else {
            assert_eq!(waiting.await.0, 404);
        }
        // As over the other transports.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let publish = br#"[16,1,{},"com.topic"]"#;
        assert_eq!(wire(&client).post("send", publish).await.0, 404);
        assert_eq!(wire(&client).post("receive", b"").await.0, 404);
    }
}

#[tokio::test]
async fn who_does_not_come_for_the_goodbye_is_forgotten() {
    let keep_alive = KeepAlive {
        interval: Duration::from_millis(150),
        timeout: Duration::from_millis(150),
    };
    let server = with(keep_alive, Limits::default()).await;
    let mut killer = server.join().await;
    let client = server.join_by(Kind::LongPoll(Serializer::Json)).await;
    killer.ask("wamp.session.kill", json!([client.session])).await.unwrap();
    let began = Instant::now();
    // It is heard all the time, and never receives.
    while wire(&client).post("send", br#"[16,1,{},"com.topic"]"#).await.0 == 202 {
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn a_receive_ends_empty_after_a_while_and_who_does_not_come_again_is_gone() {
    let keep_alive = KeepAlive {
        interval: Duration::from_millis(200),
        timeout: Duration::from_millis(200),
    };
    let server = with(keep_alive, Limits::default()).await;
    let mut watcher = server.join_by(Kind::Linked).await;
    watcher.subscribe("wamp.session.on_leave", json!({})).await;
    for kind in [
        Kind::LongPoll(Serializer::Cbor),
        Kind::BatchedLongPoll(Serializer::Json),
    ] {
        let client = server.join_by(kind).await;
        let began = Instant::now();
        while began.elapsed() < (keep_alive.interval + keep_alive.timeout) * 2 {
            assert_eq!(wire(&client).post("receive", b"").await, (200, Vec::new()), "{kind}");
        }
        watcher.has_nothing_to_read().await;
        // The connection stands, and nobody is at its other end.
        let half_open = wire(&client).begin("receive", b"").await;
        assert_eq!(watcher.receive().await[4][0], client.session, "{kind}");
        drop(half_open);
    }
}

#[tokio::test]
async fn a_second_session_over_long_poll_has_time_of_its_own_to_begin() {
    let keep_alive = KeepAlive {
        interval: Duration::from_millis(200),
        timeout: Duration::from_secs(20),
    };
    let limits = Limits {
        handshake_time: Duration::from_millis(500),
        ..Limits::default()
    };
    let server = with(keep_alive, limits).await;
    let mut client = server.join_by(Kind::LongPoll(Serializer::Json)).await;
    let began = Instant::now();
    while began.elapsed() < limits.handshake_time * 2 {
        wire(&client).post("receive", b"").await;
    }
    client.send(json!([6, {}, "wamp.close.close_realm"])).await;
    assert_eq!(client.receive().await[0], 6);
    client.join("realm1").await;
    client.send(json!([6, {}, "wamp.close.close_realm"])).await;
    assert_eq!(client.receive().await[0], 6);
    // And no more than that.
    client.ends().await;
}
