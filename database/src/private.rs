//! Files that nobody but their owner may read: they hold what passwords are checked by, and who is
//! at home when.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

/// Makes an empty file of the owner's, for SQLite to fill; one that is there stays as it is.
/// SQLite gives its log the same permissions.
pub(crate) fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
