//! From which table, and how coarsely, a stretch of history is answered.

use house::Timestamp;

use crate::aggregate::{FIVE_MINUTES, HOUR, millis};
use crate::settings::Settings;

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// Whatever suits the stretch.
    Auto,
    /// Every reading.
    Raw,
    /// One point for so many milliseconds.
    Every(i64),
}

/// Where the points come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Raw,
    FiveMinutes,
    Hours,
}

/// How a stretch is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) source: Source,
    /// One point for so many milliseconds; 0 for every reading.
    pub(crate) step: i64,
}

/// Widths of points that people read well, in seconds.
const STEPS: [i64; 21] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_592_000,
];

/// A stretch up to this long is answered from single readings, made fewer where they are too many.
const SHORT: i64 = 6 * HOUR;
/// One up to this long, when they are not too many; finding them in more would take long.
const DAY: i64 = 25 * HOUR;

/// Whether the plan depends on how many readings there are.
pub(crate) fn depends_on_count(from: Timestamp, to: Timestamp, asked: Resolution) -> bool {
    match asked {
        Resolution::Raw => true,
        Resolution::Auto => to.millis().saturating_sub(from.millis()) <= DAY,
        Resolution::Every(_) => false,
    }
}

/// The plan for a stretch that has so many `readings` and whose answer has room for `most`.
pub(crate) fn plan(
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
    asked: Resolution,
    settings: &Settings,
    readings: u64,
    most: usize,
) -> Plan {
    let span = to.millis().saturating_sub(from.millis());
    let has_raw = from >= now.before(settings.keep_readings);
    let has_five_minutes = from >= now.before(settings.keep_five_minutes);
    let fits = usize::try_from(readings).is_ok_and(|readings| readings <= most);
    match asked {
        Resolution::Raw => Plan {
            source: Source::Raw,
            step: 0,
        },
        Resolution::Every(step) => at_least(step.max(1)),
        Resolution::Auto if has_raw && (span <= SHORT || (span <= DAY && fits)) => Plan {
            source: Source::Raw,
            step: 0,
        },
        Resolution::Auto if has_five_minutes && span <= 7 * 24 * HOUR => at_least(FIVE_MINUTES),
        Resolution::Auto => at_least(HOUR),
    }
}

/// The plan with points no narrower than `step`.
fn at_least(step: i64) -> Plan {
    let up_to_multiple = |width: i64| (step + width - 1) / width * width;
    if step >= HOUR {
        Plan {
            source: Source::Hours,
            step: up_to_multiple(HOUR),
        }
    } else if step >= FIVE_MINUTES {
        Plan {
            source: Source::FiveMinutes,
            step: up_to_multiple(FIVE_MINUTES),
        }
    } else {
        Plan {
            source: Source::Raw,
            step,
        }
    }
}

impl Plan {
    /// The plan that gives no more than `most` points; `readings` is how many readings there are
    /// at most, where every one would be a point.
    pub(crate) fn bounded(self, from: Timestamp, to: Timestamp, most: usize, readings: u64) -> Self {
        let span = to.millis().saturating_sub(from.millis()).max(1);
        let most = i64::try_from(most.max(1)).unwrap_or(i64::MAX);
        let fits = if self.step == 0 {
            i64::try_from(readings).is_ok_and(|readings| readings <= most)
        } else {
            span / self.step < most
        };
        if fits {
            return self;
        }
        let least = (span / most).max(1);
        let nice = STEPS.iter().map(|seconds| seconds * 1000).find(|step| *step > least);
        at_least(nice.unwrap_or_else(|| (least / (30 * 24 * HOUR) + 1) * 30 * 24 * HOUR))
    }

    /// How much of the stretch is read at once, a whole number of steps.
    pub(crate) fn slice(self) -> i64 {
        let about = match self.source {
            Source::Raw => 2 * HOUR,
            Source::FiveMinutes => 14 * 24 * HOUR,
            Source::Hours => 2 * 365 * 24 * HOUR,
        };
        match self.step {
            0 => about,
            step => (about / step).max(1) * step,
        }
    }
}

/// How old a reading may be to be taken: one that would be deleted at once is not.
pub(crate) fn oldest(settings: &Settings) -> std::time::Duration {
    std::time::Duration::from_millis(u64::try_from(millis(settings.keep_readings)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_777_809_600);

    fn asked(hours_back: u64, hours: u64, asked: Resolution) -> Plan {
        let from = NOW.before(Duration::from_secs(hours_back * 3600));
        plan(
            from,
            from.after(Duration::from_secs(hours * 3600)),
            NOW,
            asked,
            &Settings::default(),
            5000,
            2000,
        )
    }

    #[test]
    fn the_resolution_suits_the_stretch() {
        for (hours_back, hours, source) in [
            (1, 1, Source::Raw),
            (24, 24, Source::FiveMinutes),
            (24 * 30, 1, Source::FiveMinutes),
            (24 * 30, 24 * 30, Source::Hours),
            (24 * 365, 1, Source::Hours),
        ] {
            assert_eq!(
                asked(hours_back, hours, Resolution::Auto).source,
                source,
                "{hours_back} {hours}"
            );
        }
        let to = NOW.before(Duration::from_secs(86_400));
        let few = plan(to, NOW, NOW, Resolution::Auto, &Settings::default(), 2000, 2000);
        assert_eq!(
            few.source,
            Source::Raw,
            "a day of few readings is told reading by reading"
        );
        assert_eq!(asked(1, 1, Resolution::Every(60_000)).source, Source::Raw);
        let uneven = asked(1, 1, Resolution::Every(7 * 60_000));
        assert_eq!((uneven.source, uneven.step), (Source::FiveMinutes, 10 * 60_000));
    }

    proptest! {
        #[test]
        fn no_plan_gives_more_points_than_allowed(
            minutes in 1i64..5_000_000, step in prop::option::of(1i64..100_000_000), readings in 0u64..10_000_000, most in 10usize..5000,
        ) {
            let to = Timestamp(NOW.0 + minutes * 60_000);
            let asked = step.map_or(Resolution::Raw, Resolution::Every);
            let plan = plan(NOW, to, to, asked, &Settings::default(), readings, most).bounded(NOW, to, most, readings);
            if plan.step == 0 {
                prop_assert!(readings <= most as u64);
            } else {
                prop_assert!((minutes * 60_000) / plan.step <= most as i64);
                prop_assert_eq!(plan.slice() % plan.step, 0);
            }
        }
    }
}
