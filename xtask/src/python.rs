//! The Python virtual environment of the interoperability tests.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::command::{output, run};

/// The environment's interpreter.
pub(crate) fn interpreter() -> Result<PathBuf> {
    Ok(crate::root()?.join(".venv/bin/python"))
}

/// Makes the environment and installs `tests/interop/requirements.txt` into it.
pub(crate) fn prepare() -> Result<()> {
    let root = crate::root()?;
    let requirements = root.join("tests/interop/requirements.txt");
    let interpreter = interpreter()?;
    let works = output(Command::new(&interpreter).args(["-c", "import autobahn, argon2, passlib, nacl"])).is_some();
    if works {
        return Ok(());
    }
    run(
        "making a Python virtual environment in .venv",
        Command::new("python3").args(["-m", "venv"]).arg(root.join(".venv")),
    )?;
    run(
        "installing Autobahn|Python into .venv",
        Command::new(&interpreter)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(requirements),
    )
}
