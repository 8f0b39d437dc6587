//! Keeps the humidity of each area within its thresholds by switching fans.

pub mod baseline;
pub mod control;
