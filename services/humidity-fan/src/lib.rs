//! Keeps the humidity of each area within its thresholds by switching fans.
//!
//! [`control`] is the rule, [`baseline`] knows what is usual; both are pure. What every controller
//! does around its rule is the crate [`controller`]'s. What is usual is learned anew after a
//! restart.

pub mod baseline;
pub mod control;

use wamp_client::Session;

pub use component::{Running, Settings};

use control::HumidityFan;

/// Why the service could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The router did not let it subscribe.
    #[error("the humidity fan cannot join the house: {0}")]
    Session(#[from] wamp_client::Error),
}

/// Starts the service; it is ready when this returns.
///
/// # Errors
/// [`StartError`].
pub async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    Ok(controller::start::<HumidityFan>(session, settings).await?)
}
