//! Keys (Ed25519) in files that nobody else may read: of a router, by which it proves to clients that it
//! is the one they mean, and of programs that sign in by one.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use wamp_router::authentication::RouterKey;

use crate::failure::Failure;

/// Rights that others than the file's owner have.
const OTHERS: u32 = 0o077;

/// The key in the file that `router_key` names.
///
/// # Errors
/// A sentence that names the key of the configuration and the file: it cannot be read, others may read
/// it, or it holds something else.
pub fn load(path: &Path) -> Result<RouterKey, Failure> {
    private_key("router_key", path).map(RouterKey::new)
}

/// The private key in a file; `said_by` is what names the file, for sentences.
///
/// # Errors
/// As [`load`].
pub fn private_key(said_by: &str, path: &Path) -> Result<[u8; 32], Failure> {
    let refused = |why: &str| Failure::Usage(format!("{said_by}: {}: {why}", path.display()));
    let cannot = |error: std::io::Error| refused(&format!("cannot be read: {error}"));
    if fs::metadata(path).map_err(cannot)?.mode() & OTHERS != 0 {
        return Err(refused("others than its owner may use it; chmod 600 it"));
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    let mut private_key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut private_key)
        .map_err(|_| refused("it does not hold a key, 64 hexadecimal digits"))?;
    Ok(private_key)
}

/// The hub's own key, made at its first start. A file that cannot be used is left as it is, for whoever knows
/// the hub by its key would know it no more by another.
///
/// # Errors
/// A sentence.
pub fn of_hub(path: &Path) -> Result<RouterKey, Failure> {
    if path.exists() {
        return load(path);
    }
    // Under another name until it is whole: a power cut may come in between.
    let new = path.with_extension("new");
    let cannot = |error: std::io::Error| Failure::of(format_args!("cannot make the key {}", path.display()), &error);
    if new.exists() {
        fs::remove_file(&new).map_err(cannot)?;
    }
    let key = create(&new)?;
    fs::rename(&new, path).map_err(cannot)?;
    Ok(key)
}

/// Makes a key in a new file, for its owner alone.
///
/// # Errors
/// A sentence; also if the file is there already: whoever knows the router by its key would know it no
/// more.
pub fn create(path: &Path) -> Result<RouterKey, Failure> {
    let cannot = |error: std::io::Error| Failure::of(format_args!("cannot make the key {}", path.display()), &error);
    let mut private_key = [0; 32];
    getrandom::fill(&mut private_key)
        .map_err(|error| Failure::Failed(format!("the system gives no random numbers: {error}")))?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(cannot)?;
    writeln!(file, "{}", hex::encode(private_key))
        .and_then(|()| file.sync_all())
        .map_err(cannot)?;
    Ok(RouterKey::new(private_key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("router.key");
        let made = create(&path).unwrap();
        assert_eq!(load(&path).unwrap(), made);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(matches!(create(&path), Err(Failure::Failed(_))));
        assert_eq!(load(&path).unwrap(), made);
    }

    #[test]
    fn the_hub_makes_its_key_once_and_never_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("router.key");
        // The power went off while it was made.
        fs::write(path.with_extension("new"), "ab").unwrap();
        let made = of_hub(&path).unwrap();
        assert_eq!(of_hub(&path).unwrap(), made);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        fs::write(&path, "abcd").unwrap();
        assert!(of_hub(&path).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), "abcd");
    }

    #[test]
    fn what_is_no_key_or_can_be_read_by_others_is_refused_with_a_sentence() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("router.key");
        let fault = || load(&path).unwrap_err().to_string();
        assert!(fault().contains("cannot be read"), "{}", fault());
        create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(fault().ends_with("chmod 600 it"), "{}", fault());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "abcd").unwrap();
        assert!(fault().ends_with("64 hexadecimal digits"), "{}", fault());
    }
}
