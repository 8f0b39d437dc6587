//! Whole sessions against a router whose every word is written in the test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on stops there"
)]

mod calls;
mod events;
mod joining;
mod network;
mod pieces;
mod procedures;
mod reconnecting;
mod scripted_router;
