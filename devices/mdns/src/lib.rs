//! The mDNS bridge: what announces itself in the network shows up in the house, with what it is and
//! what can be done with it.
//!
//! Pure: [`kinds`] knows what the service types mean, [`hosts`] makes devices of what is announced,
//! [`interfaces`] says which networks are the house's, [`neighbours`] reads who has which hardware
//! address. [`browser`] listens, [`bridge`] tells the house. Nothing is driven from here: a device
//! that another bridge sees too is one device by its hardware address.

pub mod hosts;
pub mod interfaces;
pub mod kinds;
pub mod neighbours;

mod bridge;
mod browser;

use wamp_client::Session;

pub use browser::BrowseFault;
pub use component::Running;
pub use interfaces::Networks;

/// How the bridge works.
#[derive(Debug, Clone)]
pub struct Settings {
    /// On which networks it listens.
    pub networks: Networks,
    /// The UDP port of mDNS; another than 5353 is a test's own world.
    pub port: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            networks: Networks::House,
            port: 5353,
        }
    }
}

/// Why the bridge could not take its place in the house, as a sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The router refuses what the bridge needs.
    #[error("the mDNS bridge cannot start: {0}")]
    Session(#[from] wamp_client::Error),
    /// The network cannot be listened to.
    #[error("the mDNS bridge cannot listen: {0}")]
    Browse(#[from] BrowseFault),
}

/// Starts the bridge; returns once it listens and its subscriptions are in place.
///
/// # Errors
/// [`StartError`], whose `Display` is a sentence for people.
pub async fn start(session: Session, settings: Settings) -> Result<Running, StartError> {
    bridge::start(session, settings).await
}
