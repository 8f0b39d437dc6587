//! Finding out that the other side is gone although the connection looks open. Pure.

use std::time::Duration;

/// Asks a silent connection for a sign of life, once, and gives it up when none comes.
#[derive(Debug)]
pub(super) struct Keepalive {
    interval: Duration,
    /// When anything came last.
    heard: Duration,
    asked: bool,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing before this moment.
    At(Duration),
    /// Ask for a sign of life.
    Ping,
    /// Nothing came for twice the interval.
    Dead,
}

impl Keepalive {
    pub(super) const fn new(interval: Duration, now: Duration) -> Self {
        Self {
            interval,
            heard: now,
            asked: false,
        }
    }

    /// Something came.
    pub(super) const fn heard(&mut self, now: Duration) {
        self.heard = now;
        self.asked = false;
    }

    pub(super) fn due(&mut self, now: Duration) -> Due {
        let ask_at = self.heard.saturating_add(self.interval);
        let dead_at = ask_at.saturating_add(self.interval);
        if now >= dead_at && self.asked {
            Due::Dead
        } else if now >= ask_at && !self.asked {
            self.asked = true;
            // However late this look comes, the answer has a whole interval.
            self.heard = now.saturating_sub(self.interval);
            Due::Ping
        } else if self.asked {
            Due::At(dead_at)
        } else {
            Due::At(ask_at)
        }
    }

    /// How long the silence is that ends a connection.
    pub(super) const fn limit(&self) -> Duration {
        self.interval.saturating_mul(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_connection_is_asked_once_and_then_given_up() {
        let mut keepalive = Keepalive::new(s(10), s(100));
        assert_eq!(keepalive.due(s(100)), Due::At(s(110)));
        assert_eq!(keepalive.due(s(110)), Due::Ping);
        assert_eq!(keepalive.due(s(111)), Due::At(s(120)));
        assert_eq!(keepalive.due(s(120)), Due::Dead);
    }

    #[test]
    fn anything_heard_begins_the_wait_anew() {
        let mut keepalive = Keepalive::new(s(10), s(100));
        assert_eq!(keepalive.due(s(110)), Due::Ping);
        keepalive.heard(s(119));
        assert_eq!(keepalive.due(s(120)), Due::At(s(129)));
        assert_eq!(keepalive.due(s(129)), Due::Ping);
    }

    #[test]
    fn a_machine_that_slept_asks_before_it_gives_up() {
        let mut keepalive = Keepalive::new(s(10), s(100));
        assert_eq!(keepalive.due(s(9_000)), Due::Ping);
        assert_eq!(keepalive.due(s(9_001)), Due::At(s(9_010)));
    }
}
