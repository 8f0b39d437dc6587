//! Stretches of history from memory and disk together, without gap or doubling.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use database::{Database, DatabaseError};
use house::{Quantity, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use crate::aggregate::{Aggregate, FIVE_MINUTES, HOUR, bucket_of};
use crate::buffer::{Buffer, Progress, Unwritten};
use crate::fold::{Point, fold};
use crate::logbook::{Entry, on_of};
use crate::plan::{Plan, Source};
use crate::request::EventsRequest;
use crate::row_id;
use crate::series::SeriesId;
use crate::store;

/// How often a reading is begun anew because a batch was written meanwhile. Batches with
/// aggregates come every few seconds at most, a reading takes milliseconds.
const ATTEMPTS: usize = 8;

/// The buffer and the tables, as one.
#[derive(Debug, Clone)]
pub(crate) struct History {
    pub(crate) database: Database,
    pub(crate) buffer: Arc<Mutex<Buffer>>,
}

/// One quantity of one sensor.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) sensor: String,
    pub(crate) quantity: Quantity,
    pub(crate) series: SeriesId,
}

type Buckets = BTreeMap<i64, Aggregate>;

impl History {
    pub(crate) fn buffer(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The points of one slice of an answer.
    pub(crate) async fn points(
        &self,
        subject: &Subject,
        plan: Plan,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Point>, DatabaseError> {
        match plan.source {
            Source::Raw => {
                let rows = self.raw(subject, from, to).await?;
                let rows = rows.into_iter().map(|(id, value)| (row_id::moment(id).millis(), value));
                Ok(match plan.step {
                    0 => rows.map(|(at, value)| Point::Single(at, value)).collect(),
                    step => fold(rows.map(|(at, value)| (at, Aggregate::of(value))), step),
                })
            }
            Source::FiveMinutes => Ok(fold(self.five_minutes(subject, from, to).await?, plan.step)),
            Source::Hours => Ok(fold(self.hours(subject, from, to).await?, plan.step)),
        }
    }

    /// How many readings there are at most in `from..to`.
    pub(crate) async fn count(&self, subject: &Subject, from: Timestamp, to: Timestamp) -> Result<u64, DatabaseError> {
        if let Some(rows) = self.buffer().recent(&subject.sensor, subject.quantity, from, to) {
            return Ok(rows.len() as u64);
        }
        let buckets = self.five_minutes(subject, from, to).await?;
        Ok(buckets.values().map(|all| u64::try_from(all.count).unwrap_or(0)).sum())
    }

    async fn raw(&self, subject: &Subject, from: Timestamp, to: Timestamp) -> Result<Vec<(i64, f64)>, DatabaseError> {
        // Memory first: what is written between the two is then in both, and told apart by its id.
        let unwritten = {
            let buffer = self.buffer();
            if let Some(rows) = buffer.recent(&subject.sensor, subject.quantity, from, to) {
                return Ok(rows);
            }
            buffer.unwritten_rows(subject.series, from, to)
        };
        let mut rows: Vec<(i64, f64)> =
            sqlx::query_as("SELECT id, value FROM reading WHERE id >= ?1 AND id < ?2 AND series = ?3 ORDER BY id")
                .bind(row_id::first(from))
                .bind(row_id::first(to))
                .bind(subject.series)
                .fetch_all(self.database.read())
                .await?;
        rows.extend(unwritten);
        rows.sort_unstable_by_key(|(id, _)| *id);
        rows.dedup_by_key(|(id, _)| *id);
        Ok(rows)
    }

    /// 5-minute buckets that overlap `from..to`.
    async fn five_minutes(&self, subject: &Subject, from: Timestamp, to: Timestamp) -> Result<Buckets, DatabaseError> {
        let from = bucket_of(from, FIVE_MINUTES);
        self.buckets(subject.series, FIVE_MINUTES, from, to.millis()).await
    }

    /// Hours that overlap `from..to`; the newest from 5-minute buckets.
    async fn hours(&self, subject: &Subject, from: Timestamp, to: Timestamp) -> Result<Buckets, DatabaseError> {
        let from = bucket_of(from, HOUR);
        self.buckets(subject.series, HOUR, from, to.millis()).await
    }

    /// Buckets of `width`: what is on disk, and what memory has beside exactly that.
    async fn buckets(&self, series: SeriesId, width: i64, from: i64, to: i64) -> Result<Buckets, DatabaseError> {
        let mut buckets = Buckets::new();
        for _ in 0..ATTEMPTS {
            let Unwritten {
                open,
                in_flight,
                next_number,
            } = self.buffer().unwritten_buckets(series, from, to);
            // One transaction sees one state of the file.
            let mut transaction = self.database.read().begin().await?;
            let progress = store::progress(&mut transaction).await?;
            buckets = stored(&mut transaction, progress, series, width, from, to).await?;
            transaction.commit().await?;
            merge(&mut buckets, open, width);
            if let Some((_, being_written)) = in_flight.filter(|(number, _)| *number > progress.number) {
                merge(&mut buckets, being_written, width);
            }
            if progress.number < next_number {
                break;
            }
        }
        Ok(buckets)
    }

    /// Logbook entries, newest first.
    pub(crate) async fn entries(
        &self,
        request: &EventsRequest,
        from: Timestamp,
        to: Timestamp,
        limit: i64,
    ) -> Result<Vec<Entry>, DatabaseError> {
        let area = request.area.as_ref().map(house::AreaId::as_str);
        let (kind, device) = (request.kind.as_deref(), request.device.as_deref());
        let fits = |wanted: Option<&str>, is: Option<&str>| wanted.is_none() || wanted == is;
        let mut entries: Vec<(i64, Entry)> = self.buffer().unwritten_entries(from, to);
        entries.retain(|(_, entry)| {
            fits(kind, Some(&entry.kind)) && fits(area, entry.area.as_deref()) && fits(device, entry.device.as_deref())
        });
        let rows = sqlx::query(
            "SELECT id, kind, area, device, text, detail FROM event WHERE id >= ?1 AND id < ?2 \
             AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR area = ?4) AND (?5 IS NULL OR device = ?5) \
             ORDER BY id DESC LIMIT ?6",
        )
        .bind(row_id::first(from))
        .bind(row_id::first(to))
        .bind(kind)
        .bind(area)
        .bind(device)
        .bind(limit)
        .fetch_all(self.database.read())
        .await?;
        for row in rows {
            let id: i64 = row.try_get("id")?;
            let detail: String = row.try_get("detail")?;
            let detail = serde_json::from_str(&detail).unwrap_or_default();
            let entry = Entry {
                at: row_id::moment(id),
                kind: row.try_get("kind")?,
                area: row.try_get("area")?,
                device: row.try_get("device")?,
                on: on_of(&detail),
                text: row.try_get("text")?,
                detail,
            };
            entries.push((id, entry));
        }
        entries.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        entries.dedup_by_key(|(id, _)| *id);
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }
}

fn merge(into: &mut Buckets, from: impl IntoIterator<Item = (i64, Aggregate)>, width: i64) {
    for (bucket, aggregate) in from {
        into.entry(bucket.div_euclid(width) * width)
            .and_modify(|known| known.merge(aggregate))
            .or_insert(aggregate);
    }
}

async fn stored(
    connection: &mut SqliteConnection,
    progress: Progress,
    series: SeriesId,
    width: i64,
    from: i64,
    to: i64,
) -> Result<Buckets, sqlx::Error> {
    const FIVE_MINUTE_BUCKETS: &str =
        "SELECT bucket, min, max, mean, count FROM reading_5min WHERE bucket >= ?2 AND bucket < ?3 AND series = ?1";
    const HOUR_BUCKETS: &str =
        "SELECT bucket, min, max, mean, count FROM reading_1h WHERE series = ?1 AND bucket >= ?2 AND bucket < ?3";
    if width == FIVE_MINUTES {
        return select(connection, FIVE_MINUTE_BUCKETS, series, from, to).await;
    }
    let closed = progress.hour_closed_until;
    let mut buckets = select(connection, HOUR_BUCKETS, series, from, to.min(closed)).await?;
    let open = select(connection, FIVE_MINUTE_BUCKETS, series, from.max(closed), to).await?;
    merge(&mut buckets, open, width);
    Ok(buckets)
}

async fn select(
    connection: &mut SqliteConnection,
    sql: &'static str,
    series: SeriesId,
    from: i64,
    to: i64,
) -> Result<Buckets, sqlx::Error> {
    let rows = sqlx::query(sql)
        .bind(series)
        .bind(from)
        .bind(to)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("bucket")?, store::aggregate(row)?)))
        .collect()
}
