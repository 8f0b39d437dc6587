//! A house with physics: rooms, sensors, an air conditioner and a fan, for trying out and for
//! tests.
//!
//! [`physics`], [`script`] and [`world`] are pure: given the same seed and steps, the same day.
//! [`plan`] is the house as built. `bridge` lets it speak with the rest of the house like any
//! other bridge; somebody else could let the same world speak MQTT.
//!
//! Two procedures let tests and the curious play weather and fate; the router lets only admins
//! call them: [`SILENCE`] and [`ENVIRONMENT_SET`].

pub mod physics;
pub mod plan;
pub mod script;
pub mod world;

mod bridge;
mod memory;
mod settle;

use std::path::PathBuf;

use wamp_client::Session;

pub use component::Running;
pub use memory::MemoryFault;

/// kwargs `{device, silent}` → nothing: the device says and hears nothing, or is itself again.
pub const SILENCE: &str = "simulated.device.silence";

/// kwargs `{area?, temperature?, humidity?, outdoor?}` → nothing: sets the air of a room, and the
/// temperature outside until the world ends.
pub const ENVIRONMENT_SET: &str = "simulated.environment.set";

/// How the house is simulated.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many times faster than a real house.
    pub speed: f64,
    /// Where the world is kept; without it, every start is the first.
    pub file: Option<PathBuf>,
    /// Decides the sensors' noise.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            speed: 60.0,
            file: None,
            seed: 1,
        }
    }
}

/// Why the simulated house could not be moved into, as a sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The router refuses what the bridge needs.
    #[error("the simulated house cannot start: {0}")]
    Session(#[from] wamp_client::Error),
    /// Its file cannot be read.
    #[error(transparent)]
    Memory(#[from] MemoryFault),
}

/// Starts the house; returns once its registrations and subscriptions are in place.
///
/// On its first start the devices that are at home are adopted and the talk's thresholds set, as
/// soon as those who keep them are there.
///
/// # Errors
/// [`StartError`], whose `Display` is a sentence for people.
pub async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    bridge::start(session, settings).await
}
