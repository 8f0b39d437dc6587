//! Payloads between serializers, and what a serializer must not let through.

use serde_json::json;
use wamp_protocol::Serializer;

use crate::site::Site;
use crate::support::Kind;

on_every_wire!(
    trap_27_binary_crosses_between_json_and_the_others_deep_inside,
    trap_28_numbers_texts_and_nesting_arrive_as_they_were_sent,
);

on_every_network!(
    trap_28_nesting_is_bounded,
    trap_28_keys_are_texts_and_unique,
    trap_28_a_key_that_comes_twice_in_a_payload_is_passed_on_as_it_came,
    trap_28_large_numbers_of_cbor_are_numbers_for_everybody,
    trap_28_ids_may_come_as_floating_point,
    trap_28_ids_among_arguments_may_come_as_floating_point,
    trap_28_undefined_is_null,
    trap_28_lengths_that_lie_are_refused,
    trap_28_cbor_of_indefinite_length_and_with_tags_is_read,
    trap_28_no_compression_is_negotiated,
);

async fn trap_27_binary_crosses_between_json_and_the_others_deep_inside(site: Site) {
    let mut receiver = site.join().await;
    receiver.subscribe("com.topic", json!({})).await;
    let deep = json!([["\u{0}EOP/kQ=="], { "k": ["\u{0}", "\u{0}AAECAw=="] }]);
    for serializer in Serializer::ALL {
        let mut sender = site.server.join_by(Kind::WebSocket(serializer)).await;
        sender
            .request(16, json!([{}, "com.topic", deep, { "kw": "\u{0}/w==" }]))
            .await;
        let event = receiver.receive().await;
        assert_eq!(
            (&event[4], &event[5]),
            (&deep, &json!({ "kw": "\u{0}/w==" })),
            "from {}",
            serializer.name()
        );
    }
    // What a binary serializer sends for it is octets, not text.
    let mut receiver = site.server.join_by(Kind::RawSocket(Serializer::MsgPack)).await;
    receiver.subscribe("com.raw", json!({})).await;
    let mut sender = site.join().await;
    sender.request(16, json!([{}, "com.raw", ["\u{0}EOP/kQ=="]])).await;
    let octets = receiver.receive_octets().await;
    assert!(octets.ends_with(b"\x91\xC4\x04\x10\xE3\xFF\x91"), "{octets:?}");
}

async fn trap_28_numbers_texts_and_nesting_arrive_as_they_were_sent(site: Site) {
    let args = json!([
        0, -1, 127, -128, 255, 65_535, -2_147_483_648_i64, 4_294_967_296_u64,
        9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64, i64::MAX, i64::MIN, u64::MAX,
        0.5, -1.0e300, "", "größer", "\u{10FFFF}", null, true, false, [], {}, [[[]]],
        { "a": { "b": [1, { "c": null }] } },
    ]);
    let kwargs = json!({ "": 1, "ü": [2] });
    let mut receiver = site.join().await;
    receiver.subscribe("com.topic", json!({})).await;
    for serializer in Serializer::ALL {
        let mut sender = site.server.join_by(Kind::WebSocket(serializer)).await;
        sender.request(16, json!([{}, "com.topic", args, kwargs])).await;
        let event = receiver.receive().await;
        assert_eq!((&event[4], &event[5]), (&args, &kwargs), "from {}", serializer.name());
    }
}

async fn trap_28_nesting_is_bounded(site: Site) {
    let nested = |depth: usize| {
        let mut value = json!(1);
        for _ in 0..depth {
            value = json!([value]);
        }
        value
    };
    let mut receiver = site.peer().await;
    receiver.subscribe("com.topic", json!({})).await;
    let mut client = site.join().await;
    client.request(16, json!([{}, "com.topic", nested(90)])).await;
    assert_eq!(receiver.receive().await[4], nested(90));
    client
        .send_unchecked(json!([16, 2, {}, "com.topic", nested(101)]))
        .await;
    assert_eq!(client.aborted().await, "wamp.error.protocol_violation");
    // A bomb: many more levels than a stack could take.
    let mut client = site.join().await;
    let levels = 100_000;
    let bomb = match site.kind.serializer() {
        Serializer::Json => [b"[16,3,{},\"com.topic\",".to_vec(), vec![b'['; levels]].concat(),
        Serializer::MsgPack => [b"\x95\x10\x03\x80\xA9com.topic".to_vec(), vec![0x91; levels]].concat(),
        Serializer::Cbor => [b"\x85\x10\x03\xA0\x69com.topic".to_vec(), vec![0x81; levels]].concat(),
    };
    client.send_encoded(&bomb).await;
    assert_eq!(client.aborted().await, "wamp.error.protocol_violation");
    // A tag of CBOR is a level too: its readers go down as deep.
    let mut client = site.server.join_by(Kind::WebSocket(Serializer::Cbor)).await;
    let tags = [b"\x85\x10\x01\xA0\x69com.topic\x81".to_vec(), vec![0xC6; 1000], vec![1]].concat();
    client.send_encoded(&tags).await;
    assert_eq!(client.aborted().await, "wamp.error.protocol_violation");
    assert_eq!(site.metric("wamp_limits_hit_total{limit=\"depth\"}"), 3);
    receiver.has_nothing_to_read().await;
}

