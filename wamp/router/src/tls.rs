//! TLS on the router's port.

use std::sync::{Arc, PoisonError, RwLock};

pub use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
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

/// A certificate with its private key, which can be replaced while the port is open: connections
/// that come later are shown the new one. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Certificate(Arc<Shown>);

#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl Certificate {
    /// A certificate (its chain following it) and its private key, both PEM.
    ///
    /// # Errors
    /// If they are not what they should be.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(Shown(RwLock::new(certified(certificate, key)?)))))
    }

    /// Shows another one from now on.
    ///
    /// # Errors
    /// If they are not what they should be: then the old one stays.
    pub fn replace(&self, certificate: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let certified = certified(certificate, key)?;
        *self.0.0.write().unwrap_or_else(PoisonError::into_inner) = certified;
        Ok(())
    }

    /// TLS 1.2 and 1.3 with this certificate.
    ///
    /// # Errors
    /// If the library has none of them.
    pub fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let shown: Arc<dyn ResolvesServerCert> = Arc::clone(&self.0) as _;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Pair(error.to_string()))?
            .with_no_client_auth()
            .with_cert_resolver(shown);
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&shown))
    }
}

fn certified(certificate: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Certificate(error.to_string()))?;
    if chain.is_empty() {
        return Err(TlsError::Certificate("it holds none".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| TlsError::Key(error.to_string()))?;
    let certified = CertifiedKey::from_der(chain, key, &ring::default_provider());
    certified
        .map(Arc::new)
        .map_err(|error| TlsError::Pair(error.to_string()))
}

/// TLS 1.2 and 1.3 with a certificate (its chain following it) and its private key, both PEM, for
/// good; [`Certificate`] can be replaced.
///
/// # Errors
/// If they are not what they should be.
pub fn acceptor(certificate: &[u8], key: &[u8]) -> Result<TlsAcceptor, TlsError> {
    Certificate::new(certificate, key)?.acceptor()
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
