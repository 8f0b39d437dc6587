//! A house with physics, for trying Domovoi out and for tests.
//!
//! It stands for the world outside the hub: rooms warm up and get damp whatever the hub does, an
//! air conditioner that is switched on really cools, and what happened is not forgotten when the
//! hub dies. [`physics`] and [`scene`] are pure; [`bridge`] speaks with the rest of the house.
//!
//! Beside what every bridge does it answers, to admins, `simulated.device.silence {device, silent}`
//! (a device stops speaking, as with a dead battery) and `simulated.environment.set {area,
//! temperature?, humidity?}` (somebody opens a window).

mod bridge;
mod physics;
mod request;
mod running;
mod scene;
mod state_file;

use std::path::PathBuf;
use std::time::Duration;

use wamp_client::Session;

pub use running::Running;

/// `simulated.device.silence`: kwargs `{device, silent}` → nothing.
pub const DEVICE_SILENCE: &str = "simulated.device.silence";

/// `simulated.environment.set`: kwargs `{area, temperature?, humidity?}` → nothing.
pub const ENVIRONMENT_SET: &str = "simulated.environment.set";

/// How the house is simulated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many times faster than real time its physics run.
    pub speed: f64,
    /// How often its sensors measure, in real time.
    pub report_every: Duration,
    /// Where it keeps what must survive the hub; nowhere when `None`.
    pub state_file: Option<PathBuf>,
    /// Time between two hidden devices that a search finds.
    pub find_every: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            speed: 60.0,
            report_every: Duration::from_secs(1),
            state_file: None,
            find_every: Duration::from_millis(1500),
        }
    }
}

/// The simulated house could not take its place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The router refuses what it needs.
    #[error("the simulated house cannot start: {0}")]
    Session(#[from] wamp_client::Error),
    /// Its file is there and cannot be read; it is not overwritten.
    #[error("the simulated house's file {path} cannot be read: {fault}; remove it to begin a new house")]
    State {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
}

/// Starts the house; returns once its procedures and subscriptions are in place.
///
/// # Errors
/// See [`StartError`].
pub async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    bridge::start(session, settings).await
}
