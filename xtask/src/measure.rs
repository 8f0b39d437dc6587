//! `cargo xtask measure`: the figures in the README's table and of the house in docs/performance.md.

use anyhow::Result;

use crate::command::{cargo, run};
use crate::setup::{Purpose, install};

/// Builds for release and measures; the figures go to stdout.
pub(crate) fn measure(scenarios: &[String]) -> Result<()> {
    install(Purpose::Test)?;
    // The program embeds the UI, which nobody opens here: one that is there will do.
    if !crate::root()?.join("ui/dist/index.html").is_file() {
        crate::ui::build(false)?;
    }
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
                "--",
            ])
            .args(scenarios)
            .env("DOMOVOI_PROGRAM", program),
    )
}
