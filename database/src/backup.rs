//! Copies of the database that are known to be good.

use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnection;
use sqlx::{ConnectOptions, Connection};

use crate::{Database, DatabaseError, newest_known, options, private, schema_version};

/// What a verified file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// The number of its newest migration.
    pub schema: i64,
    /// Its size in bytes.
    pub size: u64,
}

impl Database {
    /// Writes a compact copy of the database, as it is at this moment, to the new file `path`,
    /// and checks the copy from end to end. Services go on reading and writing meanwhile.
    ///
    /// The file appears under its name only when it is whole and good.
    ///
    /// # Errors
    /// [`DatabaseError::AlreadyThere`], or why it could not be written or is not good.
    pub async fn backup_to(&self, path: impl AsRef<Path>) -> Result<Verified, DatabaseError> {
        let path = path.as_ref();
        if path.exists() {
            return Err(DatabaseError::AlreadyThere { path: path.to_owned() });
        }
        let unfinished = beside(path, ".unfinished");
        remove_if_there(&unfinished)?;
        private::create(&unfinished).map_err(|source| io(path, source))?;
        let result = self.copy_and_verify(&unfinished).await;
        let outcome = result.and_then(|verified| {
            sync(&unfinished)?;
            std::fs::rename(&unfinished, path).map_err(|source| io(path, source))?;
            Ok(verified)
        });
        if outcome.is_err() {
            // The first error is the one to tell.
            let _ = std::fs::remove_file(&unfinished);
        }
        outcome
    }

    async fn copy_and_verify(&self, copy: &Path) -> Result<Verified, DatabaseError> {
        // A connection of its own: readers here may not write, even to another file, and the
        // writer shall not be kept from writing for so long.
        let mut connection = options(self.path()).connect().await?;
        let name = copy.to_string_lossy().into_owned();
        let copied = sqlx::query("VACUUM INTO ?1")
            .bind(name)
            .execute(&mut connection)
            .await
            .map_err(|error| DatabaseError::opening(copy, error));
        connection.close().await?;
        copied?;
        verify(copy).await
    }
}

/// Checks the file at `path` from end to end, without changing it: a database, undamaged, of this
/// program, with a schema it knows.
///
/// # Errors
/// What is wrong with it, as a sentence.
pub async fn verify(path: impl AsRef<Path>) -> Result<Verified, DatabaseError> {
    let path = path.as_ref();
    let size = std::fs::metadata(path)
        .map_err(|source| DatabaseError::CannotOpen {
            path: path.to_owned(),
            detail: source.to_string(),
        })?
        .len();
    let opening = |error| DatabaseError::opening(path, error);
    // No journal mode is asked for: asking would write.
    let mut connection = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .connect()
        .await
        .map_err(opening)?;
    let outcome = verify_open(&mut connection, path).await;
    connection.close().await?;
    outcome.map(|schema| Verified { schema, size })
}

async fn verify_open(connection: &mut SqliteConnection, path: &Path) -> Result<i64, DatabaseError> {
    check(&mut *connection, path, "PRAGMA integrity_check(20)").await?;
    let schema = schema_version(connection)
        .await
        .map_err(|error| DatabaseError::opening(path, error))?;
    let known = newest_known();
    if schema == 0 {
        return Err(DatabaseError::NotAHouse { path: path.to_owned() });
    }
    if schema > known {
        return Err(DatabaseError::NewerSchema {
            path: path.to_owned(),
            found: schema,
            known,
        });
    }
    Ok(schema)
}

/// Runs one of SQLite's checks, which answer `ok` or list what they found.
pub(crate) async fn check(
    connection: &mut SqliteConnection,
    path: &Path,
    pragma: &'static str,
) -> Result<(), DatabaseError> {
    let findings: Vec<String> = sqlx::query_scalar(pragma)
        .fetch_all(connection)
        .await
        .map_err(|error| DatabaseError::opening(path, error))?;
    if findings.iter().all(|finding| finding == "ok") {
        return Ok(());
    }
    Err(DatabaseError::Damaged {
        path: path.to_owned(),
        detail: findings.join("; "),
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn remove_if_there(path: &Path) -> Result<(), DatabaseError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(path, error)),
        _ => Ok(()),
    }
}

fn sync(path: &Path) -> Result<(), DatabaseError> {
    std::fs::File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|source| io(path, source))
}

fn io(path: &Path, source: std::io::Error) -> DatabaseError {
    DatabaseError::Io {
        path: path.to_owned(),
        source,
    }
}
