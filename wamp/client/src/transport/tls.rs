//! TLS below a WebSocket. Trusts what the machine trusts: the system's certificates, or those in
//! the file or directory that `SSL_CERT_FILE` or `SSL_CERT_DIR` names, which is the way to trust a
//! hub's own.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::TransportError;

/// Speaks TLS over `stream` with `host`, whose certificate must be its own.
pub(super) async fn connect(host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, TransportError> {
    // An IPv6 address stands in brackets in a URL.
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|error| TransportError::Handshake(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(config().await?));
    connector
        .connect(name, stream)
        .await
        .map_err(|error| TransportError::Handshake(error.to_string()))
}

async fn config() -> Result<ClientConfig, TransportError> {
    // Reading some hundred files: not on a thread that others wait for.
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
        .await
        .map_err(|error| TransportError::Handshake(error.to_string()))?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found
            .errors
            .first()
            .map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(TransportError::Handshake(format!(
            "no certificate authority to trust: {why}"
        )));
    }
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TransportError::Handshake(error.to_string()))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
