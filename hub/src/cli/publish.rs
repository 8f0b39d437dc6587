//! `domovoi publish`: publishes one event and waits until the router has taken it.

use wamp_client::MatchPolicy;

use super::Logging;
use super::address::check_uri;
use super::arguments::Payload;
use super::connection::{Connection, refused};
use crate::failure::Failure;

/// The command line of `domovoi publish`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The topic.
    uri: String,
    #[command(flatten)]
    payload: Payload,
    /// Keep it as the topic's newest event for subscribers that come later.
    #[arg(long)]
    retain: bool,
    #[command(flatten)]
    connection: Connection,
}

pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    check_uri(&arguments.uri, MatchPolicy::Exact)?;
    let session = arguments.connection.join().await?;
    let mut event = session.publish(arguments.uri.as_str()).acknowledge();
    let (args, kwargs) = (arguments.payload.args(), arguments.payload.kwargs());
    if !args.is_empty() {
        event = event.args(&args);
    }
    if !kwargs.is_empty() {
        event = event.kwargs(&kwargs);
    }
    if arguments.retain {
        event = event.retain();
    }
    event.send().await.map_err(|error| refused(&error))?;
    session.leave().await;
    Ok(())
}
