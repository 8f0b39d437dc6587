//! Deletes what is older than it is kept, a little at a time so that writers never wait long.

use std::time::Duration;

use database::{Database, DatabaseError};
use house::Timestamp;

use crate::aggregate::millis;
use crate::row_id;
use crate::settings::Settings;

/// Rows deleted in one transaction.
const AT_ONCE: i64 = 20_000;
/// Free pages given back to the disk at once.
const PAGES_AT_ONCE: &str = "PRAGMA incremental_vacuum(2000)";

/// Deletes what is due. What fails is tried again the next time.
pub(crate) async fn tidy(database: &Database, settings: &Settings, now: Timestamp) {
    if let Err(error) = delete_old(database, settings, now).await {
        tracing::warn!(%error, "old history could not be deleted");
    }
}

async fn delete_old(database: &Database, settings: &Settings, now: Timestamp) -> Result<(), DatabaseError> {
    let before = |keep: Duration| now.millis().saturating_sub(millis(keep)).max(0);
    // A reading that no aggregate knows yet stays.
    let aggregated: i64 = sqlx::query_scalar("SELECT closed_until FROM aggregation WHERE id = 1")
        .fetch_one(database.read())
        .await?;
    let oldest_reading = row_id::first(Timestamp(before(settings.keep_readings).min(aggregated)));
    let oldest_event = row_id::first(Timestamp(before(settings.keep_events)));
    let deletions = [
        (
            "DELETE FROM reading WHERE id IN (SELECT id FROM reading WHERE id < ?1 ORDER BY id LIMIT ?2)",
            oldest_reading,
        ),
        (
            "DELETE FROM event WHERE id IN (SELECT id FROM event WHERE id < ?1 ORDER BY id LIMIT ?2)",
            oldest_event,
        ),
        (
            "DELETE FROM reading_5min WHERE (bucket, series) IN \
             (SELECT bucket, series FROM reading_5min WHERE bucket < ?1 ORDER BY bucket, series LIMIT ?2)",
            before(settings.keep_five_minutes),
        ),
    ];
    for (sql, limit) in deletions {
        loop {
            let deleted = sqlx::query(sql)
                .bind(limit)
                .bind(AT_ONCE)
                .execute(database.write())
                .await?
                .rows_affected();
            if i64::try_from(deleted).is_ok_and(|deleted| deleted < AT_ONCE) {
                break;
            }
            // Others want to write too.
            tokio::task::yield_now().await;
        }
    }
    give_back(database).await?;
    database.checkpoint().await
}

/// Gives free pages back to the disk when they are more than a quarter of the file; fewer are used
/// again by what comes.
async fn give_back(database: &Database) -> Result<(), DatabaseError> {
    let free: i64 = sqlx::query_scalar("PRAGMA freelist_count")
        .fetch_one(database.read())
        .await?;
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(database.read())
        .await?;
    if free > pages / 4 {
        sqlx::query(PAGES_AT_ONCE).fetch_all(database.write()).await?;
    }
    Ok(())
}
