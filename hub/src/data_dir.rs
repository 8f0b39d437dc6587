//! The data directory: where the house is kept, by one hub at a time.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// A directory with everything the hub keeps; readable by its owner alone, for it holds what
/// passwords are checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir(PathBuf);

/// Held as long as a hub runs on the directory; the system lets it go even after kill -9.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl DataDir {
    /// The directory that was asked for, or else the usual one.
    ///
    /// systemd's `StateDirectory=` comes first, then `$XDG_DATA_HOME/domovoi`, then
    /// `~/.local/share/domovoi`.
    pub fn choose(asked: Option<PathBuf>, env: impl Fn(&str) -> Option<OsString>) -> Result<Self, Failure> {
        let filled = |name: &str| env(name).filter(|value| !value.is_empty());
        if let Some(dir) = asked {
            return Ok(Self(dir));
        }
        if let Some(dirs) = filled("STATE_DIRECTORY") {
            let first = dirs.to_string_lossy().split(':').next().map(PathBuf::from);
            return first
                .map(Self)
                .ok_or_else(|| Failure::Usage("STATE_DIRECTORY is empty".into()));
        }
        if let Some(dir) = filled("XDG_DATA_HOME") {
            return Ok(Self(Path::new(&dir).join("domovoi")));
        }
        filled("HOME")
            .map(|home| Self(Path::new(&home).join(".local/share/domovoi")))
            .ok_or_else(|| Failure::Usage("there is no home directory to keep the data in; say --data-dir DIR".into()))
    }

    /// Makes the directory when it is not there, for its owner alone.
    pub fn create(&self) -> Result<(), Failure> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(|error| Failure::Failed(format!("cannot make the data directory {}: {error}", self.0.display())))
    }

    /// Takes the directory for this process.
    pub fn lock(&self) -> Result<Lock, Failure> {
        let path = self.0.join("lock");
        let cannot =
            |error: &dyn std::fmt::Display| Failure::Failed(format!("cannot lock {}: {error}", path.display()));
        let mut file = private_file()
            .truncate(false)
            .open(&path)
            .map_err(|error| cannot(&error))?;
        match file.try_lock() {
            Ok(()) => {
                // For people who look; the lock itself does not need it.
                let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                written.map_err(|error| cannot(&error))?;
                Ok(Lock { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(Failure::Failed(format!(
                "another hub runs on the data directory {}; stop it first, or say another --data-dir",
                self.0.display()
            ))),
            Err(TryLockError::Error(error)) => Err(cannot(&error)),
        }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The one database.
    pub fn database(&self) -> PathBuf {
        self.0.join("domovoi.db")
    }

    /// The Unix socket that WAMP is spoken on.
    pub fn socket(&self) -> PathBuf {
        self.0.join("wamp.sock")
    }

    /// The key by which the hub proves who it is.
    pub fn router_key(&self) -> PathBuf {
        self.0.join("router.key")
    }

    /// Where the simulated house remembers its day.
    pub fn simulated(&self) -> PathBuf {
        self.0.join("simulated.json")
    }

    /// The configuration that is read when none is named.
    pub fn configuration(&self) -> PathBuf {
        self.0.join("domovoi.toml")
    }

    /// Thirty-two random octets that never leave this directory, made at the first start.
    pub fn secret(&self) -> Result<[u8; 32], Failure> {
        let path = self.0.join("secret");
        let cannot = |error: io::Error| Failure::Failed(format!("cannot read or make {}: {error}", path.display()));
        match fs::read(&path) {
            Ok(bytes) => {
                if let Ok(secret) = <[u8; 32]>::try_from(bytes) {
                    return Ok(secret);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot(error)),
        }
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| cannot(io::Error::other(error.to_string())))?;
        let mut file = private_file().truncate(true).open(&path).map_err(cannot)?;
        file.write_all(&secret).and_then(|()| file.sync_all()).map_err(cannot)?;
        Ok(secret)
    }
}

fn private_file() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn env<'a>(pairs: &'a [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> + 'a {
        |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).into())
        }
    }

    #[test]
    fn the_usual_place_follows_the_system() {
        let home = ("HOME", "/home/ann");
        for (pairs, expected) in [
            (&[home][..], "/home/ann/.local/share/domovoi"),
            (&[home, ("XDG_DATA_HOME", "")], "/home/ann/.local/share/domovoi"),
            (&[home, ("XDG_DATA_HOME", "/data")], "/data/domovoi"),
            (&[home, ("STATE_DIRECTORY", "/var/lib/domovoi:/x")], "/var/lib/domovoi"),
        ] {
            assert_eq!(DataDir::choose(None, env(pairs)).unwrap().path(), Path::new(expected));
        }
        assert!(matches!(DataDir::choose(None, env(&[])), Err(Failure::Usage(_))));
        let asked = DataDir::choose(Some("/x".into()), env(&[home])).unwrap();
        assert_eq!(asked.path(), Path::new("/x"));
    }

    #[test]
    fn one_hub_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let dir = DataDir(parent.path().join("a/b"));
        dir.create().unwrap();
        assert_eq!(fs::metadata(dir.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let lock = dir.lock().unwrap();
        assert!(dir.lock().unwrap_err().to_string().contains("another hub runs"));
        drop(lock);
        dir.lock().unwrap();
    }

    #[test]
    fn the_secret_stays_the_same() {
        let parent = tempfile::tempdir().unwrap();
        let dir = DataDir(parent.path().to_owned());
        let secret = dir.secret().unwrap();
        assert_eq!(dir.secret().unwrap(), secret);
        assert_ne!(secret, [0; 32]);
    }
}
