//! The time, for the edge of the service; what decides takes it as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use house::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Waits until `at`, but no longer than a second: the clock may be set meanwhile.
pub(crate) async fn until(at: Timestamp) {
    tokio::time::sleep(at.since(now()).min(Duration::from_secs(1))).await;
}
