//! What outlives a restart: announcements, and the embedded server's retained messages.
//!
//! Written by a task of its own, some hundred milliseconds after the fact and many at once; the
//! way from a device to the house never waits for it.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use database::Database;
use house::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::server::{Local, Retained};

/// How long after an announcement it is written.
const SOON: Duration = Duration::from_millis(100);
/// How often retained messages are written; states among them change often.
const RETAINED_EVERY: Duration = Duration::from_secs(2);

/// An announcement as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Announcement {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    pub(crate) device: String,
}

/// A change of what is announced.
#[derive(Debug)]
pub(crate) enum Change {
    Save { announcement: Announcement, at: Timestamp },
    Forget { topic: String },
}

pub(crate) async fn announcements(database: &Database) -> Result<Vec<Announcement>, sqlx::Error> {
    let rows: Vec<(String, Vec<u8>, String)> =
        sqlx::query_as("SELECT topic, payload, device FROM mqtt_announcement ORDER BY topic")
            .fetch_all(database.read())
            .await?;
    Ok(rows
        .into_iter()
        .map(|(topic, payload, device)| Announcement {
            topic,
            payload: payload.into(),
            device,
        })
        .collect())
}

pub(crate) async fn retained(database: &Database) -> Result<HashMap<String, Retained>, sqlx::Error> {
    let rows: Vec<(String, Vec<u8>, u8, i64)> =
        sqlx::query_as("SELECT topic, payload, qos, published_at FROM mqtt_retained")
            .fetch_all(database.read())
            .await?;
    Ok(rows
        .into_iter()
        .map(|(topic, payload, qos, at)| {
            let kept = Retained {
                payload: payload.into(),
                qos: qos.min(2),
                at: Timestamp(at),
            };
            (topic, kept)
        })
        .collect())
}

/// Writes until the sender is dropped, and then what is left.
pub(crate) fn start(database: Database, server: Option<Local>) -> (mpsc::UnboundedSender<Change>, JoinHandle<()>) {
    let (changes, queue) = mpsc::unbounded_channel();
    (changes, tokio::spawn(run(database, server, queue)))
}

async fn run(database: Database, server: Option<Local>, mut queue: mpsc::UnboundedReceiver<Change>) {
    let mut waiting: HashMap<String, Change> = HashMap::new();
    let mut retained: HashMap<String, Option<Retained>> = HashMap::new();
    let mut every = tokio::time::interval(RETAINED_EVERY);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let ended = tokio::select! {
            change = queue.recv() => match change {
                Some(change) => {
                    waiting.insert(topic_of(&change).to_owned(), change);
                    collect(&mut queue, &mut waiting).await
                }
                None => true,
            },
            _ = every.tick() => false,
        };
        if let Some(server) = &server {
            retained.extend(server.take_unsaved());
        }
        if !waiting.is_empty() || !retained.is_empty() {
            match write(&database, &waiting, &retained).await {
                Ok(()) => {
                    waiting.clear();
                    retained.clear();
                }
                Err(error) => tracing::error!(%error, "MQTT announcements could not be saved; trying again"),
            }
        }
        if ended {
            return;
        }
    }
}

/// Gathers what comes within a moment; true when the sender is gone.
async fn collect(queue: &mut mpsc::UnboundedReceiver<Change>, waiting: &mut HashMap<String, Change>) -> bool {
    let enough = tokio::time::sleep(SOON);
    tokio::pin!(enough);
    loop {
        tokio::select! {
            () = &mut enough => return false,
            change = queue.recv() => match change {
                Some(change) => {
                    waiting.insert(topic_of(&change).to_owned(), change);
                }
                None => return true,
            },
        }
    }
}

fn topic_of(change: &Change) -> &str {
    match change {
        Change::Save { announcement, .. } => &announcement.topic,
        Change::Forget { topic } => topic,
    }
}

async fn write(
    database: &Database,
    changes: &HashMap<String, Change>,
    retained: &HashMap<String, Option<Retained>>,
) -> Result<(), sqlx::Error> {
    let mut transaction = database.transaction().await?;
    for change in changes.values() {
        let query = match change {
            Change::Save { announcement, at } => sqlx::query(
                "INSERT INTO mqtt_announcement (topic, payload, device, announced_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (topic) DO UPDATE SET payload = ?2, device = ?3, announced_at = ?4",
            )
            .bind(&announcement.topic)
            .bind(&announcement.payload[..])
            .bind(&announcement.device)
            .bind(at.millis()),
            Change::Forget { topic } => sqlx::query("DELETE FROM mqtt_announcement WHERE topic = ?1").bind(topic),
        };
        query.execute(&mut *transaction).await?;
    }
    for (topic, kept) in retained {
        let query = match kept {
            Some(kept) => sqlx::query(
                "INSERT INTO mqtt_retained (topic, payload, qos, published_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (topic) DO UPDATE SET payload = ?2, qos = ?3, published_at = ?4",
            )
            .bind(topic)
            .bind(&kept.payload[..])
            .bind(kept.qos)
            .bind(kept.at.millis()),
            None => sqlx::query("DELETE FROM mqtt_retained WHERE topic = ?1").bind(topic),
        };
        query.execute(&mut *transaction).await?;
    }
    transaction.commit().await
}
