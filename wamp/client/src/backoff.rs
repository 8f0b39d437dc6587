//! How long to wait before dialing again.

use std::time::Duration;

/// Exponential back-off with jitter: each attempt waits twice as long as the one before, up to a
/// limit, and then somewhere between half of that and all of it, so that many clients that lost
/// the same router do not come back in one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Before the first attempt.
    pub initial: Duration,
    /// Never longer than this.
    pub max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(200),
            max: Duration::from_secs(10),
        }
    }
}

impl Backoff {
    /// How long to wait before attempt number `attempt` (counted from 1); `random` is any number.
    pub(crate) fn delay(&self, attempt: u32, random: u64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let full = self.initial.saturating_mul(1 << doublings).min(self.max);
        let half = full / 2;
        let spread = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX).saturating_add(1);
        half + Duration::from_nanos(random % spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn waits_double_up_to_the_limit() {
        let backoff = Backoff {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(1),
        };
        for (attempt, longest) in [
            (1, 100),
            (2, 200),
            (3, 400),
            (4, 800),
            (5, 1000),
            (6, 1000),
            (u32::MAX, 1000),
        ] {
            let half = Duration::from_millis(longest / 2);
            assert_eq!(backoff.delay(attempt, 0), half);
            assert!(backoff.delay(attempt, u64::MAX) <= half * 2);
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_never_beyond_its_bounds(initial in 0_u64..u64::MAX, max in 0_u64..u64::MAX, attempt: u32, random: u64) {
            let backoff = Backoff { initial: Duration::from_nanos(initial), max: Duration::from_nanos(max) };
            prop_assert!(backoff.delay(attempt, random) <= backoff.max);
        }
    }
}
