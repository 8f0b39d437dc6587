//! Clients behind a reverse proxy, of hub and bare router.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use super::program::{House, Server};

/// What is answered to a request that a proxy passes on for `client`.
fn post(server: &Server, path: &str, client: &str, body: &Value) -> String {
    let mut connection = TcpStream::connect(server.http()).unwrap();
    let body = body.to_string();
    let length = body.len();
    write!(
        connection,
        "POST {path} HTTP/1.0\r\nhost: localhost\r\nx-forwarded-for: {client}\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Signs in with a wrong ticket through the proxy.
fn fail(server: &Server, realm: &str, client: &str) {
    let opened = post(server, "/lp/open", client, &json!({ "protocols": ["wamp.2.json"] }));
    let opened: Value = serde_json::from_str(&opened).unwrap();
    let at = |verb: &str| format!("/lp/{}/{verb}", opened["transport"].as_str().unwrap());
    let details = json!({ "roles": { "caller": {} }, "authid": "admin", "authmethods": ["ticket"] });
    post(server, &at("send"), client, &json!([1, realm, details]));
    let challenge = post(server, &at("receive"), client, &Value::Null);
    assert!(challenge.starts_with("[4,"), "{challenge}");
    post(server, &at("send"), client, &json!([5, "wrong", {}]));
    let abort = post(server, &at("receive"), client, &Value::Null);
    assert!(abort.contains("authentication_failed"), "{abort}");
}

/// Whom the log has failing to sign in.
fn peers(log: &Path) -> Vec<String> {
    let log = std::fs::read_to_string(log).unwrap();
    let lines = log.lines().filter(|line| line.contains("a sign-in failed"));
    lines
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["peer"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn a_client_behind_a_trusted_proxy_is_in_the_hubs_log_by_its_own_address() {
    for (proxies, expected) in [("\"127.0.0.0/8\"", "203.0.113.7:0"), ("", "127.0.0.1:")] {
        let house = House::with_accounts();
        house.configure(&format!("trusted_proxies = [{proxies}]\n"));
        let log = house.path().join("log");
        let server = house.run_with_log(&[], File::create(&log).unwrap().into());
        fail(&server, "homeapp", "6.6.6.6, 203.0.113.7");
        server.signal("TERM");
        let peers = peers(&log);
        assert!(peers.len() == 1 && peers[0].starts_with(expected), "{peers:?}");
        // Who forgot to name the proxy is told.
        let log = std::fs::read_to_string(&log).unwrap();
        assert_eq!(log.contains("not among trusted_proxies"), proxies.is_empty(), "{log}");
    }
}

#[test]
fn a_client_behind_a_trusted_proxy_is_in_the_bare_routers_log_by_its_own_address() {
    let dir = tempfile::tempdir().unwrap();
    let (file, log) = (dir.path().join("router.toml"), dir.path().join("log"));
    let text = "listen = \"127.0.0.1:0\"\ntrusted_proxies = [\"127.0.0.1\"]\n[[realm]]\nname = \"realm1\"\n\
                [[realm.user]]\nname = \"admin\"\nrole = \"admin\"\nticket = \"right\"\n";
    std::fs::write(&file, text).unwrap();
    let arguments = ["router", "--config", file.to_str().unwrap()];
    let server = Server::start_with_log(&arguments, File::create(&log).unwrap().into());
    fail(&server, "realm1", "203.0.113.7");
    server.signal("TERM");
    assert_eq!(peers(&log), ["203.0.113.7:0"]);
}
