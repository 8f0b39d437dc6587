//! What whole-system tests share: a running hub, people who sign in, devices that speak, and
//! waiting on conditions.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "this is test code: a failed expectation is a failed test"
)]

pub mod bluez;
pub mod browser;
pub mod hub;
pub mod mosquitto;
pub mod ntfy;
pub mod people;
pub mod recorder;
pub mod wait;

use std::path::PathBuf;

/// The workspace's root.
pub fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}

/// Where tests leave what people may want to look at: screenshots, logs.
pub fn artifacts() -> PathBuf {
    let folder = std::env::var_os("DOMOVOI_ARTIFACTS").map_or_else(|| root().join("artifacts"), PathBuf::from);
    std::fs::create_dir_all(&folder).expect("the artifacts folder can be made");
    folder
}
