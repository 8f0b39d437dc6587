//! Makes sure the folder that is embedded is there, so that the hub builds without the UI; it then
//! serves a page that says so.

use std::fs;
use std::path::Path;

fn main() -> std::io::Result<()> {
    let dist = Path::new("../ui/dist");
    println!("cargo::rerun-if-changed={}", dist.display());
    fs::create_dir_all(dist)
}
