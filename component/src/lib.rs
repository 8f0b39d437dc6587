//! What every component of the house shares: every part that joins as a WAMP client.
//!
//! Services and bridges decide in pure code of their own. Here is what stands around it at the
//! edge: [`Running`], the handle on one that runs; the [clock](now); the [`Procedures`] it offers;
//! a [`List`] that another component keeps; events [read], [told](tell) and, in the
//! [`Outbox`], kept while there is no connection.

mod clock;
mod events;
mod list;
mod outbox;
mod procedures;
mod running;
mod settings;

pub use clock::{now, until};
pub use events::{read, tell, tell_status};
pub use list::{List, Listed, devices, fetch_alerts};
pub use outbox::Outbox;
pub use procedures::Procedures;
pub use running::Running;
pub use settings::Settings;
