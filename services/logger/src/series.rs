//! Which sensors measure what, each pair a series with a small number.

use std::collections::{BTreeSet, HashMap};

use house::{AreaId, Quantity, Timestamp};

use crate::window::Window;

/// A series' number in the tables.
pub(crate) type SeriesId = i64;

/// One quantity of one sensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    pub(crate) id: SeriesId,
    pub(crate) sensor: String,
    pub(crate) quantity: Quantity,
    pub(crate) area: Option<AreaId>,
    pub(crate) newest: Option<(Timestamp, f64)>,
}

/// Every series, with its newest values.
#[derive(Debug, Default)]
pub(crate) struct SeriesBook {
    all: Vec<(Series, Window)>,
    index_by_name: HashMap<String, Vec<(Quantity, usize)>>,
    next_id: SeriesId,
    most: usize,
    /// Made or moved since they were last taken to be stored.
    changed: BTreeSet<usize>,
    /// Measured since they were last taken.
    measured: BTreeSet<usize>,
}

impl SeriesBook {
    /// The series as stored; at most `most` are kept.
    pub(crate) fn new(stored: Vec<Series>, most: usize, complete_since: Timestamp) -> Self {
        let mut book = Self {
            most,
            next_id: 1,
            ..Self::default()
        };
        for series in stored {
            book.next_id = book.next_id.max(series.id + 1);
            book.insert(series, complete_since);
        }
        book
    }

    fn insert(&mut self, series: Series, complete_since: Timestamp) -> usize {
        let index = self.all.len();
        self.index_by_name
            .entry(series.sensor.clone())
            .or_default()
            .push((series.quantity, index));
        self.all.push((series, Window::new(complete_since)));
        index
    }

    /// The place of a series; a new one is made unless there are too many.
    pub(crate) fn place(&mut self, sensor: &str, quantity: Quantity) -> Option<usize> {
        if let Some(index) = self.find(sensor, quantity) {
            return Some(index);
        }
        if self.all.len() >= self.most {
            return None;
        }
        let series = Series {
            id: self.next_id,
            sensor: sensor.to_owned(),
            quantity,
            area: None,
            newest: None,
        };
        self.next_id += 1;
        // Late readings of a new series are in the window too: nothing of it is on disk.
        let index = self.insert(series, Timestamp(0));
        self.changed.insert(index);
        Some(index)
    }

    fn find(&self, sensor: &str, quantity: Quantity) -> Option<usize> {
        let of_sensor = self.index_by_name.get(sensor)?;
        of_sensor.iter().find(|(q, _)| *q == quantity).map(|(_, index)| *index)
    }

    /// Takes a value at its place; gives the series' id.
    pub(crate) fn measure(&mut self, index: usize, row: (i64, f64), at: Timestamp, area: Option<&AreaId>) -> SeriesId {
        let capacity = self.window_capacity();
        let Some((series, window)) = self.all.get_mut(index) else {
            return 0;
        };
        window.push(row.0, row.1, capacity);
        if series.newest.is_none_or(|(newest, _)| newest <= at) {
            series.newest = Some((at, row.1));
            self.measured.insert(index);
        }
        if area.is_some() && series.area.as_ref() != area {
            series.area = area.cloned();
            self.changed.insert(index);
        }
        series.id
    }

    /// So many rows a window holds that all of them together stay small.
    fn window_capacity(&self) -> usize {
        const MOST_IN_ALL: usize = 120_000;
        const MOST_IN_ONE: usize = 1440;
        (MOST_IN_ALL / self.all.len().max(1)).clamp(16, MOST_IN_ONE)
    }

    /// One series and its newest values.
    pub(crate) fn get(&self, sensor: &str, quantity: Quantity) -> Option<(&Series, &Window)> {
        let (series, window) = self.all.get(self.find(sensor, quantity)?)?;
        Some((series, window))
    }

    /// What a sensor measures, in the order of [`Quantity`].
    pub(crate) fn quantities(&self, sensor: &str) -> Vec<Quantity> {
        let mut quantities: Vec<Quantity> = self
            .index_by_name
            .get(sensor)
            .into_iter()
            .flatten()
            .map(|(quantity, _)| *quantity)
            .collect();
        quantities.sort_unstable();
        quantities
    }

    /// Every series.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Series> {
        self.all.iter().map(|(series, _)| series)
    }

    /// Series made or moved since the last time.
    pub(crate) fn take_changed(&mut self) -> Vec<Series> {
        self.take(|book| std::mem::take(&mut book.changed))
    }

    /// Series measured since the last time.
    pub(crate) fn take_measured(&mut self) -> Vec<Series> {
        self.take(|book| std::mem::take(&mut book.measured))
    }

    fn take(&mut self, which: impl FnOnce(&mut Self) -> BTreeSet<usize>) -> Vec<Series> {
        let indices = which(self);
        indices
            .into_iter()
            .filter_map(|index| self.all.get(index).map(|(series, _)| series.clone()))
            .collect()
    }
}
