//! Routes so many messages and ends: for valgrind to count the instructions of.
//! `cargo xtask instructions` runs it with few and with many, and takes the difference.
#![allow(missing_docs, reason = "criterion makes functions without any")]
#![allow(clippy::expect_used, reason = "a measurement that cannot be made is to stop")]

mod loopback;

use loopback::{Calling, Publishing, router};
use wamp_protocol::Serializer;

/// Messages written at once.
const BATCH: usize = 50;

fn main() {
    // Cargo adds an argument of its own.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with("--"));
    let (Some(what), Some(count)) = (arguments.next(), arguments.next()) else {
        println!("say what, and how many: publish-json, publish-msgpack, publish-cbor or call, and a number");
        return;
    };
    let count: usize = count.parse().expect("a number of messages");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(run(&what, count / BATCH));
}

async fn run(what: &str, batches: usize) {
    let router = router();
    let serializer = match what {
        "publish-msgpack" => Serializer::MsgPack,
        "publish-cbor" => Serializer::Cbor,
        _ => Serializer::Json,
    };
    if what == "call" {
        let mut calling = Calling::new(&router, BATCH).await;
        for _ in 0..batches {
            calling.once().await;
        }
        return;
    }
    let mut publishing = Publishing::new(&router, serializer, 10, BATCH).await;
    for _ in 0..batches {
        publishing.once().await;
    }
}
