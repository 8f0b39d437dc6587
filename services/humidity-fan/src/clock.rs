//! The time, for the edge of the service; what decides takes it as an argument.

use std::time::{SystemTime, UNIX_EPOCH};

use house::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}
