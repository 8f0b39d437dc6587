//! One file per page.

pub(crate) mod alerts;
pub(crate) mod devices;
pub(crate) mod history;
pub(crate) mod logbook;
pub(crate) mod overview;
pub(crate) mod setup;
pub(crate) mod sign_in;
pub(crate) mod system;
pub(crate) mod thresholds;
