//! The Bluetooth LE bridge: adverts in, readings out.
//!
//! [`scanner`] listens through BlueZ and hands on what it hears; [`inbound`] (pure) makes devices
//! and readings of it, each [`sender`] by itself; [`keys`] takes and keeps the keys of those that
//! encrypt; [`bridge`] speaks with the rest of the house. A machine without Bluetooth
//! is no fault: the bridge says so once and keeps looking for an adapter.

mod bridge;
mod inbound;
mod keys;
mod scanner;
mod sender;

use std::collections::BTreeMap;
use std::time::Duration;

use database::Database;
use wamp_client::Session;

pub use component::Running;
pub use decoders::{Address, Key};

/// How the bridge works; the defaults suit a house.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which adapter (`hci0`); any when `None`.
    pub adapter: Option<String>,
    /// Keys of devices that encrypt their adverts.
    pub keys: BTreeMap<Address, Key>,
    /// Hearing nothing at all for so long, the scan is started anew.
    pub restart_after: Duration,
    /// How long to wait before looking for an adapter again.
    pub retry_every: Duration,
    /// A device that was heard regularly counts as offline after so long.
    pub offline_after: Duration,
    /// A device that only speaks when something happens counts as offline after so long.
    pub sleepy_offline_after: Duration,
    /// An unchanged value is reported again after so long, to show that it still holds.
    pub report_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            adapter: None,
            keys: BTreeMap::new(),
            restart_after: Duration::from_secs(120),
            retry_every: Duration::from_secs(10),
            offline_after: Duration::from_secs(15 * 60),
            sleepy_offline_after: Duration::from_secs(25 * 3600),
            report_every: Duration::from_secs(30),
        }
    }
}

/// The bridge could not take its place in the house.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The router refuses what the bridge needs.
    #[error("the Bluetooth bridge cannot start: {0}")]
    Session(#[from] wamp_client::Error),
    /// The keys that were entered cannot be read.
    #[error("the keys of Bluetooth devices cannot be read: {0}")]
    Storage(#[from] sqlx::Error),
}

/// Starts the bridge; returns once its subscriptions are in place. Bluetooth itself may come later.
///
/// Without a database it knows the keys of its settings alone, and takes no others.
///
/// # Errors
/// [`StartError`], whose `Display` is a sentence for people.
pub async fn start(session: Session, settings: Settings, database: Option<Database>) -> Result<Running, StartError> {
    bridge::start(session, settings, database).await
}
