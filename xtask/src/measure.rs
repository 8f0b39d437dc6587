//! `cargo xtask measure`: the figures in the README's table.

use anyhow::Result;

/// Builds for release and measures.
pub(crate) fn measure() -> Result<()> {
    anyhow::bail!("to come")
}
