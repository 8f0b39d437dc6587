//! TLS on the one port, with the certificate that the configuration names.

use std::path::Path;

use wamp_router::tls::{TlsAcceptor, TlsError, acceptor};

use crate::config::Tls;
use crate::failure::Failure;

/// Reads certificate and key.
///
/// # Errors
/// A sentence that names the key of the configuration and the file.
pub fn load(tls: &Tls) -> Result<TlsAcceptor, Failure> {
    let certificate = read("certificate", &tls.certificate)?;
    let key = read("key", &tls.key)?;
    acceptor(&certificate, &key).map_err(|error| {
        let (name, path) = match error {
            TlsError::Certificate(_) | TlsError::Pair(_) => ("certificate", &tls.certificate),
            TlsError::Key(_) => ("key", &tls.key),
        };
        Failure::Usage(format!("[tls] {name} {}: {error}", path.display()))
    })
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path)
        .map_err(|error| Failure::Usage(format!("[tls] {name}: cannot read {}: {error}", path.display())))
}
