//! Keeps the alerts and tells people's phones.
//!
//! An alert that holds is told once on every channel (again after a while if so set), until
//! somebody acknowledges it. What cannot be delivered now is tried again; what was not told before
//! a restart is told after it, if it still holds.

mod book;
mod delivery;
mod header_text;
mod message;
mod ntfy;
mod service;
mod settings;
mod store;

use std::sync::Arc;

use component::Procedures;
use database::{Database, DatabaseError};
use house::uri::procedure;
use tokio::sync::mpsc;
use wamp_client::{MatchPolicy, Session};

pub use component::Running;
pub use ntfy::NtfyFault;
pub use settings::{Ntfy, Settings};

use book::AlertBook;
use delivery::Delivery;
use service::{Inbox, Service};

/// Messages that wait while the channel fails; alerts beyond are told when there is room.
const WAITING_MESSAGES: usize = 64;

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it register or subscribe.
    #[error("the notifier cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
    /// The stored alerts cannot be read.
    #[error("the notifier cannot read its alerts: {0}")]
    Database(#[from] DatabaseError),
    /// The channel cannot be used as configured.
    #[error(transparent)]
    Ntfy(#[from] NtfyFault),
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings, database: Database) -> Result<Running, StartError> {
    let ntfy = settings.ntfy.as_ref().map(ntfy::Ntfy::new).transpose()?;
    let book = AlertBook::new(store::load(&database).await?);
    let (receipts_in, receipts) = mpsc::channel(WAITING_MESSAGES);
    let parcels = ntfy.clone().map(|ntfy| {
        let (parcels, parcels_out) = mpsc::channel(WAITING_MESSAGES);
        let delivery = Delivery {
            ntfy,
            session: session.clone(),
            settings: settings.clone(),
            receipts: receipts_in,
            is_failing: false,
        };
        // What is not delivered when the house stops is told after the next start.
        let task = tokio::spawn(delivery.run(parcels_out));
        (parcels, task.abort_handle())
    });
    let (parcels, delivery) = parcels.unzip();
    let service = Arc::new(Service::new(session.clone(), database, settings, ntfy, parcels, book));

    let inbox = Inbox {
        // One subscription for all of it: what is cleared and raised again comes in that order.
        alerts: session
            .subscribe("alert")
            .match_policy(MatchPolicy::Prefix)
            .open()
            .await?,
        receipts,
    };
    let procedures = offer(&session, &service).await?;

    Ok(Running::spawn(|stop| async move {
        service::run(service, inbox, stop).await;
        if let Some(delivery) = delivery {
            delivery.abort();
        }
        procedures.let_go().await;
    }))
}

async fn offer(session: &Session, service: &Arc<Service>) -> Result<Procedures, wamp_client::Error> {
    let mut procedures = Procedures::new(session);
    procedures.offer(procedure::ALERT_LIST, service, Service::list).await?;
    procedures
        .offer(procedure::ALERT_ACKNOWLEDGE, service, Service::acknowledge)
        .await?;
    procedures
        .offer(procedure::NOTIFIER_TEST, service, Service::test)
        .await?;
    Ok(procedures)
}
