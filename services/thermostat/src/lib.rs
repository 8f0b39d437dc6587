//! Keeps the temperature of each area within its thresholds by switching air conditioners and heaters.

pub mod control;