async fn trap_28_keys_are_texts_and_unique(site: Site) {
    let messages: [&[u8]; 2] = match site.kind.serializer() {
        Serializer::Json => [
            b"[32,1,{\"match\":\"exact\",\"match\":\"prefix\"},\"com.topic\"]",
            b"[32,1,{1:2},\"com.topic\"]",
        ],
        Serializer::MsgPack => [
            b"\x94\x20\x01\x82\xA5match\xA5exact\xA5match\xA6prefix\xA9com.topic",
            b"\x94\x20\x01\x81\x01\x02\xA9com.topic",
        ],
        Serializer::Cbor => [
            b"\x84\x18\x20\x01\xA2\x65match\x65exact\x65match\x66prefix\x69com.topic",
            b"\x84\x18\x20\x01\xA1\x01\x02\x69com.topic",
        ],
    };
    for message in messages {
        let mut client = site.join().await;
        client.send_encoded(message).await;
        assert_eq!(client.aborted().await, "wamp.error.protocol_violation", "{message:?}");
    }
}

async fn trap_28_a_key_that_comes_twice_in_a_payload_is_passed_on_as_it_came(site: Site) {
    // In headers it is a breach; payloads are for their readers to judge.
    let mut receivers = Vec::new();
    for serializer in Serializer::ALL {
        let mut receiver = site.server.join_by(Kind::RawSocket(serializer)).await;
        receiver.subscribe("com.topic", json!({})).await;
        receivers.push(receiver);
    }
    let (twice, number): (&[u8], &[u8]) = match site.kind.serializer() {
        Serializer::Json => (
            b"[16,1,{},\"com.topic\",[],{\"a\":1,\"a\":2}]",
            b"[16,2,{},\"com.topic\",[{1:2}]]",
        ),
        Serializer::MsgPack => (
            b"\x96\x10\x01\x80\xA9com.topic\x90\x82\xA1a\x01\xA1a\x02",
            b"\x95\x10\x02\x80\xA9com.topic\x91\x81\x01\x02",
        ),
        Serializer::Cbor => (
            b"\x86\x10\x01\xA0\x69com.topic\x80\xA2\x61a\x01\x61a\x02",
            b"\x85\x10\x02\xA0\x69com.topic\x81\xA1\x01\x02",
        ),
    };
    let mut sender = site.join().await;
    sender.send_encoded(twice).await;
    for receiver in &mut receivers {
        let event = receiver.receive_text().await;
        assert!(event.ends_with(r#",[],{"a":1,"a":2}]"#), "{event}");
    }
    // What no serializer but this one could pass on is a breach here too.
    sender.send_encoded(number).await;
    assert_eq!(sender.aborted().await, "wamp.error.protocol_violation");
}

async fn trap_28_ids_may_come_as_floating_point(site: Site) {
    // What encoders of JavaScript make of numbers beyond 32 bits.
    let large: u64 = 5_000_000_000;
    let message = match site.kind.serializer() {
        Serializer::Json => b"[32,5000000000.0,{},\"com.topic\"]".to_vec(),
        Serializer::MsgPack => {
            let number = (large as f64).to_be_bytes();
            [&b"\x94\x20\xCB"[..], &number, b"\x80\xA9com.topic"].concat()
        }
        Serializer::Cbor => {
            let number = (large as f64).to_be_bytes();
            [&b"\x84\x18\x20\xFB"[..], &number, b"\xA0\x69com.topic"].concat()
        }
    };
    let mut client = site.join().await;
    client.send_encoded(&message).await;
    let subscribed = client.receive().await;
    assert_eq!((&subscribed[0], &subscribed[1]), (&json!(33), &json!(large)));
}

async fn trap_28_ids_among_arguments_may_come_as_floating_point(site: Site) {
    let mut client = site.join().await;
    let mut watcher = site.peer().await;
    let id = watcher.session as f64;
    let found = client.ask("wamp.session.get", json!([id])).await.unwrap();
    assert_eq!(found["session"], watcher.session);
    assert_eq!(
        client.ask("wamp.session.get", json!([1.5])).await,
        Err("wamp.error.invalid_argument".to_owned())
    );
    // Those in a testament's options too.
    watcher.subscribe("com.testament", json!({})).await;
    let options = json!({ "publish_options": { "eligible": [id], "_retain_for": 5e9 } });
    let testament = json!(["com.testament", [1], {}]);
    client
        .ask_with("wamp.session.add_testament", testament, options)
        .await
        .unwrap();
    client.send(json!([6, {}, "wamp.close.normal"])).await;
    assert_eq!(watcher.receive().await[4], json!([1]));
}

async fn trap_28_undefined_is_null(site: Site) {
    // What wampy.js sends for an option that is not set, by the encoders msgpackr and cbor-x.
    let message = match site.kind.serializer() {
        Serializer::Json => b"[32,1,{\"match\":null},\"com.topic\"]".to_vec(),
        Serializer::MsgPack => b"\x94\x20\x01\x81\xA5match\xD4\x00\x00\xA9com.topic".to_vec(),
        Serializer::Cbor => b"\x84\x18\x20\x01\xA1\x65match\xF7\x69com.topic".to_vec(),
    };
    let mut client = site.join().await;
    client.send_encoded(&message).await;
    let subscribed = client.receive().await;
    assert_eq!((&subscribed[0], &subscribed[1]), (&json!(33), &json!(1)));
}

async fn trap_28_lengths_that_lie_are_refused(site: Site) {
    let messages: Vec<&[u8]> = match site.kind.serializer() {
        Serializer::Json => vec![
            b"[32,1,{},\"com.topic\"",
            b"[32,1,{},\"com.topic\"]]",
            b"[16,1,{},\"com.topic\",[NaN]]",
        ],
        // A list of 2^32-1 items, a text of 2^32-1 octets, octets after the end.
        Serializer::MsgPack => vec![
            b"\xDD\xFF\xFF\xFF\xFF\x20\x01",
            b"\x94\x20\x01\x80\xDB\xFF\xFF\xFF\xFFcom",
            b"\x94\x20\x01\x80\xA9com.topic\xC0",
        ],
        Serializer::Cbor => vec![
            b"\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x18\x20",
            b"\x84\x18\x20\x01\xA0\x7B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFcom",
            b"\x84\x18\x20\x01\xA0\x69com.topic\xF6",
        ],
    };
    for message in messages {
        let mut client = site.join().await;
        client.send_encoded(message).await;
        assert_eq!(client.aborted().await, "wamp.error.protocol_violation", "{message:?}");
    }
}

async fn trap_28_cbor_of_indefinite_length_and_with_tags_is_read(site: Site) {
    if site.kind.serializer() != Serializer::Cbor {
        return;
    }
    let mut receiver = site.peer().await;
    receiver.subscribe("com.topic", json!({})).await;
    let mut client = site.join().await;
    // [16, 1, {}, "com." + "topic", [tag 1 (7), [_ 8], {_ "k": 9}]], everything of indefinite length.
    client
        .send_encoded(b"\x9F\x10\x01\xBF\xFF\x7F\x64com.\x65topic\xFF\x9F\xC1\x07\x9F\x08\xFF\xBF\x61k\x09\xFF\xFF\xFF")
        .await;
    assert_eq!(receiver.receive().await[4], json!([7, [8], { "k": 9 }]));
}

async fn trap_28_large_numbers_of_cbor_are_numbers_for_everybody(site: Site) {
    let mut receiver = site.join().await;
    receiver.subscribe("com.topic", json!({})).await;
    let mut sender = site.server.join_by(Kind::RawSocket(Serializer::Cbor)).await;
    // 2^64 and, in the same form, 5: octets with a tag.
    sender
        .send_encoded(b"\x85\x10\x01\xA0\x69com.topic\x82\xC2\x49\x01\0\0\0\0\0\0\0\0\xC2\x41\x05")
        .await;
    let event = receiver.receive_text().await;
    let large = match site.kind.serializer() {
        Serializer::MsgPack => "1.8446744073709552e19",
        Serializer::Json | Serializer::Cbor => "18446744073709551616",
    };
    assert!(event.ends_with(&format!(",[{large},5]]")), "{event}");
}

async fn trap_28_no_compression_is_negotiated(site: Site) {
    if !matches!(site.kind, Kind::WebSocket(_) | Kind::Batched(_)) {
        return;
    }
    let head = site
        .server
        .websocket_answer("Sec-WebSocket-Extensions: permessage-deflate\r\n")
        .await;
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    assert!(
        !head.to_ascii_lowercase().contains("sec-websocket-extensions"),
        "{head}"
    );
    // A frame that says it is compressed ends the connection.
    let mut client = site.join().await;
    client.send_compressed().await;
    client.ends().await;
}
