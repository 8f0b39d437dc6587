//! TLS on the router's port.

use std::sync::Arc;

pub use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ProtocolVersion, ServerConfig, ServerConnection};

use crate::member::Tls;

/// What RFC 9266 calls the binding of a connection.
const LABEL: &[u8] = b"EXPORTER-Channel-Binding";

/// Why a certificate and a key do not make a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// It is not PEM, or there is no certificate in it.
    #[error("there is no certificate in PEM: {0}")]
    Certificate(String),
    /// It is not PEM, or there is no private key in it.
    #[error("there is no private key in PEM: {0}")]
    Key(String),
    /// They are not usable, or not of each other.
    #[error("the certificate and the key cannot be used: {0}")]
    Pair(String),
}

/// TLS 1.2 and 1.3 with a certificate (its chain following it) and its private key, both PEM.
///
/// # Errors
/// If they are not what they should be.
pub fn acceptor(certificate: &[u8], key: &[u8]) -> Result<TlsAcceptor, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate("it holds none".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
    let pair = |error: tokio_rustls::rustls::Error| TlsError::Pair(error.to_string());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(pair)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What sessions over a connection, its handshake done, can be bound to.
pub(crate) fn facts(connection: &ServerConnection) -> Tls {
    // In TLS 1.2 the octets are unique only with an extension that cannot be asked for here.
    let is_1_3 = connection.protocol_version() == Some(ProtocolVersion::TLSv1_3);
    let exporter = is_1_3
        .then(|| connection.export_keying_material([0; 32], LABEL, None).ok())
        .flatten();
    Tls { exporter }
}
