//! What has come in and is not on disk yet, and the newest values for graphs.
//!
//! Pure and quick: readings are put here under a short lock, and nobody who puts one ever waits
//! for the disk. A batch taken to be written stays visible here until it is known to be written,
//! so that an answer from memory and disk together has neither gap nor doubling: raw rows are told
//! apart by their id, aggregates by the number of the batch that wrote them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use house::{AreaId, Quantity, SensorEvent, Timestamp};

use crate::aggregate::{Aggregate, FIVE_MINUTES, HOUR, bucket_of};
use crate::batch::{Batch, Closed, Closing, Row};
use crate::logbook::Entry;
use crate::row_id::{self, RowIds};
use crate::series::{Series, SeriesBook, SeriesId};

/// How long after its end a bucket waits for late readings before it is closed.
const GRACE: Duration = Duration::from_secs(10);

/// How far aggregation has come on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Progress {
    pub(crate) number: i64,
    pub(crate) closed_until: i64,
    pub(crate) hour_closed_until: i64,
}

/// Bounds of what is kept in memory, and of what is taken.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// Rows that wait for the disk; beyond this the oldest are lost.
    pub(crate) rows: usize,
    /// Logbook entries that wait.
    pub(crate) entries: usize,
    /// Series.
    pub(crate) series: usize,
    /// Readings older than this are not taken.
    pub(crate) oldest: Duration,
}

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is in.
    Yes,
    /// It is older than what is kept.
    TooOld,
    /// It would be one series too many.
    TooManySeries,
}

/// Where a query in memory stands relative to the disk.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unwritten {
    /// Buckets that no batch has taken yet.
    pub(crate) open: Vec<(i64, Aggregate)>,
    /// Buckets of the batch that is being written, with its number.
    pub(crate) in_flight: Option<(i64, Vec<(i64, Aggregate)>)>,
    /// The number the next batch with aggregates will have: a disk that has it knows more.
    pub(crate) next_number: i64,
}

#[derive(Debug)]
pub(crate) struct Buffer {
    bounds: Bounds,
    ids: RowIds,
    series: SeriesBook,
    rows: Vec<Row>,
    entries: Vec<(i64, Entry)>,
    open: BTreeMap<i64, HashMap<SeriesId, Aggregate>>,
    in_flight: Option<Arc<Batch>>,
    /// As it will be when everything taken is written.
    progress: Progress,
    lost: u64,
}

impl Buffer {
    pub(crate) fn new(
        bounds: Bounds,
        ids: RowIds,
        stored: Vec<Series>,
        progress: Progress,
        open: Vec<Closed>,
        complete_since: Timestamp,
    ) -> Self {
        let mut buffer = Self {
            series: SeriesBook::new(stored, bounds.series, complete_since),
            bounds,
            ids,
            rows: Vec::new(),
            entries: Vec::new(),
            open: BTreeMap::new(),
            in_flight: None,
            progress,
            lost: 0,
        };
        for closed in open {
            buffer.aggregate(closed.bucket, closed.series, closed.aggregate);
        }
        buffer
    }

    /// Takes a sensor's event. A time in the future is a wrong clock: the time of receipt counts.
    pub(crate) fn take(&mut self, event: &SensorEvent, area: Option<&AreaId>, now: Timestamp) -> Taken {
        let at = event.at.filter(|at| *at <= now).unwrap_or(now);
        if at < now.before(self.bounds.oldest) || at.millis() < 0 {
            return Taken::TooOld;
        }
        let mut taken = Taken::Yes;
        for &(quantity, value) in &event.values {
            let Some(place) = self.series.place(&event.sensor_id, quantity) else {
                taken = Taken::TooManySeries;
                continue;
            };
            let id = self.ids.next(at);
            let series = self.series.measure(place, (id, value), at, area);
            self.aggregate(bucket_of(at, FIVE_MINUTES), series, Aggregate::of(value));
            self.rows.push(Row { id, series, value });
        }
        if self.rows.len() > self.bounds.rows {
            // A tenth at once, so that a long failure does not move the rest at every reading.
            let surplus = self.rows.len() - self.bounds.rows + self.bounds.rows / 10;
            self.rows.drain(..surplus);
            self.lost += surplus as u64;
        }
        taken
    }

    fn aggregate(&mut self, bucket: i64, series: SeriesId, aggregate: Aggregate) {
        self.open
            .entry(bucket)
            .or_default()
            .entry(series)
            .and_modify(|known| known.merge(aggregate))
            .or_insert(aggregate);
    }

    /// Takes a logbook entry.
    pub(crate) fn write_down(&mut self, entry: Entry) {
        let id = self.ids.next(entry.at);
        if self.entries.len() >= self.bounds.entries {
            self.entries.remove(0);
            self.lost += 1;
        }
        self.entries.push((id, entry));
    }

