//! Failures that many may have together.

use std::time::Duration;

/// Failures before anybody has to wait.
const SIZE: u32 = 20;
/// One of them is given back so often; nobody waits longer.
const REGAINED_EVERY: Duration = Duration::from_secs(60);

/// Twenty failures, of which one is given back each minute: a leaky bucket.
///
/// It cannot be overdrawn by who waits when told to, so the wait is a minute at most, and however
/// many try, all of them together have one guess a minute.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Allowance {
    /// When all of it will have been given back.
    whole_at: Duration,
}

impl Allowance {
    /// How long until there is a failure left.
    pub(super) fn wait(self, now: Duration) -> Duration {
        self.whole_at.saturating_sub(now + REGAINED_EVERY * (SIZE - 1))
    }

    pub(super) fn spend(&mut self, now: Duration) {
        self.whole_at = self.whole_at.max(now) + REGAINED_EVERY;
    }

    /// So many of what was spent were no guesses after all.
    pub(super) fn give_back(&mut self, failures: u32) {
        self.whole_at = self.whole_at.saturating_sub(REGAINED_EVERY * failures.min(SIZE));
    }

    /// The more is spent, the higher.
    pub(super) const fn rank(&self) -> Duration {
        self.whole_at
    }
}
