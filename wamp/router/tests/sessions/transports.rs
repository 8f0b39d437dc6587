//! Every transport and serializer carries the same session.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wamp_protocol::Serializer;
use wamp_router::{KeepAlive, Limits, RouterConfig};

use super::support::{Kind, Server, Wire, open_realm, post};

/// Events and calls between every two kinds of connection: payloads arrive as they were sent.
#[tokio::test]
async fn any_two_transports_and_serializers_understand_each_other() {
    let server = Server::start().await;
    let kinds = Kind::all();
    let args = json!([1, -2, 2.5, "größer", null, true, [1, [2]], { "deep": { "er": [] } }, 9_007_199_254_740_993_u64]);
    let kwargs = json!({ "a": "b", "list": [1, 2, 3] });
    for (number, kind) in kinds.iter().enumerate() {
        let other = kinds[(number * 5 + 3) % kinds.len()];
        let mut one = server.join_by(*kind).await;
        let mut two = server.join_by(other).await;
        let subscription = one.subscribe("com.topic", json!({})).await;
        let request = two.next();
        two.send(json!([16, request, { "acknowledge": true }, "com.topic", args, kwargs]))
            .await;
        let published = two.receive().await;
        assert_eq!(
            one.receive().await,
            json!([36, subscription, published[2], {}, args, kwargs]),
            "{kind:?} {other:?}"
        );

        let registration = one.register("com.procedure", json!({})).await;
        let request = two.next();
        two.send(json!([48, request, {}, "com.procedure", args, kwargs])).await;
        assert_eq!(
            one.receive().await,
            json!([68, 1, registration, {}, args, kwargs]),
            "{kind:?} {other:?}"
        );
        one.send(json!([70, 1, {}, args, kwargs])).await;
        assert_eq!(
            two.receive().await,
            json!([50, request, {}, args, kwargs]),
            "{kind:?} {other:?}"
        );

        one.send(json!([6, {}, "wamp.close.close_realm"])).await;
        assert_eq!(one.receive().await, json!([6, {}, "wamp.close.goodbye_and_out"]));
    }
}

#[tokio::test]
async fn binary_values_cross_json() {
    let server = Server::start().await;
    let mut json = server.join_by(Kind::WebSocket(Serializer::Json)).await;
    let mut msgpack = server.join_by(Kind::RawSocket(Serializer::MsgPack)).await;
    json.subscribe("com.topic", json!({})).await;
    let options = [0x80];
    let mut message = vec![0x95, 16, 1];
    message.extend_from_slice(&options);
    message.extend_from_slice(b"\xA9com.topic\x91\xC4\x04\x10\xE3\xFF\x91");
    msgpack.send_octets(&message).await;
    assert_eq!(json.receive().await[4], json!(["\u{0}EOP/kQ=="]));
}

#[tokio::test]
async fn several_sessions_follow_each_other_on_one_transport() {
    let server = Server::start().await;
    for kind in [
        Kind::WebSocket(Serializer::Json),
        Kind::RawSocket(Serializer::Cbor),
        Kind::LongPoll(Serializer::Json),
        Kind::Linked,
    ] {
        let mut client = server.connect(kind).await;
        for _ in 0..3 {
            client.join("realm1").await;
            client.send(json!([6, {}, "wamp.close.close_realm"])).await;
            assert_eq!(client.receive().await[0], 6);
        }
    }
}

#[tokio::test]
async fn rawsocket_answers_pings_and_refuses_what_it_does_not_know() {
    let server = Server::start().await;
    let mut client = server.join_by(Kind::RawSocket(Serializer::Json)).await;
    let Wire::Raw(stream) = &mut client.wire else {
        panic!("not a RawSocket")
    };
    stream.write_all(&[1, 0, 0, 3, b'a', b'b', b'c']).await.unwrap();
    let mut pong = [0; 7];
    stream.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, &[2, 0, 0, 3, b'a', b'b', b'c']);

    for (request, reply) in [
        ([0x7F, 0xF4, 0, 0], [0x7F, 0x10, 0, 0]),
        ([0x7F, 0xF1, 0, 1], [0x7F, 0x30, 0, 0]),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(&request).await.unwrap();
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).await.unwrap();
        assert_eq!(octets, reply);
    }
}

#[tokio::test]
async fn a_handshake_may_come_octet_by_octet() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    for octet in [0x7F, 0xF1, 0, 0] {
        stream.write_all(&[octet]).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await.unwrap();
    assert_eq!(reply, [0x7F, 0xB1, 0, 0]);
}

