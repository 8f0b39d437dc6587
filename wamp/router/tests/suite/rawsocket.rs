//! RawSocket, octet by octet, over TCP and over a Unix socket.

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wamp_protocol::Serializer;

use crate::site::Site;
use crate::support::{Stream, Wire, all_roles};

on_every_rawsocket!(
    trap_08_the_handshake_answers_with_the_same_serializer_and_its_own_length,
    trap_08_a_handshake_that_cannot_be_taken_gets_an_error_reply,
    trap_08_a_ping_is_answered_with_its_own_payload,
    trap_08_reserved_bits_and_types_end_the_connection,
    trap_08_a_message_larger_than_was_said_ends_the_connection,
    trap_08_what_a_client_does_not_take_is_not_sent_to_it,
    trap_08_a_client_that_takes_less_than_welcome_needs_is_told_so,
);

const fn id(serializer: Serializer) -> u8 {
    match serializer {
        Serializer::Json => 1,
        Serializer::MsgPack => 2,
        Serializer::Cbor => 3,
    }
}

/// What the router answers to these octets before it closes, or before it waits for more.
async fn answered(site: &Site, request: [u8; 4]) -> Vec<u8> {
    let mut stream = site.server.raw(site.kind).await;
    stream.write_all(&request).await.unwrap();
    let mut reply = vec![0; 4];
    stream.read_exact(&mut reply).await.unwrap();
    let refused = reply[1] & 0x0F == 0;
    if refused {
        let more = stream.read_to_end(&mut reply).await.unwrap();
        assert_eq!(more, 0);
    }
    reply
}

async fn trap_08_the_handshake_answers_with_the_same_serializer_and_its_own_length(site: Site) {
    let serializer = id(site.kind.serializer());
    for length in 0..=15 {
        let reply = answered(&site, [0x7F, length << 4 | serializer, 0, 0]).await;
        // 2^(9+11) octets: 1 MiB, this router's limit.
        assert_eq!(reply, [0x7F, 0xB0 | serializer, 0, 0], "{length}");
    }
    let large = site.anew(|config| config.limits.message_size = 1 << 24).await;
    let reply = answered(&large, [0x7F, 0xF0 | serializer, 0, 0]).await;
    assert_eq!(reply, [0x7F, 0xF0 | serializer, 0, 0]);
}

async fn trap_08_a_handshake_that_cannot_be_taken_gets_an_error_reply(site: Site) {
    let serializer = id(site.kind.serializer());
    for (request, reply) in [
        ([0x7F, 0xF0 | 4, 0, 0], [0x7F, 0x10, 0, 0]),
        ([0x7F, 0xF0 | 15, 0, 0], [0x7F, 0x10, 0, 0]),
        ([0x7F, 0xF0 | serializer, 0, 1], [0x7F, 0x30, 0, 0]),
        ([0x7F, 0xF0 | serializer, 1, 0], [0x7F, 0x30, 0, 0]),
    ] {
        assert_eq!(answered(&site, request).await, reply, "{request:?}");
    }
    let full = site.anew(|config| config.limits.sessions = 0).await;
    let reply = answered(&full, [0x7F, 0xF0 | serializer, 0, 0]).await;
    assert_eq!(reply, [0x7F, 0x40, 0, 0]);
}

/// A joined session's stream.
async fn joined(site: &Site) -> Box<dyn Stream> {
    match site.join().await.wire {
        Wire::Raw(stream) => stream,
        _ => panic!("not a RawSocket"),
    }
}

async fn trap_08_a_ping_is_answered_with_its_own_payload(site: Site) {
    let mut stream = joined(&site).await;
    for payload in [&b""[..], b"abc", &[0xFF; 1000]] {
        let [_, a, b, c] = (payload.len() as u32).to_be_bytes();
        stream.write_all(&[1, a, b, c]).await.unwrap();
        stream.write_all(payload).await.unwrap();
        let mut pong = vec![0; 4 + payload.len()];
        stream.read_exact(&mut pong).await.unwrap();
        assert_eq!(pong[..4], [2, a, b, c]);
        assert_eq!(&pong[4..], payload);
    }
    // A PONG that nobody asked for is nothing; the session goes on.
    stream.write_all(&[2, 0, 0, 1, 7]).await.unwrap();
    stream.write_all(&[1, 0, 0, 0]).await.unwrap();
    let mut pong = [0; 4];
    stream.read_exact(&mut pong).await.unwrap();
    assert_eq!(pong, [2, 0, 0, 0]);
}

