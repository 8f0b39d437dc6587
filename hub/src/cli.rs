//! The command line: one module for each command.

mod address;
mod arguments;
mod backup;
mod call;
mod check;
mod connection;
mod credential;
mod key;
mod output;
mod publish;
mod restore;
mod router;
mod run;
mod service;
mod simulate;
mod stored;
mod subscribe;
mod user;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::log::Format;

/// A smart home hub on WAMP.
#[derive(Debug, Parser)]
#[command(name = "domovoi", version, about, long_about = None, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    logging: Logging,
    #[command(subcommand)]
    command: Command,
}

/// How the program logs, where the command line says.
#[derive(Debug, Clone, clap::Args)]
pub struct Logging {
    /// How the log, and what is announced on stdout, is written.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<Format>,
    /// off, error, warn, info, debug, trace; or by part: info,wamp_router=debug.
    #[arg(long, global = true, value_name = "LEVEL")]
    pub log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the whole hub.
    Run(run::Arguments),
    /// Run the bare WAMP router, without a house.
    Router(router::Arguments),
    /// Print a user for the bare router's configuration, with what is kept instead of the password.
    Credential(credential::Arguments),
    /// Make a key by which the bare router proves who it is, or a program signs in, and print its public half.
    Key(key::Arguments),
    /// Run one service as a process of its own.
    Service(service::Arguments),
    /// Call a procedure and print what it gives.
    Call(call::Arguments),
    /// Publish an event.
    Publish(publish::Arguments),
    /// Print the events of a topic, one a line.
    Subscribe(subscribe::Arguments),
    /// Play a house full of MQTT devices, for trials, demonstrations and load.
    Simulate(simulate::Arguments),
    /// Make, list and remove accounts, and set passwords.
    User(user::Arguments),
    /// Write a verified copy of the house's data to a file; the hub may go on running.
    Backup(backup::Arguments),
    /// Put a backup in the place of the house's data; the hub must not run.
    Restore(restore::Arguments),
    /// Check the configuration and the data.
    Check(check::Arguments),
}

/// The program: does what `args` say and gives the exit code: 0 done, 1 failed, 64 asked wrongly.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                // Nobody is there to be told that stdout is closed.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            _ => return ended(&Failure::Usage(usage_sentence(&error))),
        },
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => ended(&failure),
    }
}

fn ended(failure: &Failure) -> ExitCode {
    eprintln!("domovoi: {failure}");
    failure.exit_code()
}

fn run(cli: Cli) -> Result<(), Failure> {
    let serves = matches!(cli.command, Command::Run(_) | Command::Router(_));
    let runtime = runtime(serves).map_err(|error| Failure::of("cannot start", &error))?;
    let logging = cli.logging;
    let outcome = runtime.block_on(async move {
        match cli.command {
            Command::Run(arguments) => run::run(arguments, logging).await,
            Command::Router(arguments) => router::run(arguments, logging).await,
            Command::Credential(arguments) => credential::run(&arguments, &logging),
            Command::Key(arguments) => key::run(&arguments, &logging),
            Command::Service(arguments) => service::run(arguments, logging).await,
            Command::Call(arguments) => call::run(arguments, &logging).await,
            Command::Publish(arguments) => publish::run(arguments, &logging).await,
            Command::Subscribe(arguments) => subscribe::run(arguments, &logging).await,
            Command::Simulate(arguments) => simulate::run(arguments, &logging).await,
            Command::User(arguments) => user::run(arguments, &logging).await,
            Command::Backup(arguments) => backup::run(arguments, &logging).await,
            Command::Restore(arguments) => restore::run(arguments, &logging).await,
            Command::Check(arguments) => check::run(arguments, &logging).await,
        }
    });
    // What still blocks (a name being resolved) must not hold up the exit.
    runtime.shutdown_background();
    outcome
}

/// A hub needs no more threads than four cores give it; a command at the shell needs one.
fn runtime(serves: bool) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = if serves {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(cores.clamp(1, 4));
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.max_blocking_threads(16).enable_all().build()
}

/// clap's message without its heading, its usage and its line breaks.
fn usage_sentence(error: &clap::Error) -> String {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "say what to do; domovoi --help lists the commands".into();
    }
    let text = error.to_string();
    let parts: Vec<&str> = text
        .split("\n\n")
        .map(str::trim)
        .filter(|part| !part.is_empty() && !part.starts_with("Usage:") && !part.starts_with("For more information"))
        .collect();
    let sentence = parts.join("; ").replace('\n', " ");
    let words: Vec<&str> = sentence.split_whitespace().collect();
    words.join(" ").trim_start_matches("error: ").to_owned()
}

impl Logging {
    /// Starts logging as the command line says, or else as `configured`.
    fn start(&self, configured: &crate::config::Log) -> Result<Format, Failure> {
        let format = self.log_format.unwrap_or(configured.format);
        crate::log::start(format, self.log_level.as_deref().unwrap_or(&configured.level))?;
        Ok(format)
    }

    /// Starts logging for a command at the shell: what it has to say it says itself.
    fn start_quietly(&self) -> Result<(), Failure> {
        crate::log::start(
            self.log_format.unwrap_or_default(),
            self.log_level.as_deref().unwrap_or("error"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(args: &[&str]) -> String {
        let args = std::iter::once("domovoi").chain(args.iter().copied());
        usage_sentence(&Cli::try_parse_from(args).unwrap_err())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn faults_are_one_sentence() {
        for (args, expected) in [
            (&["fly"][..], "unrecognized subcommand 'fly'"),
            (
                &["run", "--lisen", "x"],
                "unexpected argument '--lisen' found; tip: a similar argument exists: '--listen'",
            ),
            (
                &["run", "--listen", "here"],
                "invalid value 'here' for '--listen <ADDR:PORT>': say ADDR:PORT, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every network",
            ),
            (&["call"], "the following required arguments were not provided: <URI>"),
            (&[], "say what to do; domovoi --help lists the commands"),
            (
                &["user", "add", "ann", "--role", "king"],
                "invalid value 'king' for '--role <ROLE>': \"king\" is not a role; the roles are admin, user, viewer and service",
            ),
            (
                &["call", "x", "--kw", "novalue"],
                "invalid value 'novalue' for '--kw <KEY=VALUE>': say key=value",
            ),
        ] {
            assert_eq!(fault(args), expected, "{args:?}");
        }
    }
}
