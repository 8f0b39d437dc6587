//! The world's file: written beside and moved into place, so that there is always a whole one.

use std::io;
use std::path::{Path, PathBuf};

use crate::StartError;
use crate::scene::World;

/// The world as it was left, or a new one.
pub(crate) fn load(path: &Path) -> Result<World, StartError> {
    let fault = |fault: String| StartError::State {
        path: path.to_owned(),
        fault,
    };
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| fault(error.to_string())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(World::new()),
        Err(error) => Err(fault(error.to_string())),
    }
}

/// Keeps the world.
pub(crate) async fn save(path: PathBuf, world: World) -> io::Result<()> {
    let bytes = serde_json::to_vec(&world)?;
    let beside = path.with_extension("new");
    tokio::fs::write(&beside, bytes).await?;
    tokio::fs::rename(&beside, &path).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_world_is_kept_and_found_again_and_a_broken_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("simulated.json");
        let mut world = load(&path).unwrap();
        world.pass(60.0);
        save(path.clone(), world.clone()).await.unwrap();
        assert_eq!(load(&path).unwrap().on, world.on);
        std::fs::write(&path, "{").unwrap();
        assert!(matches!(load(&path), Err(StartError::State { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
    }
}
