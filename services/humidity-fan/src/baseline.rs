//! What the humidity of an area usually is, so that a shower is told from a rainy week.
//!
//! Time is cut into slots; each keeps its lowest value, and a slot without a reading has the one
//! before. The baseline is the median of the slots of the window before the present one. So a
//! single wrong value moves nothing, a shower much shorter than the window moves nothing, and
//! weather is followed within the window. Sensors that report often and those that report only
//! changes weigh the same.

use std::collections::VecDeque;
use std::time::Duration;

use house::{Pace, Timestamp};

/// How far back the baseline looks.
const WINDOW: Duration = Duration::from_secs(2 * 3600);
/// How many slots the window has (of five minutes each).
const SLOTS: usize = 24;

/// The rolling baseline of one area.
#[derive(Debug, Clone)]
pub struct Baseline {
    slot: Duration,
    /// Finished slots, oldest first.
    finished: VecDeque<f64>,
    current: Option<Slot>,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    number: i64,
    lowest: f64,
    last: f64,
}

impl Baseline {
    /// A baseline that knows nothing yet.
    pub fn new(pace: Pace) -> Self {
        Self {
            slot: pace.of(WINDOW / SLOTS as u32).max(Duration::from_millis(1)),
            finished: VecDeque::with_capacity(SLOTS),
            current: None,
        }
    }

    /// Takes a value measured at `at`. One from before the present slot is left out.
    pub fn take(&mut self, value: f64, at: Timestamp) {
        let number = at
            .millis()
            .div_euclid(i64::try_from(self.slot.as_millis()).unwrap_or(i64::MAX).max(1));
        let Some(current) = &mut self.current else {
            self.current = Some(Slot {
                number,
                lowest: value,
                last: value,
            });
            return;
        };
        let passed = number.saturating_sub(current.number);
        if passed < -(SLOTS as i64) {
            // The clock was set back: the slots so far stay, counting goes on from here.
            current.number = number;
        }
        if passed <= 0 {
            current.lowest = current.lowest.min(value);
            current.last = value;
            return;
        }
        let (closed, carried) = (current.lowest, current.last);
        self.current = Some(Slot {
            number,
            lowest: value,
            last: value,
        });
        self.finish(closed);
        for _ in 1..passed.min(SLOTS as i64 + 1) {
            self.finish(carried);
        }
    }

    /// The usual humidity, once at least one slot is finished.
    pub fn value(&self) -> Option<f64> {
        let mut values: Vec<f64> = self.finished.iter().copied().collect();
        values.sort_by(f64::total_cmp);
        // The lower of the two middles: rather a baseline too low than a shower missed.
        values.get(values.len().checked_sub(1)? / 2).copied()
    }

    fn finish(&mut self, value: f64) {
        if self.finished.len() == SLOTS {
            self.finished.pop_front();
        }
        self.finished.push_back(value);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fed(readings: impl IntoIterator<Item = (i64, f64)>) -> Baseline {
        let mut baseline = Baseline::new(Pace::REAL);
        for (minute, value) in readings {
            baseline.take(value, Timestamp::from_secs(minute * 60));
        }
        baseline
    }

    #[test]
    fn nothing_is_usual_before_the_first_slot_is_over() {
        assert_eq!(fed([(0, 50.0), (4, 52.0)]).value(), None);
        assert_eq!(fed([(0, 50.0), (4, 52.0), (5, 80.0)]).value(), Some(50.0));
    }

    #[test]
    fn a_shower_does_not_become_usual() {
        let dry = (0..120).map(|minute| (minute, 45.0));
        let shower = (120..150).map(|minute| (minute, 90.0));
        assert_eq!(fed(dry.chain(shower)).value(), Some(45.0));
    }

    #[test]
    fn a_rainy_day_does() {
        let dry = (0..120).map(|minute| (minute, 45.0));
        let rain = (120..260).map(|minute| (minute, 62.0));
        assert_eq!(fed(dry.chain(rain)).value(), Some(62.0));
    }

    #[test]
    fn one_wrong_value_moves_nothing() {
        let readings = (0..120).map(|minute| (minute, if minute == 60 { 0.0 } else { 45.0 }));
        assert_eq!(fed(readings).value(), Some(45.0));
    }

    #[test]
    fn a_sensor_that_reports_only_changes_weighs_time_not_messages() {
        let baseline = fed([(0, 45.0), (100, 60.0), (101, 70.0), (102, 80.0), (106, 85.0)]);
        assert_eq!(baseline.value(), Some(45.0));
    }

    #[test]
    fn a_clock_set_back_is_survived() {
        let mut baseline = fed((0..600).map(|minute| (minute, 45.0)));
        baseline.take(60.0, Timestamp::from_secs(0));
        baseline.take(60.0, Timestamp::from_secs(600));
        assert_eq!(baseline.value(), Some(45.0));
    }

    proptest! {
        #[test]
        fn the_baseline_is_always_a_value_that_was_there(
            readings in proptest::collection::vec((any::<i32>(), 0.0..100.0f64), 1..200)
        ) {
            let mut baseline = Baseline::new(Pace::REAL);
            for (second, value) in &readings {
                baseline.take(*value, Timestamp::from_secs(i64::from(*second)));
                prop_assert!(baseline.finished.len() <= SLOTS);
            }
            if let Some(usual) = baseline.value() {
                prop_assert!(readings.iter().any(|(_, value)| *value == usual));
            }
        }
    }
}
