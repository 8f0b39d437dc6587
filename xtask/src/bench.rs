//! `cargo xtask bench`: how fast the router is, beside others.

use std::path::Path;

use anyhow::Result;

use crate::command::{cargo, run};
use crate::setup::{PEERS, Purpose, install, install_packages};

/// Builds for release and measures; the tables go to stdout. Debian's peers are installed; others
/// are measured where they are on the path or given by URL.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    install(Purpose::Run)?;
    install_packages(PEERS)?;
    // The program embeds the UI, which `domovoi router` does not show: one that is there will do.
    if !Path::new(&crate::root()?).join("ui/dist/index.html").is_file() {
        crate::ui::build(true)?;
    }
    let program = crate::run::build_hub(false)?;
    run(
        "building the load generator and the relay",
        cargo()?.args(["build", "--release", "--package", "router-benches", "--bins"]),
    )?;
    let measure = crate::target_dir()?.join("release/measure-routers");
    run(
        "measuring",
        std::process::Command::new(measure)
            .arg("--program")
            .arg(program)
            .args(arguments),
    )
}
