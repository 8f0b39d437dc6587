//! The newest values of one series, in memory for graphs.

use std::collections::VecDeque;

use house::Timestamp;

use crate::row_id;

/// The newest rows of a series; all there are since `complete_since`.
#[derive(Debug)]
pub(crate) struct Window {
    rows: VecDeque<(i64, f64)>,
    complete_since: Timestamp,
}

impl Window {
    /// An empty window that will hold all that comes from `now` on.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            rows: VecDeque::new(),
            complete_since: now,
        }
    }

    /// Takes a row, and drops the oldest beyond `capacity`.
    pub(crate) fn push(&mut self, id: i64, value: f64, capacity: usize) {
        // Nearly always at the end; a late reading goes where it belongs.
        let later = self.rows.iter().rev().take_while(|(other, _)| *other > id).count();
        self.rows.insert(self.rows.len() - later, (id, value));
        while self.rows.len() > capacity {
            if let Some((dropped, _)) = self.rows.pop_front() {
                let after = Timestamp(row_id::moment(dropped).millis().saturating_add(1));
                self.complete_since = self.complete_since.max(after);
            }
        }
    }

    /// Rows of `from..to`, or `None` when some of them may be only on disk.
    pub(crate) fn rows(&self, from: Timestamp, to: Timestamp) -> Option<Vec<(i64, f64)>> {
        if from < self.complete_since {
            return None;
        }
        let (first, end) = (row_id::first(from), row_id::first(to));
        let begin = self.rows.partition_point(|(id, _)| *id < first);
        Some(
            self.rows
                .range(begin..)
                .take_while(|(id, _)| *id < end)
                .copied()
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_answers_only_for_what_it_holds_wholly() {
        let mut window = Window::new(Timestamp(100));
        let mut ids = row_id::RowIds::new(0);
        for at in [101, 103, 102, 104] {
            window.push(ids.next(Timestamp(at)), at as f64, 3);
        }
        assert_eq!(window.rows(Timestamp(101), Timestamp(200)), None, "101 was dropped");
        let rows = window.rows(Timestamp(102), Timestamp(104)).unwrap();
        assert_eq!(rows.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [102.0, 103.0]);
    }
}
