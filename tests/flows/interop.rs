//! Autobahn|Python, a WAMP client nobody here wrote, against the demo house and the bare router.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use domovoi_tests::hub::{Hub, Options, program};
use domovoi_tests::people::{ADMIN, set_up};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

fn python() -> PathBuf {
    let python = std::env::var_os("DOMOVOI_PYTHON")
        .map_or_else(|| domovoi_tests::root().join(".venv/bin/python"), PathBuf::from);
    assert!(
        python.is_file(),
        "{} is not there: `cargo xtask setup --test` makes it",
        python.display()
    );
    python
}

async fn autobahn(serializer: &str) {
    let hub = Hub::start(Options {
        arguments: vec!["--demo".into()],
        ..Options::default()
    })
    .await;
    set_up(&hub).await;
    let output = Command::new(python())
        .arg(domovoi_tests::root().join("tests/interop/house.py"))
        .args([&hub.ws(), ADMIN.0, ADMIN.1, serializer])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("Python runs");
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    println!("{text}");
}

#[tokio::test]
async fn autobahn_python_lives_in_the_house_in_json() {
    autobahn("json").await;
}

#[tokio::test]
async fn autobahn_python_lives_in_the_house_in_messagepack() {
    autobahn("msgpack").await;
}

/// `joe` with one secret for all, `ann` with what Autobahn's `derive_scram_credential("ann", "pencil")`
/// gives, and `kim` with the public key to 32 times 07.
const USERS: &str = r#"
listen = "127.0.0.1:0"

[[realm]]
name = "realm1"

[[realm.user]]
name = "joe"
role = "backend"
secret = "joe's secret"

[[realm.user]]
name = "ann"
role = "frontend"

[realm.user.scram]
kdf = "argon2id-13"
memory = 512
iterations = 4096
salt = "49915e0d7d4b402e3017d010bc1c0e83"
stored-key = "4d128d674e5eeea35643afbe2cb37197fa7693dfcbe10d372cdaf9b5c058cd1e"
server-key = "e2e4b781a672b7f42b839c2ab61ed16f14b3b7196e531d00deeae04186f12874"

[[realm.user]]
name = "kim"
role = "machine"
cryptosign = ["ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c"]
"#;

/// A bare router with this configuration, which ends when it is dropped, and the address of its port.
async fn router(directory: &Path, configuration: &str) -> (Child, String) {
    let file = directory.join("router.toml");
    std::fs::write(&file, configuration).expect("a configuration");
    let mut router = Command::new(program())
        .args(["router", "--log-format", "json", "--log-level", "warn", "--config"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the router starts");
    let mut lines = BufReader::new(router.stdout.take().expect("stdout")).lines();
    let line = lines.next_line().await.expect("stdout").expect("the ready line");
    let ready: Value = serde_json::from_str(&line).expect("JSON");
    let http = ready["http"].as_str().expect("an address").to_owned();
    (router, http)
}

#[tokio::test]
async fn autobahn_python_signs_in_by_every_method_it_has() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (_router, http) = router(directory.path(), USERS).await;

    let (key, other_key) = ("07".repeat(32), "08".repeat(32));
    for url in [format!("ws://{http}/ws"), format!("rs://{http}")] {
        for (method, authid, role, secret, wrong) in [
            ("ticket", "joe", "backend", "joe's secret", "another"),
            ("wampcra", "joe", "backend", "joe's secret", "another"),
            ("scram", "joe", "backend", "joe's secret", "another"),
            ("scram", "ann", "frontend", "pencil", "another"),
            ("cryptosign", "kim", "machine", &key, &other_key),
        ] {
            for (secret, expected) in [(secret, 0), (wrong, 2)] {
                let output = Command::new(python())
                    .arg(domovoi_tests::root().join("tests/interop/sign_in.py"))
                    .args([&url, "realm1", method, authid, role, secret])
                    .stdin(Stdio::null())
                    .output()
                    .await
                    .expect("Python runs");
                let text = String::from_utf8_lossy(&output.stderr);
                assert_eq!(output.status.code(), Some(expected), "{url} {method} {authid}: {text}");
            }
        }
    }
}

/// Who the checks sign in as, a realm that makes everybody known, and one that makes nobody.
const REALMS: &str = r#"
listen = "127.0.0.1:0"
unix = "wamp.sock"
history = 20

[[realm]]
name = "realm1"
anonymous = "guest"
disclose_callers = "always"
disclose_publishers = "always"

[[realm.user]]
name = "ann"
role = "frontend"
ticket = "ann's ticket"

[[realm.user]]
name = "joe"
role = "backend"
ticket = "joe's ticket"

[[realm.user]]
name = "kim"
role = "backend"
ticket = "kim's ticket"

[[realm]]
name = "discreet"
anonymous = "guest"
disclose_callers = "never"
disclose_publishers = "never"

[[realm.user]]
name = "ann"
role = "frontend"
ticket = "ann's ticket"
"#;

/// How many checks `tests/interop/every_feature.py` has.
const CHECKS: usize = 44;

async fn every_feature(url: impl Fn(&Path, &str) -> String, serializers: &[&str]) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let socket = directory.path().join("wamp.sock");
    let configuration = REALMS.replace("wamp.sock", socket.to_str().expect("a path in UTF-8"));
    let (_router, http) = router(directory.path(), &configuration).await;
    for serializer in serializers {
        let url = url(&socket, &http);
        let output = Command::new(python())
            .arg(domovoi_tests::root().join("tests/interop/every_feature.py"))
            .args([url.as_str(), serializer])
            .stdin(Stdio::null())
            .output()
            .await
            .expect("Python runs");
        let (lines, errors) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        let checks: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
            .collect();
        for check in checks.iter().filter(|check| check["passed"] != true) {
            let why = check["why"].as_str().unwrap_or_default();
            eprintln!("{url} {serializer}: {}\n{why}", check["check"]);
        }
        let passed = checks.iter().filter(|check| check["passed"] == true).count();
        assert_eq!(passed, CHECKS, "{url} {serializer}: {errors}");
        assert!(output.status.success(), "{url} {serializer}: {errors}");
    }
}

#[tokio::test]
async fn autobahn_python_uses_every_feature_it_has_over_websocket() {
    every_feature(|_, http| format!("ws://{http}/ws"), &["json", "msgpack", "cbor"]).await;
}

#[tokio::test]
async fn autobahn_python_uses_every_feature_it_has_over_batched_websocket() {
    let serializers = ["json.batched", "msgpack.batched", "cbor.batched"];
    every_feature(|_, http| format!("ws://{http}/ws"), &serializers).await;
}

#[tokio::test]
async fn autobahn_python_uses_every_feature_it_has_over_rawsocket() {
    every_feature(|_, http| format!("rs://{http}"), &["json", "msgpack", "cbor"]).await;
}

#[tokio::test]
async fn autobahn_python_uses_every_feature_it_has_over_a_unix_socket() {
    let url = |socket: &Path, _: &str| format!("unix://{}", socket.display());
    every_feature(url, &["json", "msgpack", "cbor"]).await;
}
