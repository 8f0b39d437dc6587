//! The machine's clock, for the edge of a component; what decides takes the time as an argument.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use house::Timestamp;

/// The clock may be set while something waits for it, so nothing waits longer at a stretch.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// This moment.
pub fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Waits until `at`, but no longer than a second: who waits looks at the clock again then.
pub async fn until(at: Timestamp) {
    tokio::time::sleep(at.since(now()).min(LONGEST_WAIT)).await;
}
