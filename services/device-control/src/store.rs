//! The table `actuator`: read once at the start, written behind the control path's back.

use std::collections::BTreeMap;
use std::time::Duration;

use database::Database;
use house::{Cause, DeviceId, Timestamp};
use sqlx::Row;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::state::Known;

/// An actuator: device and entity.
pub(crate) type Key = (DeviceId, String);

/// How long to wait before a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What was known of every actuator when it was last written.
pub(crate) async fn load(database: &Database) -> Result<Vec<(Key, Known)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT device, entity, is_on, confirmed, changed_at, cause_by, cause_manual, cause_text, override_until
         FROM actuator",
    )
    .fetch_all(database.read())
    .await?;
    rows.iter()
        .map(|row| {
            let known = Known {
                on: row.try_get("is_on")?,
                confirmed: row.try_get("confirmed")?,
                at: Timestamp(row.try_get("changed_at")?),
                cause: Cause {
                    by: row.try_get("cause_by")?,
                    manual: row.try_get("cause_manual")?,
                    text: row.try_get("cause_text")?,
                },
                override_until: row.try_get::<Option<i64>, _>("override_until")?.map(Timestamp),
            };
            Ok(((row.try_get("device")?, row.try_get("entity")?), known))
        })
        .collect()
}

/// Writes what is known, in the background; of several states of one actuator only the newest.
#[derive(Debug)]
pub(crate) struct Writer {
    changes: mpsc::UnboundedSender<(Key, Option<Known>)>,
    task: JoinHandle<()>,
}

impl Writer {
    pub(crate) fn start(database: Database) -> Self {
        let (changes, received) = mpsc::unbounded_channel();
        let task = tokio::spawn(write_all(database, received));
        Self { changes, task }
    }

    /// Writes this state of an actuator soon; `None` forgets the actuator.
    pub(crate) fn put(&self, key: Key, known: Option<Known>) {
        // The writer ends only after this side.
        let _ = self.changes.send((key, known));
    }

    /// Writes what is left.
    pub(crate) async fn finish(self) {
        drop(self.changes);
        if self.task.await.is_err() {
            tracing::error!("the writer of actuator states failed");
        }
    }
}

async fn write_all(database: Database, mut received: mpsc::UnboundedReceiver<(Key, Option<Known>)>) {
    let mut waiting: BTreeMap<Key, Option<Known>> = BTreeMap::new();
    let mut open = true;
    while open || !waiting.is_empty() {
        if waiting.is_empty() {
            match received.recv().await {
                Some((key, known)) => waiting.insert(key, known),
                None => return,
            };
        }
        while let Ok((key, known)) = received.try_recv() {
            waiting.insert(key, known);
        }
        open = !received.is_closed() || !received.is_empty();
        match write(&database, &waiting).await {
            Ok(()) => waiting.clear(),
            Err(error) if open => {
                tracing::warn!(%error, "actuator states cannot be written, will be tried again");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => {
                tracing::error!(%error, "actuator states could not be written");
                return;
            }
        }
    }
}

async fn write(database: &Database, waiting: &BTreeMap<Key, Option<Known>>) -> Result<(), sqlx::Error> {
    let mut transaction = database.transaction().await?;
    for ((device, entity), known) in waiting {
        let statement = match known {
            None => sqlx::query("DELETE FROM actuator WHERE device = ? AND entity = ?")
                .bind(device)
                .bind(entity),
            Some(known) => sqlx::query(
                "INSERT OR REPLACE INTO actuator
                 (device, entity, is_on, confirmed, changed_at, cause_by, cause_manual, cause_text, override_until)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(device)
            .bind(entity)
            .bind(known.on)
            .bind(known.confirmed)
            .bind(known.at.millis())
            .bind(&known.cause.by)
            .bind(known.cause.manual)
            .bind(&known.cause.text)
            .bind(known.override_until.map(Timestamp::millis)),
        };
        statement.execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(on: bool) -> Known {
        Known {
            on,
            confirmed: true,
            at: Timestamp(1_000),
            cause: Cause {
                by: "anna".into(),
                manual: true,
                text: "switched on by anna".into(),
            },
            override_until: Some(Timestamp(2_000)),
        }
    }

    #[tokio::test]
    async fn the_newest_state_of_each_actuator_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(folder.path().join("house.db")).await.unwrap();
        let key = |device: &str| (device.to_owned(), "1".to_owned());
        let writer = Writer::start(database.clone());
        writer.put(key("a"), Some(known(false)));
        writer.put(key("a"), Some(known(true)));
        writer.put(key("b"), Some(known(true)));
        writer.put(key("b"), None);
        writer.finish().await;
        assert_eq!(load(&database).await.unwrap(), [(key("a"), known(true))]);
    }
}
