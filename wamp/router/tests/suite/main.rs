//! One suite over every transport and serializer, against a running router, on the wire: each
//! feature flag of the specification and each of its known traps has a test of that name.
//!
//! `feature_…` are named after the flags in HELLO and WELCOME, `trap_NN_…` after the numbered
//! list in `docs/wamp.md`. Every check runs once for each way to reach the router; what fails
//! says over which.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[macro_use]
mod site;
#[path = "../support/mod.rs"]
mod support;

mod announced;
mod blackwhite_listing;
mod calls;
mod canceling;
mod closing;
mod history;
mod identification;
mod ids;
mod invocation_routing;
mod limits;
mod meta_api;
mod newest;
mod ordering;
mod passthru;
mod payloads;
mod pieces;
mod rawsocket;
mod reflection;
mod registrations;
mod reregistration;
mod retention;
mod sharding;
mod subscriptions;
mod undeliverable;
mod violations;
