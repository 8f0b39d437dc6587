//! The table `threshold`.

use database::Database;
use house::{AreaId, Quantity, Threshold, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::request::{Place, mode, mode_name};

/// Every stored threshold. A row that this program cannot read is left where it is and said to be.
pub(crate) async fn load(database: &Database) -> Result<Vec<Threshold>, sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM threshold ORDER BY area, quantity")
        .fetch_all(database.read())
        .await?;
    let read = |row: &SqliteRow| match threshold(row) {
        Ok(threshold) => Some(threshold),
        Err(error) => {
            tracing::error!(%error, "a stored threshold cannot be read and does not hold");
            None
        }
    };
    Ok(rows.iter().filter_map(read).collect())
}

fn threshold(row: &SqliteRow) -> Result<Threshold, sqlx::Error> {
    let fault = |fault: String| sqlx::Error::Decode(fault.into());
    let (area, quantity): (String, String) = (row.try_get("area")?, row.try_get("quantity")?);
    let area = AreaId::new(&area).ok_or_else(|| fault(format!("{area:?} is no area")))?;
    let quantity: Quantity = quantity.parse().map_err(fault)?;
    Ok(Threshold {
        low: row.try_get("low")?,
        high: row.try_get("high")?,
        hysteresis: row.try_get("hysteresis")?,
        mode: mode(row.try_get("mode")?).map_err(fault)?,
        min_on: row.try_get("min_on")?,
        min_off: row.try_get("min_off")?,
        stale_after: row.try_get("stale_after")?,
        rise: row.try_get("rise")?,
        post_run: row.try_get("post_run")?,
        max_run: row.try_get("max_run")?,
        notify: row.try_get("notify")?,
        set_by: row.try_get("set_by")?,
        set_at: row.try_get::<Option<i64>, _>("set_at")?.map(Timestamp),
        ..Threshold::new(area, quantity)
    })
}

/// Stores a threshold in the place of the one that was there.
pub(crate) async fn put(database: &Database, threshold: &Threshold) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT OR REPLACE INTO threshold
         (area, quantity, low, high, hysteresis, mode, min_on, min_off, stale_after, rise, post_run, max_run,
          notify, set_by, set_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(threshold.area.as_str())
    .bind(threshold.quantity.name())
    .bind(threshold.low)
    .bind(threshold.high)
    .bind(threshold.hysteresis)
    .bind(mode_name(threshold.mode))
    .bind(threshold.min_on)
    .bind(threshold.min_off)
    .bind(threshold.stale_after)
    .bind(threshold.rise)
    .bind(threshold.post_run)
    .bind(threshold.max_run)
    .bind(threshold.notify)
    .bind(&threshold.set_by)
    .bind(threshold.set_at.map(Timestamp::millis))
    .execute(database.write())
    .await?;
    Ok(())
}

/// Removes the threshold of a place.
pub(crate) async fn remove(database: &Database, (area, quantity): &Place) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM threshold WHERE area = ? AND quantity = ?")
        .bind(area.as_str())
        .bind(quantity.name())
        .execute(database.write())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use house::Mode;

    use super::*;

    #[tokio::test]
    async fn thresholds_outlive_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path().join("house.db")).await.unwrap();
        let bathroom = Threshold {
            high: Some(65.0),
            hysteresis: Some(3.0),
            mode: Mode::Heat,
            rise: Some(10.0),
            post_run: Some(600.0),
            notify: false,
            set_by: Some("anna".into()),
            set_at: Some(Timestamp(1_000)),
            ..Threshold::new(AreaId::new("bathroom").unwrap(), Quantity::Humidity)
        };
        let hall = Threshold {
            low: Some(18.0),
            ..Threshold::new(AreaId::new("hall").unwrap(), Quantity::Temperature)
        };
        for threshold in [&hall, &bathroom, &bathroom] {
            put(&database, threshold).await.unwrap();
        }
        assert_eq!(load(&database).await.unwrap(), [bathroom.clone(), hall.clone()]);
        remove(&database, &(bathroom.area, bathroom.quantity)).await.unwrap();
        assert_eq!(load(&database).await.unwrap(), [hall]);
    }
}
