//! What one transaction writes.

use house::{AreaId, Timestamp};

use crate::aggregate::Aggregate;
use crate::logbook::Entry;
use crate::series::{Series, SeriesId};

/// A raw reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) series: SeriesId,
    pub(crate) value: f64,
}

/// One closed 5-minute bucket of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Closed {
    pub(crate) bucket: i64,
    pub(crate) series: SeriesId,
    pub(crate) aggregate: Aggregate,
}

/// What a transaction writes besides raw rows when time has closed buckets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Closing {
    /// Counts these; see the table `aggregation`.
    pub(crate) number: i64,
    /// Buckets to be merged with what is stored.
    pub(crate) buckets: Vec<Closed>,
    /// The newest value of every series measured since the last time.
    pub(crate) newest: Vec<(SeriesId, Timestamp, f64)>,
    /// How far buckets are closed after this.
    pub(crate) closed_until: i64,
    /// Hours to be summed up anew from 5-minute buckets, as ranges of their starts.
    pub(crate) hours: Vec<std::ops::Range<i64>>,
    /// How far hours are closed after this.
    pub(crate) hour_closed_until: i64,
}

/// What one transaction writes; kept until it has succeeded.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Batch {
    pub(crate) series: Vec<Series>,
    pub(crate) rows: Vec<Row>,
    pub(crate) entries: Vec<(i64, Entry)>,
    pub(crate) closing: Option<Closing>,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.series.is_empty() && self.rows.is_empty() && self.entries.is_empty() && self.closing.is_none()
    }
}

impl Series {
    pub(crate) fn area_text(&self) -> Option<&str> {
        self.area.as_ref().map(AreaId::as_str)
    }
}
