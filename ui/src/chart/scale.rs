//! Round numbers on axes.

use house::{Quantity, Timestamp};

use crate::local_time::Offset;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The range a value axis shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ValueAxis {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl ValueAxis {
    /// Wide enough for every value and limit, with air around, and never so narrow that noise
    /// looks like weather.
    pub(crate) fn around(quantity: Quantity, values: impl Iterator<Item = f64>) -> Option<Self> {
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return None;
        }
        if quantity.is_binary() {
            return Some(Self { low: -0.1, high: 1.1 });
        }
        let least = match quantity {
            Quantity::Temperature | Quantity::DewPoint => 2.0,
            Quantity::Humidity | Quantity::Moisture => 10.0,
            Quantity::Co2 => 200.0,
            Quantity::Pressure => 6.0,
            _ => (high.abs() * 0.1).max(0.5),
        };
        let span = (high - low).max(least);
        let middle = f64::midpoint(low, high);
        let (mut bottom, mut top) = (middle - span * 0.58, middle + span * 0.58);
        let range = quantity.range();
        if bottom < *range.start() {
            top = (top + range.start() - bottom).min(*range.end());
            bottom = *range.start();
        }
        if top > *range.end() {
            bottom = (bottom - (top - range.end())).max(*range.start());
            top = *range.end();
        }
        Some(Self { low: bottom, high: top })
    }
}

/// About `count` round values between `low` and `high`.
pub(crate) fn value_ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let span = high - low;
    if !(span.is_finite() && span > 0.0) || count == 0 {
        return Vec::new();
    }
    let rough = span / count as f64;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|m| m * magnitude)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last).take(50).map(|n| n as f64 * step).collect()
}

/// How many decimals tell the ticks apart.
pub(crate) fn decimals_for(ticks: &[f64]) -> usize {
    let step = ticks
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .fold(f64::INFINITY, f64::min);
    if step.is_finite() && step > 0.0 && step < 1.0 {
        (-step.log10().floor()) as usize
    } else {
        0
    }
}

/// A mark on the time axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeTick {
    pub(crate) at: i64,
    pub(crate) label: String,
    /// A day begins here.
    pub(crate) is_day: bool,
}

/// At most `most` marks at round local times.
pub(crate) fn time_ticks(from: i64, to: i64, most: usize, offset: Offset) -> Vec<TimeTick> {
    let span = (to - from).max(1);
    let steps = [
        MINUTE,
        2 * MINUTE,
        5 * MINUTE,
        10 * MINUTE,
        15 * MINUTE,
        30 * MINUTE,
        HOUR,
        2 * HOUR,
        3 * HOUR,
        6 * HOUR,
        12 * HOUR,
        DAY,
        2 * DAY,
        5 * DAY,
        10 * DAY,
    ];
    let most = most.max(1) as i64;
    let step = steps.into_iter().find(|step| span / step <= most).unwrap_or(30 * DAY);
    let midnight = from - offset.since_midnight(Timestamp(from));
    let mut at = midnight;
    let mut ticks = Vec::new();
    while at <= to && ticks.len() < 64 {
        if at >= from {
            let is_day = offset.since_midnight(Timestamp(at)) == 0;
            let label = if is_day {
                offset.day(Timestamp(at))
            } else {
                offset.clock(Timestamp(at))
            };
            ticks.push(TimeTick { at, label, is_day });
        }
        at += step;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(value_ticks(18.3, 27.9, 5), [20.0, 22.0, 24.0, 26.0]);
        assert_eq!(value_ticks(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(decimals_for(&value_ticks(20.0, 21.0, 5)), 1);
        assert!(value_ticks(5.0, 5.0, 5).is_empty());
        assert!(value_ticks(f64::NAN, 5.0, 5).is_empty());
    }

    #[test]
    fn an_axis_has_air_and_a_least_span() {
        let axis = ValueAxis::around(Quantity::Temperature, [21.0, 21.1].into_iter()).unwrap();
        assert!(axis.high - axis.low > 2.0);
        let axis = ValueAxis::around(Quantity::Humidity, [99.0, 100.0].into_iter()).unwrap();
        assert!(axis.high <= 100.0 && axis.low < 92.0);
        assert_eq!(ValueAxis::around(Quantity::Humidity, std::iter::empty()), None);
    }

    #[test]
    fn times_are_marked_at_round_local_hours() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().0;
        let kathmandu = Offset { minutes: 345 };
        let ticks = time_ticks(at("2026-05-03T10:00:00Z"), at("2026-05-04T10:00:00Z"), 8, kathmandu);
        let labels: Vec<&str> = ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(
            labels,
            ["18:00", "21:00", "4 May", "03:00", "06:00", "09:00", "12:00", "15:00"]
        );
        assert!(ticks[2].is_day);
    }

    proptest! {
        #[test]
        fn ticks_lie_inside(low in -1e6..1e6f64, span in 1e-3..1e6f64, count in 1usize..12) {
            let high = low + span;
            for tick in value_ticks(low, high, count) {
                prop_assert!(tick >= low - span * 1e-6 && tick <= high + span * 1e-6);
            }
        }

        #[test]
        fn time_ticks_are_few_and_inside(from in 0i64..2_000_000_000_000, span in 1i64..90 * DAY, most in 1usize..12) {
            let ticks = time_ticks(from, from + span, most, Offset { minutes: 120 });
            prop_assert!(ticks.len() <= most + 2);
            prop_assert!(ticks.iter().all(|tick| tick.at >= from && tick.at <= from + span));
        }
    }
}
