//! Whole sessions over real sockets: what a client sees, octet by octet.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod authorization;
mod challenge;
mod dynamic_permission;
mod dynamic_sign_in;
mod long_poll;
mod long_poll_decisions;
mod origins;
mod proofs;
mod proxies;
mod refused_pieces;
mod sign_in;
mod talk;
mod tls;
mod too_early;
mod transports;
mod violations;
