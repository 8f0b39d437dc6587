//! The world's memory: a file that is always whole.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use house::Timestamp;
use serde::{Deserialize, Serialize};

use crate::world::World;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    pub(crate) world: World,
    /// The house has been furnished: its devices adopted, its thresholds set.
    pub(crate) settled: bool,
    /// When it was saved.
    pub(crate) at: Timestamp,
}

/// Why the world cannot be loaded or saved, as a sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MemoryFault {
    /// The file cannot be read or written.
    #[error("the simulated house's file {} cannot be used: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error("the simulated house's file {} is damaged ({source}); take it away to begin anew", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

impl Memory {
    /// What was saved; `None` when nothing was.
    pub(crate) async fn load(path: &Path) -> Result<Option<Self>, MemoryFault> {
        let text = match tokio::fs::read(path).await {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io(path, source)),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|source| MemoryFault::Damaged {
                path: path.to_owned(),
                source,
            })
    }

    /// Writes beside the file and puts it in its place: a power cut leaves the old or the new.
    pub(crate) async fn save(&self, path: &Path) -> Result<(), MemoryFault> {
        let text = serde_json::to_vec(self).map_err(|source| MemoryFault::Damaged {
            path: path.to_owned(),
            source,
        })?;
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        tokio::fs::write(&beside, text)
            .await
            .map_err(|source| io(&beside, source))?;
        tokio::fs::rename(&beside, path)
            .await
            .map_err(|source| io(path, source))
    }
}

fn io(path: &Path, source: std::io::Error) -> MemoryFault {
    MemoryFault::Io {
        path: path.to_owned(),
        source,
    }
}
