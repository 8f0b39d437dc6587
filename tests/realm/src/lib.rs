//! For the tests of services and bridges: a realm of its own for each test, sessions in it, and
//! peers played by scripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at what it did not expect"
)]

mod cable;
mod realm;
mod scripted;

use std::time::Duration;

use serde::de::DeserializeOwned;
use wamp_client::Subscription;

pub use cable::Cable;
pub use realm::Realm;
pub use scripted::{ScriptedHouse, actuator};

/// Long enough for the slowest machine; nothing waits so long that goes well.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The next event that `wanted` takes, its kwargs read as `T`.
pub async fn heard<T: DeserializeOwned>(events: &mut Subscription, wanted: impl Fn(&T) -> bool) -> T {
    let search = async {
        loop {
            let event: T = events.next().await.expect("the session goes on").kwargs().unwrap();
            if wanted(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("an event in time")
}
