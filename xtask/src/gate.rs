//! `cargo xtask ci`: what must hold before a change lands.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, output, run, say};
use crate::setup::{Purpose, install};

const CARGO_DENY: &str = "0.20.2";

/// Format, lints, licences and sources, instructions for each routed message, then every test.
pub(crate) fn ci() -> Result<()> {
    install(Purpose::Test)?;
    run("checking the format", cargo()?.args(["fmt", "--all", "--check"]))?;
    // The hub embeds ui/dist, so the UI comes first; lints of both programs follow.
    crate::ui::build(false)?;
    run(
        "checking lints",
        cargo()?.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    )?;
    check_dependencies()?;
    crate::instructions::instructions(false)?;
    crate::suite::test(&[])
}

fn check_dependencies() -> Result<()> {
    let program = cargo_deny()?;
    let deny = |checks: &[&str]| -> Result<Command> {
        let mut command = Command::new(&program);
        command
            .current_dir(crate::root()?)
            .args(["--workspace", "--all-features", "check"])
            .args(checks);
        Ok(command)
    };
    run(
        "checking licences, sources and bans",
        &mut deny(&["licenses", "bans", "sources"])?,
    )?;
    // The advisory database comes from the network; where that is closed, CI says so and goes on.
    let fetched = Command::new(&program)
        .current_dir(crate::root()?)
        .arg("fetch")
        .arg("db")
        .status()
        .is_ok_and(|status| status.success());
    if fetched {
        run("checking advisories", &mut deny(&["advisories"])?)?;
    } else {
        say("advisories not checked: their database cannot be fetched from here");
    }
    Ok(())
}

/// `cargo-deny` of the wanted version, built into the target folder if it is not on the machine.
fn cargo_deny() -> Result<PathBuf> {
    let is_right = |program: &PathBuf| {
        output(Command::new(program).arg("--version")).is_some_and(|version| version.contains(CARGO_DENY))
    };
    let installed = PathBuf::from("cargo-deny");
    if is_right(&installed) {
        return Ok(installed);
    }
    let folder = crate::target_dir()?.join("tools");
    let built = folder.join("bin/cargo-deny");
    if !is_right(&built) {
        run(
            &format!("building cargo-deny {CARGO_DENY}"),
            cargo()?
                .args([
                    "install",
                    "--locked",
                    "--debug",
                    "--version",
                    CARGO_DENY,
                    "cargo-deny",
                    "--root",
                ])
                .arg(&folder)
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        )?;
    }
    Ok(built)
}
