//! The recent past of one series: what a sparkline draws.

use std::collections::VecDeque;

use house::Timestamp;

const MOST_POINTS: usize = 240;

/// Points in time order, the newest few hundred.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Trend {
    points: VecDeque<(Timestamp, f64)>,
}

impl Trend {
    /// Takes a newer point.
    pub(crate) fn push(&mut self, at: Timestamp, value: f64) {
        match self.points.back_mut() {
            Some(last) if last.0 == at => last.1 = value,
            Some(last) if last.0 > at => {}
            _ => self.points.push_back((at, value)),
        }
        if self.points.len() > MOST_POINTS {
            self.points.pop_front();
        }
    }

    /// Takes older points, in time order; those not older than what is there are left out.
    pub(crate) fn prepend(&mut self, older: Vec<(Timestamp, f64)>) {
        let first = self.points.front().map(|(at, _)| *at);
        let room = MOST_POINTS.saturating_sub(self.points.len());
        for point in older
            .into_iter()
            .rev()
            .filter(|(at, _)| first.is_none_or(|first| *at < first))
            .take(room)
        {
            self.points.push_front(point);
        }
    }

    /// The points, oldest first.
    pub(crate) fn points(&self) -> impl DoubleEndedIterator<Item = (Timestamp, f64)> + '_ {
        self.points.iter().copied()
    }

    /// How many points there are.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// Which way it goes over the last `span_ms`: the difference between the newest value and the
    /// one then, or `None` while too little is known.
    pub(crate) fn slope(&self, span_ms: i64) -> Option<f64> {
        let (newest_at, newest) = *self.points.back()?;
        let (then, before) = *self.points.iter().find(|(at, _)| newest_at.0 - at.0 <= span_ms)?;
        (newest_at.0 - then.0 >= span_ms / 3).then_some(newest - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    #[test]
    fn the_past_goes_before_what_was_heard_live() {
        let mut trend = Trend::default();
        trend.push(at(100), 20.0);
        trend.push(at(90), 1.0);
        trend.prepend(vec![(at(80), 18.0), (at(95), 19.0), (at(100), 99.0), (at(120), 99.0)]);
        let points: Vec<_> = trend.points().collect();
        assert_eq!(points, [(at(80), 18.0), (at(95), 19.0), (at(100), 20.0)]);
    }

    #[test]
    fn only_the_newest_points_are_kept() {
        let mut trend = Trend::default();
        for second in 0..1000 {
            trend.push(at(second), second as f64);
        }
        assert_eq!(trend.len(), MOST_POINTS);
        assert_eq!(trend.points().last(), Some((at(999), 999.0)));
    }

    #[test]
    fn a_rise_is_seen_once_there_is_enough_of_it() {
        let mut trend = Trend::default();
        trend.push(at(0), 20.0);
        assert_eq!(trend.slope(600_000), None);
        trend.push(at(300), 21.5);
        assert_eq!(trend.slope(600_000), Some(1.5));
    }
}
