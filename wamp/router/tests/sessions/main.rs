//! Whole sessions over real sockets: what a client sees, octet by octet.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

mod authorization;
mod calls;
mod events;
mod limits;
mod meta_api;
mod origins;
mod proofs;
mod sign_in;
mod talk;
mod tls;
mod transports;
mod violations;
