//! The tables of the history: what is written, in one transaction a batch, and read at the start.

use std::sync::LazyLock;

use database::{Database, DatabaseError};
use house::{AreaId, Quantity, Timestamp};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Row as _, Sqlite};

use crate::aggregate::{Aggregate, FIVE_MINUTES, HOUR};
use crate::batch::{Batch, Closed, Closing, Row};
use crate::buffer::Progress;
use crate::row_id;
use crate::series::Series;

/// Rows written by one statement; what is left over is written in smaller ones.
const LARGE: usize = 400;
const SMALL: usize = 20;

static INSERT_LARGE: LazyLock<String> = LazyLock::new(|| insert(LARGE));
static INSERT_SMALL: LazyLock<String> = LazyLock::new(|| insert(SMALL));
static INSERT_ONE: LazyLock<String> = LazyLock::new(|| insert(1));

/// A batch may be written again when it is not known whether its transaction held: a row that is
/// there already is the same row.
fn insert(rows: usize) -> String {
    format!(
        "INSERT OR IGNORE INTO reading (id, series, value) VALUES {}",
        vec!["(?, ?, ?)"; rows].join(", ")
    )
}

/// What was stored before the start.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) series: Vec<Series>,
    pub(crate) progress: Progress,
    /// Buckets that were open at the end, from the raw readings.
    pub(crate) open: Vec<Closed>,
    /// When the newest raw reading was.
    pub(crate) newest: Option<Timestamp>,
}

pub(crate) async fn load(database: &Database) -> Result<Stored, DatabaseError> {
    let mut transaction = database.read().begin().await?;
    let progress = progress(&mut transaction).await?;
    let since = row_id::first(Timestamp(progress.closed_until));

    let mut newest_by_series = std::collections::HashMap::new();
    let rows = sqlx::query("SELECT series, max(id) AS id, value FROM reading WHERE id >= ?1 GROUP BY series")
        .bind(since)
        .fetch_all(&mut *transaction)
        .await?;
    for row in rows {
        let at = row_id::moment(row.try_get("id")?);
        newest_by_series.insert(row.try_get::<i64, _>("series")?, (at, row.try_get::<f64, _>("value")?));
    }

    let mut series = Vec::new();
    for row in sqlx::query("SELECT id, sensor, quantity, area, last_at, last_value FROM series ORDER BY id")
        .fetch_all(&mut *transaction)
        .await?
    {
        let id: i64 = row.try_get("id")?;
        let quantity: String = row.try_get("quantity")?;
        let Ok(quantity) = quantity.parse::<Quantity>() else {
            tracing::error!(
                series = id,
                quantity,
                "a stored series measures nothing this version knows"
            );
            continue;
        };
        let last_at: Option<i64> = row.try_get("last_at")?;
        let last_value: Option<f64> = row.try_get("last_value")?;
        let closed = last_at.map(Timestamp).zip(last_value);
        let area: Option<String> = row.try_get("area")?;
        series.push(Series {
            id,
            sensor: row.try_get("sensor")?,
            quantity,
            area: area.as_deref().and_then(AreaId::new),
            newest: newest_by_series
                .remove(&id)
                .filter(|(at, _)| closed.is_none_or(|(closed, _)| closed <= *at))
                .or(closed),
        });
    }

    let mut open = Vec::new();
    for row in sqlx::query(
        "SELECT (id >> 20) / ?2 * ?2 AS bucket, series, min(value) AS min, max(value) AS max, avg(value) AS mean, \
         count(*) AS count FROM reading WHERE id >= ?1 GROUP BY 1, 2",
    )
    .bind(since)
    .bind(FIVE_MINUTES)
    .fetch_all(&mut *transaction)
    .await?
    {
        open.push(Closed {
            bucket: row.try_get("bucket")?,
            series: row.try_get("series")?,
            aggregate: aggregate(&row)?,
        });
    }
    let newest: Option<i64> = sqlx::query_scalar("SELECT max(id) FROM reading")
        .fetch_one(&mut *transaction)
        .await?;
    Ok(Stored {
        series,
        progress,
        open,
        newest: newest.map(row_id::moment),
    })
}

/// How far aggregation has come, as this connection sees the file.
pub(crate) async fn progress(connection: &mut SqliteConnection) -> Result<Progress, sqlx::Error> {
    let row = sqlx::query("SELECT batch, closed_until, hour_closed_until FROM aggregation WHERE id = 1")
        .fetch_one(connection)
        .await?;
    Ok(Progress {
        number: row.try_get("batch")?,
        closed_until: row.try_get("closed_until")?,
        hour_closed_until: row.try_get("hour_closed_until")?,
    })
}