#[tokio::test]
async fn what_is_not_wamp_gets_an_http_answer() {
    let server = Server::start().await;
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 404"),
        (
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "HTTP/1.1 426",
        ),
        (
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n",
            "HTTP/1.1 400",
        ),
        (
            "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: x, wamp.2.json\r\n\r\n",
            "HTTP/1.1 101",
        ),
        ("\u{1}\u{2}\r\n\r\n", "HTTP/1.1 400"),
    ] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected, "{request}");
    }
}

#[tokio::test]
async fn a_websocket_is_granted_to_who_asks_for_it_by_the_rules() {
    let server = Server::start().await;
    let key = "dGhlIHNhbXBsZSBub25jZQ==";
    for (version, hosts, key, expected) in [
        ("1.1", "Host: x\r\n", key, "HTTP/1.1 101"),
        ("1.0", "Host: x\r\n", key, "HTTP/1.0 400"),
        ("1.1", "", key, "HTTP/1.1 400"),
        ("1.1", "Host: x\r\nHost: y\r\n", key, "HTTP/1.1 400"),
        ("1.1", "Host: x\r\n", "x", "HTTP/1.1 400"),
        ("1.1", "Host: x\r\n", "dGhlIHNhbXBsZSBub25jZSE=", "HTTP/1.1 400"),
        ("1.1", "Host: x\r\n", "dGhlIHNhbXBsZSBub25j!Q==", "HTTP/1.1 400"),
    ] {
        let request = format!(
            "GET /ws HTTP/{version}\r\n{hosts}Connection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: wamp.2.json\r\n\r\n"
        );
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), expected, "{request}");
    }
}

#[tokio::test]
async fn whoever_does_not_answer_a_ping_is_gone() {
    let keep_alive = KeepAlive {
        interval: Duration::from_millis(50),
        timeout: Duration::from_millis(50),
    };
    let config = RouterConfig {
        realms: vec![open_realm()],
        keep_alive,
        ..RouterConfig::default()
    };
    let server = Server::with(config).await;
    let mut alive = server.join().await;
    let mut silent = server.join_by(Kind::RawSocket(Serializer::Json)).await;
    // tungstenite answers pings while it reads; this reader of a RawSocket does not.
    tokio::join!(silent.ends(), async {
        let _ = tokio::time::timeout(Duration::from_millis(400), alive.try_receive()).await;
    });
    alive.has_nothing_to_read().await;
    assert!(
        server
            .router
            .metrics()
            .render()
            .contains("wamp_sessions_silent_total 1")
    );
}

#[tokio::test]
async fn goodbye_comes_to_all_when_the_router_stops() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for kind in Kind::all() {
        clients.push(server.join_by(kind).await);
    }
    let router = server.router.clone();
    let stopping = tokio::spawn(async move {
        router
            .shutdown("wamp.close.system_shutdown", Duration::from_secs(10))
            .await;
    });
    for client in &mut clients {
        assert_eq!(client.receive().await, json!([6, {}, "wamp.close.system_shutdown"]));
        client.send(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        client.ends().await;
    }
    drop(clients);
    stopping.await.unwrap();
}

#[tokio::test]
async fn long_poll_refuses_what_it_does_not_know() {
    let server = Server::start().await;
    assert_eq!(
        post(server.address, "/lp/open", b"{\"protocols\": [\"mqtt\"]}").await.0,
        400
    );
    assert_eq!(post(server.address, "/lp/open", b"not json").await.0, 400);
    assert_eq!(post(server.address, "/lp/nobody/receive", b"").await.0, 404);
    let mut client = server.join_by(Kind::LongPoll(Serializer::Json)).await;
    let Wire::LongPoll(wire) = &client.wire else {
        panic!("not long-poll")
    };
    assert_eq!(wire.post("dance", b"").await.0, 404);
    assert_eq!(wire.post("send", b"[16, 1").await.0, 400);
    assert_eq!(client.aborted().await, "wamp.error.protocol_violation");
}

#[tokio::test]
async fn a_long_poll_session_ends_with_close_or_silence() {
    let keep_alive = KeepAlive {
        interval: Duration::from_millis(200),
        timeout: Duration::from_millis(100),
    };
    let server = Server::with(RouterConfig {
        realms: vec![open_realm()],
        keep_alive,
        ..RouterConfig::default()
    })
    .await;
    let mut watcher = server.join().await;
    watcher.subscribe("wamp.session.on_leave", json!({})).await;
    let closed = server.join_by(Kind::LongPoll(Serializer::Json)).await;
    let Wire::LongPoll(wire) = &closed.wire else {
        panic!("not long-poll")
    };
    assert_eq!(wire.post("close", b"").await.0, 202);
    assert_eq!(watcher.receive().await[4][0], closed.session);
    assert_eq!(wire.post("receive", b"").await.0, 404);
    let silent = server.join_by(Kind::LongPoll(Serializer::Json)).await;
    assert_eq!(watcher.receive().await[4][0], silent.session);
}

