//! What breaks the protocol ends the session; what is only wrong gets an error.

use serde_json::{Value as Json, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use wamp_protocol::Serializer;
use wamp_router::{RouterConfig, Strictness};

use super::support::{Kind, Server, Wire, open_realm};

#[tokio::test]
async fn breaches_before_the_session_abort() {
    let server = Server::start().await;
    let roles = json!({ "roles": { "caller": {} } });
    for (message, reason) in [
        (json!([48, 1, {}, "com.procedure"]), "wamp.error.protocol_violation"),
        (
            json!([6, {}, "wamp.close.close_realm"]),
            "wamp.error.protocol_violation",
        ),
        (json!([5, "signature", {}]), "wamp.error.protocol_violation"),
        (json!([1, "realm1", { "roles": {} }]), "wamp.error.protocol_violation"),
        (json!([1, "realm1", {}]), "wamp.error.protocol_violation"),
        (json!([1, "no such#realm", roles]), "wamp.error.invalid_uri"),
        (json!([1, "nowhere", roles]), "wamp.error.no_such_realm"),
    ] {
        let mut client = server.connect(Kind::WebSocket(Serializer::Json)).await;
        client.send(message.clone()).await;
        assert_eq!(client.aborted().await, reason, "{message}");
    }
}

#[tokio::test]
async fn breaches_in_a_session_abort() {
    let server = Server::start().await;
    for message in [
        json!([1, "realm1", { "roles": { "caller": {} } }]),
        json!([2, 1, {}]),
        json!([4, "ticket", {}]),
        json!([36, 1, 2, {}]),
        json!([50, 1, {}]),
        json!([68, 1, 1, {}]),
        json!([70, 1, {}]),
        json!([8, 68, 1, {}, "com.error"]),
        json!([8, 48, 1, {}, "com.error"]),
        json!([]),
        json!([999, 1]),
        json!([16, 1, { "acknowledge": 1 }, "com.topic"]),
        json!([32, 0, {}, "com.topic"]),
        json!({ "not": "a list" }),
    ] {
        let mut client = server.join().await;
        client.send(message.clone()).await;
        assert_eq!(client.aborted().await, "wamp.error.protocol_violation", "{message}");
    }
    let mut client = server.join().await;
    client.send_octets(b"[16, 1, ").await;
    assert_eq!(client.aborted().await, "wamp.error.protocol_violation");
}

#[tokio::test]
async fn features_that_were_not_announced_may_not_be_used() {
    let server = Server::start().await;
    for message in [
        json!([48, 1, { "progress": true }, "com.procedure"]),
        json!([48, 1, { "ppt_scheme": "x_mine" }, "com.procedure", ["x"]]),
        json!([16, 1, { "ppt_scheme": "x_mine" }, "com.topic", ["x"]]),
    ] {
        let mut client = server.connect(Kind::WebSocket(Serializer::Json)).await;
        client
            .send(json!([1, "realm1", { "roles": { "caller": {}, "publisher": {} } }]))
            .await;
        assert_eq!(client.receive().await[0], 2);
        client.send(message.clone()).await;
        assert_eq!(client.aborted().await, "wamp.error.protocol_violation", "{message}");
    }
}

#[tokio::test]
async fn a_frame_of_the_wrong_type_ends_the_connection() {
    use futures_util::SinkExt as _;
    use tokio_tungstenite::tungstenite::Message as Frame;
    let server = Server::start().await;
    let mut client = server.join().await;
    let Wire::WebSocket(websocket) = &mut client.wire else {
        panic!("not a WebSocket")
    };
    websocket
        .send(Frame::binary(b"[48,1,{},\"com.procedure\"]".to_vec()))
        .await
        .unwrap();
    client.ends().await;
}

#[tokio::test]
async fn bad_uris_get_errors_and_the_session_lives() {
    let server = Server::start().await;
    let mut client = server.join().await;
    let cases: [(Json, u64); 9] = [
        (json!([32, 1, {}, "com..topic"]), 32),
        (json!([32, 2, {}, "com.to pic"]), 32),
        (json!([32, 3, { "match": "prefix" }, "com.#"]), 32),
        (json!([64, 4, {}, "com..procedure"]), 64),
        (json!([64, 5, {}, "wamp.procedure"]), 64),
        (json!([48, 6, {}, ""]), 48),
        (json!([16, 7, { "acknowledge": true }, "com..topic"]), 16),
        (json!([16, 8, { "acknowledge": true }, "wamp.topic"]), 16),
        (json!([48, 9, {}, "com.procedure."]), 48),
    ];
    for (message, code) in cases {
        client.send(message.clone()).await;
        let (kind, request, error) = client.error().await;
        assert_eq!(
            (kind, Some(request), error.as_str()),
            (code, message[1].as_u64(), "wamp.error.invalid_uri"),
            "{message}"
        );
    }
    // Without acknowledge there is no answer, not even an error.
    client.send(json!([16, 10, {}, "com..topic"])).await;
    client.has_nothing_to_read().await;
}

#[tokio::test]
async fn request_ids_are_counted_and_with_the_switch_enforced() {
    let server = Server::start().await;
    let mut client = server.join().await;
    client.send(json!([32, 777, {}, "com.topic"])).await;
    assert_eq!(client.receive().await[1], 777);
    assert!(
        server
            .router
            .metrics()
            .render()
            .contains("wamp_request_id_gaps_total 1")
    );

    let mut realm = open_realm();
    realm.strictness = Strictness {
        sequential_request_ids: true,
        ..Strictness::default()
    };
    let server = Server::with(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    })
    .await;
    let mut client = server.join().await;
    client.subscribe("com.topic", json!({})).await;
    client.send(json!([32, 3, {}, "com.topic"])).await;
    assert_eq!(client.aborted().await, "wamp.error.protocol_violation");
}

/// Octets that are no protocol at all, on every door: connections end, the router goes on.
#[tokio::test]
async fn garbage_ends_connections_and_nothing_else() {
    let server = Server::start().await;
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    for round in 0..300 {
        let mut garbage = Vec::new();
        for _ in 0..(round % 97) + 1 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            garbage.push((state >> 56) as u8);
        }
        match round % 3 {
            0 => {
                let mut stream = TcpStream::connect(server.address).await.unwrap();
                stream.write_all(&garbage).await.unwrap();
            }
            1 => {
                let mut client = server.join_by(Kind::RawSocket(Serializer::MsgPack)).await;
                let Wire::Raw(stream) = &mut client.wire else {
                    panic!("not a RawSocket")
                };
                stream.write_all(&garbage).await.unwrap();
            }
            _ => {
                let mut client = server.join_by(Kind::WebSocket(Serializer::Cbor)).await;
                client.send_octets(&garbage).await;
            }
        }
    }
    server.join().await.has_nothing_to_read().await;
}
