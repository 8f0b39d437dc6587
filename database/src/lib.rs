//! Opens the house's one SQLite file, migrates it, and hands out connections.
//!
//! The file is in WAL mode with `synchronous = NORMAL`: a power cut costs at most what was
//! committed since the last sync, never the file. One connection writes ([`Database::write`]),
//! several read ([`Database::read`]) and are never waited for by the writer. The schema is the
//! numbered SQL in `/migrations`, each table owned by one service.
//!
//! Several writes that belong together go through [`Database::transaction`], never through sqlx's
//! own transactions, which do not survive a full disk.

mod backup;
mod error;
mod private;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

pub use backup::{Verified, verify};
pub use error::DatabaseError;
pub use transaction::Transaction;

/// How long a statement waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers at once; more wait for one of these.
const READERS: u32 = 4;

/// The house's database; a clone is the same one.
#[derive(Debug, Clone)]
pub struct Database {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    read: SqlitePool,
    write: SqlitePool,
}

impl Database {
    /// Opens the file at `path`, makes it when there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// [`DatabaseError`]: the file cannot be opened, is no database, is damaged, or was last used
    /// by a newer version of this program. Its `Display` is a sentence for people.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, DatabaseError> {
        let path = path.as_ref();
        private::create(path).map_err(|error| DatabaseError::CannotOpen {
            path: path.to_owned(),
            detail: error.to_string(),
        })?;
        let options = options(path);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_release(|connection, _| {
                Box::pin(async move {
                    transaction::end(connection).await;
                    Ok(true)
                })
            })
            .connect_with(options.clone().create_if_missing(true))
            .await
            .map_err(|error| DatabaseError::opening(path, error))?;
        migrate(path, &write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .idle_timeout(Duration::from_secs(60))
            .connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                read,
                write,
            }),
        })
    }

    /// Connections that read; writing through them fails.
    pub fn read(&self) -> &SqlitePool {
        &self.inner.read
    }

    /// The one connection that writes. Hold it briefly: every service writes through it.
    pub fn write(&self) -> &SqlitePool {
        &self.inner.write
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// SQLite's quick check of the whole file.
    ///
    /// # Errors
    /// [`DatabaseError::Damaged`] with what was found, or why the check could not be made.
    pub async fn quick_check(&self) -> Result<(), DatabaseError> {
        let mut connection = self.read().acquire().await?;
        backup::check(&mut connection, self.path(), "PRAGMA quick_check(20)").await
    }

    /// Moves what is in the write-ahead log into the file, as far as readers allow.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn checkpoint(&self) -> Result<(), DatabaseError> {
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
            .fetch_optional(self.write())
            .await?;
        Ok(())
    }

    /// Moves the write-ahead log into the file, empties it, and closes every connection. Other
    /// clones are closed with it.
    ///
    /// # Errors
    /// When the log could not be moved; it stays beside the file and is taken up at the next open.
    pub async fn checkpoint_and_close(&self) -> Result<(), DatabaseError> {
        self.inner.read.close().await;
        let moved = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_optional(self.write())
            .await;
        self.inner.write.close().await;
        moved?;
        Ok(())
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // The log is moved in idle moments; this is the limit when there are none.
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "16777216")
}

fn migrations() -> Migrator {
    let mut migrator = sqlx::migrate!("../migrations");
    // What is newer than this program is told apart below, with a sentence.
    migrator.set_ignore_missing(true);
    migrator
}

/// The number of the newest migration this program knows.
fn newest_known() -> i64 {
    migrations()
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

async fn migrate(path: &Path, write: &SqlitePool) -> Result<(), DatabaseError> {
    let opening = |error| DatabaseError::opening(path, error);
    let found = {
        let mut connection = write.acquire().await.map_err(opening)?;
        schema_version(&mut connection).await.map_err(opening)?
    };
    let known = newest_known();
    if found > known {
        return Err(DatabaseError::NewerSchema {
            path: path.to_owned(),
            found,
            known,
        });
    }
    migrations()
        .run(write)
        .await
        .map_err(|source| DatabaseError::migrating(path, source))?;
    if found != known {
        tracing::info!(from = found, to = known, "database schema brought up to date");
    }
    Ok(())
}

/// The newest migration that was applied, 0 for an empty file.
async fn schema_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    let has_any: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await?;
    if has_any == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
}

#[cfg(test)]
mod tests;
