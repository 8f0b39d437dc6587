//! `domovoi restore`: puts a backup in the place of the house's data and keeps what was there.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use database::Verified;
use serde_json::json;

use super::stored::Stored;
use super::{Logging, output};
use crate::damage;
use crate::failure::Failure;

/// What a database's file and its logs are called, the database last.
const LOGS: [&str; 3] = ["-wal", "-shm", ""];

/// The command line of `domovoi restore`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A file that `domovoi backup` wrote.
    file: PathBuf,
    #[command(flatten)]
    stored: Stored,
}

/// Checks the backup, copies it beside the data and checks the copy; only then what was there is
/// moved aside and the copy takes its place. Whatever fails, nothing is left behind.
pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    let dir = arguments.stored.dir()?;
    let file = &arguments.file;
    match fs::metadata(file) {
        Ok(there) if there.is_file() => {}
        Ok(_) => return Err(Failure::Failed(format!("{} is not a file", file.display()))),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(Failure::Failed(format!("there is no file {}", file.display())));
        }
        Err(error) => return Err(cannot("read", file, &error)),
    }
    database::verify(file)
        .await
        .map_err(|error| damage::of_backup(&error, file))?;
    dir.create()?;
    let _lock = dir.lock()?;
    let target = dir.database();
    let copy = dir.path().join("domovoi.db.restoring");
    let outcome = put_in_place(file, &copy, &target).await;
    if outcome.is_err() {
        for suffix in LOGS {
            // The first error is the one to tell; most of these files are not there.
            let _ = fs::remove_file(with_suffix(&copy, suffix));
        }
    }
    let (verified, kept) = outcome?;
    sync_dir(dir.path());
    output::line(&json!({
        "restored": target.display().to_string(),
        "octets": verified.size,
        "kept": kept.map(|path| path.display().to_string()),
    }))
}

async fn put_in_place(file: &Path, copy: &Path, target: &Path) -> Result<(Verified, Option<PathBuf>), Failure> {
    copy_durably(file, copy)?;
    let verified = database::verify(copy)
        .await
        .map_err(|error| damage::of_backup(&error, file))?;
    let kept = set_aside(target)?;
    fs::rename(copy, target).map_err(|error| cannot("put", target, &error))?;
    Ok((verified, kept))
}

fn copy_durably(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map_err(|error| cannot("write", to, &error))?;
    let file = fs::OpenOptions::new()
        .write(true)
        .open(to)
        .map_err(|error| cannot("open", to, &error))?;
    file.set_permissions(fs::Permissions::from_mode(0o600))
        .and_then(|()| file.sync_all())
        .map_err(|error| cannot("write", to, &error))
}

/// Moves the database and its log to `domovoi.db.before-restore-SECONDS`.
fn set_aside(database: &Path) -> Result<Option<PathBuf>, Failure> {
    if !database.exists() {
        return Ok(None);
    }
    let seconds = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let aside = with_suffix(database, &format!(".before-restore-{seconds}"));
    // The log first: a crash between the moves leaves a database without its last changes, never
    // the restored one with a strange log.
    for suffix in LOGS {
        let from = with_suffix(database, suffix);
        if from.exists() {
            let to = with_suffix(&aside, suffix);
            fs::rename(&from, &to).map_err(|error| cannot("move", &from, &error))?;
        }
    }
    Ok(Some(aside))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn sync_dir(dir: &Path) {
    // Not every file system can; the renames are done all the same.
    if let Err(error) = fs::File::open(dir).and_then(|dir| dir.sync_all()) {
        tracing::debug!(%error, "the directory cannot be synced");
    }
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Failed(format!("cannot {what} {}: {error}", path.display()))
}
