//! Waiting on conditions, never for a time.

use std::time::{Duration, Instant};

/// Asks `condition` again and again until it gives something.
///
/// # Panics
/// When it has given nothing within `limit`; `what` says what was waited for.
pub async fn until<T>(what: &str, limit: Duration, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = condition().await {
            return found;
        }
        assert!(started.elapsed() < limit, "waited {limit:?} in vain for: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
