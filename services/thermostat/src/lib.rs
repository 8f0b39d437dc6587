//! Keeps the temperature of each area within its thresholds by switching air conditioners and heaters.
//!
//! [`control`] is the rule, and pure; what every controller does around its rule is the crate
//! [`controller`]'s.

pub mod control;

use wamp_client::Session;

pub use component::{Running, Settings};

use control::Thermostat;

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
    Ok(controller::start::<Thermostat>(session, settings).await?)
}
