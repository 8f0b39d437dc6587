//! Every way to sign in, over TLS and without, bound to the connection and not.

use std::future::pending;
use std::sync::Arc;

use tokio::net::TcpListener;
use wamp_client::{Connector, Credentials, Error, Session, TransportError, error_uri};
use wamp_protocol::auth::cryptosign;
use wamp_router::authentication::{Authentication, RouterKey, StaticUser, StaticUsers, StoredUser};
use wamp_router::authorization::{Authorization, Rule, Rules};
use wamp_router::{HttpFallback, RealmConfig, Router, RouterConfig, tls};

use crate::house::soon;

const REALM: &str = "homeapp";
const PRIVATE_KEY: [u8; 32] = [5; 32];
const ROUTER_KEY: [u8; 32] = [9; 32];

struct Server {
    /// `localhost:PORT`
    address: String,
    /// The certificate, which vouches for itself.
    certificate: String,
}

fn users() -> StaticUsers {
    let anna = StaticUser {
        authid: "anna".to_owned(),
        secret: "secret".to_owned(),
        authrole: "user".to_owned(),
    };
    StaticUsers::new([StoredUser {
        cryptosign: vec![cryptosign::public_key(&PRIVATE_KEY)],
        ..anna.into()
    }])
}

async fn server(secure: bool) -> Server {
    let users = users();
    let realm = RealmConfig {
        authentication: Authentication {
            anonymous: None,
            methods: users.methods(),
            authenticator: Some(Arc::new(users)),
        },
        authorization: Authorization::by(Rules::new([Rule::everything("user")])),
        ..RealmConfig::new(REALM)
    };
    let router = Router::new(RouterConfig {
        realms: vec![realm],
        router_key: Some(RouterKey::new(ROUTER_KEY)),
        ..RouterConfig::default()
    });
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.pem();
    let key = made.signing_key.serialize_pem();
    let acceptor = secure.then(|| tls::acceptor(certificate.as_bytes(), key.as_bytes()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move { router.serve(listener, acceptor, HttpFallback::none(), pending()).await });
    Server { address, certificate }
}

impl Server {
    /// The ways to the port: WebSocket and RawSocket, in TLS or not.
    fn connectors(&self, secure: bool) -> [Connector; 2] {
        let schemes = if secure { ["wss", "rss"] } else { ["ws", "rs"] };
        schemes.map(|scheme| {
            let path = if scheme.starts_with('w') { "/ws" } else { "" };
            Connector::new(format!("{scheme}://{}{path}", self.address), REALM)
                .authorities(self.certificate.clone())
                .no_reconnect()
        })
    }
}

async fn join(connector: Connector, credentials: Credentials) -> Result<Session, Error> {
    soon("a session", connector.credentials(credentials).connect()).await
}

fn authid() -> String {
    "anna".to_owned()
}

fn by_scram(password: &str) -> Credentials {
    Credentials::Scram {
        authid: authid(),
        password: password.to_owned(),
    }
}

fn by_key(private_key: [u8; 32]) -> Credentials {
    Credentials::Cryptosign {
        authid: Some(authid()),
        private_key,
    }
}

#[tokio::test]
async fn every_method_signs_in_with_tls_and_without() {
    for secure in [false, true] {
        let server = server(secure).await;
        for connector in server.connectors(secure) {
            for (credentials, method) in [
                (
                    Credentials::Ticket {
                        authid: authid(),
                        ticket: "secret".to_owned(),
                    },
                    "ticket",
                ),
                (
                    Credentials::Wampcra {
                        authid: authid(),
                        secret: "secret".to_owned(),
                    },
                    "wampcra",
                ),
                (by_scram("secret"), "wamp-scram"),
                (by_key(PRIVATE_KEY), "cryptosign"),
                (
                    Credentials::Cryptosign {
                        authid: None,
                        private_key: PRIVATE_KEY,
                    },
                    "cryptosign",
                ),
            ] {
                let session = join(connector.clone(), credentials).await.unwrap();
                let info = session.info().unwrap();
                assert_eq!(
                    (
                        info.authid.as_deref(),
                        info.authrole.as_deref(),
                        info.authmethod.as_deref()
                    ),
                    (Some("anna"), Some("user"), Some(method))
                );
            }
            for wrong in [by_scram("another"), by_key([6; 32])] {
                match join(connector.clone(), wrong).await {
                    Err(Error::Refused { reason, .. }) => assert_eq!(reason, error_uri::AUTHENTICATION_FAILED),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_sign_in_is_bound_to_its_tls_connection() {
    let server = server(true).await;
    for connector in server.connectors(true) {
        for credentials in [by_scram("secret"), by_key(PRIVATE_KEY)] {
            let session = join(connector.clone().channel_binding(), credentials).await.unwrap();
            assert_eq!(session.info().unwrap().authid.as_deref(), Some("anna"));
        }
        let ticket = Credentials::Ticket {
            authid: authid(),
            ticket: "secret".to_owned(),
        };
        let unbound = join(connector.channel_binding(), ticket).await;
        assert!(
            matches!(unbound, Err(Error::Connect(TransportError::Unbound))),
            "{unbound:?}"
        );
    }
}

#[tokio::test]
async fn the_router_proves_that_it_is_the_one_that_is_trusted() {
    for secure in [false, true] {
        let server = server(secure).await;
        for connector in server.connectors(secure) {
            let trusting = |private_key| connector.clone().router_key(cryptosign::public_key(&private_key));
            join(trusting(ROUTER_KEY), by_key(PRIVATE_KEY)).await.unwrap();
            if secure {
                let bound = trusting(ROUTER_KEY).channel_binding();
                join(bound, by_key(PRIVATE_KEY)).await.unwrap();
            }
            // Another key, and a method that has no such proof.
            for (key, credentials) in [([8; 32], by_key(PRIVATE_KEY)), (ROUTER_KEY, by_scram("secret"))] {
                match join(trusting(key), credentials).await {
                    Err(Error::Refused { reason, .. }) => assert_eq!(reason, error_uri::AUTHENTICATION_FAILED),
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[tokio::test]
async fn without_tls_there_is_nothing_to_bind_to() {
    let server = server(false).await;
    for connector in server.connectors(false) {
        let unbound = join(connector.channel_binding(), by_key(PRIVATE_KEY)).await;
        assert!(
            matches!(unbound, Err(Error::Connect(TransportError::Unbound))),
            "{unbound:?}"
        );
    }
}

/// Ends TLS with a certificate of its own and passes on what comes, as somebody in between does.
async fn somebody_in_between(server: &Server) -> Server {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.pem();
    let key = made.signing_key.serialize_pem();
    let acceptor = tls::acceptor(certificate.as_bytes(), key.as_bytes()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("localhost:{}", listener.local_addr().unwrap().port());
    let (router, trusted) = (server.address.clone(), server.certificate.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, router, trusted) = (acceptor.clone(), router.clone(), trusted.clone());
            tokio::spawn(async move {
                let mut client = acceptor.accept(stream).await.unwrap();
                let mut far = dial_tls(&router, &trusted).await;
                // Either end may hang up.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut far).await;
            });
        }
    });
    Server { address, certificate }
}

async fn dial_tls(address: &str, trusted: &str) -> tokio_rustls::client::TlsStream<tokio::net::TcpStream> {
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from("localhost").unwrap(), stream)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_bound_sign_in_cannot_be_passed_on_by_somebody_in_between() {
    let server = server(true).await;
    let between = somebody_in_between(&server).await;
    for connector in between.connectors(true) {
        for credentials in [by_scram("secret"), by_key(PRIVATE_KEY)] {
            // Unbound, the client does not notice.
            join(connector.clone(), credentials.clone()).await.unwrap();
            match join(connector.clone().channel_binding(), credentials).await {
                Err(Error::Refused { reason, .. }) => assert_eq!(reason, error_uri::AUTHENTICATION_FAILED),
                other => panic!("{other:?}"),
            }
        }
        // The router's proof is passed on too, but not where it speaks of the connection.
        let trusting = connector.router_key(cryptosign::public_key(&ROUTER_KEY));
        join(trusting.clone(), by_key(PRIVATE_KEY)).await.unwrap();
        match join(trusting.channel_binding(), by_key(PRIVATE_KEY)).await {
            Err(Error::Refused { message, .. }) => assert!(message.unwrap().contains("did not prove")),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = server(true).await;
    let another = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    for connector in server.connectors(true) {
        for authorities in [another.cert.pem(), "no certificate".to_owned()] {
            let refused = join(connector.clone().authorities(authorities), by_key(PRIVATE_KEY)).await;
            assert!(
                matches!(refused, Err(Error::Connect(TransportError::Handshake(_)))),
                "{refused:?}"
            );
        }
    }
}
