//! `cargo xtask measure`: the figures in the README's table.

use anyhow::Result;

use crate::command::{cargo, run};
use crate::setup::{Purpose, install};

/// Builds for release and measures; the figures go to stdout.
pub(crate) fn measure() -> Result<()> {
    install(Purpose::Test)?;
    crate::ui::build(false)?;
    let program = crate::run::build_hub(false)?;
    run(
        "measuring the hub",
        cargo()?
            .args([
                "run",
                "--release",
                "--quiet",
                "--package",
                "benches",
                "--bin",
                "measure-house",
            ])
            .env("DOMOVOI_PROGRAM", program),
    )
}
