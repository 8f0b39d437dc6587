//! Stores readings and events, and answers for history.
//!
//! Readings go into a buffer in memory and from there, every few seconds, to the disk in one
//! transaction: raw rows appended in the order of time, and 5-minute and hourly aggregates of what
//! time has closed. Whoever publishes a reading never waits for the disk, and an answer is always
//! from memory and disk together. Losing power costs at most one commit interval; a stop costs
//! nothing; a disk that fails is told on `status.change` and costs nothing until memory for
//! waiting readings is full.

mod aggregate;
mod answer;
mod batch;
mod buffer;
mod commit;
mod fold;
mod history;
mod intake;
mod logbook;
mod plan;
mod refusals;
mod request;
mod row_id;
mod series;
mod settings;
mod store;
mod tidy;
mod window;

use std::sync::{Arc, Mutex};

use component::{Procedures, now};
use database::{Database, DatabaseError};
use house::Registry;
use house::uri::{procedure, topic};
use tokio::sync::{Notify, oneshot, watch};
use wamp_client::Session;

pub use component::Running;
pub use settings::Settings;

use buffer::{Bounds, Buffer};
use commit::Committer;
use history::History;
use intake::Intake;

/// Logbook entries that wait while the disk fails.
const MOST_ENTRIES_WAITING: usize = 10_000;
/// Readings that wait to be taken: at 20,000 a second, as many as come while one transaction is
/// prepared on a slow machine.
const READINGS_QUEUE: usize = 65_536;

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it register or subscribe.
    #[error("the logger cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
    /// What was stored cannot be read.
    #[error("the logger cannot read its history: {0}")]
    Database(#[from] DatabaseError),
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings, database: Database) -> Result<Running, StartError> {
    let history = open(database, &settings).await?;
    let intake = Intake {
        history: history.clone(),
        registry: Arc::default(),
        many: Arc::new(Notify::new()),
        commit_rows: settings.commit_rows,
    };
    let readings = session
        .subscribe(topic::SENSOR_EVENTS)
        .queue(READINGS_QUEUE)
        .open()
        .await?;
    let mut topics = Vec::new();
    for topic_uri in logbook::TOPICS.into_iter().chain([topic::DISCOVERY_STARTED]) {
        topics.push(session.subscribe(topic_uri).queue(4096).open().await?);
    }
    intake.learn_devices(&session).await;
    let procedures = offer(&session, &history, &intake.registry, &settings).await?;

    let committer = Committer {
        history,
        session: session.clone(),
        settings,
        many: intake.many.clone(),
        failures: 0,
    };
    Ok(Running::spawn(|stop| async move {
        let (tell_intake, intake_stop) = watch::channel(false);
        let (tell_committer, committer_stop) = oneshot::channel();
        let mut readings = tokio::spawn(intake.clone().readings(readings, intake_stop.clone()));
        let logbook = tokio::spawn(intake.logbook(session, topics, intake_stop));
        let committer = tokio::spawn(committer.run(committer_stop));
        tokio::select! {
            _ = stop => { tell_intake.send_replace(true); let _ = readings.await; }
            // The session is over.
            _ = &mut readings => { tell_intake.send_replace(true); }
        }
        // What has come in is in the buffer before the last is written. An error is a panic, which
        // the runtime has told; what is in the buffer is written all the same.
        let _ = logbook.await;
        drop(tell_committer);
        let _ = committer.await;
        procedures.let_go().await;
    }))
}

/// The history as it was left.
async fn open(database: Database, settings: &Settings) -> Result<History, DatabaseError> {
    let stored = store::load(&database).await?;
    let now = now();
    let complete_since = stored.newest.map_or(now, |newest| {
        now.max(house::Timestamp(newest.millis().saturating_add(1)))
    });
    let bounds = Bounds {
        rows: settings.most_waiting,
        entries: MOST_ENTRIES_WAITING,
        series: settings.most_series,
        oldest: plan::oldest(settings),
    };
    // Any number that differs from start to start will do.
    let ids = row_id::RowIds::new(now.millis().wrapping_mul(7919));
    let buffer = Buffer::new(bounds, ids, stored.series, stored.progress, stored.open, complete_since);
    Ok(History {
        database,
        buffer: Arc::new(Mutex::new(buffer)),
    })
}

async fn offer(
    session: &Session,
    history: &History,
    registry: &Arc<Mutex<Registry>>,
    settings: &Settings,
) -> Result<Procedures, wamp_client::Error> {
    let mut procedures = Procedures::new(session);
    let (settings, registry) = (Arc::new(settings.clone()), registry.clone());
    procedures
        .offer(procedure::HISTORY_READINGS, history, move |history, invocation| {
            let (settings, registry) = (settings.clone(), registry.clone());
            async move { answer::readings(&history, &registry, &settings, &invocation).await }
        })
        .await?;
    procedures
        .offer(procedure::HISTORY_EVENTS, history, |history, invocation| async move {
            answer::events(&history, &invocation).await
        })
        .await?;
    procedures
        .offer(procedure::HISTORY_LATEST, history, |history, _| async move {
            answer::latest(&history)
        })
        .await?;
    Ok(procedures)
}

#[cfg(test)]
mod tests;
