//! What whole-system tests share: a running house, waiting on conditions, and places to look.

use std::path::PathBuf;

/// The workspace's root.
pub fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}
