//! Sessions with the real router, over every transport.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on stops there"
)]

mod everywhere;
mod house;
mod restart;
mod sign_in;
mod testaments;
