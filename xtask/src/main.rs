//! `cargo xtask`: sets the machine up, builds, runs, tests and measures Domovoi.
//!
//! `cargo xtask run` and `cargo xtask test` are all that a person needs; each first installs what
//! it lacks and says so.

mod bench;
mod command;
mod fuzz;
mod gate;
mod instructions;
mod measure;
mod python;
mod run;
mod setup;
mod suite;
mod ui;
mod wasm;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Builds, runs and tests Domovoi.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds the UI and the hub and starts the demo house on http://127.0.0.1:8080.
    Run {
        /// Build without optimisation: ready sooner, runs slower.
        #[arg(long)]
        dev: bool,
        /// Arguments for `domovoi run`, in place of `--demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs every test. With names, only tests whose names contain one of them.
    Test {
        /// Parts of test names.
        names: Vec<String>,
    },
    /// Runs what CI runs: format, lints, dependency rules, licences, every test.
    Ci,
    /// Installs what running or testing needs, and nothing else.
    Setup {
        /// Also what the tests need: a browser, MQTT clients, Python.
        #[arg(long)]
        test: bool,
    },
    /// Builds the web UI into ui/dist.
    Ui {
        /// Faster to build, larger to load.
        #[arg(long)]
        dev: bool,
    },
    /// Gives the decoders, the framing and the handshake octets that nobody meant.
    Fuzz {
        /// Seconds for each target.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Measures the hub as a process: start-up, memory, latency, ingest, a large house; prints rows
    /// for the README's table.
    Measure {
        /// start-up, latency, ingest, large-house; all when none is named.
        scenarios: Vec<String>,
    },
    /// Measures the router as a process, in turns with a relay that parses nothing and with other
    /// servers; see docs/performance.md.
    Bench {
        /// --quick, --scenario NAME, --list, --peer NAME=URL and what else `-- --help` says.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Counts the router's instructions for each message; fails when they have grown.
    Instructions {
        /// Keep the new numbers.
        #[arg(long)]
        record: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Run { dev, arguments } => run::run(dev, &arguments),
        Task::Test { names } => suite::test(&names),
        Task::Ci => gate::ci(),
        Task::Setup { test } => setup::install(if test {
            setup::Purpose::Test
        } else {
            setup::Purpose::Run
        }),
        Task::Fuzz { seconds } => fuzz::fuzz(seconds),
        Task::Ui { dev } => ui::build(dev),
        Task::Measure { scenarios } => measure::measure(&scenarios),
        Task::Bench { arguments } => bench::bench(&arguments),
        Task::Instructions { record } => instructions::instructions(record),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            command::say(&format!("failed: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root.
fn root() -> Result<PathBuf> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map(PathBuf::from)
        .ok_or_else(|| anyhow::anyhow!("xtask is not inside a workspace"))
}

/// Where cargo puts what it builds.
fn target_dir() -> Result<PathBuf> {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(directory) => Ok(PathBuf::from(directory)),
        None => Ok(root()?.join("target")),
    }
}
