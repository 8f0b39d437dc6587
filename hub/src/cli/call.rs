//! `domovoi call`: calls a procedure and prints what it gives, progressive results as they come.

use std::time::Duration;

use wamp_client::MatchPolicy;

use super::address::check_uri;
use super::arguments::Payload;
use super::connection::{Connection, refused};
use super::{Logging, output};
use crate::failure::Failure;

/// The command line of `domovoi call`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The procedure.
    uri: String,
    #[command(flatten)]
    payload: Payload,
    /// Give up after so many seconds; without it, never.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    timeout: Option<u64>,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    check_uri(&arguments.uri, MatchPolicy::Exact)?;
    let session = arguments.connection.join().await?;
    let mut call = session.call(arguments.uri.as_str());
    let (args, kwargs) = (arguments.payload.args(), arguments.payload.kwargs());
    if !args.is_empty() {
        call = call.args(&args);
    }
    if !kwargs.is_empty() {
        call = call.kwargs(&kwargs);
    }
    if let Some(seconds) = arguments.timeout {
        call = call.timeout(Duration::from_secs(seconds));
    }
    let mut results = call.progressive().await.map_err(|error| refused(&error))?;
    while let Some(result) = results.next().await {
        output::result(&result.map_err(|error| refused(&error))?)?;
    }
    session.leave().await;
    Ok(())
}
