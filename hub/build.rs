//! What the program needs before it is built, and how it is linked.

use std::fs;
use std::path::Path;
use std::process::Command;

/// The first glibc that reads packed relocations (`DT_RELR`).
const FIRST: (u32, u32) = (2, 36);

fn main() -> std::io::Result<()> {
    make_room_for_the_ui()?;
    pack_relocations();
    Ok(())
}

/// Makes sure the folder that is embedded is there, so that the hub builds without the UI; it then
/// serves a page that says so.
fn make_room_for_the_ui() -> std::io::Result<()> {
    let dist = Path::new("../ui/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    fs::create_dir_all(dist)
}

/// Packs the program's relocations where the machine's C library can read them so: half a megabyte
/// less of the file, a fifth of a megabyte less in memory.
fn pack_relocations() {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let is_glibc = variable("CARGO_CFG_TARGET_OS") == "linux" && variable("CARGO_CFG_TARGET_ENV") == "gnu";
    // What is built for another machine cannot ask that machine.
    let is_native = variable("HOST") == variable("TARGET");
    if is_glibc && is_native && glibc().is_some_and(|version| version >= FIRST) {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's C library: `glibc 2.36`.
fn glibc() -> Option<(u32, u32)> {
    let output = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
