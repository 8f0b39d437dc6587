//! The talk's day, end to end, against the hub as a process: once in the simulated house, once
//! with MQTT devices that nobody here wrote; and what must hold when things go wrong.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "this is test code: a failed expectation is a failed test"
)]

mod bad_input;
mod bluetooth;
mod day;
mod firmware;
mod interop;
mod lost_sensor;
mod outside_server;
mod over_mqtt;
mod pages;
mod power_cut;
mod programs;
mod simulated;
mod talk;
mod web;
