//! `domovoi backup`: a verified copy of the house's data, while the hub runs or not.

use std::path::PathBuf;

use serde_json::json;

use super::stored::{Stored, close};
use super::{Logging, output};
use crate::failure::Failure;

/// The command line of `domovoi backup`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The file to write; it must not be there yet.
    file: PathBuf,
    #[command(flatten)]
    stored: Stored,
}

pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    let database = arguments.stored.open_existing().await?;
    let outcome = database.backup_to(&arguments.file).await;
    close(database).await;
    let verified = outcome.map_err(|error| Failure::Failed(error.to_string()))?;
    output::line(&json!({
        "file": arguments.file.display().to_string(),
        "octets": verified.size,
        "schema": verified.schema,
        "verified": true,
    }))
}
