//! The house's data, for commands that work on it without the hub.

use std::path::PathBuf;

use database::Database;

use crate::damage;
use crate::data_dir::DataDir;
use crate::failure::Failure;

/// Which data directory.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Stored {
    /// Where the house is kept; $XDG_DATA_HOME/domovoi or ~/.local/share/domovoi by default.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Stored {
    /// The data directory.
    pub(super) fn dir(&self) -> Result<DataDir, Failure> {
        DataDir::choose(self.data_dir.clone(), |name| std::env::var_os(name))
    }

    /// Opens the database; makes it when there is none.
    pub(super) async fn open(&self) -> Result<Database, Failure> {
        let dir = self.dir()?;
        dir.create()?;
        open(&dir).await
    }

    /// Opens the database, when there is one.
    pub(super) async fn open_existing(&self) -> Result<Database, Failure> {
        let dir = self.dir()?;
        if !dir.database().exists() {
            return Err(Failure::Failed(format!(
                "there is no house in {} yet",
                dir.path().display()
            )));
        }
        open(&dir).await
    }
}

async fn open(dir: &DataDir) -> Result<Database, Failure> {
    Database::open(dir.database())
        .await
        .map_err(|error| damage::of_house(&error))
}

/// Closes the database; what was done is done, whether or not the log could be tidied up.
pub(super) async fn close(database: Database) {
    if let Err(error) = database.checkpoint_and_close().await {
        tracing::debug!(%error, "the write-ahead log stays");
    }
}
