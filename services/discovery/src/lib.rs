//! The device registry: what was found, what was adopted, where it stands, whether it is there.
//!
//! Bridges report what they see on `device.seen`; whoever publishes `sensor.events` under an
//! unknown id is found too. A found device does nothing until the admin adopts it into an area;
//! its name and area are the admin's from then on. Everyone else keeps a copy of the registry from
//! `device.list` and `device.changed`.
//!
//! What several bridges see under one hardware address is one device, and a new device can take an
//! old one's place: [`house::Device::parts`] says then who speaks for what.

mod fault;
mod registry;
mod request;
mod search;
mod service;
mod store;
mod wamp_sensor;

use std::sync::Arc;
use std::time::Duration;

use component::Procedures;
use database::{Database, DatabaseError};
use house::uri::{procedure, topic};
use wamp_client::Session;

pub use component::Running;
pub use fault::Fault;
pub use registry::{DeviceRegistry, Kinds, Limits, News, Record};

use service::Service;

/// How the service works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How much is told, stored and kept.
    pub limits: Limits,
    /// How often small news are looked through.
    pub tick: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            tick: Duration::from_secs(1),
        }
    }
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it register or subscribe.
    #[error("discovery cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
    /// The stored devices cannot be read.
    #[error("discovery cannot read its devices: {0}")]
    Database(#[from] DatabaseError),
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings, database: Database) -> Result<Running, StartError> {
    let records = store::load(&database).await?;
    let registry = DeviceRegistry::new(settings.limits, records, component::now());
    let service = Arc::new(Service::new(session.clone(), database, registry));

    let seen = session.subscribe(topic::DEVICE_SEEN).queue(4096).open().await?;
    let readings = session.subscribe(topic::SENSOR_EVENTS).queue(8192).open().await?;
    let procedures = offer(&session, &service).await?;

    Ok(Running::spawn(|stop| async move {
        service::run(service, seen, readings, settings.tick, stop).await;
        procedures.let_go().await;
    }))
}

async fn offer(session: &Session, service: &Arc<Service>) -> Result<Procedures, wamp_client::Error> {
    let mut procedures = Procedures::new(session);
    procedures.offer(procedure::DEVICE_LIST, service, Service::list).await?;
    procedures
        .offer(procedure::DEVICE_ADOPT, service, Service::adopt)
        .await?;
    procedures
        .offer(procedure::DEVICE_RENAME, service, Service::rename)
        .await?;
    procedures
        .offer(procedure::DEVICE_REPLACE, service, Service::replace)
        .await?;
    procedures
        .offer(procedure::DEVICE_IGNORE, service, Service::ignore)
        .await?;
    procedures
        .offer(procedure::DEVICE_REMOVE, service, Service::remove)
        .await?;
    procedures
        .offer(procedure::DISCOVER_DEVICES, service, search::search)
        .await?;
    Ok(procedures)
}
