//! `cargo xtask test`: every test of the workspace, with the real programs they need.

use anyhow::Result;

use crate::command::{cargo, run};
use crate::setup::{Purpose, install};

/// Sets up, builds the UI and the hub, and runs the tests whose names contain one of `names`.
pub(crate) fn test(names: &[String]) -> Result<()> {
    install(Purpose::Test)?;
    crate::ui::build(false)?;
    let program = crate::run::build_hub(true)?;
    let mut command = cargo()?;
    command.args(["test", "--workspace", "--no-fail-fast"]);
    if !names.is_empty() {
        command.arg("--").args(names);
    }
    command.env("DOMOVOI_PROGRAM", program);
    command.env("DOMOVOI_PYTHON", crate::python::interpreter()?);
    command.env("DOMOVOI_ARTIFACTS", crate::root()?.join("artifacts"));
    run("running every test", &mut command)
}
