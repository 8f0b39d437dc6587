//! How often a device speaks by itself, learnt from when it did.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Messages closer together than this are one utterance.
const ONE_UTTERANCE: Duration = Duration::from_secs(10);
/// A device is silent for too long after this many of its usual intervals: two may be lost.
const INTERVALS: u32 = 3;
/// Silence shorter than this means nothing.
const SHORTEST: Duration = Duration::from_secs(15 * 60);
/// Nobody waits longer for a device, whatever its rhythm.
const LONGEST: Duration = Duration::from_secs(50 * 3600);
/// A longer pause is no rhythm: the device, or the hub, was off.
const LONGEST_INTERVAL: Duration = Duration::from_secs(26 * 3600);
/// From so many intervals on, the rhythm counts.
const LEARNT: u32 = 3;

/// The rhythm of one device.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Rhythm {
    /// The longest usual interval, in ms; longer ones count at once, shorter ones by and by.
    usual: i64,
    /// Intervals heard, as far as they are counted.
    intervals: u32,
    #[serde(skip)]
    last: Option<Timestamp>,
}

impl Rhythm {
    /// It was heard.
    pub fn hear(&mut self, at: Timestamp) {
        let Some(last) = self.last.filter(|last| *last <= at) else {
            // The first time, or the clock was set back.
            self.last = Some(at);
            return;
        };
        let gap = at.since(last);
        if gap < ONE_UTTERANCE {
            return;
        }
        self.last = Some(at);
        if gap > LONGEST_INTERVAL {
            return;
        }
        let gap = i64::try_from(gap.as_millis()).unwrap_or(i64::MAX);
        self.usual = if gap >= self.usual {
            gap
        } else {
            self.usual - (self.usual - gap) / 8
        };
        self.intervals = self.intervals.saturating_add(1).min(LEARNT);
    }

    /// For how long it may be silent; `unlearnt` as long as its rhythm is not known.
    pub fn patience(&self, unlearnt: Duration) -> Duration {
        if self.intervals < LEARNT {
            return unlearnt;
        }
        let usual = Duration::from_millis(u64::try_from(self.usual).unwrap_or(0));
        usual.saturating_mul(INTERVALS).clamp(SHORTEST, LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const HOUR: i64 = 3600;

    fn heard(seconds: impl IntoIterator<Item = i64>) -> Rhythm {
        let mut rhythm = Rhythm::default();
        for second in seconds {
            rhythm.hear(Timestamp::from_secs(second));
        }
        rhythm
    }

    #[test]
    fn a_device_may_be_silent_for_three_of_its_own_intervals() {
        for (what, seconds, hours) in [
            ("hourly", (0..10).map(|i| i * HOUR).collect::<Vec<_>>(), 3.0),
            ("twelve-hourly", (0..5).map(|i| i * 12 * HOUR).collect(), 36.0),
            ("every ten seconds", (0..100).map(|i| i * 10).collect(), 0.25),
            (
                "two messages an hour each",
                (0..20).map(|i| i / 2 * HOUR + i % 2).collect(),
                3.0,
            ),
            ("unknown yet", vec![0, HOUR], 24.0),
            ("daily", (0..9).map(|i| i * 24 * HOUR).collect(), 50.0),
            (
                "away for a week",
                (0..5).map(|i| i * HOUR).chain([7 * 24 * HOUR]).collect(),
                3.0,
            ),
        ] {
            let patience = heard(seconds).patience(DAY).as_secs_f64() / 3600.0;
            assert!((patience - hours).abs() < 1e-9, "{what}: {patience} h");
        }
    }

    #[test]
    fn a_rhythm_that_quickens_is_followed_slowly_and_one_that_slows_at_once() {
        let mut rhythm = heard((0..10).map(|i| i * 600));
        assert_eq!(rhythm.patience(DAY), Duration::from_secs(1800));
        rhythm.hear(Timestamp::from_secs(5400 + 7200));
        assert_eq!(rhythm.patience(DAY), Duration::from_secs(3 * 7200));
        let mut at = 12_600;
        for _ in 0..60 {
            at += 600;
            rhythm.hear(Timestamp::from_secs(at));
        }
        assert!(rhythm.patience(DAY) < Duration::from_secs(1900));
    }

    #[test]
    fn a_clock_set_back_teaches_nothing() {
        let rhythm = heard([1_000_000, 1_000_600, 1_001_200, 1_001_800, 5, 605]);
        assert_eq!(rhythm.patience(DAY), Duration::from_secs(1800));
    }
}
