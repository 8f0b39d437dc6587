//! The last events of every topic, kept in the house's database: what
//! `wamp.subscription.get_events` gives after a restart too.
//!
//! The router hands over events as they are published and never waits; they are written together,
//! every few seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use database::Database;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use wamp_protocol::message::{PassThru, Recipients};
use wamp_protocol::{Dict, Payload, PublicationId, Serializer, SessionId, Uri, Value};
use wamp_router::{HistoryStore, PastEvent, Publisher};

/// Events kept of each topic.
pub const OF_EACH: usize = 20;
/// Events that may wait to be written; more are not stored, and that is logged.
const WAITING: usize = 10_000;
/// How often what waits is written.
const INTERVAL: Duration = Duration::from_secs(5);

/// Where the router puts its events.
#[derive(Debug)]
pub struct EventHistory {
    /// What was there at the start, until the router asks.
    past: Mutex<Vec<PastEvent>>,
    waiting: mpsc::Sender<Arc<PastEvent>>,
    lost: AtomicU64,
}

/// Writes what the router puts there.
#[derive(Debug)]
pub struct Writer {
    database: Database,
    waiting: mpsc::Receiver<Arc<PastEvent>>,
}

impl HistoryStore for EventHistory {
    fn load(&self) -> Vec<PastEvent> {
        std::mem::take(&mut self.past.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn keep(&self, event: &Arc<PastEvent>) {
        if self.waiting.try_send(Arc::clone(event)).is_err() && self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("events come faster than they are stored: some will be missing after a restart");
        }
    }
}

/// Reads what is there; the router's end and the writer's.
///
/// # Errors
/// If the database cannot be read.
pub async fn open(database: Database) -> Result<(Arc<EventHistory>, Writer), sqlx::Error> {
    let rows = sqlx::query("SELECT * FROM wamp_event ORDER BY id")
        .fetch_all(database.read())
        .await?;
    // A row that somebody else has written wrongly is left out, not a reason not to start.
    let past = rows.iter().filter_map(read).collect();
    let (sender, receiver) = mpsc::channel(WAITING);
    let history = EventHistory {
        past: Mutex::new(past),
        waiting: sender,
        lost: AtomicU64::new(0),
    };
    let writer = Writer {
        database,
        waiting: receiver,
    };
    Ok((Arc::new(history), writer))
}

/// The names that an event was and was not for.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Names {
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_authid: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exclude_authrole: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eligible_authid: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    eligible_authrole: Option<Vec<String>>,
}

fn read(row: &SqliteRow) -> Option<PastEvent> {
    let number = |name: &str| {
        row.try_get::<Option<i64>, _>(name)
            .ok()
            .flatten()
            .and_then(|number| u64::try_from(number).ok())
    };
    let text = |name: &str| row.try_get::<Option<String>, _>(name).ok().flatten();
    let names = match text("recipients") {
        None => Names::default(),
        Some(json) => serde_json::from_str(&json).ok()?,
    };
    let publisher = number("publisher_session")
        .and_then(SessionId::new)
        .and_then(|session| {
            Some(Publisher {
                session,
                authid: text("publisher_authid")?,
                authrole: text("publisher_authrole")?,
            })
        });
    Some(PastEvent {
        topic: Uri::from(text("topic")?),
        publication: number("publication").and_then(PublicationId::new)?,
        at: Duration::from_millis(number("at")?),
        publisher,
        trustlevel: number("trustlevel"),
        passthru: text("passthru").map(|json| passthru(&json)).transpose().ok()?,
        recipients: Recipients {
            exclude_authid: names.exclude_authid,
            exclude_authrole: names.exclude_authrole,
            eligible_authid: names.eligible_authid,
            eligible_authrole: names.eligible_authrole,
            ..Recipients::default()
        },
        payload: Payload {
            serializer: Serializer::MsgPack,
            args: row.try_get::<Vec<u8>, _>("args").ok()?.into(),
            kwargs: row.try_get::<Vec<u8>, _>("kwargs").ok()?.into(),
        },
    })
}