/// A request for a WebSocket in JSON, and HELLO in a frame of its own.
fn request_and_hello(address: std::net::SocketAddr) -> Vec<u8> {
    let mut octets = format!(
        "GET /ws HTTP/1.1\r\nHost: {address}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n"
    )
    .into_bytes();
    let hello = br#"[1,"realm1",{"roles":{"caller":{}}}]"#;
    octets.extend_from_slice(&[0x81, 0x80 | u8::try_from(hello.len()).unwrap(), 0, 0, 0, 0]);
    octets.extend_from_slice(hello);
    octets
}

/// Reads until `wanted` has come, which must be soon.
async fn read_until(stream: &mut TcpStream, wanted: &[u8]) -> Vec<u8> {
    let mut got = Vec::new();
    while !got.windows(wanted.len()).any(|octets| octets == wanted) {
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_buf(&mut got));
        assert!(read.await.unwrap().unwrap() > 0, "{}", String::from_utf8_lossy(&got));
    }
    got
}

#[tokio::test]
async fn a_websocket_is_granted_whether_its_request_comes_whole_in_pieces_or_with_more() {
    let server = Server::start().await;
    let octets = request_and_hello(server.address);
    for piece in [1, 100, octets.len() - 30, octets.len()] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        for piece in octets.chunks(piece) {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        let got = read_until(&mut stream, b"[2,").await;
        let head = String::from_utf8_lossy(&got).to_lowercase();
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        // The example of RFC 6455, section 1.3.
        assert!(
            head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
            "{head}"
        );
        assert!(head.contains("sec-websocket-protocol: wamp.2.json\r\n"), "{head}");
    }
}

#[tokio::test]
async fn a_rawsocket_client_may_say_hello_before_it_has_its_answer() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let hello = br#"[1,"realm1",{"roles":{"caller":{}}}]"#;
    let mut octets = vec![0x7F, 0xF1, 0, 0, 0, 0, 0, u8::try_from(hello.len()).unwrap()];
    octets.extend_from_slice(hello);
    stream.write_all(&octets).await.unwrap();
    let got = read_until(&mut stream, b"[2,").await;
    assert_eq!(got[0], 0x7F);
}

/// On one thread the publisher's connection would be read to its end before the subscriber's got a turn.
#[tokio::test]
async fn many_messages_in_one_piece_end_no_session_that_reads_them() {
    const MANY: u64 = 30_000;
    let server = Server::with(RouterConfig {
        realms: vec![open_realm()],
        limits: Limits {
            outbox_messages: 16_000,
            ..Limits::default()
        },
        ..RouterConfig::default()
    })
    .await;
    let mut reader = server.join_by(Kind::RawSocket(Serializer::Json)).await;
    reader.subscribe("com.topic", json!({})).await;
    let mut publisher = server.join_by(Kind::RawSocket(Serializer::Json)).await;
    let Wire::Raw(stream) = &mut publisher.wire else {
        panic!("RawSocket has a stream")
    };
    let mut flood = Vec::new();
    for number in 1..=MANY {
        let body = format!("[16,{number},{{}},\"com.topic\",[{number}]]");
        flood.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
        flood.extend_from_slice(body.as_bytes());
    }
    let Wire::Raw(events) = &mut reader.wire else {
        panic!("RawSocket has a stream")
    };
    let read = async {
        let (mut octets, mut number) = (Vec::with_capacity(1 << 22), 0);
        while number < MANY {
            assert_ne!(events.read_buf(&mut octets).await.unwrap(), 0, "ended after {number}");
            let mut at = 0;
            while let Some(head) = octets[at..].first_chunk::<4>() {
                let end = at + 4 + u32::from_be_bytes(*head) as usize;
                let Some(body) = octets.get(at + 4..end) else { break };
                number += 1;
                let expected = format!("[{number}]]");
                let text = String::from_utf8_lossy(body);
                assert!(
                    text.starts_with("[36,") && text.ends_with(&expected),
                    "{number}: {text}"
                );
                at = end;
            }
            octets.drain(..at);
        }
    };
    let (written, ()) = futures_util::join!(stream.write_all(&flood), read);
    written.unwrap();
}
