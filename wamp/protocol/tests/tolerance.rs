//! What the field writes in its own way, and is accepted.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod reading;

use bytes::Bytes;
use reading::{json, octets};
use wamp_protocol::message::{Cancel, CancelMode};
use wamp_protocol::{Message, RequestId, Serializer, Value};

#[test]
fn numbers_are_taken_in_every_width_and_as_whole_floats() {
    let expected = json(r#"[16,5,{},"t"]"#).unwrap();
    for (serializer, numbers) in [
        (
            Serializer::MsgPack,
            &[
                "05",
                "cc05",
                "cd0005",
                "ce00000005",
                "cf0000000000000005",
                "d005",
                "d10005",
                "d200000005",
                "d30000000000000005",
                "ca40a00000",
                "cb4014000000000000",
            ][..],
        ),
        (
            Serializer::Cbor,
            &[
                "05",
                "1805",
                "190005",
                "1a00000005",
                "1b0000000000000005",
                "f94500",
                "fa40a00000",
                "fb4014000000000000",
                "c105",
            ],
        ),
    ] {
        let (head, tail) = if serializer == Serializer::Cbor {
            ("8410", "a06174")
        } else {
            ("9410", "80a174")
        };
        for number in numbers {
            assert_eq!(
                octets(serializer, &format!("{head}{number}{tail}")).as_ref(),
                Ok(&expected),
                "{number}"
            );
        }
    }
    assert_eq!(json(r#"[16,5.0,{},"t"]"#), Ok(expected));
    assert!(json(r#"[16,9007199254740992,{},"t"]"#).is_ok(), "2^53 is an id");
}

#[test]
fn lengths_are_taken_in_every_form() {
    let expected = json(r#"[16,5,{"retain":true},"t",[1],{"a":2}]"#).unwrap();
    let args = |message: &Message| {
        let payload = message.payload().unwrap();
        (payload.args_value().unwrap(), payload.kwargs_value().unwrap())
    };
    for (serializer, hex_text) in [
        (
            Serializer::MsgPack,
            "dc0006 10 05 de0001 d906 72657461696e c3 da0001 74 dd00000001 01 df00000001 db00000001 61 02",
        ),
        (
            Serializer::Cbor,
            "9f 10 05 bf 7f 63 726574 63 61696e ff f5 ff 7801 74 9f 01 ff bf 7f 61 61 ff 02 ff ff",
        ),
        (
            Serializer::Cbor,
            "d9d9f7 86 10 05 a1 c2 66 72657461696e f5 c3 61 74 c4 81 01 c5 a1 61 61 02",
        ),
    ] {
        let message = octets(serializer, hex_text).unwrap();
        assert_eq!(args(&message), args(&expected), "{hex_text}");
        // And it can be passed on in the other serializers.
        for to in Serializer::ALL {
            let there = to.decode(to.encode(&message).unwrap()).unwrap();
            assert_eq!(args(&there), args(&expected), "{hex_text} to {to}");
            let Message::Publish(publish) = there else {
                panic!("no PUBLISH")
            };
            assert!(publish.options.retain);
        }
    }
}

#[test]
fn what_the_field_writes_is_accepted() {
    // null for what is left out
    for text in [
        r#"[16,1,{"exclude":null,"retain":null,"acknowledge":null,"ppt_scheme":null,"forward_for":null},"t"]"#,
        r#"[32,1,{"match":null,"get_retained":null},"t"]"#,
        r#"[1,"r",{"roles":{"caller":{"features":null}},"authid":null,"authextra":null,"authmethods":null}]"#,
    ] {
        json(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    // features that are not flags, roles and keys that nobody knows
    let text = r#"[1,"r",{"roles":{"caller":{"features":{"x_list":[1],"call_canceling":true,"progressive_call_results":false}},"y":1},"_own":{"a":[]}}]"#;
    let Ok(Message::Hello(hello)) = json(text) else {
        panic!("no HELLO")
    };
    let caller = hello.details.roles.caller.unwrap();
    assert!(caller.has("call_canceling") && caller.0.len() == 1);
    assert!(matches!(hello.details.other.get("_own"), Some(Value::Dict(_))));
    // empty arguments are as good as none
    assert_eq!(json(r#"[50,1,{},[ ],{ }]"#), json("[50,1,{}]"));
    // an unknown mode is for the dealer to refuse, not for the reader
    let request = RequestId::FIRST;
    let Ok(Message::Cancel(cancel)) = json(r#"[49,1,{"mode":"abort"}]"#) else {
        panic!("no CANCEL")
    };
    assert_eq!(
        cancel,
        Cancel {
            request,
            mode: Some(Err("abort".to_owned()))
        }
    );
    assert_eq!(
        json(r#"[49,1,{"mode":"skip"}]"#),
        Ok(Cancel {
            request,
            mode: Some(Ok(CancelMode::Skip))
        }
        .into())
    );
}

#[test]
fn a_payload_is_a_slice_of_what_came_in() {
    let source = Bytes::from_static(br#"[16,1,{},"t", [1, 2] ,{"a": 3}]"#);
    let message = Serializer::Json.decode(source.clone()).unwrap();
    let payload = message.payload().unwrap();
    assert_eq!(
        (&payload.args[..], &payload.kwargs[..]),
        (&b"[1, 2]"[..], &br#"{"a": 3}"#[..])
    );
    assert!(source.as_ptr_range().contains(&payload.args.as_ptr()));
}

#[test]
fn what_json_and_msgpack_do_not_have_still_arrives() {
    // NaN and infinity become null; msgpack5's undefined does, and other extensions are binary.
    let message = octets(
        Serializer::MsgPack,
        "95 10 01 80 a1 74 95 cb7ff8000000000000 cb7ff0000000000000 d40000 d60568656c6c c400",
    )
    .unwrap();
    let written = Serializer::Json.encode(&message).unwrap();
    assert_eq!(
        written,
        r#"[16,1,{},"t",[null,null,null,"\u0000aGVsbA==","\u0000"]]"#.as_bytes()
    );
    // Text that begins with NUL and is no base64 stays text.
    let message = json(r#"[16,1,{},"t",["\u0000?"]]"#).unwrap();
    assert_eq!(message.payload().unwrap().args_value(), Ok(vec!["\0?".into()]));
}

/// The arguments of a PUBLISH, as they are in each serializer.
fn in_each_serializer(message: &Message) -> [Vec<Value>; 3] {
    Serializer::ALL.map(|to| {
        let there = to.decode(to.encode(message).unwrap()).unwrap();
        there.payload().unwrap().args_value().unwrap()
    })
}

#[test]
fn whole_numbers_beyond_64_bits_are_numbers_for_everybody() {
    let two_to_64 = 1_i128 << 64;
    let (exact, nearest) = (Value::Integer(two_to_64), Value::Float(two_to_64 as f64));
    // 2^64, as Python's cbor2 writes it, is octets with a tag in CBOR.
    let message = octets(Serializer::Cbor, "85 10 01 a0 61 74 81 c2 49 010000000000000000").unwrap();
    // Who gets CBOR gets what came.
    let each = [&exact, &nearest, &exact].map(|number| vec![number.clone()]);
    assert_eq!(in_each_serializer(&message), each);
    let message = json(r#"[16,1,{},"t",[18446744073709551616]]"#).unwrap();
    let each = [&exact, &nearest, &nearest].map(|number| vec![number.clone()]);
    assert_eq!(in_each_serializer(&message), each);
    // Of 64 bits, in the long form, and behind another tag.
    let message = octets(
        Serializer::Cbor,
        "85 10 01 a0 61 74 83 c2 41 05 c3 41 05 d9d9f7 c2 5f 41 01 41 00 ff",
    )
    .unwrap();
    for has in in_each_serializer(&message) {
        assert_eq!(has, [5, -6, 256].map(Value::Integer));
    }
    // Other octets stay octets, and a number is no passed-through payload.
    let message = octets(Serializer::Cbor, "85 10 01 a0 61 74 81 d825 41 05").unwrap();
    for has in in_each_serializer(&message) {
        assert_eq!(has, [Value::Binary(vec![5])]);
    }
    let opaque = "85 10 01 a1 6a 7070745f736368656d65 61 78 61 74 c2 41 05";
    assert_eq!(
        octets(Serializer::Cbor, opaque).map_err(|error| error.to_string()),
        Err("PUBLISH.Arguments must be a list".to_owned())
    );
}

#[test]
fn base64_whose_last_bits_are_not_zero_is_octets_for_everybody() {
    let message = json(r#"[16,1,{},"t",["\u0000QR=="]]"#).unwrap();
    for has in in_each_serializer(&message) {
        assert_eq!(has, [Value::Binary(b"A".to_vec())]);
    }
    // Without padding, or in the other alphabet, it is text for everybody.
    for text in ["QQ", "_-8=", "QQ==\\n"] {
        let message = json(&format!(r#"[16,1,{{}},"t",["\u0000{text}"]]"#)).unwrap();
        for has in in_each_serializer(&message) {
            assert!(matches!(&has[..], [Value::String(_)]), "{text}");
        }
    }
}
