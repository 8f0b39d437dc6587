//! Texts, URIs and values.

use proptest::collection::vec;
use proptest::prelude::*;
use wamp_protocol::{Dict, Uri, Value};

/// Text that does not begin with U+0000, which JSON keeps for binary.
pub(super) fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-z]{0,8}",
        "\\PC{0,12}",
        "[\\x01-\\x1f\"\\\\/\\x7f\u{2028}𝄞é]{0,6}",
        "[a-z]{30,40}",
        "[a-z]{250,260}",
        Just("a\0b".to_owned()),
    ]
    .boxed()
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![9 => "_[a-z0-9_]{0,6}", 1 => "_[\"\\\\\u{1}ä]{1,3}"]
}

pub(super) fn uri() -> impl Strategy<Value = Uri> {
    prop_oneof!["[a-z_]{1,5}(\\.[a-z_]{0,5}){0,4}", text()].prop_map(Uri::from)
}

fn dict_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Dict> {
    vec((key(), value), 0..20).prop_map(|entries| {
        let mut dict = Dict::default();
        for (key, value) in entries {
            dict.insert(key, value);
        }
        dict
    })
}

/// Any value that reads back as what it was.
pub(crate) fn value() -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::Integer(n.into())),
        any::<u64>().prop_map(|n| Value::Integer(n.into())),
        (-200..70_000_i128).prop_map(Value::Integer),
        any::<f64>()
            .prop_filter("JSON has no others", |n| n.is_finite())
            .prop_map(Value::Float),
        text().prop_map(Value::String),
        vec(any::<u8>(), 0..20).prop_map(Value::Binary),
        vec(any::<u8>(), 250..300).prop_map(Value::Binary),
    ];
    scalar
        .prop_recursive(4, 40, 20, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..20).prop_map(Value::List),
                dict_of(inner).prop_map(Value::Dict)
            ]
        })
        .boxed()
}

pub(super) fn dict() -> BoxedStrategy<Dict> {
    prop_oneof![Just(Dict::default()), dict_of(value())].boxed()
}
