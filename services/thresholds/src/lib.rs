//! Keeps the thresholds that people set, and raises and clears alerts when readings cross them.
//!
//! Two tasks: the [`keeper`] owns the thresholds and answers `config.thresholds.…`; the
//! [`evaluator`] owns the newest readings and the alerts that hold, and asks [`evaluate`] what each
//! reading means. So an alert never waits for the database.

pub mod evaluate;

mod evaluator;
mod keeper;
mod request;
mod store;

use component::{List, Procedures};
use database::{Database, DatabaseError};
use house::uri::{error, procedure, topic};
use house::{Arguments, Threshold};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{CallError, Invocation, Reply, Session, error_uri};

pub use component::{Running, Settings};

use evaluator::{Ears, Evaluator, Fetched};
use keeper::{Ask, Keeper};

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it register or subscribe.
    #[error("the thresholds service cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
    /// The stored thresholds cannot be read.
    #[error("the thresholds service cannot read its thresholds: {0}")]
    Database(#[from] sqlx::Error),
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings, database: Database) -> Result<Running, StartError> {
    let stored = store::load(&database).await?;
    let (inbox, fetched) = mpsc::unbounded_channel();
    let (tell_changes, changes) = mpsc::unbounded_channel();
    let ears = Ears {
        readings: session.subscribe(topic::SENSOR_EVENTS).queue(8192).open().await?,
        devices: session.subscribe(topic::DEVICE_CHANGED).queue(8192).open().await?,
        changes,
        fetched,
    };
    // Where these lists are there already, the first reading meets them.
    let devices = List::new(procedure::DEVICE_LIST);
    if let Ok(listed) = devices.ask(&session).await {
        let _ = inbox.send(Fetched::Devices(listed));
    }
    let evaluator = Evaluator::new(session.clone(), inbox, devices, &stored, settings.pace());
    let keeper = Keeper::new(session.clone(), database, stored, tell_changes);
    let (ask, asked) = mpsc::unbounded_channel();
    let procedures = offer(&session, &ask).await?;
    Ok(Running::spawn(|stop| async move {
        let (stop_keeper, stopped) = oneshot::channel();
        let keeping = tokio::spawn(keeper.run(asked, stopped));
        evaluator.run(ears, stop).await;
        drop(stop_keeper);
        if keeping.await.is_err() {
            tracing::error!("the keeper of the thresholds failed");
        }
        procedures.let_go().await;
    }))
}

type Keep = mpsc::UnboundedSender<Ask>;

async fn offer(session: &Session, keep: &Keep) -> Result<Procedures, wamp_client::Error> {
    let mut procedures = Procedures::new(session);
    procedures.offer(procedure::THRESHOLDS_LIST, keep, list).await?;
    procedures.offer(procedure::THRESHOLDS_GET, keep, get).await?;
    procedures.offer(procedure::THRESHOLDS_SET, keep, set).await?;
    procedures.offer(procedure::THRESHOLDS_REMOVE, keep, remove).await?;
    Ok(procedures)
}

async fn list(keep: Keep, _: Invocation) -> Result<Reply, CallError> {
    let thresholds = ask(&keep, Ask::List).await?;
    Ok(Reply::value(&thresholds)?)
}

async fn get(keep: Keep, invocation: Invocation) -> Result<Reply, CallError> {
    let place = request::place(&invocation.kwargs()?).map_err(CallError::invalid_argument)?;
    one_or_null(ask(&keep, |reply| Ask::Get(place, reply)).await?)
}

async fn set(keep: Keep, invocation: Invocation) -> Result<Reply, CallError> {
    let arguments: Arguments = invocation.kwargs()?;
    let threshold = request::threshold(&arguments).map_err(CallError::invalid_argument)?;
    let by = caller(&invocation);
    let set = ask(&keep, |reply| Ask::Set(threshold, by, reply)).await?;
    Ok(Reply::kwargs(&set.map_err(not_stored)?)?)
}

async fn remove(keep: Keep, invocation: Invocation) -> Result<Reply, CallError> {
    let place = request::place(&invocation.kwargs()?).map_err(CallError::invalid_argument)?;
    let by = caller(&invocation);
    let removed = ask(&keep, |reply| Ask::Remove(place, by, reply)).await?;
    one_or_null(removed.map_err(not_stored)?)
}

fn one_or_null(threshold: Option<Threshold>) -> Result<Reply, CallError> {
    Ok(match threshold {
        Some(threshold) => Reply::kwargs(&threshold)?,
        None => Reply::value(&())?,
    })
}

fn caller(invocation: &Invocation) -> String {
    invocation.caller_authid().unwrap_or("somebody").to_owned()
}

async fn ask<T>(keep: &Keep, wrap: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, CallError> {
    let stopping = || CallError::new(error_uri::UNAVAILABLE, "the thresholds service is stopping");
    let (reply, answer) = oneshot::channel();
    keep.send(wrap(reply)).map_err(|_| stopping())?;
    answer.await.map_err(|_| stopping())
}

fn not_stored(fault: sqlx::Error) -> CallError {
    let fault = DatabaseError::from(fault);
    CallError::new(error::STORAGE, format!("the threshold could not be stored: {fault}"))
}
