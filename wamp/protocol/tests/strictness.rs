//! What is refused, and in which words.

#![allow(clippy::unwrap_used, reason = "tests")]

mod reading;

use bytes::Bytes;
use reading::{json, octets};
use wamp_protocol::{DecodeError, Serializer};

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
fn tags_of_cbor_count_as_levels() {
    let publish = |tags: usize| {
        octets(
            Serializer::Cbor,
            &format!("85 10 01 a0 61 74 81 {} 01", "c6".repeat(tags)),
        )
    };
    // The arguments' own list is a level too.
    assert!(publish(99).is_ok());
    assert_eq!(publish(100), Err(DecodeError::TooDeep));
    assert_eq!(publish(100_000), Err(DecodeError::TooDeep));
    let alternating = |pairs: usize| {
        octets(
            Serializer::Cbor,
            &format!("85 10 01 a0 61 74 {} 01", "81c6".repeat(pairs)),
        )
    };
    assert!(alternating(50).is_ok());
    assert_eq!(alternating(51), Err(DecodeError::TooDeep));
    let key = format!("85 10 01 a0 61 74 81 a1 {} 61 61 01", "c6".repeat(99));
    assert_eq!(octets(Serializer::Cbor, &key), Err(DecodeError::TooDeep));
    for options in [
        format!("84 10 01 a1 61 78 {} 01 61 74", "c6".repeat(101)),
        format!("84 10 01 {} a0 61 74", "c6".repeat(101)),
        format!("84 10 {} 01 a0 61 74", "c6".repeat(101)),
    ] {
        assert_eq!(
            octets(Serializer::Cbor, &options),
            Err(DecodeError::TooDeep),
            "{options}"
        );
    }
}
