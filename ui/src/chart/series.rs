//! A stretch of history: the points of one quantity, and when an actuator ran meanwhile.

use house::{Quantity, SensorId};
use serde::Deserialize;
use serde::de::{Deserializer, Error};

use crate::logbook::LogEntry;

/// One point: `[at_ms, value]`, or `[at_ms, value, min, max]` for an aggregate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) at: i64,
    pub(crate) value: f64,
    pub(crate) range: Option<(f64, f64)>,
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers = Vec::<Option<f64>>::deserialize(deserializer)?;
        let number = |index: usize| numbers.get(index).copied().flatten();
        let (Some(at), Some(value)) = (number(0), number(1)) else {
            return Err(D::Error::custom("a point is [at, value] or [at, value, min, max]"));
        };
        Ok(Self {
            at: at as i64,
            value,
            range: number(2).zip(number(3)),
        })
    }
}

/// No chart is shorter: two minutes.
const LEAST_SPAN: i64 = 120_000;

/// What `history.readings` gives.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Series {
    #[serde(default)]
    pub(crate) sensor: SensorId,
    pub(crate) quantity: Option<Quantity>,
    #[serde(default)]
    pub(crate) points: Vec<Point>,
}

impl Series {
    /// From how long a silence on the line is broken: a few times the usual distance.
    pub(crate) fn gap(&self) -> i64 {
        let mut distances: Vec<i64> = self.points.windows(2).map(|pair| pair[1].at - pair[0].at).collect();
        if distances.is_empty() {
            return i64::MAX;
        }
        let middle = distances.len() / 2;
        let (_, median, _) = distances.select_nth_unstable(middle);
        (*median).saturating_mul(5).max(10 * 60_000)
    }

    /// Where a chart of `from..to` begins: where it was asked to, or shortly before the first
    /// point when less than half would be filled.
    pub(crate) fn start(&self, from: i64, to: i64) -> i64 {
        let first = self.points.iter().map(|point| point.at).find(|at| *at >= from);
        let Some(first) = first.filter(|first| (to - first) * 2 < to - from) else {
            return from;
        };
        (first - (to - first) / 20).min(to - LEAST_SPAN).max(from)
    }

    /// Takes a point heard live.
    pub(crate) fn push(&mut self, at: i64, value: f64) {
        if self.points.last().is_none_or(|last| last.at < at) {
            self.points.push(Point { at, value, range: None });
        }
    }

    /// The point nearest in time.
    pub(crate) fn nearest(&self, at: i64) -> Option<&Point> {
        let after = self.points.partition_point(|point| point.at < at);
        let candidates = [after.checked_sub(1), Some(after)];
        candidates
            .into_iter()
            .flatten()
            .filter_map(|index| self.points.get(index))
            .min_by_key(|point| (point.at - at).abs())
    }

    /// Lowest and highest value.
    pub(crate) fn extent(&self) -> Option<(f64, f64)> {
        let lows = self
            .points
            .iter()
            .map(|point| point.range.map_or(point.value, |(min, _)| min));
        let highs = self
            .points
            .iter()
            .map(|point| point.range.map_or(point.value, |(_, max)| max));
        Some((lows.reduce(f64::min)?, highs.reduce(f64::max)?))
    }
}

/// A time an actuator ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// When one actuator ran between `from` and `to`, from logbook lines in any order. A line that
/// says off without one that says on before means it ran since before `from`.
pub(crate) fn runs_of<'a>(lines: impl Iterator<Item = &'a LogEntry>, from: i64, to: i64) -> Vec<Run> {
    let mut changes: Vec<(i64, bool)> = lines.filter_map(|line| Some((line.at.0, line.on?))).collect();
    changes.sort_by_key(|(at, _)| *at);
    let mut runs: Vec<Run> = Vec::new();
    let mut since = changes.first().filter(|(_, on)| !on).map(|_| from);
    for (at, on) in changes {
        match (on, since) {
            (true, None) => since = Some(at),
            (false, Some(start)) => {
                runs.push(Run { from: start, to: at });
                since = None;
            }
            _ => {}
        }
    }
    if let Some(start) = since {
        runs.push(Run { from: start, to });
    }
    runs.retain(|run| run.to > from && run.from < to);
    for run in &mut runs {
        run.from = run.from.max(from);
        run.to = run.to.min(to);
    }
    runs
}

#[cfg(test)]
mod tests {
    use house::Timestamp;

    use super::*;

    fn series(points: &[(i64, f64)]) -> Series {
        let points = points
            .iter()
            .map(|&(at, value)| Point { at, value, range: None })
            .collect();
        Series {
            sensor: "s".into(),
            quantity: Some(Quantity::Temperature),
            points,
        }
    }

    fn line(at: i64, on: bool) -> LogEntry {
        LogEntry {
            on: Some(on),
            ..LogEntry::of_text(Timestamp(at), "actuator", String::new())
        }
    }

    #[test]
    fn points_are_read_with_and_without_range() {
        let series: Series = serde_json::from_str(
            r#"{"sensor":"s","quantity":"humidity","unit":"%","resolution":"5min","points":[[1000,5],[2000,6.5,6,7],[3000,1,null,null]]}"#,
        )
        .unwrap();
        assert_eq!(
            series.points[1],
            Point {
                at: 2000,
                value: 6.5,
                range: Some((6.0, 7.0))
            }
        );
        assert_eq!(series.points[2].range, None);
        assert_eq!(series.extent(), Some((1.0, 7.0)));
        assert!(serde_json::from_str::<Point>("[1]").is_err());
    }

    #[test]
    fn the_nearest_point_is_found() {
        let series = series(&[(0, 1.0), (100, 2.0), (200, 3.0)]);
        for (at, value) in [(-50, 1.0), (40, 1.0), (60, 2.0), (1000, 3.0)] {
            assert_eq!(series.nearest(at).unwrap().value, value, "{at}");
        }
        assert!(
            Series {
                sensor: String::new(),
                quantity: None,
                points: vec![]
            }
            .nearest(0)
            .is_none()
        );
    }

    #[test]
    fn a_chart_of_a_new_sensor_begins_where_the_sensor_does() {
        let hour = 3_600_000;
        assert_eq!(series(&[(0, 1.0)]).start(0, hour), 0);
        assert_eq!(series(&[(hour / 3, 1.0)]).start(0, hour), 0);
        assert_eq!(series(&[(hour - 400_000, 1.0)]).start(0, hour), hour - 420_000);
        assert_eq!(series(&[(hour - 1000, 1.0)]).start(0, hour), hour - LEAST_SPAN);
        assert_eq!(series(&[]).start(0, hour), 0);
    }

    #[test]
    fn runs_come_from_the_logbook() {
        let run = |from, to| Run { from, to };
        let runs = |lines: &[LogEntry]| runs_of(lines.iter(), 100, 1000);
        assert_eq!(
            runs(&[line(300, false), line(200, true), line(900, true)]),
            [run(200, 300), run(900, 1000)]
        );
        assert_eq!(runs(&[line(300, false)]), [run(100, 300)]);
        assert_eq!(runs(&[line(10, true), line(20, false)]), []);
        assert_eq!(runs(&[line(10, true)]), [run(100, 1000)]);
    }

    #[test]
    fn a_live_point_only_goes_to_the_end() {
        let mut series = series(&[(0, 1.0)]);
        series.push(10, 2.0);
        series.push(5, 9.0);
        assert_eq!(series.points.len(), 2);
    }
}