/// Reads the columns min, max, mean and count.
pub(crate) fn aggregate(row: &sqlx::sqlite::SqliteRow) -> Result<Aggregate, sqlx::Error> {
    Ok(Aggregate {
        min: row.try_get("min")?,
        max: row.try_get("max")?,
        mean: row.try_get("mean")?,
        count: row.try_get("count")?,
    })
}

/// Writes a batch, all or nothing.
pub(crate) async fn write(database: &Database, batch: &Batch) -> Result<(), DatabaseError> {
    let mut transaction = database.transaction().await?;
    write_all(&mut transaction, batch).await?;
    transaction.commit().await?;
    Ok(())
}

async fn write_all(connection: &mut SqliteConnection, batch: &Batch) -> Result<(), sqlx::Error> {
    for series in &batch.series {
        sqlx::query(
            "INSERT INTO series (id, sensor, quantity, area) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (id) DO UPDATE SET area = ?4",
        )
        .bind(series.id)
        .bind(&series.sensor)
        .bind(series.quantity.name())
        .bind(series.area_text())
        .execute(&mut *connection)
        .await?;
    }
    write_rows(connection, &batch.rows).await?;
    for (id, entry) in &batch.entries {
        sqlx::query(
            "INSERT OR IGNORE INTO event (id, kind, area, device, text, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(id)
        .bind(&entry.kind)
        .bind(&entry.area)
        .bind(&entry.device)
        .bind(&entry.text)
        .bind(entry.detail.to_string())
        .execute(&mut *connection)
        .await?;
    }
    if let Some(closing) = &batch.closing {
        close(connection, closing).await?;
    }
    Ok(())
}

async fn write_rows(connection: &mut SqliteConnection, rows: &[Row]) -> Result<(), sqlx::Error> {
    let (large, rest) = rows.as_chunks::<LARGE>();
    for chunk in large {
        bind(sqlx::query(INSERT_LARGE.as_str()), chunk)
            .execute(&mut *connection)
            .await?;
    }
    let (small, rest) = rest.as_chunks::<SMALL>();
    for chunk in small {
        bind(sqlx::query(INSERT_SMALL.as_str()), chunk)
            .execute(&mut *connection)
            .await?;
    }
    for row in rest {
        bind(sqlx::query(INSERT_ONE.as_str()), std::slice::from_ref(row))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

fn bind<'q>(query: Query<'q>, rows: &[Row]) -> Query<'q> {
    rows.iter()
        .fold(query, |query, row| query.bind(row.id).bind(row.series).bind(row.value))
}

async fn close(connection: &mut SqliteConnection, closing: &Closing) -> Result<(), sqlx::Error> {
    let done = progress(&mut *connection).await?.number;
    if done >= closing.number {
        // The transaction that seemed to fail did hold.
        return Ok(());
    }
    for Closed {
        bucket,
        series,
        aggregate,
    } in &closing.buckets
    {
        sqlx::query(
            "INSERT INTO reading_5min AS known (bucket, series, min, max, mean, count) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (bucket, series) DO UPDATE SET min = min(known.min, ?3), max = max(known.max, ?4), \
             mean = known.mean + (?5 - known.mean) * ?6 / (known.count + ?6), count = known.count + ?6",
        )
        .bind(bucket)
        .bind(series)
        .bind(aggregate.min)
        .bind(aggregate.max)
        .bind(aggregate.mean)
        .bind(aggregate.count)
        .execute(&mut *connection)
        .await?;
    }
    for (series, at, value) in &closing.newest {
        sqlx::query("UPDATE series SET last_at = ?2, last_value = ?3 WHERE id = ?1")
            .bind(series)
            .bind(at.millis())
            .bind(value)
            .execute(&mut *connection)
            .await?;
    }
    for hours in &closing.hours {
        sqlx::query(
            "INSERT OR REPLACE INTO reading_1h (series, bucket, min, max, mean, count) \
             SELECT series, bucket / ?3 * ?3, min(min), max(max), sum(mean * count) / sum(count), sum(count) \
             FROM reading_5min WHERE bucket >= ?1 AND bucket < ?2 GROUP BY 1, 2",
        )
        .bind(hours.start)
        .bind(hours.end)
        .bind(HOUR)
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query("UPDATE aggregation SET batch = ?1, closed_until = ?2, hour_closed_until = ?3 WHERE id = 1")
        .bind(closing.number)
        .bind(closing.closed_until)
        .bind(closing.hour_closed_until)
        .execute(&mut *connection)
        .await?;
    Ok(())
}
