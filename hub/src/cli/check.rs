//! `domovoi check`: the configuration and the data, in sentences.

use std::path::PathBuf;

use super::Logging;
use super::stored::{Stored, close};
use crate::accounts::{Accounts, Role};
use crate::config::Config;
use crate::damage;
use crate::failure::Failure;
use crate::{router_key, tls};

/// The command line of `domovoi check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration to check; domovoi.toml in the data directory by default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    stored: Stored,
}

pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    let dir = arguments.stored.dir()?;
    let path = arguments.config.clone().unwrap_or_else(|| dir.configuration());
    if arguments.config.is_some() || path.exists() {
        let config = Config::read(&path)?;
        config.tls.as_ref().map(tls::load).transpose()?;
        println!("The configuration {} is right.", path.display());
        for warning in config.warnings() {
            println!("But note: {warning}.");
        }
    } else {
        println!("There is no configuration file {}: the defaults hold.", path.display());
    }
    if !dir.database().exists() {
        println!(
            "There is no house in {} yet: the first start makes one.",
            dir.path().display()
        );
        return Ok(());
    }
    if dir.router_key().exists() {
        match router_key::load(&dir.router_key()) {
            Ok(key) => println!("Programs know the hub by the key {}.", hex::encode(key.public_key())),
            Err(failure) => println!("The hub cannot prove who it is: {failure}."),
        }
    }
    let database = arguments.stored.open_existing().await?;
    let checked = database.quick_check().await;
    let accounts = Accounts::new(database.clone()).list().await;
    close(database).await;
    checked.map_err(|error| damage::of_house(&error))?;
    let accounts = accounts.map_err(|error| damage::of_accounts(&error, &dir.database()))?;
    println!("The data in {} is undamaged.", dir.path().display());
    match accounts.len() {
        0 => println!("There is no account yet."),
        1 => println!("There is one account."),
        count => println!("There are {count} accounts."),
    }
    if !accounts.iter().any(|account| account.role == Role::Admin) {
        println!("There is no admin yet: the next start prints a set-up link.");
    }
    Ok(())
}
