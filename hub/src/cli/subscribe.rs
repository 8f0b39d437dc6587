//! `domovoi subscribe`: prints events as they come, until it is stopped or the router ends it.

use clap::ValueEnum;
use wamp_client::{ConnectionState, MatchPolicy};

use super::address::check_uri;
use super::connection::{Connection, refused};
use super::{Logging, output};
use crate::failure::Failure;

/// The command line of `domovoi subscribe`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The topic, or a pattern of topics.
    uri: String,
    /// How topics match: the same URI, URIs that begin with it, or URIs with anything where it has
    /// an empty component.
    #[arg(long = "match", value_name = "POLICY", value_enum, default_value_t = Policy::Exact)]
    policy: Policy,
    /// End after so many events.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Start with the event the topic retains, when it has one.
    #[arg(long)]
    retained: bool,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Policy {
    Exact,
    Prefix,
    Wildcard,
}

pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    let policy = match arguments.policy {
        Policy::Exact => MatchPolicy::Exact,
        Policy::Prefix => MatchPolicy::Prefix,
        Policy::Wildcard => MatchPolicy::Wildcard,
    };
    check_uri(&arguments.uri, policy)?;
    let session = arguments.connection.join().await?;
    let mut subscription = session.subscribe(arguments.uri.as_str()).match_policy(policy);
    if arguments.retained {
        subscription = subscription.get_retained();
    }
    let mut events = subscription.open().await.map_err(|error| refused(&error))?;
    let mut left = arguments.count;
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    while left != Some(0) {
        let event = tokio::select! {
            event = events.next() => event,
            _ = &mut stop => break,
        };
        let Some(event) = event else {
            return Err(ended(&session.state()));
        };
        output::event(&event)?;
        left = left.map(|left| left - 1);
    }
    session.leave().await;
    Ok(())
}

fn ended(state: &ConnectionState) -> Failure {
    Failure::Failed(match state {
        ConnectionState::Closed(reason) => format!("the session is over: {reason:?}"),
        ConnectionState::Joined(_) | ConnectionState::Reconnecting { .. } => "the router ended the subscription".into(),
    })
}
