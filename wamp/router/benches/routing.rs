//! Messages through a router in this process, without sockets: decoded, routed and put into
//! octets again.
#![allow(missing_docs, reason = "criterion makes functions without any")]
#![allow(clippy::expect_used, reason = "a measurement that cannot be made is to stop")]

mod loopback;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use loopback::{Calling, Publishing, router};
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
            let mut publishing =
                runtime.block_on(async { Publishing::new(&router(), serializer, subscribers, BATCH).await });
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
        let mut calling = runtime.block_on(async { Calling::new(&router(), in_flight).await });
        group.bench_function(format!("{in_flight} at once"), |bencher| {
            bencher.iter(|| runtime.block_on(calling.once()));
        });
    }
    group.finish();
}

criterion_group!(benches, publications, calls);
criterion_main!(benches);
