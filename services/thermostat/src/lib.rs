//! Keeps the temperature of each area within its thresholds by switching air conditioners and heaters.
//!
//! [`control`] decides about one actuator, [`plan`] about one area; both are pure. The service's
//! one task keeps a view of the house and acts on the plan of an area whenever something about it
//! changes, and when the plan itself says that time will. It keeps nothing on disk: after a restart
//! it reads everything anew from the services that own it.

pub mod control;
pub mod plan;

mod calls;
mod clock;
mod fetch;
mod outbox;
mod running;
mod service;

use house::Pace;
use house::uri::{procedure, topic};
use tokio::sync::mpsc;
use wamp_client::Session;

pub use running::Running;

use service::{Ears, Message, Service};

/// How the service works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many times faster than real time control runs; 1 in a real house.
    pub speed: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { speed: 1.0 }
    }
}

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it subscribe.
    #[error("the thermostat cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    let (inbox, received) = mpsc::unbounded_channel();
    let ears = Ears {
        inbox: received,
        readings: session.subscribe(topic::SENSOR_EVENTS).queue(8192).open().await?,
        actuators: session.subscribe(topic::ACTUATOR_EVENTS).queue(8192).open().await?,
        config: session.subscribe(topic::CONFIG_CHANGED).open().await?,
        devices: session.subscribe(topic::DEVICE_CHANGED).queue(8192).open().await?,
    };
    // Where this list is there already, the first reading meets it.
    if let Ok(devices) = fetch::ask(&session, procedure::DEVICE_LIST).await {
        let _ = inbox.send(Message::Devices(devices, 0));
    }
    let service = Service::new(session, inbox, Pace::new(settings.speed));
    Ok(Running::spawn(|stop| service.run(ears, stop)))
}
