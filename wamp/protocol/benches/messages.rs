//! Messages read and written, in each serializer.
#![allow(missing_docs, reason = "criterion makes functions without any")]
#![allow(clippy::expect_used, reason = "a measurement that cannot be made is to stop")]

use bytes::{Bytes, BytesMut};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use wamp_protocol::{Message, Serializer};

fn samples() -> Vec<(&'static str, Message)> {
    let text = "x".repeat(100);
    [
        ("PUBLISH", format!(r#"[16,7814135,{{}},"com.myapp.topic1",["{text}"]]"#)),
        (
            "PUBLISH, 8 keyword arguments",
            r#"[16,7814135,{"acknowledge":true},"sensor.events",[],{"id":25,"area":"bathroom","quantity":"humidity","value":61.5,"unit":"%","at":"2026-05-03T07:08:09Z","battery":97,"ok":true}]"#.to_owned(),
        ),
        ("EVENT", format!(r#"[36,5512315355,4429313566,{{}},["{text}"]]"#)),
        ("CALL", format!(r#"[48,7814135,{{}},"com.myapp.add2",["{text}"]]"#)),
        ("INVOCATION", format!(r#"[68,6131533,9823526,{{}},["{text}"]]"#)),
        ("YIELD", format!(r#"[70,6131533,{{}},["{text}"]]"#)),
        ("RESULT", format!(r#"[50,7814135,{{}},["{text}"]]"#)),
    ]
    .into_iter()
    .map(|(name, json)| (name, Serializer::Json.decode(Bytes::from(json)).expect("a message")))
    .collect()
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (name, message) in samples() {
        for serializer in Serializer::ALL {
            let octets = serializer.encode(&message).expect("octets");
            group.bench_with_input(BenchmarkId::new(name, serializer), &octets, |bencher, octets| {
                bencher.iter(|| serializer.decode(octets.clone()));
            });
        }
    }
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for (name, message) in samples() {
        for serializer in Serializer::ALL {
            let octets = serializer.encode(&message).expect("octets");
            let message = serializer.decode(octets).expect("a message");
            let mut output = BytesMut::new();
            group.bench_with_input(BenchmarkId::new(name, serializer), &message, |bencher, message| {
                bencher.iter(|| {
                    output.clear();
                    serializer.encode_into(message, &mut output)
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, decode, encode);
criterion_main!(benches);
