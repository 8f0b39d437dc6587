//! Many points made few.

use serde::{Serialize, Serializer};

use crate::aggregate::Aggregate;

/// A point of an answer: `[at, value]`, or `[at, mean, min, max]` for what stands for several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Point {
    Single(i64, f64),
    Several(i64, Aggregate),
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Single(at, value) => (at, value).serialize(serializer),
            Self::Several(at, all) => (at, all.mean, all.min, all.max).serialize(serializer),
        }
    }
}

/// One point for each `step` milliseconds that has any; `points` come in the order of time.
pub(crate) fn fold(points: impl IntoIterator<Item = (i64, Aggregate)>, step: i64) -> Vec<Point> {
    let mut folded: Vec<(i64, Aggregate)> = Vec::new();
    for (at, aggregate) in points {
        let bucket = at.div_euclid(step) * step;
        match folded.last_mut() {
            Some((last, sum)) if *last == bucket => sum.merge(aggregate),
            _ => folded.push((bucket, aggregate)),
        }
    }
    folded.into_iter().map(|(at, all)| Point::Several(at, all)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_has_one_point_with_its_extremes() {
        let points = [(0, 1.0), (10, 3.0), (95, 5.0), (100, 7.0)].map(|(at, value)| (at, Aggregate::of(value)));
        let folded = fold(points, 50);
        assert_eq!(
            serde_json::to_string(&folded).unwrap(),
            "[[0,2.0,1.0,3.0],[50,5.0,5.0,5.0],[100,7.0,7.0,7.0]]"
        );
        assert_eq!(serde_json::to_string(&Point::Single(5, 1.5)).unwrap(), "[5,1.5]");
    }
}
