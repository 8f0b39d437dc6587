//! Messages through a router in this process, without sockets: decoded, routed and put into
//! octets again.
#![allow(missing_docs, reason = "criterion makes functions without any")]
#![allow(clippy::expect_used, reason = "a measurement that cannot be made is to stop")]

mod loopback;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loopback::{Calling, Carrier, Publishing, Speech, router, router_with_rules};
use tokio::runtime::Runtime;
use wamp_protocol::Serializer;

const BATCH: usize = 64;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn publications(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publications of 100 octets");
    group.throughput(Throughput::Elements(BATCH as u64));
    for subscribers in [1, 10, 100] {
        for serializer in Serializer::ALL {
            let runtime = runtime();
            let speech: Speech = (Carrier::WebSocket, serializer);
            let mut publishing =
                runtime.block_on(async { Publishing::new(&router(), speech, speech, subscribers, BATCH).await });
            group.bench_function(format!("to {subscribers}, {serializer}"), |bencher| {
                bencher.iter(|| runtime.block_on(publishing.once()));
            });
        }
    }
    group.finish();
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calls of 100 octets");
    for in_flight in [1, BATCH] {
        group.throughput(Throughput::Elements(in_flight as u64));
        let runtime = runtime();
        let speech: Speech = (Carrier::WebSocket, Serializer::Json);
        let mut calling = runtime.block_on(async { Calling::new(&router(), speech, speech, in_flight).await });
        group.bench_function(format!("{in_flight} at once"), |bencher| {
            bencher.iter(|| runtime.block_on(calling.once()));
        });
    }
    group.finish();
}

fn publications_otherwise(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publications of 100 octets to 10");
    group.throughput(Throughput::Elements(BATCH as u64));
    let web = |serializer| (Carrier::WebSocket, serializer);
    let raw = (Carrier::RawSocket, Serializer::MsgPack);
    let converted = (web(Serializer::Json), web(Serializer::MsgPack));
    let in_json = (web(Serializer::Json), web(Serializer::Json));
    for (name, router, (from, to)) in [
        ("RawSocket", router(), (raw, raw)),
        ("json to msgpack", router(), converted),
        ("by rules", router_with_rules(), in_json),
    ] {
        let runtime = runtime();
        let mut publishing = runtime.block_on(Publishing::new(&router, from, to, 10, BATCH));
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(publishing.once()));
        });
    }
    group.finish();
}

criterion_group!(benches, publications, publications_otherwise, calls);
criterion_main!(benches);
