//! Charts as numbers: scales, ticks, paths. Drawing them is the components' work.

mod scale;
mod series;

pub(crate) use scale::{ValueAxis, decimals_for, time_ticks, value_ticks};
pub(crate) use series::{Point, Run, Series, runs_of};

/// Turns values into places on a plot; `y` grows downwards as SVG has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Plot {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Plot {
    /// Where a moment lies.
    pub(crate) fn x(&self, at: i64) -> f64 {
        let span = (self.to - self.from).max(1) as f64;
        self.left + (at - self.from) as f64 / span * self.width
    }

    /// Where a value lies.
    pub(crate) fn y(&self, value: f64) -> f64 {
        let span = if self.high > self.low {
            self.high - self.low
        } else {
            1.0
        };
        self.top + (self.high - value) / span * self.height
    }

    /// The moment at a place.
    pub(crate) fn at(&self, x: f64) -> i64 {
        let part = ((x - self.left) / self.width.max(1.0)).clamp(0.0, 1.0);
        self.from + (part * (self.to - self.from) as f64) as i64
    }

    /// A line through `points`, broken where `gap` milliseconds or more have no point.
    pub(crate) fn line(&self, points: impl Iterator<Item = (i64, f64)>, gap: i64) -> String {
        let mut path = String::new();
        let mut last = None;
        for (at, value) in points {
            let command = if last.is_none_or(|last| at - last >= gap) {
                'M'
            } else {
                'L'
            };
            path.push_str(&format!("{command}{:.1} {:.1}", self.x(at), self.y(value)));
            last = Some(at);
        }
        path
    }

    /// The outline between the lowest and the highest of aggregates; empty when there are none.
    pub(crate) fn band(&self, points: &[Point], gap: i64) -> String {
        let mut path = String::new();
        for part in points.chunk_by(|a, b| b.at - a.at < gap) {
            let with_range: Vec<(i64, f64, f64)> = part
                .iter()
                .filter_map(|point| point.range.map(|(min, max)| (point.at, min, max)))
                .collect();
            if with_range.len() < 2 {
                continue;
            }
            let over = with_range.iter().map(|(at, _, max)| (*at, *max));
            let under = with_range.iter().rev().map(|(at, min, _)| (*at, *min));
            for (index, (at, value)) in over.chain(under).enumerate() {
                let command = if index == 0 { 'M' } else { 'L' };
                path.push_str(&format!("{command}{:.1} {:.1}", self.x(at), self.y(value)));
            }
            path.push('Z');
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        Plot {
            left: 10.0,
            top: 0.0,
            width: 100.0,
            height: 50.0,
            from: 0,
            to: 1000,
            low: 0.0,
            high: 10.0,
        }
    }

    #[test]
    fn values_have_places_and_places_have_moments() {
        let plot = plot();
        assert_eq!((plot.x(500), plot.y(10.0), plot.y(0.0)), (60.0, 0.0, 50.0));
        assert_eq!((plot.at(60.0), plot.at(-5.0), plot.at(999.0)), (500, 0, 1000));
    }

    #[test]
    fn a_line_breaks_where_nothing_was_heard() {
        let path = plot().line([(0, 5.0), (100, 5.0), (900, 5.0)].into_iter(), 400);
        assert_eq!(path, "M10.0 25.0L20.0 25.0M100.0 25.0");
    }

    #[test]
    fn a_band_lies_between_lowest_and_highest() {
        let points = [
            Point {
                at: 0,
                value: 5.0,
                range: Some((0.0, 10.0)),
            },
            Point {
                at: 1000,
                value: 5.0,
                range: Some((0.0, 10.0)),
            },
        ];
        assert_eq!(plot().band(&points, 2000), "M10.0 0.0L110.0 0.0L110.0 50.0L10.0 50.0Z");
        assert_eq!(plot().band(&points[..1], 2000), "");
    }

    #[test]
    fn a_flat_plot_divides_by_nothing() {
        let flat = Plot {
            low: 5.0,
            high: 5.0,
            from: 7,
            to: 7,
            ..plot()
        };
        assert!(flat.x(7).is_finite() && flat.y(5.0).is_finite());
    }
}
