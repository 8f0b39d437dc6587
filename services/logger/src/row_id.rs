//! Row ids that are times: milliseconds × 2²⁰ plus a counter.
//!
//! A table keyed by such ids is its own time index. Twenty bits tell a million rows of one
//! millisecond apart; 43 bits of milliseconds reach the year 2248.

use house::Timestamp;

const COUNTER_BITS: u32 = 20;
const LATEST: i64 = (1 << (63 - COUNTER_BITS)) - 1;

/// The smallest id of that moment; ids of a time range are `first(from)..first(to)`.
pub(crate) fn first(at: Timestamp) -> i64 {
    at.millis().clamp(0, LATEST) << COUNTER_BITS
}

/// The moment of a row.
pub(crate) fn moment(id: i64) -> Timestamp {
    Timestamp(id >> COUNTER_BITS)
}

/// Where the counter begins anew at the next millisecond.
const HALF: i64 = 1 << (COUNTER_BITS - 1);

/// Gives ids, never the same twice until the counter has gone round within one millisecond. Those
/// of readings that come in the order of time are in the order in which they came.
#[derive(Debug)]
pub(crate) struct RowIds {
    counter: i64,
    start: i64,
    newest: Timestamp,
}

impl RowIds {
    /// `start` should differ from start to start, so that a late reading of the same millisecond as
    /// one from before the restart does not get its id.
    pub(crate) fn new(start: i64) -> Self {
        let start = start & (HALF - 1);
        Self {
            counter: start,
            start,
            newest: Timestamp(i64::MIN),
        }
    }

    pub(crate) fn next(&mut self, at: Timestamp) -> i64 {
        if at > self.newest {
            self.newest = at;
            // Going round in the middle of a millisecond would put what comes next before it.
            if self.counter >= HALF {
                self.counter = self.start;
            }
        }
        self.counter = (self.counter + 1) & ((1 << COUNTER_BITS) - 1);
        first(at) | self.counter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_the_order_of_time_and_know_it() {
        let mut ids = RowIds::new(1_048_570);
        let at = Timestamp(1_777_793_400_250);
        let given: Vec<i64> = (0..100).map(|_| ids.next(at)).collect();
        assert!(
            given
                .iter()
                .all(|id| moment(*id) == at && *id >= first(at) && *id < first(Timestamp(at.0 + 1)))
        );
        assert_eq!(given.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
        assert!(ids.next(Timestamp(at.0 + 1)) > given[99]);
        assert_eq!(first(Timestamp(-5)), 0);
        assert!(first(Timestamp(i64::MAX)) > 0);
    }

    #[test]
    fn ids_given_in_the_order_of_time_grow_however_many_there_are() {
        let mut ids = RowIds::new(12_345);
        let mut last = -1;
        for number in 0..3_000_000_i64 {
            let id = ids.next(Timestamp(number / 271));
            assert!(id > last, "reading {number}");
            last = id;
        }
    }
}
