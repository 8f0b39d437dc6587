//! How the logger works.

use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// What is kept, and for how long.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Readings are written so often; a power cut costs at most so much.
    pub commit_interval: Duration,
    /// Readings are written earlier when so many wait.
    pub commit_rows: usize,
    /// Every single reading is kept so long.
    pub keep_readings: Duration,
    /// 5-minute aggregates are kept so long; hourly ones for good.
    pub keep_five_minutes: Duration,
    /// The logbook is kept so long.
    pub keep_events: Duration,
    /// How often what is older is deleted.
    pub tidy_interval: Duration,
    /// So many readings wait in memory while the disk fails; then the oldest are lost.
    pub most_waiting: usize,
    /// So many series (quantities of sensors) are kept apart.
    pub most_series: usize,
    /// The most points in an answer that is not progressive.
    pub most_points: usize,
    /// The most points in all parts of a progressive answer.
    pub most_points_progressive: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            commit_interval: Duration::from_secs(5),
            commit_rows: 20_000,
            keep_readings: 10 * DAY,
            keep_five_minutes: 60 * DAY,
            keep_events: 365 * DAY,
            tidy_interval: Duration::from_secs(3600),
            most_waiting: 200_000,
            most_series: 20_000,
            most_points: 2000,
            most_points_progressive: 50_000,
        }
    }
}
