//! What holds for every message and every octets, in every serializer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod arbitrary;

use bytes::Bytes;
use proptest::prelude::*;
use wamp_protocol::serializer::MAX_DEPTH;
use wamp_protocol::{DecodeError, Dict, Message, Payload, Serializer, Value};

fn all_pairs() -> impl Iterator<Item = (Serializer, Serializer)> {
    Serializer::ALL
        .into_iter()
        .flat_map(|from| Serializer::ALL.map(|to| (from, to)))
}

/// The payload's values, which is what stays the same when it is transcoded.
fn values(payload: &Payload) -> (Vec<Value>, Dict) {
    (payload.args_value().unwrap(), payload.kwargs_value().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_again(make in arbitrary::message()) {
        for serializer in Serializer::ALL {
            let message = make.of(serializer);
            let encoded = serializer.encode(&message).unwrap();
            prop_assert_eq!(serializer.decode(encoded.clone()), Ok(message), "{} {:?}", serializer, encoded);
        }
    }

    #[test]
    fn a_payload_of_another_serializer_arrives_with_the_same_values(make in arbitrary::message()) {
        for (from, to) in all_pairs() {
            let message = make.of(from);
            let read = to.decode(to.encode(&message).unwrap()).unwrap();
            prop_assert_eq!(message.message_type(), read.message_type());
            match (message.payload(), read.payload()) {
                (Some(sent), Some(arrived)) => prop_assert_eq!(values(sent), values(arrived), "{} to {}", from, to),
                (sent, arrived) => prop_assert_eq!(sent, arrived),
            }
        }
    }

    #[test]
    fn transcoding_there_and_back_changes_nothing(value in arbitrary::value()) {
        for (from, to) in all_pairs() {
            let payload = Payload { serializer: from, args: Value::List(vec![value.clone()]).encode(from), ..Payload::EMPTY };
            let there = payload.transcode(to).unwrap();
            prop_assert_eq!(there.args_value().unwrap(), vec![value.clone()]);
            prop_assert_eq!(there.transcode(from).unwrap(), payload);
        }
    }

    #[test]
    fn any_octets_are_a_message_or_refused(octets: Vec<u8>) {
        for serializer in Serializer::ALL {
            let _ = serializer.decode(octets.clone().into());
            let _ = Value::decode(serializer, &octets);
        }
    }

    #[test]
    fn a_damaged_message_is_a_message_or_refused(
        make in arbitrary::message(),
        at: prop::sample::Index,
        octet: u8,
        cut: prop::sample::Index,
    ) {
        for serializer in Serializer::ALL {
            let encoded = serializer.encode(&make.of(serializer)).unwrap();
            let mut damaged = encoded.to_vec();
            let at = at.index(damaged.len());
            damaged[at] = octet;
            if let Ok(message) = serializer.decode(damaged.into()) {
                // Whatever was accepted can be passed on to anybody.
                for to in Serializer::ALL {
                    to.decode(to.encode(&message).unwrap()).map_err(|e| TestCaseError::fail(format!("{message:?}: {e}")))?;
                }
            }
            let cut = encoded.slice(..cut.index(encoded.len()));
            prop_assert!(serializer.decode(cut).is_err(), "half a message");
            let mut longer = encoded.to_vec();
            longer.push(serializer.encode(&make.of(serializer)).unwrap()[0]);
            prop_assert!(serializer.decode(longer.into()).is_err(), "a message and a bit");
        }
    }
}

/// A PUBLISH whose arguments are `depth` lists in each other (the arguments' own list counted).
fn nested(serializer: Serializer, depth: usize) -> Bytes {
    let (head, open, close): (&[u8], &[u8], &[u8]) = match serializer {
        Serializer::Json => (b"[16,1,{},\"t\",", b"[", b"]"),
        Serializer::MsgPack => (&[0x95, 16, 1, 0x80, 0xa1, b't'], &[0x91], &[]),
        Serializer::Cbor => (&[0x85, 16, 1, 0xa0, 0x61, b't'], &[0x9f], &[0xff]),
    };
    let (innermost, end): (&[u8], &[u8]) = match serializer {
        Serializer::Json => (b"", b"]"),
        Serializer::MsgPack => (&[0xc0], &[]),
        Serializer::Cbor => (b"", &[]),
    };
    [head, &open.repeat(depth), innermost, &close.repeat(depth), end]
        .concat()
        .into()
}

#[test]
fn nesting_is_accepted_to_the_limit_and_refused_beyond() {
    for serializer in Serializer::ALL {
        let message = serializer.decode(nested(serializer, MAX_DEPTH)).unwrap();
        for to in Serializer::ALL {
            let there = to.decode(to.encode(&message).unwrap()).unwrap();
            there.payload().unwrap().args::<Vec<Value>>().unwrap();
        }
        for depth in [MAX_DEPTH + 1, 1_000_000] {
            assert_eq!(
                serializer.decode(nested(serializer, depth)),
                Err(DecodeError::TooDeep),
                "{serializer}"
            );
        }
    }
}

#[test]
fn a_result_has_room_for_what_its_payload_is_wrapped_in() {
    let in_result = |serializer: Serializer, depth: usize| {
        let publish = nested(serializer, depth);
        let (head, rest): (&[u8], usize) = match serializer {
            Serializer::Json => (b"[50,1,{},", b"[16,1,{},\"t\",".len()),
            Serializer::MsgPack => (&[0x94, 50, 1, 0x80], 6),
            Serializer::Cbor => (&[0x84, 0x18, 50, 1, 0xa0], 6),
        };
        serializer.decode([head, &publish[rest..]].concat().into())
    };
    for serializer in Serializer::ALL {
        let message = in_result(serializer, MAX_DEPTH + 3).unwrap();
        message.payload().unwrap().args_value().unwrap();
        for to in Serializer::ALL {
            to.decode(to.encode(&message).unwrap()).unwrap();
        }
        assert_eq!(
            in_result(serializer, MAX_DEPTH + 4),
            Err(DecodeError::TooDeep),
            "{serializer}"
        );
    }
}

#[test]
fn lengths_that_promise_more_than_there_is_cost_nothing() {
    for (serializer, octets) in [
        (Serializer::MsgPack, &[0xdd, 0xff, 0xff, 0xff, 0xff, 16][..]),
        (Serializer::MsgPack, &[0x95, 16, 1, 0x80, 0xdb, 0xff, 0xff, 0xff, 0xff]),
        (
            Serializer::Cbor,
            &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 16],
        ),
        (
            Serializer::Cbor,
            &[0x85, 16, 1, 0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ),
    ] {
        let error = serializer.decode(Bytes::copy_from_slice(octets)).unwrap_err();
        assert_eq!(error, DecodeError::Incomplete { serializer });
    }
}

/// A dict with very many keys takes no longer than it is large.
#[test]
fn many_keys_in_a_header_are_read_in_linear_time() {
    let details = Dict((0..200_000).map(|n| (format!("_key_{n}"), Value::Null)).collect());
    let message = Message::from(wamp_protocol::message::Goodbye {
        details,
        reason: "wamp.close.normal".into(),
    });
    for serializer in Serializer::ALL {
        let encoded = serializer.encode(&message).unwrap();
        assert_eq!(serializer.decode(encoded).as_ref(), Ok(&message));
    }
}
