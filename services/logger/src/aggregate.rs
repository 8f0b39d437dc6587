//! What is left of many values: smallest, largest, mean, and how many they were.

use std::time::Duration;

use house::Timestamp;

/// The width of the finer aggregates in milliseconds.
pub(crate) const FIVE_MINUTES: i64 = 300_000;
/// The width of the coarser ones.
pub(crate) const HOUR: i64 = 3_600_000;

/// One bucket of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) min: f64,
    pub(crate) max: f64,
    pub(crate) mean: f64,
    pub(crate) count: i64,
}

impl Aggregate {
    pub(crate) fn of(value: f64) -> Self {
        Self {
            min: value,
            max: value,
            mean: value,
            count: 1,
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        let count = self.count + other.count;
        if count <= 0 {
            return;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.mean += (other.mean - self.mean) * (other.count as f64 / count as f64);
        self.count = count;
    }
}

/// The start of the bucket of this width that `at` falls into.
pub(crate) fn bucket_of(at: Timestamp, width: i64) -> i64 {
    at.millis().div_euclid(width) * width
}

/// A duration as whole milliseconds.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn merging_in_any_split_is_the_same(values in prop::collection::vec(-1e6..1e6f64, 1..50), split in 0..50usize) {
            let whole = |values: &[f64]| {
                let mut all = values.iter().map(|v| Aggregate::of(*v));
                let mut sum = all.next()?;
                all.for_each(|one| sum.merge(one));
                Some(sum)
            };
            let (left, right) = values.split_at(split.min(values.len()));
            let merged = match (whole(left), whole(right)) {
                (Some(mut left), Some(right)) => { left.merge(right); left }
                (left, right) => left.or(right).unwrap(),
            };
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!((merged.mean - mean).abs() < 1e-6);
            prop_assert_eq!(merged.count, values.len() as i64);
            prop_assert_eq!(merged.min, values.iter().copied().fold(f64::INFINITY, f64::min));
            prop_assert_eq!(merged.max, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        }
    }

    #[test]
    fn buckets_begin_on_the_clock() {
        assert_eq!(bucket_of(Timestamp(300_001), FIVE_MINUTES), 300_000);
        assert_eq!(bucket_of(Timestamp(-1), FIVE_MINUTES), -300_000);
    }
}
