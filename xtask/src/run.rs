//! `cargo xtask run`: from a bare machine to the demo house in a browser.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, run as run_command, say};
use crate::setup::{Purpose, install};

/// Sets up, builds the UI and the hub, and becomes the hub.
pub(crate) fn run(dev: bool, arguments: &[String]) -> Result<()> {
    install(Purpose::Run)?;
    crate::ui::build(dev)?;
    let program = build_hub(dev)?;
    let mut command = Command::new(&program);
    command.arg("run");
    if arguments.is_empty() {
        command
            .arg("--demo")
            .arg("--data-dir")
            .arg(crate::target_dir()?.join("demo-house"));
        say("starting the demo house; its data is in target/demo-house, Ctrl-C ends it");
    } else {
        command.args(arguments);
    }
    // The hub takes this process's place, so that signals reach it and its exit code is ours.
    Err(command.exec()).with_context(|| format!("cannot start {}", program.display()))
}

/// Builds `domovoi` and says where it is.
pub(crate) fn build_hub(dev: bool) -> Result<PathBuf> {
    let profile = if dev { "dev" } else { "release" };
    run_command(
        "building the hub",
        cargo()?.args(["build", "--package", "hub", "--bin", "domovoi", "--profile", profile]),
    )?;
    let folder = if dev { "debug" } else { "release" };
    Ok(crate::target_dir()?.join(folder).join("domovoi"))
}