async fn trap_08_reserved_bits_and_types_end_the_connection(site: Site) {
    for prefix in [
        [3, 0, 0, 1],
        [7, 0, 0, 0],
        [0x10, 0, 0, 1],
        [0x80, 0, 0, 1],
        // The 25th bit of the length stands for 2^24 alone.
        [0x08, 0, 0, 1],
    ] {
        let mut stream = joined(&site).await;
        stream.write_all(&prefix).await.unwrap();
        let ended = stream.read_to_end(&mut Vec::new()).await;
        assert!(ended.is_ok(), "{prefix:?}");
    }
}

async fn trap_08_a_message_larger_than_was_said_ends_the_connection(site: Site) {
    let site = site.anew(|config| config.limits.message_size = 10_000).await;
    let mut stream = joined(&site).await;
    // 8192 octets were announced: the power of two that 10000 holds.
    stream.write_all(&[0, 0, 0x20, 1]).await.unwrap();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    assert_eq!(site.metric("wamp_limits_hit_total{limit=\"message_size\"}"), 1);
}

async fn trap_08_what_a_client_does_not_take_is_not_sent_to_it(site: Site) {
    let mut small = site.server.connect_small(site.kind).await;
    small.join("realm1").await;
    small.subscribe("com.topic", json!({})).await;
    small.register("com.procedure", json!({})).await;
    let mut peer = site.join().await;
    let large = "x".repeat(5000);
    peer.publish("com.topic", json!({}), json!([large])).await;
    let refused = peer.refused(48, json!([{}, "com.procedure", [large]])).await;
    assert_eq!(refused, "wamp.error.payload_size_exceeded");
    peer.register("com.large", json!({})).await;
    let request = small.call("com.large", json!({}), json!([])).await;
    peer.receive().await;
    peer.send(json!([70, 1, {}, [large]])).await;
    assert_eq!(
        small.error().await,
        (48, request, "wamp.error.payload_size_exceeded".to_owned())
    );
    peer.publish("com.topic", json!({}), json!(["fits"])).await;
    assert_eq!(small.receive().await[4], json!(["fits"]));
}

async fn trap_08_a_client_that_takes_less_than_welcome_needs_is_told_so(site: Site) {
    let hello = |realm: &str| json!([1, realm, { "roles": all_roles() }]);
    let mut small = site.server.connect_taking(site.kind, 0).await;
    small.send(hello("realm1")).await;
    let abort = small.receive().await;
    assert_eq!(abort[2], "wamp.error.payload_size_exceeded", "{abort}");
    assert!(abort[1]["message"].as_str().unwrap().contains("512"), "{abort}");
    small.ends().await;
    // It never was in the realm.
    let mut peer = site.join().await;
    assert_eq!(peer.ask("wamp.session.count", json!([])).await, Ok(json!(1)));
    assert_eq!(site.metric("wamp_messages_oversized_total"), 1);
    // The same where it is CHALLENGE that does not fit.
    let mut small = site.server.connect_taking(site.kind, 0).await;
    let details = json!({ "roles": all_roles(), "authmethods": ["wampcra"], "authid": "x".repeat(400) });
    small.send(json!([1, "realm1", details])).await;
    assert_eq!(small.aborted().await, "wamp.error.payload_size_exceeded");
    assert_eq!(site.metric("wamp_messages_oversized_total"), 2);
    // A sentence that is too long is left out, and the reason said.
    let mut small = site.server.connect_taking(site.kind, 0).await;
    small.send(hello(&format!("realm.{}", "x".repeat(600)))).await;
    assert_eq!(small.receive().await, json!([3, {}, "wamp.error.no_such_realm"]));
    small.ends().await;
}
