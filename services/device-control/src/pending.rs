//! The life of one command: sent, its echo awaited, sent again, and told to people when the device
//! still does not follow.
//!
//! It is never given up for good: an air conditioner that should be off is told so every minute
//! until it says it is.

use std::time::Duration;

use house::Timestamp;

/// How long the echo of each attempt is awaited before people are told.
const ECHO_WAITS: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
/// How often it is tried after that.
const SLOW_RETRY: Duration = Duration::from_secs(60);

/// A command whose echo has not come yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// What was commanded.
    pub on: bool,
    /// Handed over since the start.
    attempts: usize,
    /// Not handed over before, neither now nor before a restart.
    first: bool,
    phase: Phase,
    told: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// The bridge has it and has not answered.
    Sending,
    /// The bridge took it; the device's echo is awaited.
    Awaiting { until: Timestamp },
}

/// What has become due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Send it again.
    Resend,
    /// Tell people, and send it again.
    TellAndResend,
}

impl Pending {
    /// A command handed to its bridge.
    pub fn sending(on: bool) -> Self {
        Self {
            on,
            attempts: 1,
            first: true,
            phase: Phase::Sending,
            told: false,
        }
    }

    /// A command from before a restart whose echo was still awaited.
    pub fn resumed(on: bool, now: Timestamp) -> Self {
        Self {
            phase: Phase::Awaiting {
                until: now.after(ECHO_WAITS[0]),
            },
            attempts: 0,
            first: false,
            ..Self::sending(on)
        }
    }

    /// Whether the bridge has not answered yet.
    pub fn is_sending(&self) -> bool {
        self.phase == Phase::Sending
    }

    /// Whether this is the first attempt.
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// Whether people were told that the device does not follow.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// The bridge has answered (for later attempts also: refused): from now on the echo is awaited.
    pub fn answered(&mut self, now: Timestamp) {
        let wait = match self.attempts.checked_sub(1) {
            None => ECHO_WAITS[0],
            Some(attempt) => ECHO_WAITS.get(attempt).copied().unwrap_or(SLOW_RETRY),
        };
        self.phase = Phase::Awaiting { until: now.after(wait) };
    }

    /// The device can be reached again: what was told to people is tried at once.
    pub fn hurry(&mut self, now: Timestamp) {
        if self.told && !self.is_sending() {
            self.phase = Phase::Awaiting { until: now };
        }
    }

    /// When something becomes due.
    pub fn wake_at(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Sending => None,
            Phase::Awaiting { until } => Some(until),
        }
    }

    /// What is due at `now`; the command counts as handed to its bridge again.
    pub fn due(&mut self, now: Timestamp) -> Option<Due> {
        if self.wake_at().is_none_or(|until| until > now) {
            return None;
        }
        let tell = !self.told && self.attempts >= ECHO_WAITS.len();
        self.told |= tell;
        self.attempts += 1;
        self.first = false;
        self.phase = Phase::Sending;
        Some(if tell { Due::TellAndResend } else { Due::Resend })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which a device that never answers is sent the command, and told of.
    fn silent_device(mut pending: Pending, until: i64) -> (Vec<i64>, Vec<i64>) {
        let (mut sent, mut told) = (Vec::new(), Vec::new());
        for second in 0..until {
            let now = Timestamp::from_secs(second);
            if let Some(due) = pending.due(now) {
                sent.push(second);
                if due == Due::TellAndResend {
                    told.push(second);
                }
            }
            if pending.is_sending() {
                pending.answered(now);
            }
        }
        (sent, told)
    }

    #[test]
    fn a_silent_device_is_asked_again_ever_more_slowly_and_told_of_once() {
        let (sent, told) = silent_device(Pending::sending(true), 200);
        assert_eq!((sent, told), (vec![2, 6, 14, 74, 134, 194], vec![14]));
    }

    #[test]
    fn a_command_from_before_a_restart_is_sent_again() {
        let (sent, told) = silent_device(Pending::resumed(true, Timestamp(0)), 80);
        assert_eq!((sent, told), (vec![2, 4, 8, 16, 76], vec![16]));
    }

    #[test]
    fn nothing_is_due_while_the_bridge_has_not_answered() {
        let mut pending = Pending::sending(true);
        assert_eq!(pending.due(Timestamp::from_secs(1000)), None);
        assert_eq!(pending.wake_at(), None);
    }

    #[test]
    fn a_device_that_comes_back_is_asked_at_once() {
        let mut pending = Pending::sending(false);
        for second in [0, 2, 6, 14] {
            let now = Timestamp::from_secs(second);
            pending.due(now);
            pending.answered(now);
        }
        assert!(pending.is_told());
        pending.hurry(Timestamp::from_secs(20));
        assert_eq!(pending.due(Timestamp::from_secs(20)), Some(Due::Resend));
    }
}
