//! All protocols of the one port in TLS.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};
use wamp_protocol::auth::cryptosign;
use wamp_router::authentication::{StaticUsers, StoredUser};
use wamp_router::tls::{TlsError, acceptor};
use wamp_router::{Authentication, HttpFallback, Router, RouterConfig};

use super::support::{all_roles, open_realm};

const PRIVATE_KEY: [u8; 32] = [7; 32];

struct Server {
    address: SocketAddr,
    certificate: String,
}

async fn server() -> Server {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let users = StaticUsers::new([StoredUser {
        cryptosign: vec![cryptosign::public_key(&PRIVATE_KEY)],
        ..StoredUser::new("ann", "admin")
    }]);
    let mut realm = open_realm();
    realm.authentication = Authentication {
        methods: users.methods(),
        authenticator: Some(Arc::new(users)),
        ..realm.authentication
    };
    let router = Router::new(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tls = acceptor(certificate.as_bytes(), key.as_bytes()).unwrap();
    tokio::spawn(async move { router.serve(listener, Some(tls), HttpFallback::none(), pending()).await });
    Server { address, certificate }
}

impl Server {
    async fn dial(&self, version: &'static SupportedProtocolVersion) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap();
        roots.add(certificate).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.address).await.unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from("localhost").unwrap(), stream)
            .await
            .unwrap()
    }

    async fn http(&self, request: &str, body: &str) -> String {
        let mut stream = self.dial(&version::TLS13).await;
        let text = format!(
            "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // An end without close_notify is an end.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }
}

async fn raw(stream: &mut TlsStream<TcpStream>, message: serde_json::Value) -> serde_json::Value {
    let body = message.to_string();
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(body.as_bytes());
    stream.write_all(&frame).await.unwrap();
    let length = stream.read_u32().await.unwrap();
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn rawsocket_websocket_long_poll_and_http_share_the_port_in_tls() {
    let server = server().await;
    let mut stream = server.dial(&version::TLS12).await;
    stream.write_all(&[0x7F, 0xF1, 0, 0]).await.unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[0], 0x7F);
    let welcome = raw(&mut stream, json!([1, "realm1", { "roles": all_roles() }])).await;
    assert_eq!(welcome[0], 2, "{welcome}");

    let opened = server
        .http("POST /lp/open", &json!({ "protocols": ["wamp.2.json"] }).to_string())
        .await;
    assert!(opened.starts_with("HTTP/1.1 200"), "{opened}");
    let upgrade = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n";
    let mut stream = server.dial(&version::TLS13).await;
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    assert!(server.http("GET /", "").await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn whoever_speaks_plainly_is_not_understood() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // The connection may be reset.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
}

#[tokio::test]
async fn binding_takes_tls_1_3() {
    let server = server().await;
    for (version, expected) in [(&version::TLS12, json!(null)), (&version::TLS13, json!("tls-exporter"))] {
        let mut stream = server.dial(version).await;
        stream.write_all(&[0x7F, 0xF1, 0, 0]).await.unwrap();
        stream.read_u32().await.unwrap();
        let key: String = cryptosign::public_key(&PRIVATE_KEY)
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        let details = json!({
            "roles": all_roles(), "authid": "ann", "authmethods": ["cryptosign"],
            "authextra": { "pubkey": key, "channel_binding": "tls-exporter" },
        });
        let challenge = raw(&mut stream, json!([1, "realm1", details])).await;
        assert_eq!(challenge[2]["channel_binding"], expected, "{challenge}");
    }
}

#[test]
fn a_certificate_and_a_key_must_be_each_others() {
    let one = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    let fault = |certificate: &str, key: &str| acceptor(certificate.as_bytes(), key.as_bytes()).map(drop).unwrap_err();
    assert!(matches!(fault("", &key), TlsError::Certificate(_)));
    assert!(matches!(fault(&certificate, "no key"), TlsError::Key(_)));
    let another = other.signing_key.serialize_pem();
    assert!(matches!(fault(&certificate, &another), TlsError::Pair(_)));
}
