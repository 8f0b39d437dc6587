//! What is limited, and what happens at the limit.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use wamp_protocol::Serializer;
use wamp_router::{Limits, RouterConfig};

use super::support::{Kind, Server, open_realm};

async fn limited(limits: Limits) -> Server {
    Server::with(RouterConfig {
        realms: vec![open_realm()],
        limits,
        ..RouterConfig::default()
    })
    .await
}

#[tokio::test]
async fn whoever_does_not_join_in_time_is_cut_off() {
    let limits = Limits {
        handshake_time: Duration::from_millis(50),
        ..Limits::default()
    };
    let server = limited(limits).await;
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap(), 0);
    let mut silent = server.connect(Kind::WebSocket(Serializer::Json)).await;
    silent.ends().await;
    let mut silent = server.connect(Kind::RawSocket(Serializer::Json)).await;
    silent.ends().await;
    assert!(
        server
            .router
            .metrics()
            .render()
            .contains("wamp_handshakes_timed_out_total 3")
    );
}

#[tokio::test]
async fn messages_have_a_size() {
    let server = limited(Limits {
        message_size: 4000,
        ..Limits::default()
    })
    .await;
    let large = "x".repeat(4000);
    for kind in [Kind::WebSocket(Serializer::Json), Kind::Batched(Serializer::MsgPack)] {
        let mut client = server.join_by(kind).await;
        client.send(json!([16, 1, {}, "com.topic", [large]])).await;
        client.ends().await;
    }
}

#[tokio::test]
async fn requests_have_limits() {
    let server = limited(Limits {
        subscriptions: 1,
        registrations: 1,
        calls: 1,
        ..Limits::default()
    })
    .await;
    let mut client = server.join().await;
    client.subscribe("com.one", json!({})).await;
    client.subscribe("com.one", json!({})).await;
    client.send(json!([32, 3, {}, "com.two"])).await;
    assert_eq!(client.error().await.2, "wamp.error.unavailable");
    client.register("com.one", json!({})).await;
    client.send(json!([64, 5, {}, "com.two"])).await;
    assert_eq!(client.error().await.2, "wamp.error.unavailable");
    let mut caller = server.join().await;
    caller.call("com.one", json!({}), json!([])).await;
    caller.call("com.one", json!({}), json!([])).await;
    assert_eq!(caller.error().await.2, "wamp.error.unavailable");
}

#[tokio::test]
async fn there_can_be_too_many_sessions() {
    let server = limited(Limits {
        sessions: 1,
        ..Limits::default()
    })
    .await;
    let _first = server.join().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, &[0x7F, 0xF1, 0, 0])
        .await
        .unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    assert_eq!(reply, [0x7F, 0x40, 0, 0]);
}

#[tokio::test]
async fn a_session_that_does_not_read_ends_and_the_others_notice_nothing() {
    let limits = Limits {
        outbox_messages: 100,
        ..Limits::default()
    };
    let server = limited(limits).await;
    let mut stuck = server.join().await;
    stuck.subscribe("com.topic", json!({})).await;
    let mut reader = server.join_by(Kind::RawSocket(Serializer::MsgPack)).await;
    reader.subscribe("com.topic", json!({})).await;
    let mut publisher = server.join().await;
    let large = "x".repeat(100_000);
    for _ in 0..400 {
        publisher.publish("com.topic", json!({}), json!([large])).await;
        assert_eq!(reader.receive().await[0], 36);
    }
    let metrics = server.router.metrics().render();
    assert!(metrics.contains("wamp_sessions_too_slow_total 1"), "{metrics}");
    assert_eq!(publisher.ask("wamp.session.count", json!([])).await, Ok(json!(2)));
}
