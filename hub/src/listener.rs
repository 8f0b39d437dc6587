//! The sockets: the one port, and the Unix socket.

use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use tokio::net::{TcpListener, UnixListener};

use crate::failure::Failure;

/// Where to listen: `ADDR:PORT`. Of names there is `localhost` alone: what another resolves to may
/// change, and whom the port is open to with it.
///
/// # Errors
/// A sentence with the form.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    local
        .as_deref()
        .unwrap_or(text)
        .parse()
        .map_err(|_| "say ADDR:PORT, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every network".to_owned())
}

/// Takes the port; `listen` with port 0 takes any that is free.
pub async fn tcp(listen: SocketAddr) -> Result<(TcpListener, SocketAddr), Failure> {
    let cannot = |error: std::io::Error| Failure::Failed(format!("cannot listen on {listen}: {error}"));
    let listener = TcpListener::bind(listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    Ok((listener, address))
}

/// Makes the Unix socket, for its owner alone. A socket that a killed hub left behind is replaced,
/// one that somebody still answers on is not.
pub fn unix(path: &Path) -> Result<UnixListener, Failure> {
    let cannot = |error: std::io::Error| Failure::Failed(format!("cannot listen on {}: {error}", path.display()));
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(Failure::Failed(format!(
                    "another program listens on {}",
                    path.display()
                )));
            }
            std::fs::remove_file(path).map_err(cannot)?;
        }
        Ok(_) => {
            return Err(Failure::Failed(format!(
                "{} is in the way of the socket",
                path.display()
            )));
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(path).map_err(cannot)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(cannot)?;
    Ok(listener)
}

/// Takes the socket away when the program ends.
pub fn remove_unix(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, "the Unix socket cannot be removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port() {
        for (text, expected) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("[::1]:0", Some("[::1]:0")),
            ("localhost:8080", Some("127.0.0.1:8080")),
            (":8080", None),
            ("8080", None),
            ("localhost", None),
            ("hub.local:8080", None),
        ] {
            let address = address(text).ok().map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{text}");
        }
    }

    #[tokio::test]
    async fn a_socket_left_behind_is_replaced_and_a_living_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wamp.sock");
        let living = unix(&path).unwrap();
        assert!(unix(&path).is_err());
        drop(living);
        assert!(path.exists());
        unix(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "precious").unwrap();
        assert!(unix(&path).is_err());
    }
}
