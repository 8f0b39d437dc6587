//! The MQTT bridge: Home Assistant discovery in, commands out, and an embedded MQTT server.
//!
//! Pure: [`topic`], [`abbreviation`], [`discovery`], [`availability`], [`template`], [`entity`]
//! and [`unit`] know no clock and no network.

pub mod abbreviation;
pub mod availability;
pub mod discovery;
pub mod entity;
pub mod fields;
pub mod payload;
pub mod template;
pub mod topic;
pub mod unit;

mod client;
mod clock;
mod link;
mod server;
