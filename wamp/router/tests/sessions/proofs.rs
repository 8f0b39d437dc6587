//! SCRAM and cryptosign: who gets in, and what nobody can find out.

use std::sync::Arc;

use serde_json::{Value as Json, json};
use wamp_protocol::auth::scram::{Dialect, Kdf};
use wamp_protocol::auth::{cryptosign, scram, wampcra};
use wamp_protocol::message::Authenticate;
use wamp_protocol::{Dict, Serializer, Value};
use wamp_router::authentication::{AuthMethod, RouterKey, ScramKeys, StaticUsers, StoredUser};
use wamp_router::{Authentication, RouterConfig};

use super::challenge::{self, challenged, dict};
use super::support::{Client, Kind, Server, all_roles, open_realm};

const PRIVATE_KEY: [u8; 32] = [7; 32];
const ROUTER_KEY: [u8; 32] = [4; 32];
const ARGON2: Kdf = Kdf::Argon2id {
    iterations: 2,
    memory: 4096,
};

/// `ann` with everything there is, `bob` with salted WAMP-CRA and the keys of PBKDF2.
fn users() -> StaticUsers {
    let ann = StoredUser {
        ticket: Some("ticket".to_owned()),
        wampcra: Some(("secret".to_owned(), None)),
        scram: ScramKeys::of_password("pencil", ARGON2).unwrap(),
        cryptosign: vec![cryptosign::public_key(&PRIVATE_KEY)],
        ..StoredUser::new("ann", "admin")
    };
    let salting = wampcra::Salting {
        salt: "0123456789abcdef".to_owned(),
        iterations: 1000,
        keylen: 32,
    };
    let bob = StoredUser {
        wampcra: Some((wampcra::derive_key("secret", &salting), Some(salting))),
        scram: ScramKeys::of_password("pencil", Kdf::Pbkdf2 { iterations: 4096 }).unwrap(),
        ..StoredUser::new("bob", "user")
    };
    StaticUsers::new([ann, bob]).with_decoy_secret([3; 32])
}

async fn server() -> Server {
    let users = users();
    let mut realm = open_realm();
    realm.authentication = Authentication {
        anonymous: None,
        methods: users.methods(),
        authenticator: Some(Arc::new(users)),
    };
    Server::with(RouterConfig {
        realms: vec![realm],
        router_key: Some(RouterKey::new(ROUTER_KEY)),
        ..RouterConfig::default()
    })
    .await
}

async fn hello(server: &Server, authid: Option<&str>, method: &str, authextra: Dict) -> Client {
    let mut client = server.connect(Kind::WebSocket(Serializer::Json)).await;
    challenge::hello(&mut client, authid, method, authextra).await;
    client
}

async fn answer(client: &mut Client, answer: Authenticate) {
    let extra: Json = serde_json::from_str(&Value::Dict(answer.extra).to_json()).unwrap();
    client.send(json!([5, answer.signature, extra])).await;
}

/// Signs in by SCRAM; the WELCOME's details, or the reason for ABORT.
async fn by_scram(server: &Server, authid: &str, password: &str, dialect: Dialect) -> Result<Json, String> {
    let scram = scram::Client::new(authid, password, &[9; 16], None);
    let method = dialect.authmethod();
    let mut client = hello(server, Some(authid), method, scram.authextra()).await;
    let challenge = challenged(&mut client, method).await;
    let (authenticate, expectation) = scram.answer(&challenge).unwrap();
    answer(&mut client, authenticate).await;
    let reply = client.receive().await;
    if reply[0] != 2 {
        return Err(reply[2].as_str().unwrap().to_owned());
    }
    expectation.verify(&dict(&reply[2]["authextra"])).unwrap();
    Ok(reply[2].clone())
}

#[tokio::test]
async fn scram_lets_in_who_knows_the_password_and_proves_the_router() {
    let server = server().await;
    for dialect in [Dialect::Specification, Dialect::Autobahn] {
        for (authid, role) in [("ann", "admin"), ("bob", "user")] {
            let details = by_scram(&server, authid, "pencil", dialect).await.unwrap();
            for (key, value) in [
                ("authid", authid),
                ("authrole", role),
                ("authmethod", dialect.authmethod()),
            ] {
                assert_eq!(details[key], value);
            }
            let wrong = by_scram(&server, authid, "pencil case", dialect).await;
            assert_eq!(wrong.unwrap_err(), "wamp.error.authentication_failed");
        }
        let nobody = by_scram(&server, "nobody", "pencil", dialect).await;
        assert_eq!(nobody.unwrap_err(), "wamp.error.authentication_failed");
    }
}

