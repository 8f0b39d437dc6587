//! Rules about the code itself: who may depend on whom, how large files get, what ARCHITECTURE.md
//! may claim.

#![allow(
    clippy::expect_used,
    reason = "this is test code: a failed expectation is a failed test"
)]

mod dependencies;
mod documents;
mod sources;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Files that git tracks or would track, below the root, with this extension.
fn tracked(extension: &str) -> Vec<PathBuf> {
    let root = domovoi_tests::root();
    let listing = Command::new("git")
        .current_dir(&root)
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .output()
        .expect("git lists the files");
    assert!(listing.status.success(), "git ls-files failed");
    let listing = String::from_utf8(listing.stdout).expect("paths are text");
    listing
        .lines()
        .map(|line| root.join(line))
        .filter(|path| path.is_file() && path.extension().is_some_and(|e| e == extension))
        .collect()
}

fn relative(path: &Path) -> String {
    path.strip_prefix(domovoi_tests::root())
        .unwrap_or(path)
        .display()
        .to_string()
}
