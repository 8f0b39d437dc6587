//! What can go wrong with the file, each as a sentence a person can act on.

use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The file holds something else.
    #[error("{} is not a database: it holds something else; name another file, or move this one away", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file is a database, and damaged.
    #[error("the database {} is damaged ({detail}); restore a backup with `domovoi restore`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite found.
        detail: String,
    },
    /// The file cannot be opened or made.
    #[error("the database {} cannot be opened ({detail}); does its folder exist, and may this user write there?", path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// A newer version of this program has used the file.
    #[error(
        "the database {} was made by a newer version of this program (its schema is {found}, this version knows {known}); \
         use that version, or restore an older backup", path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The schema number in the file.
        found: i64,
        /// The newest one this program knows.
        known: i64,
    },
    /// The file's schema is not the one this program's migrations make.
    #[error("the schema of the database {} cannot be brought up to date: {source}", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Which step failed and why.
        source: MigrateError,
    },
    /// A database, but not one of this program's.
    #[error("{} is a database, but not a house's: it has no schema of this program", path.display())]
    NotAHouse {
        /// The file.
        path: PathBuf,
    },
    /// There is something at the place where a backup was to be written.
    #[error("{} is already there; name a new file for the backup", path.display())]
    AlreadyThere {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{} cannot be written: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no room left.
    #[error("the disk that holds the database is full")]
    DiskFull,
    /// The file or its folder may not be written.
    #[error("the database may only be read: this user may not write it, or its disk is mounted read-only")]
    ReadOnly,
    /// The disk failed.
    #[error("the disk that holds the database failed: {0}")]
    Disk(String),
    /// Another process kept the file for too long.
    #[error("the database is in use by another process")]
    Busy,
    /// Anything else SQLite reports.
    #[error("the database failed: {0}")]
    Other(sqlx::Error),
}

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        let Some((code, detail)) = sqlite_code(&error) else {
            return Self::Other(error);
        };
        match code {
            5 | 6 => Self::Busy,
            8 => Self::ReadOnly,
            10 => Self::Disk(detail),
            13 => Self::DiskFull,
            _ => Self::Other(error),
        }
    }
}

impl DatabaseError {
    /// Whether the same may succeed later without anyone changing the program: a disk that is
    /// full or busy today.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::DiskFull | Self::ReadOnly | Self::Disk(_) | Self::Busy)
            || matches!(self, Self::Other(sqlx::Error::PoolTimedOut | sqlx::Error::Io(_)))
    }

    pub(crate) fn opening(path: &Path, error: sqlx::Error) -> Self {
        let path = path.to_owned();
        match sqlite_code(&error) {
            Some((26, _)) => Self::NotADatabase { path },
            Some((11, detail)) => Self::Damaged { path, detail },
            Some((14, detail)) => Self::CannotOpen { path, detail },
            _ => error.into(),
        }
    }

    pub(crate) fn migrating(path: &Path, source: MigrateError) -> Self {
        match source {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
                if matches!(sqlite_code(&error), Some((5 | 6 | 8 | 10 | 11 | 13 | 14 | 26, _))) =>
            {
                Self::opening(path, error)
            }
            source => Self::Migration {
                path: path.to_owned(),
                source,
            },
        }
    }
}

/// SQLite's primary result code and its words.
fn sqlite_code(error: &sqlx::Error) -> Option<(i64, String)> {
    let database = error.as_database_error()?;
    let code: i64 = database.code()?.parse().ok()?;
    // The lowest byte is the primary code, the rest says more about the same.
    Some((code & 0xff, database.message().to_owned()))
}