#[tokio::test]
async fn one_secret_serves_ticket_wampcra_and_both_spellings_of_scram() {
    let server = Server::start().await;
    for dialect in [Dialect::Specification, Dialect::Autobahn] {
        let details = by_scram(&server, "bob", "secret-of-bob", dialect).await.unwrap();
        assert_eq!(details["authrole"], "user");
    }
}

#[tokio::test]
async fn scram_names_what_hello_lacks() {
    let server = server().await;
    for (extra, word) in [
        (json!({}), "nonce"),
        (json!({ "nonce": "a,b" }), "nonce"),
        (
            json!({ "nonce": "abcd", "channel_binding": "tls-unique" }),
            "tls-unique",
        ),
        (json!({ "nonce": "abcd", "channel_binding": "tls-exporter" }), "TLS"),
    ] {
        for authid in ["ann", "nobody"] {
            let mut client = hello(&server, Some(authid), "wamp-scram", dict(&extra)).await;
            let abort = client.receive().await;
            assert_eq!(abort[2], "wamp.error.authentication_failed", "{abort}");
            assert!(abort[1]["message"].as_str().unwrap().contains(word), "{abort}");
        }
    }
    // Autobahn's dialect signs nothing about the connection.
    let extra = json!({ "nonce": "abcd", "channel_binding": "tls-exporter" });
    let mut client = hello(&server, Some("ann"), "scram", dict(&extra)).await;
    let abort = client.receive().await;
    assert!(abort[1]["message"].as_str().unwrap().contains("wamp-scram"), "{abort}");
}

async fn by_cryptosign(server: &Server, authid: Option<&str>, private_key: [u8; 32]) -> Result<Json, String> {
    let extra = cryptosign::authextra(&cryptosign::public_key(&private_key), None);
    let mut client = hello(server, authid, "cryptosign", extra).await;
    let challenge = challenged(&mut client, "cryptosign").await;
    answer(&mut client, cryptosign::answer(&private_key, &challenge, None).unwrap()).await;
    let reply = client.receive().await;
    if reply[0] == 2 {
        Ok(reply[2].clone())
    } else {
        Err(reply[2].as_str().unwrap().to_owned())
    }
}

#[tokio::test]
async fn cryptosign_lets_in_who_has_the_key_with_a_name_or_without() {
    let server = server().await;
    for authid in [Some("ann"), None] {
        let details = by_cryptosign(&server, authid, PRIVATE_KEY).await.unwrap();
        assert_eq!(
            (&details["authid"], &details["authmethod"]),
            (&json!("ann"), &json!("cryptosign"))
        );
    }
    for (authid, key) in [
        (Some("ann"), [8; 32]),
        (Some("bob"), PRIVATE_KEY),
        (Some("nobody"), PRIVATE_KEY),
        (None, [8; 32]),
    ] {
        let refused = by_cryptosign(&server, authid, key).await;
        assert_eq!(refused.unwrap_err(), "wamp.error.authentication_failed", "{authid:?}");
    }
}

#[tokio::test]
async fn a_signature_is_good_for_its_own_challenge_alone() {
    let server = server().await;
    let extra = || cryptosign::authextra(&cryptosign::public_key(&PRIVATE_KEY), None);
    let mut first = hello(&server, Some("ann"), "cryptosign", extra()).await;
    let overheard = challenged(&mut first, "cryptosign").await;
    let mut second = hello(&server, Some("ann"), "cryptosign", extra()).await;
    challenged(&mut second, "cryptosign").await;
    answer(&mut second, cryptosign::answer(&PRIVATE_KEY, &overheard, None).unwrap()).await;
    assert_eq!(second.aborted().await, "wamp.error.authentication_failed");
}

#[tokio::test]
async fn without_tls_a_cryptosign_challenge_says_that_it_is_not_bound() {
    let server = server().await;
    let key = cryptosign::public_key(&PRIVATE_KEY);
    let extra = cryptosign::authextra(&key, Some(cryptosign::TLS_EXPORTER));
    let mut client = hello(&server, Some("ann"), "cryptosign", extra).await;
    let challenge = challenged(&mut client, "cryptosign").await;
    assert_eq!(challenge.extra.get("channel_binding"), Some(&Value::Null));
    let mut keyless = hello(&server, Some("ann"), "cryptosign", Dict::default()).await;
    let abort = keyless.receive().await;
    assert!(abort[1]["message"].as_str().unwrap().contains("pubkey"), "{abort}");
}

