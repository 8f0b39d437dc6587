//! The bridge between devices that speak MQTT and a house that speaks WAMP. The devices are
//! `mosquitto_pub` and `mosquitto_sub`, with payloads as firmware sends them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod air_sensor;
mod embedded;
mod fleet;
mod mosquitto;
mod outside;
mod scripted_house;
mod zigbee;
