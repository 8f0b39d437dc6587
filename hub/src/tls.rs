//! TLS on the one port, with the certificate that the configuration names. When its files change,
//! as those do that are renewed from time to time, connections that come later get the new one.

use std::path::Path;
use std::time::{Duration, SystemTime};

use wamp_router::tls::{Certificate, TlsAcceptor, TlsError};

use crate::config::Tls;
use crate::failure::Failure;

/// How often the files are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Reads certificate and key.
///
/// # Errors
/// A sentence that names the key of the configuration and the file.
pub fn load(tls: &Tls) -> Result<Certificate, Failure> {
    let (certificate, key) = files(tls)?;
    Certificate::new(&certificate, &key).map_err(|error| unusable(tls, &error))
}

/// What serves the port with it.
///
/// # Errors
/// A sentence.
pub fn acceptor(certificate: &Certificate) -> Result<TlsAcceptor, Failure> {
    certificate
        .acceptor()
        .map_err(|error| Failure::Failed(error.to_string()))
}

/// Takes what the files hold whenever they have changed, for ever. What cannot be used, such as a
/// certificate whose key is yet to be written, is told in the log and looked at again.
pub async fn renew(tls: Tls, certificate: Certificate, every: Duration) {
    let mut taken = written(&tls);
    let mut looks = tokio::time::interval(every);
    loop {
        looks.tick().await;
        let now = written(&tls);
        if now == taken {
            continue;
        }
        let renewed = files(&tls).and_then(|(chain, key)| {
            certificate
                .replace(&chain, &key)
                .map_err(|error| unusable(&tls, &error))
        });
        match renewed {
            Ok(()) => {
                taken = now;
                tracing::info!(certificate = %tls.certificate.display(), "there is a new certificate");
            }
            Err(failure) => tracing::error!("the new certificate is not taken yet, the old one stays: {failure}"),
        }
    }
}

/// When the files were last written.
fn written(tls: &Tls) -> [Option<SystemTime>; 2] {
    [&tls.certificate, &tls.key].map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
}

fn files(tls: &Tls) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    Ok((read("certificate", &tls.certificate)?, read("key", &tls.key)?))
}

fn unusable(tls: &Tls, error: &TlsError) -> Failure {
    let (name, path) = match error {
        TlsError::Certificate(_) | TlsError::Pair(_) => ("certificate", &tls.certificate),
        TlsError::Key(_) => ("key", &tls.key),
    };
    Failure::Usage(format!("[tls] {name} {}: {error}", path.display()))
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path)
        .map_err(|error| Failure::Usage(format!("[tls] {name}: cannot read {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::net::TcpListener;
    use wamp_client::{Connector, Error};
    use wamp_router::authorization::{Rule, Rules};
    use wamp_router::{Authentication, Authorization, HttpFallback, RealmConfig, Router, RouterConfig};

    use super::*;

    /// Writes a certificate for localhost and its key; the certificate.
    fn write(tls: &Tls) -> String {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
        std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
        made.cert.pem()
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_shown_without_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let tls = Tls {
            certificate: dir.path().join("certificate.pem"),
            key: dir.path().join("key.pem"),
        };
        let old = write(&tls);
        let certificate = load(&tls).unwrap();
        let acceptor = acceptor(&certificate).unwrap();
        tokio::spawn(renew(tls.clone(), certificate, Duration::from_millis(5)));
        let realm = RealmConfig {
            authentication: Authentication {
                anonymous: Some("guest".to_owned()),
                ..Authentication::default()
            },
            authorization: Authorization::by(Rules::new([Rule::everything("guest")])),
            ..RealmConfig::new("realm1")
        };
        let router = Router::new(RouterConfig {
            realms: vec![realm],
            ..RouterConfig::default()
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://localhost:{}/ws", listener.local_addr().unwrap().port());
        tokio::spawn(async move {
            router
                .serve(listener, Some(acceptor), HttpFallback::none(), pending())
                .await
        });
        let join = async |pem: &str| -> Result<(), Error> {
            let connector = Connector::new(url.as_str(), "realm1").authorities(pem).no_reconnect();
            connector.connect().await.map(drop)
        };
        join(&old).await.unwrap();
        // Half of a pair is not taken.
        std::fs::write(&tls.key, "not yet").unwrap();
        join(&old).await.unwrap();
        let new = write(&tls);
        let renewed = async {
            while join(&new).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), renewed).await.unwrap();
        assert!(join(&old).await.is_err());
    }
}