#[tokio::test]
async fn a_router_with_a_key_proves_itself_to_who_asks() {
    let (server, without_key) = (server().await, Server::start().await);
    let key = cryptosign::public_key(&ROUTER_KEY);
    let extra = |asked: &str| {
        let mut extra = cryptosign::authextra(&cryptosign::public_key(&PRIVATE_KEY), None);
        extra.insert("challenge", asked);
        extra
    };
    let asked = [0xAB; 32];
    // Whether there is somebody of the name plays no part.
    for authid in ["ann", "nobody"] {
        let mut client = hello(&server, Some(authid), "cryptosign", extra(&"ab".repeat(32))).await;
        let challenge = challenged(&mut client, "cryptosign").await;
        assert!(cryptosign::is_router(&key, &asked, None, &challenge), "{challenge:?}");
    }
    let unasked = cryptosign::authextra(&cryptosign::public_key(&PRIVATE_KEY), None);
    let mut client = hello(&server, Some("ann"), "cryptosign", unasked).await;
    let challenge = challenged(&mut client, "cryptosign").await;
    assert_eq!(
        (challenge.extra.get("signature"), challenge.extra.get("pubkey")),
        (None, None)
    );
    for nonsense in ["", "ab", "zz"] {
        let mut client = hello(&server, Some("ann"), "cryptosign", extra(nonsense)).await;
        let abort = client.receive().await;
        assert_eq!(abort[2], "wamp.error.authentication_failed");
        assert!(abort[1]["message"].as_str().unwrap().contains("challenge"), "{abort}");
    }
    // One without a key says nothing, and the client decides.
    let mut client = hello(&without_key, Some("ann"), "cryptosign", extra(&"ab".repeat(32))).await;
    let challenge = challenged(&mut client, "cryptosign").await;
    assert_eq!(challenge.extra.get("signature"), None);
}

/// What of a challenge could tell who exists: everything that is not new each time.
async fn shape(server: &Server, authid: &str, method: &str) -> Json {
    let extra = match method {
        "cryptosign" => cryptosign::authextra(&[1; 32], None),
        _ => scram::Client::new(authid, "x", &[9; 16], None).authextra(),
    };
    let mut client = hello(server, Some(authid), method, extra).await;
    let mut extra = client.receive().await[2].take();
    if method == "wampcra" {
        let facts: Json = serde_json::from_str(extra["challenge"].as_str().unwrap()).unwrap();
        extra["challenge"] = json!([facts["authrole"], facts["authprovider"]]);
    }
    for fresh in ["nonce", "challenge"] {
        if let Some(text) = extra.get(fresh).and_then(Json::as_str) {
            extra[fresh] = json!(text.len());
        }
    }
    extra
}

#[tokio::test]
async fn a_challenge_does_not_tell_who_exists() {
    let server = server().await;
    let without_salt = |mut shape: Json| {
        if let Some(salt) = shape.get("salt").and_then(Json::as_str) {
            shape["salt"] = json!(salt.len());
        }
        shape
    };
    for method in ["wampcra", "wamp-scram", "scram", "ticket", "cryptosign"] {
        let mut known = Vec::new();
        for authid in ["ann", "bob"] {
            known.push(without_salt(shape(&server, authid, method).await));
        }
        for number in 0..8 {
            let name = format!("nobody{number}");
            let seen = shape(&server, &name, method).await;
            assert_eq!(seen, shape(&server, &name, method).await, "{method} {name}");
            assert!(
                known.contains(&without_salt(seen.clone())),
                "{method}: {seen} is none of {known:?}"
            );
        }
    }
    let salt = |shape: Json| shape["salt"].clone();
    let one = salt(shape(&server, "nobody1", "wamp-scram").await);
    assert_ne!(one, salt(shape(&server, "nobody2", "wamp-scram").await));
    // After a restart too, where the secret is kept.
    let again = self::server().await;
    assert_eq!(one, salt(shape(&again, "nobody1", "wamp-scram").await));
}

#[tokio::test]
async fn a_method_for_which_hello_lacks_something_gives_way_to_another() {
    let server = server().await;
    let mut client = server.connect(Kind::WebSocket(Serializer::Json)).await;
    let details = json!({
        "roles": all_roles(),
        "authid": "ann",
        "authmethods": ["cryptosign", "wamp-scram", "wampcra"],
    });
    client.send(json!([1, "realm1", details])).await;
    assert_eq!(client.receive().await[1], "wampcra");
}

#[test]
fn only_methods_that_somebody_can_use_are_offered() {
    let ticket = StoredUser {
        ticket: Some("t".to_owned()),
        ..StoredUser::new("joe", "user")
    };
    assert_eq!(StaticUsers::new([ticket]).methods(), [AuthMethod::Ticket]);
    assert_eq!(users().methods(), AuthMethod::SIGN_INS);
}