    /// How many rows wait.
    pub(crate) fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// How many rows and entries were lost because the disk failed for too long, since last asked.
    pub(crate) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    /// The batch to be written next: the one that failed, or all there is now.
    pub(crate) fn batch(&mut self, now: Timestamp) -> Option<Arc<Batch>> {
        if let Some(batch) = &self.in_flight {
            return Some(batch.clone());
        }
        let closing = self.close(now);
        let batch = Batch {
            series: self.series.take_changed(),
            rows: std::mem::take(&mut self.rows),
            entries: std::mem::take(&mut self.entries),
            closing,
        };
        if batch.is_empty() {
            return None;
        }
        let batch = Arc::new(batch);
        self.in_flight = Some(batch.clone());
        Some(batch)
    }

    /// The batch is on disk.
    pub(crate) fn written(&mut self) {
        self.in_flight = None;
    }

    fn close(&mut self, now: Timestamp) -> Option<Closing> {
        let settled = now.before(GRACE);
        let before = self.progress;
        let closed_until = before.closed_until.max(bucket_of(settled, FIVE_MINUTES));
        let hour_closed_until = before.hour_closed_until.max(bucket_of(settled, HOUR));
        let still_open = self.open.split_off(&closed_until);
        let due = std::mem::replace(&mut self.open, still_open);
        if due.is_empty() && closed_until == before.closed_until {
            return None;
        }
        // Hours that were summed up before and got late readings, and those that end now.
        let mut hours: Vec<std::ops::Range<i64>> = due
            .keys()
            .map(|bucket| bucket.div_euclid(HOUR) * HOUR)
            .filter(|hour| *hour < before.hour_closed_until)
            .map(|hour| hour..hour + HOUR)
            .collect();
        hours.dedup();
        if hour_closed_until > before.hour_closed_until {
            hours.push(before.hour_closed_until..hour_closed_until);
        }
        self.progress = Progress {
            number: before.number + 1,
            closed_until,
            hour_closed_until,
        };
        let buckets = due
            .into_iter()
            .flat_map(|(bucket, by_series)| {
                by_series.into_iter().map(move |(series, aggregate)| Closed {
                    bucket,
                    series,
                    aggregate,
                })
            })
            .collect();
        let newest = self
            .series
            .take_measured()
            .into_iter()
            .filter_map(|series| series.newest.map(|(at, value)| (series.id, at, value)))
            .collect();
        Some(Closing {
            number: self.progress.number,
            buckets,
            newest,
            closed_until,
            hours,
            hour_closed_until,
        })
    }

    /// Every series, as newest known.
    pub(crate) fn series(&self) -> &SeriesBook {
        &self.series
    }

    /// The id of a series.
    pub(crate) fn series_id(&self, sensor: &str, quantity: Quantity) -> Option<SeriesId> {
        Some(self.series.get(sensor, quantity)?.0.id)
    }

    /// All rows of `from..to`, or `None` when some are only on disk.
    pub(crate) fn recent(
        &self,
        sensor: &str,
        quantity: Quantity,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Vec<(i64, f64)>> {
        self.series.get(sensor, quantity)?.1.rows(from, to)
    }

    /// Rows of `from..to` that may not be on disk, in order.
    pub(crate) fn unwritten_rows(&self, series: SeriesId, from: Timestamp, to: Timestamp) -> Vec<(i64, f64)> {
        let range = row_id::first(from)..row_id::first(to);
        let in_flight = self.in_flight.iter().flat_map(|batch| &batch.rows);
        let mut rows: Vec<(i64, f64)> = in_flight
            .chain(&self.rows)
            .filter(|row| row.series == series && range.contains(&row.id))
            .map(|row| (row.id, row.value))
            .collect();
        rows.sort_unstable_by_key(|(id, _)| *id);
        rows
    }

    /// Logbook entries of `from..to` that may not be on disk.
    pub(crate) fn unwritten_entries(&self, from: Timestamp, to: Timestamp) -> Vec<(i64, Entry)> {
        let range = row_id::first(from)..row_id::first(to);
        let in_flight = self.in_flight.iter().flat_map(|batch| &batch.entries);
        in_flight
            .chain(&self.entries)
            .filter(|(id, _)| range.contains(id))
            .cloned()
            .collect()
    }

    /// 5-minute buckets that begin in `from..to` and may not be on disk.
    pub(crate) fn unwritten_buckets(&self, series: SeriesId, from: i64, to: i64) -> Unwritten {
        let open = self
            .open
            .range(from..to.max(from))
            .filter_map(|(bucket, by_series)| Some((*bucket, *by_series.get(&series)?)))
            .collect();
        let closing = self.in_flight.as_ref().and_then(|batch| batch.closing.as_ref());
        let in_flight = closing.map(|closing| {
            let buckets = closing
                .buckets
                .iter()
                .filter(|closed| closed.series == series && (from..to).contains(&closed.bucket))
                .map(|closed| (closed.bucket, closed.aggregate))
                .collect();
            (closing.number, buckets)
        });
        Unwritten {
            open,
            in_flight,
            next_number: self.progress.number + 1,
        }
    }
}

#[cfg(test)]
mod tests;
