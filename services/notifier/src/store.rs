//! The table `alert`.

use database::{Database, DatabaseError};
use house::Alert;
use house::Timestamp;
use sqlx::Row;

use crate::book::Held;

/// The alerts that held when the table was last written.
pub(crate) async fn load(database: &Database) -> Result<Vec<Held>, DatabaseError> {
    let rows = sqlx::query("SELECT number, body, told_at FROM alert WHERE cleared_at IS NULL ORDER BY number")
        .fetch_all(database.read())
        .await?;
    let mut held = Vec::new();
    for row in rows {
        let body: String = row.try_get("body")?;
        match serde_json::from_str::<Alert>(&body) {
            Ok(alert) => held.push(Held {
                alert,
                number: Some(row.try_get("number")?),
                told_at: row.try_get::<Option<i64>, _>("told_at")?.map(Timestamp),
                is_queued: false,
                rests_until: None,
                is_unsaved: false,
            }),
            Err(fault) => tracing::error!(%fault, "a stored alert cannot be read; it is left out"),
        }
    }
    Ok(held)
}

/// Stores an alert as it is; gives its row.
pub(crate) async fn save(database: &Database, held: &Held) -> Result<i64, DatabaseError> {
    let alert = &held.alert;
    // A struct with text keys always has a JSON form.
    let body = serde_json::to_string(alert).unwrap_or_default();
    let number = sqlx::query_scalar(
        "INSERT INTO alert (number, id, body, at, cleared_at, acknowledged_by, told_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
         ON CONFLICT (number) DO UPDATE SET body = ?3, cleared_at = ?5, acknowledged_by = ?6, told_at = ?7 \
         RETURNING number",
    )
    .bind(held.number)
    .bind(&alert.id)
    .bind(body)
    .bind(alert.at.millis())
    .bind(alert.cleared_at.map(Timestamp::millis))
    .bind(&alert.acknowledged_by)
    .bind(held.told_at.map(Timestamp::millis))
    .fetch_one(database.write())
    .await?;
    Ok(number)
}

/// Alerts newest first, those that hold and those that are over.
pub(crate) async fn list(database: &Database, limit: i64) -> Result<Vec<Alert>, DatabaseError> {
    let bodies: Vec<String> = sqlx::query_scalar("SELECT body FROM alert ORDER BY at DESC, number DESC LIMIT ?1")
        .bind(limit)
        .fetch_all(database.read())
        .await?;
    Ok(bodies
        .iter()
        .filter_map(|body| serde_json::from_str(body).ok())
        .collect())
}

/// Deletes alerts that were over before `before`.
pub(crate) async fn forget(database: &Database, before: Timestamp) -> Result<(), DatabaseError> {
    sqlx::query("DELETE FROM alert WHERE cleared_at < ?1")
        .bind(before.millis())
        .execute(database.write())
        .await?;
    Ok(())
}
