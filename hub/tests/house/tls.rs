//! TLS on the one port, and the bare router from a configuration file.

use std::path::{Path, PathBuf};

use wamp_client::{Connector, Credentials, Error, Reply, Session};
use wamp_protocol::auth::cryptosign;

use super::program::{House, PASSWORD, PATIENCE, Server, domovoi, finish, text};

/// A certificate for localhost that vouches for itself, and its key, as files.
pub(crate) fn certificate(dir: &Path) -> (PathBuf, PathBuf, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key, made.cert.pem())
}

pub(crate) fn tls_lines(certificate: &Path, key: &Path) -> String {
    format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")
}

/// `scheme://localhost:PORT`
pub(crate) fn url(server: &Server, scheme: &str) -> String {
    let (_, port) = server.http().rsplit_once(':').unwrap();
    format!("{scheme}://localhost:{port}")
}

async fn join(connector: Connector, credentials: Credentials) -> Result<Session, Error> {
    connector
        .credentials(credentials)
        .join_timeout(PATIENCE)
        .no_reconnect()
        .connect()
        .await
}

#[tokio::test]
async fn the_hub_speaks_tls_with_the_configured_certificate() {
    let house = House::with_accounts();
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, pem) = certificate(dir.path());
    house.configure(&tls_lines(&certificate, &key));
    let server = house.run();
    assert_eq!(server.ready["tls"], true);
    let credentials = || Credentials::Scram {
        authid: "user".into(),
        password: PASSWORD.into(),
    };
    for url in [url(&server, "wss") + "/ws", url(&server, "rss")] {
        let connector = Connector::new(url, "homeapp").authorities(pem.clone());
        join(connector.clone(), credentials()).await.unwrap();
        join(connector.channel_binding(), credentials()).await.unwrap();
    }
    let plain = Connector::new(url(&server, "ws") + "/ws", "homeapp");
    assert!(join(plain, credentials()).await.is_err());

    let called = domovoi(&["call", "device.list", "--authid", "user", "--url"])
        .arg(url(&server, "wss") + "/ws")
        .arg("--ca")
        .arg(&certificate)
        .env("DOMOVOI_PASSWORD", PASSWORD)
        .output()
        .unwrap();
    assert!(called.status.success(), "{}", text(&called.stderr));
}

#[test]
fn a_certificate_that_cannot_be_used_is_named_before_anything_runs() {
    let house = House::new();
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, _) = certificate(dir.path());
    let missing = dir.path().join("missing.pem");
    for (certificate, key, sentence) in [
        (&missing, &key, "domovoi: [tls] certificate: cannot read "),
        (&certificate, &missing, "domovoi: [tls] key: cannot read "),
        (&certificate, &certificate, "domovoi: [tls] key "),
    ] {
        house.configure(&tls_lines(certificate, key));
        for command in ["run", "check"] {
            let output = house.command(&[command], "");
            assert_eq!(output.status.code(), Some(64), "{command}");
            let said = text(&output.stderr);
            assert!(said.starts_with(sentence), "{said}");
        }
    }
}

const PRIVATE_KEY: [u8; 32] = [7; 32];

fn octets(hexadecimal: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&hexadecimal[2 * at..2 * at + 2], 16).unwrap())
}

#[tokio::test]
async fn the_bare_router_is_what_its_file_says() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, pem) = certificate(dir.path());
    let public_key: String = cryptosign::public_key(&PRIVATE_KEY)
        .iter()
        .map(|octet| format!("{octet:02x}"))
        .collect();
    let router_key = dir.path().join("router.key");
    let made = finish(&["key", router_key.to_str().unwrap()], "");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let file = dir.path().join("router.toml");
    let lines = format!(
        r#"
listen = "127.0.0.1:0"
router_key = {router_key:?}
{tls}
[[realm]]
name = "realm1"
anonymous = "guest"

[[realm.role]]
name = "backend"
everything = true

[[realm.role]]
name = "guest"
[[realm.role.permission]]
uri = "com.example."
match = "prefix"
allow = ["call"]

[[realm.user]]
name = "joe"
role = "backend"
cryptosign = ["{public_key}"]
"#,
        tls = tls_lines(&certificate, &key)
    );
    std::fs::write(&file, lines).unwrap();
    let server = Server::start(&[
        "router",
        "--config",
        file.to_str().unwrap(),
        "--user",
        "ann:secret:extra",
    ]);
    let connector = || Connector::new(url(&server, "wss") + "/ws", "realm1").authorities(pem.clone());
    let joe = Credentials::Cryptosign {
        authid: None,
        private_key: PRIVATE_KEY,
    };
    let another = join(connector().router_key([1; 32]), joe.clone()).await;
    assert_eq!(another.unwrap_err().uri(), Some("wamp.error.authentication_failed"));
    let trusting = connector().router_key(octets(text(&made.stdout).trim()));
    let joe = join(trusting.channel_binding(), joe).await.unwrap();
    assert_eq!(joe.info().unwrap().authid.as_deref(), Some("joe"));
    let echo = |invocation: wamp_client::Invocation| async move { Ok(Reply::value(&invocation.args::<(i64,)>()?.0)?) };
    joe.register("com.example.echo").handler(echo).await.unwrap();
    let guest = join(connector(), Credentials::default()).await.unwrap();
    let echoed: i64 = guest
        .call("com.example.echo")
        .args(&(5,))
        .send()
        .await
        .unwrap()
        .value()
        .unwrap();
    assert_eq!(echoed, 5);
    let refused = guest.subscribe("com.example.topic").open().await.unwrap_err();
    assert_eq!(refused.uri(), Some("wamp.error.not_authorized"));
    // A user of the command line has a role that may do everything.
    let ann = Credentials::Scram {
        authid: "ann".into(),
        password: "secret".into(),
    };
    let ann = join(connector(), ann).await.unwrap();
    ann.subscribe("com.example.topic").open().await.unwrap();
}

#[test]
fn a_typo_in_the_router_s_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("router.toml");
    for (lines, fault) in [
        (
            "[[realm]]\nname = \"r\"\n[[realm.role]]\nname = \"a\"\neverythin = true",
            ", line 5: there is no key \"everythin\"; did you mean \"everything\"?",
        ),
        (
            "[[realm]]\nname = \"r\"\nanonymous = \"b\"\n[[realm.role]]\nname = \"a\"",
            ": realm \"r\": anonymous: there is no role \"b\"; the roles of this realm are a",
        ),
    ] {
        std::fs::write(&file, lines).unwrap();
        let output = finish(&["router", "--config", file.to_str().unwrap()], "");
        assert_eq!(output.status.code(), Some(64));
        let said = text(&output.stderr);
        assert_eq!(said.trim(), format!("domovoi: {}{fault}", file.display()));
    }
}
