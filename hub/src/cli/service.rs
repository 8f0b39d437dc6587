//! `domovoi service`: one service as a process of its own.

use std::path::PathBuf;
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use wamp_client::Session;

use super::Logging;
use super::connection::Connection;
use super::stored::{Stored, close};
use crate::accounts::Role;
use crate::announce;
use crate::config::Config;
use crate::failure::Failure;
use crate::services::{self, Context, MqttView};
use crate::signals::Signals;

/// The command line of `domovoi service`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which service. The hub must not run it too: name it in `elsewhere` in its configuration.
    #[arg(value_parser = PossibleValuesParser::new(services::names()))]
    name: String,
    #[command(flatten)]
    connection: Connection,
    /// The configuration; domovoi.toml in the data directory by default, when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    stored: Stored,
}

pub(super) async fn run(arguments: Arguments, logging: Logging) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let data_dir = arguments.stored.dir()?;
    let config = match &arguments.config {
        Some(path) => Config::read(path)?,
        None => Config::read_if_there(&data_dir.configuration())?,
    };
    let format = logging.start(&config.log)?;
    let session = tokio::select! {
        joined = arguments.connection.join_for_good() => joined?,
        _ = signals.next() => return Ok(()),
    };
    if let Err(failure) = check_role(&session, &arguments.connection) {
        session.leave().await;
        return Err(failure);
    }
    // Not before: a mistake on the command line shall leave no database behind.
    let database = if services::needs_database(&arguments.name) {
        Some(arguments.stored.open().await?)
    } else {
        None
    };
    let context = Context {
        config: Arc::new(config),
        database: database.clone(),
        demo: Some(services::Demo::default()),
        data_dir: data_dir.clone(),
        components: None,
        mqtt: MqttView::default(),
    };
    let start = services::start(&arguments.name, &context)
        .ok_or_else(|| Failure::Usage(format!("there is no service named {}", arguments.name)))?;
    let mut running = start(session.clone()).await.map_err(Failure::Failed)?;
    announce::service_ready(format, &arguments.name);
    let outcome = tokio::select! {
        () = running.finished() => Err(Failure::Failed(format!("the service {} ended by itself", arguments.name))),
        signal = signals.next() => {
            tracing::info!(signal, "the service stops");
            running.stop().await;
            Ok(())
        }
    };
    session.leave().await;
    if let Some(database) = database {
        close(database).await;
    }
    outcome
}

/// Whether the session counts as a service's. Device control takes what any other role switches
/// for a person's hand, and the controllers would leave it alone.
fn check_role(session: &Session, connection: &Connection) -> Result<(), Failure> {
    let info = session.info();
    let role = info
        .as_ref()
        .and_then(|info| info.authrole.as_deref())
        .unwrap_or_default();
    if role == Role::Service.name() {
        return Ok(());
    }
    Err(Failure::Failed(format!(
        "{}: this session has the role {role:?}, and a service needs the role service: make an account on the hub \
         with `domovoi user add NAME --role service`, and name it here with --authid NAME",
        connection.url()
    )))
}
