//! What is refused, and in which words; what the field writes and is accepted.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use bytes::Bytes;
use wamp_protocol::message::{Cancel, CancelMode};
use wamp_protocol::{DecodeError, Message, RequestId, Serializer, Value};

fn json(text: &str) -> Result<Message, DecodeError> {
    Serializer::Json.decode(Bytes::copy_from_slice(text.as_bytes()))
}

fn octets(serializer: Serializer, hex_text: &str) -> Result<Message, DecodeError> {
    serializer.decode(hex::decode(hex_text.replace(' ', "")).unwrap().into())
}

#[test]
fn a_broken_message_is_refused_with_the_place_that_is_wrong() {
    for (text, sentence) in [
        (
            "[]",
            "a message is a list that begins with its type, and this one is empty",
        ),
        ("{}", "a message is a list"),
        ("5", "a message is a list"),
        ("[7]", "there is no message type 7"),
        ("[1024,1]", "there is no message type 1024"),
        (
            r#"["16"]"#,
            "the message type must be a whole number that is not negative",
        ),
        ("[-1]", "the message type must be a whole number that is not negative"),
        ("[16,1,{}]", "PUBLISH.Topic is missing"),
        (r#"[16,1,[],"t"]"#, "PUBLISH.Options must be a dict"),
        (r#"[16,1,null,"t"]"#, "PUBLISH.Options must be a dict"),
        ("[16,1,{},7]", "PUBLISH.Topic must be text"),
        (r#"[16,1,{},"t",{}]"#, "PUBLISH.Arguments must be a list"),
        (r#"[16,1,{},"t",[],[]]"#, "PUBLISH.ArgumentsKw must be a dict"),
        (r#"[16,1,{},"t",[],{},1]"#, "PUBLISH has more elements than it may have"),
        (r#"[17,1,2,3]"#, "PUBLISHED has more elements than it may have"),
        (
            r#"[16,0,{},"t"]"#,
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (
            r#"[16,9007199254740993,{},"t"]"#,
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (
            r#"[16,1.5,{},"t"]"#,
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (
            r#"[16,"1",{},"t"]"#,
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (
            r#"[16,1,{"acknowledge":1},"t"]"#,
            "PUBLISH.Options.acknowledge must be true or false",
        ),
        (
            r#"[16,1,{"eligible":[0]},"t"]"#,
            "PUBLISH.Options.eligible must be a list of session ids",
        ),
        (
            r#"[16,1,{"retain":true,"retain":true},"t"]"#,
            r#"PUBLISH.Options has the key "retain" twice"#,
        ),
        (
            r#"[16,1,{"_x":1,"_x":1},"t"]"#,
            r#"PUBLISH.Options has the key "_x" twice"#,
        ),
        (r#"[16,1,{},"t","\u0000AAA="]"#, "PUBLISH.Arguments must be a list"),
        (
            r#"[16,1,{"enc_algo":"cryptobox"},"t","\u0000AAA"]"#,
            "PUBLISH.Arguments must be a list, or binary",
        ),
        (
            r#"[48,1,{"timeout":-1},"p"]"#,
            "CALL.Options.timeout must be a whole number that is not negative",
        ),
        (
            r#"[64,1,{"invoke":"all"},"p"]"#,
            "REGISTER.Options.invoke must be single, roundrobin, random, first or last",
        ),
        (
            r#"[1,"r",{}]"#,
            "HELLO.Details.roles must be a dict with at least one role",
        ),
        (
            r#"[1,"r",{"roles":{}}]"#,
            "HELLO.Details.roles must be a dict with at least one role",
        ),
        (
            r#"[1,"r",{"roles":{"observer":{}}}]"#,
            "HELLO.Details.roles must be a dict with at least one role",
        ),
        (
            r#"[1,"r",{"roles":{"caller":true}}]"#,
            "HELLO.Details.roles must be a dict",
        ),
        (
            r#"[1,"r",{"roles":{"caller":{}},"authmethods":"ticket"}]"#,
            "HELLO.Details.authmethods must be a list of texts",
        ),
        (r#"[8,1,1,{},"e"]"#, "ERROR.REQUEST.Type must be the type of a request"),
        (
            r#"[8,999,1,{},"e"]"#,
            "ERROR.REQUEST.Type must be the type of a request",
        ),
        (r#"[35,0]"#, "UNSUBSCRIBED.Details.subscription is missing"),
        (r#"[6,{"a":1,"a":2},"r"]"#, r#"GOODBYE.Details has the key "a" twice"#),
        (
            r#"[16,1,{},"t"] x"#,
            "this is not JSON: more text after the end (octet 14)",
        ),
        (r#"[16,1,{},"t",[NaN]]"#, "this is not JSON: no JSON value (octet 14)"),
        (r#"[16,1,{},"t",[1,]]"#, "this is not JSON: no JSON value (octet 16)"),
        (r#"[16,1,{},"t",[01]]"#, "this is not JSON: no JSON number (octet 16)"),
        (
            r#"[16,1,{},"t",["\ud800"]]"#,
            "this is not JSON: half a surrogate pair in a string (octet 21)",
        ),
        (
            "[16,1,{},\"t\",[\"\n\"]]",
            "this is not JSON: a control character in a string (octet 15)",
        ),
        (
            r#"[16,1,{},"t",["\x"]]"#,
            "this is not JSON: an escape that JSON does not have (octet 17)",
        ),
        (
            r#"[16,1,{},"t",[{1:2}]]"#,
            "PUBLISH.Arguments has a key that is not text",
        ),
        (r#"[16,1,{},"t",[}]"#, "this is not JSON: no JSON value (octet 14)"),
        (
            r#"[16,1,{},"t",[1}"#,
            "this is not JSON: neither a comma nor the end after a value (octet 15)",
        ),
        (r#"[16,1,{},"t",["#, "the JSON ends in the middle of a value"),
        ("", "the JSON ends in the middle of a value"),
    ] {
        assert_eq!(
            json(text).map_err(|error| error.to_string()),
            Err(sentence.to_owned()),
            "{text}"
        );
    }
    assert!(
        Serializer::Json
            .decode(Bytes::from_static(b"[16,1,{},\"\xff\"]"))
            .is_err()
    );
}

#[test]
fn broken_octets_are_refused() {
    use Serializer::{Cbor, MsgPack};
    for (serializer, hex_text, sentence) in [
        (
            MsgPack,
            "94 10 01 81 01 02 a1 74",
            "PUBLISH.Options has a key that is not text",
        ),
        (
            MsgPack,
            "95 10 01 80 a1 74 91 81 01 02",
            "PUBLISH.Arguments has a key that is not text",
        ),
        (MsgPack, "94 10 01 80 c4 01 74", "PUBLISH.Topic must be text"),
        (
            MsgPack,
            "94 10 01 80 a1 ff",
            "this is not MessagePack: text that is not UTF-8 (octet 6)",
        ),
        (
            MsgPack,
            "94 10 01 80 a1 74 00",
            "this is not MessagePack: more octets after the end (octet 6)",
        ),
        (MsgPack, "94 10 01 80 d4 01 74", "PUBLISH.Topic must be text"),
        (
            MsgPack,
            "94 10 cb 3ff8000000000000 80 a1 74",
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (
            MsgPack,
            "94 10 cb 7ff8000000000000 80 a1 74",
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (
            MsgPack,
            "94 10 ff 80 a1 74",
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (MsgPack, "93 10 01 80", "PUBLISH.Topic is missing"),
        (MsgPack, "c1", "a message is a list"),
        (
            MsgPack,
            "95 10 01 80 a1 74 91 c1",
            "this is not MessagePack: the octet C1, which MessagePack never uses (octet 8)",
        ),
        (
            MsgPack,
            "95 10 01 80 a1 74 91 a5 61",
            "the MessagePack ends in the middle of a value",
        ),
        (
            Cbor,
            "84 10 01 a1 01 02 61 74",
            "PUBLISH.Options has a key that is not text",
        ),
        (
            Cbor,
            "85 10 01 a0 61 74 81 bf 01 02 ff",
            "PUBLISH.Arguments has a key that is not text",
        ),
        (
            Cbor,
            "84 10 01 a0 61 ff",
            "this is not CBOR: text that is not UTF-8 (octet 6)",
        ),
        (
            Cbor,
            "84 10 01 a0 61 74 00",
            "this is not CBOR: more octets after the end (octet 6)",
        ),
        (
            Cbor,
            "84 10 01 a0 7f 61 74 41 00 ff",
            "this is not CBOR: a piece of another type inside text or binary (octet 8)",
        ),
        (
            Cbor,
            "85 10 01 a0 61 74 81 bf 61 61 ff",
            "this is not CBOR: an end mark with nothing to end (octet 11)",
        ),
        (
            Cbor,
            "85 10 01 a0 61 74 81 1c",
            "this is not CBOR: a reserved additional information (octet 8)",
        ),
        (
            Cbor,
            "85 10 01 a0 61 74 81 e0",
            "this is not CBOR: a simple value without a meaning (octet 8)",
        ),
        (
            Cbor,
            "85 10 01 a0 61 74 81 df 00",
            "this is not CBOR: an indefinite length where there is none (octet 8)",
        ),
        (
            Cbor,
            "84 10 20 a0 61 74",
            "PUBLISH.Request must be an id, a whole number from 1 to 2^53",
        ),
        (Cbor, "9f", "the CBOR ends in the middle of a value"),
    ] {
        let error = octets(serializer, hex_text).map_err(|error| error.to_string());
        assert_eq!(error, Err(sentence.to_owned()), "{serializer} {hex_text}");
    }
}

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
