//! Routes so many messages and ends: for valgrind to count the instructions of.
//! `cargo xtask instructions` runs it with few and with many, and takes the difference.
#![allow(missing_docs, reason = "criterion makes functions without any")]
#![allow(clippy::expect_used, reason = "a measurement that cannot be made is to stop")]

mod loopback;

use loopback::{Calling, Carrier, Publishing, Speech, router, router_with_rules};
use wamp_protocol::Serializer;
use wamp_router::Router;

/// Messages written at once.
const BATCH: usize = 50;

const JSON: Speech = (Carrier::WebSocket, Serializer::Json);
const MSGPACK: Speech = (Carrier::WebSocket, Serializer::MsgPack);
const CBOR: Speech = (Carrier::WebSocket, Serializer::Cbor);
const RAW: Speech = (Carrier::RawSocket, Serializer::MsgPack);

/// What is routed.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Publish,
    Call,
}

/// By name: what is routed, from whom, to whom, and by what router.
type Case = (&'static str, Kind, Speech, Speech, fn() -> Router);

const CASES: [Case; 14] = [
    ("publish-json", Kind::Publish, JSON, JSON, router),
    ("publish-msgpack", Kind::Publish, MSGPACK, MSGPACK, router),
    ("publish-cbor", Kind::Publish, CBOR, CBOR, router),
    ("publish-msgpack-rawsocket", Kind::Publish, RAW, RAW, router),
    ("publish-json-to-msgpack", Kind::Publish, JSON, MSGPACK, router),
    ("publish-msgpack-to-json", Kind::Publish, MSGPACK, JSON, router),
    ("publish-rules", Kind::Publish, JSON, JSON, router_with_rules),
    ("call-json", Kind::Call, JSON, JSON, router),
    ("call-msgpack", Kind::Call, MSGPACK, MSGPACK, router),
    ("call-cbor", Kind::Call, CBOR, CBOR, router),
    ("call-msgpack-rawsocket", Kind::Call, RAW, RAW, router),
    ("call-json-to-msgpack", Kind::Call, JSON, MSGPACK, router),
    ("call-msgpack-to-json", Kind::Call, MSGPACK, JSON, router),
    ("call-rules", Kind::Call, JSON, JSON, router_with_rules),
];

fn main() {
    // Cargo adds an argument of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let (Some(what), Some(count)) = (arguments.next(), arguments.next()) else {
        // What there is, one a line.
        for (name, ..) in CASES {
            println!("{name}");
        }
        return;
    };
    let case = CASES.into_iter().find(|(name, ..)| *name == what);
    let count: usize = count.parse().expect("a number of messages");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let run = run(case.expect("the name of a case"), count / BATCH);
    runtime.expect("a runtime").block_on(run);
}

async fn run((_, kind, from, to, router): Case, batches: usize) {
    let router = router();
    match kind {
        Kind::Publish => {
            let mut publishing = Publishing::new(&router, from, to, 10, BATCH).await;
            for _ in 0..batches {
                publishing.once().await;
            }
        }
        Kind::Call => {
            let mut calling = Calling::new(&router, from, to, BATCH).await;
            for _ in 0..batches {
                calling.once().await;
            }
        }
    }
}
