//! `domovoi key`: a key pair (Ed25519) by which the bare router proves who it is, or a program signs in.

use std::path::PathBuf;

use super::Logging;
use crate::failure::Failure;
use crate::router_key;

/// The command line of `domovoi key`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The new file for the private key; it must not be there yet.
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    let key = router_key::create(&arguments.file)?;
    println!("{}", hex::encode(key.public_key()));
    Ok(())
}