impl Writer {
    /// Writes until `stop`, and then what still waits.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut failing = false;
        let mut batch = Vec::new();
        loop {
            let stopping = tokio::select! {
                () = tokio::time::sleep(INTERVAL) => false,
                () = stop.cancelled() => true,
            };
            while batch.len() < WAITING
                && let Ok(event) = self.waiting.try_recv()
            {
                batch.push(event);
            }
            match self.write(&batch).await {
                Ok(()) => {
                    failing = false;
                    batch.clear();
                }
                // A full disk, say: said once, and tried again.
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, "events cannot be stored");
                }
                Err(_) => {}
            }
            if stopping {
                return;
            }
        }
    }

    async fn write(&self, events: &[Arc<PastEvent>]) -> Result<(), sqlx::Error> {
        if events.is_empty() {
            return Ok(());
        }
        let mut transaction = self.database.write().begin_with("BEGIN IMMEDIATE").await?;
        let mut topics = BTreeSet::new();
        for event in events {
            let Ok(payload) = event.payload.transcode(Serializer::MsgPack) else {
                continue;
            };
            topics.insert(event.topic.as_str());
            let publisher = event.publisher.as_ref();
            sqlx::query(
                "INSERT INTO wamp_event (topic, publication, at, publisher_session, publisher_authid, \
                 publisher_authrole, recipients, trustlevel, passthru, args, kwargs) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(event.topic.as_str())
            .bind(signed(event.publication.get()))
            .bind(signed(u64::try_from(event.at.as_millis()).unwrap_or(u64::MAX)))
            .bind(publisher.map(|publisher| signed(publisher.session.get())))
            .bind(publisher.map(|publisher| publisher.authid.as_str()))
            .bind(publisher.map(|publisher| publisher.authrole.as_str()))
            .bind(names(&event.recipients))
            .bind(event.trustlevel.map(signed))
            .bind(event.passthru.as_deref().map(passthru_text))
            .bind(&*payload.args)
            .bind(&*payload.kwargs)
            .execute(&mut *transaction)
            .await?;
        }
        for topic in topics {
            sqlx::query(
                "DELETE FROM wamp_event WHERE topic = ?1 AND id <= \
                 (SELECT id FROM wamp_event WHERE topic = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            )
            .bind(topic)
            .bind(signed(OF_EACH as u64))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The lists as JSON, if there are any.
fn names(recipients: &Recipients) -> Option<String> {
    if *recipients == Recipients::default() {
        return None;
    }
    serde_json::to_string(&Names {
        exclude_authid: recipients.exclude_authid.clone(),
        exclude_authrole: recipients.exclude_authrole.clone(),
        eligible_authid: recipients.eligible_authid.clone(),
        eligible_authrole: recipients.eligible_authrole.clone(),
    })
    .ok()
}

/// What was said of a passed-through payload, as JSON.
fn passthru_text(said: &PassThru) -> String {
    let mut dict = Dict::default();
    for (name, text) in said.entries() {
        dict.insert(name, text);
    }
    Value::from(dict).to_json()
}

fn passthru(json: &str) -> Result<Box<PassThru>, serde_json::Error> {
    let entries: BTreeMap<String, String> = serde_json::from_str(json)?;
    let mut said = PassThru::default();
    for (name, text) in entries {
        if let Some(entry) = said.entry(&name) {
            *entry = Some(text);
        }
    }
    Ok(Box::new(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(topic: &str, number: u64) -> Arc<PastEvent> {
        Arc::new(PastEvent {
            topic: topic.into(),
            publication: PublicationId::new(number).unwrap(),
            at: Duration::from_millis(number),
            publisher: number.is_multiple_of(2).then(|| Publisher {
                session: SessionId::MAX,
                authid: "ann".to_owned(),
                authrole: "admin".to_owned(),
            }),
            recipients: Recipients {
                eligible_authrole: number.is_multiple_of(3).then(Vec::new),
                ..Recipients::default()
            },
            trustlevel: number.is_multiple_of(5).then_some(number),
            passthru: number.is_multiple_of(7).then(|| {
                Box::new(PassThru {
                    scheme: Some("x_mine".to_owned()),
                    keyid: Some("\"7\"".to_owned()),
                    ..PassThru::default()
                })
            }),
            payload: Payload::with_args(Serializer::MsgPack, &(number, "text")).unwrap(),
        })
    }

    #[tokio::test]
    async fn the_last_events_of_every_topic_are_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("house.db");
        let (history, writer) = open(Database::open(&path).await.unwrap()).await.unwrap();
        assert!(history.load().is_empty());
        let stop = CancellationToken::new();
        let writing = tokio::spawn(writer.run(stop.clone()));
        for number in 1..=30 {
            history.keep(&event("com.many", number));
        }
        history.keep(&event("com.one", 31));
        // What waits is written before the writer ends.
        stop.cancel();
        writing.await.unwrap();
        let (history, _writer) = open(Database::open(&path).await.unwrap()).await.unwrap();
        let expected: Vec<PastEvent> = (11..=30)
            .map(|number| (*event("com.many", number)).clone())
            .chain([(*event("com.one", 31)).clone()])
            .collect();
        assert_eq!(history.load(), expected);
    }
}
