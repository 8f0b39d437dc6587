//! TLS below a WebSocket or a RawSocket. Trusts the authorities it is given, or what the machine
//! trusts: the system's certificates, or those in the file or directory that `SSL_CERT_FILE` or
//! `SSL_CERT_DIR` names.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore};

use super::{Channel, TransportError};

/// What RFC 9266 calls the binding of a connection.
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

#[allow(clippy::needless_pass_by_value, reason = "map_err gives it away")]
fn failed(error: impl ToString) -> TransportError {
    TransportError::Handshake(error.to_string())
}

/// Speaks TLS over `stream` with `host`, whose certificate must be its own. `authorities` are
/// certificates in PEM, to be trusted instead of the machine's.
pub(super) async fn connect(
    host: &str,
    stream: TcpStream,
    authorities: Option<&[u8]>,
) -> Result<(TlsStream<TcpStream>, Option<Channel>), TransportError> {
    // An IPv6 address stands in brackets in a URL.
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(failed)?;
    let roots = match authorities {
        Some(pem) => given(pem)?,
        None => the_machines().await?,
    };
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream).await.map_err(failed)?;
    let channel = channel(stream.get_ref().1);
    Ok((stream, channel))
}

/// What a sign-in can be bound to. In TLS 1.2 the octets are unique only with an extension that
/// cannot be asked for here.
fn channel(connection: &ClientConnection) -> Option<Channel> {
    if connection.protocol_version() != Some(ProtocolVersion::TLSv1_3) {
        return None;
    }
    connection.export_keying_material([0; 32], LABEL, None).ok()
}

fn given(pem: &[u8]) -> Result<RootCertStore, TransportError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(failed)?).map_err(failed)?;
    }
    if roots.is_empty() {
        return Err(failed("there is no certificate among the authorities to trust"));
    }
    Ok(roots)
}

async fn the_machines() -> Result<RootCertStore, TransportError> {
    // Reading some hundred files: not on a thread that others wait for.
    let found = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
        .await
        .map_err(failed)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found
            .errors
            .first()
            .map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(failed(format!("no certificate authority to trust: {why}")));
    }
    Ok(roots)
}
