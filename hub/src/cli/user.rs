//! `domovoi user`: accounts, whether the hub runs or not.

use std::io::{IsTerminal, Write};

use clap::Subcommand;
use serde_json::json;

use super::connection::password_from_stdin;
use super::stored::{Stored, close};
use super::{Logging, output};
use crate::accounts::{AccountError, Accounts, MINIMUM_PASSWORD, PublicKey, Role};
use crate::failure::Failure;

/// The command line of `domovoi user`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an account.
    Add {
        /// The name to sign in with.
        name: String,
        /// admin, user, viewer; or service, for `domovoi service`.
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: Password,
        #[command(flatten)]
        stored: Stored,
    },
    /// List the accounts, one JSON object a line.
    List {
        #[command(flatten)]
        stored: Stored,
    },
    /// Take an account away.
    Remove {
        /// Whose.
        name: String,
        #[command(flatten)]
        stored: Stored,
    },
    /// Keys that sign an account in without a password (cryptosign, Ed25519).
    #[command(subcommand)]
    Key(KeyAction),
    /// Set the password of an account; browsers that stayed signed in have to sign in again.
    Passwd {
        /// Whose.
        name: String,
        #[command(flatten)]
        password: Password,
        #[command(flatten)]
        stored: Stored,
    },
}

#[derive(Debug, Subcommand)]
enum KeyAction {
    /// Let whoever has the private half of a key sign in as an account.
    Add {
        /// Whose.
        name: String,
        /// The public key: 64 hexadecimal digits.
        #[arg(value_name = "HEXKEY")]
        key: PublicKey,
        #[command(flatten)]
        stored: Stored,
    },
    /// List the keys of an account, one JSON object a line.
    List {
        /// Whose.
        name: String,
        #[command(flatten)]
        stored: Stored,
    },
    /// Take a key away; sessions of the account end.
    Remove {
        /// Whose.
        name: String,
        /// The public key: 64 hexadecimal digits.
        #[arg(value_name = "HEXKEY")]
        key: PublicKey,
        #[command(flatten)]
        stored: Stored,
    },
}

/// Where the password comes from.
#[derive(Debug, clap::Args)]
struct Password {
    /// Read the password, at least 8 characters, from the first line of the standard input; without
    /// this it is asked for.
    #[arg(long)]
    password_stdin: bool,
}

impl Password {
    fn read(&self) -> Result<String, Failure> {
        if !self.password_stdin {
            if !std::io::stdin().is_terminal() {
                return Err(Failure::Usage(
                    "say --password-stdin to read the password from the standard input".into(),
                ));
            }
            eprint!("Password (at least {MINIMUM_PASSWORD} characters; it is shown): ");
            // A prompt that is not seen is no reason to stop.
            let _ = std::io::stderr().flush();
        }
        password_from_stdin()
    }
}

pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    match arguments.action {
        Action::Add {
            name,
            role,
            password,
            stored,
        } => {
            let password = password.read()?;
            let database = stored.open().await?;
            let done = Accounts::new(database.clone()).add(&name, role, &password).await;
            close(database).await;
            done.map_err(|error| failure(&error))?;
            output::sentence(&format!("The account {name} is made; its role is {role}."))
        }
        Action::List { stored } => {
            let database = stored.open_existing().await?;
            let accounts = Accounts::new(database.clone()).list().await;
            close(database).await;
            for account in accounts.map_err(|error| failure(&error))? {
                output::line(&json!({ "name": account.authid, "role": account.role.name() }))?;
            }
            Ok(())
        }
        Action::Remove { name, stored } => {
            let database = stored.open_existing().await?;
            let done = Accounts::new(database.clone()).remove(&name).await;
            close(database).await;
            done.map_err(|error| failure(&error))?;
            output::sentence(&format!("The account {name} is removed."))
        }
        Action::Key(action) => run_key(action).await,
        Action::Passwd { name, password, stored } => {
            let password = password.read()?;
            let database = stored.open_existing().await?;
            let done = Accounts::new(database.clone()).change_password(&name, &password).await;
            close(database).await;
            done.map_err(|error| failure(&error))?;
            output::sentence(&format!("The account {name} has its new password."))
        }
    }
}

async fn run_key(action: KeyAction) -> Result<(), Failure> {
    match action {
        KeyAction::Add { name, key, stored } => {
            let database = stored.open_existing().await?;
            let done = Accounts::new(database.clone()).add_key(&name, &key).await;
            close(database).await;
            done.map_err(|error| failure(&error))?;
            output::sentence(&format!("The key signs in as {name} from now on."))
        }
        KeyAction::List { name, stored } => {
            let database = stored.open_existing().await?;
            let keys = Accounts::new(database.clone()).keys(&name).await;
            close(database).await;
            for key in keys.map_err(|error| failure(&error))? {
                output::line(&json!({ "name": name, "key": key.to_string() }))?;
            }
            Ok(())
        }
        KeyAction::Remove { name, key, stored } => {
            let database = stored.open_existing().await?;
            let done = Accounts::new(database.clone()).remove_key(&name, &key).await;
            close(database).await;
            done.map_err(|error| failure(&error))?;
            output::sentence(&format!("The key of {name} is removed."))
        }
    }
}

/// A name or a password that cannot be is asked wrongly; everything else failed.
fn failure(error: &AccountError) -> Failure {
    match error {
        AccountError::BadName(_) | AccountError::ShortPassword | AccountError::LongPassword => {
            Failure::Usage(error.to_string())
        }
        AccountError::Taken(_)
        | AccountError::Unknown(_)
        | AccountError::KeyTaken(_)
        | AccountError::UnknownKey(_)
        | AccountError::LastAdmin(_)
        | AccountError::SetupClosed
        | AccountError::Random(_)
        | AccountError::Storage(_) => Failure::Failed(error.to_string()),
    }
}
