//! The device control service: finds the actuator that a command means, has its bridge switch it, and sees that it happened.

pub mod actuator;
pub mod pending;
pub mod resolve;
pub mod state;
