//! Commands under way, and the patience with those that failed.

use std::collections::BTreeMap;
use std::time::Duration;

use house::{ActuatorKey, Timestamp};

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(60);

/// One command at a time for each actuator, and after each failure twice as long a wait.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    by_actuator: BTreeMap<ActuatorKey, Call>,
}

#[derive(Debug)]
struct Call {
    failures: u32,
    /// `None` while it is under way.
    retry_at: Option<Timestamp>,
}

impl Calls {
    /// Starts one, unless one is under way or it is too early after a failure.
    pub(crate) fn start(&mut self, actuator: &ActuatorKey, now: Timestamp) -> bool {
        let call = self.by_actuator.entry(actuator.clone()).or_insert(Call {
            failures: 0,
            retry_at: Some(now),
        });
        let may_start = call
            .retry_at
            .is_some_and(|at| at <= now || at.since(now) > LONGEST_RETRY);
        if may_start {
            call.retry_at = None;
        }
        may_start
    }

    pub(crate) fn succeeded(&mut self, actuator: &ActuatorKey) {
        self.by_actuator.remove(actuator);
    }

    pub(crate) fn failed(&mut self, actuator: &ActuatorKey, now: Timestamp) {
        if let Some(call) = self.by_actuator.get_mut(actuator) {
            let wait = FIRST_RETRY.saturating_mul(1 << call.failures.min(6)).min(LONGEST_RETRY);
            call.failures += 1;
            call.retry_at = Some(now.after(wait));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_retried_ever_more_slowly() {
        let mut calls = Calls::default();
        let actuator = ("mqtt-1".to_owned(), "ac".to_owned());
        let mut started = Vec::new();
        for second in 0..200 {
            let now = Timestamp::from_secs(second);
            if calls.start(&actuator, now) {
                assert!(!calls.start(&actuator, now), "one at a time");
                started.push(second);
                calls.failed(&actuator, now);
            }
        }
        assert_eq!(started, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
        calls.succeeded(&actuator);
        assert!(calls.start(&actuator, Timestamp::from_secs(184)));
    }
}
