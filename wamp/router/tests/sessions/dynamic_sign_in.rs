//! A procedure decides who gets in.

use std::time::Duration;

use serde_json::{Value as Json, json};
use wamp_protocol::auth::scram::{Dialect, Kdf, Keys};
use wamp_protocol::auth::{cryptosign, scram, wampcra};
use wamp_protocol::{Dict, Serializer, Value};
use wamp_router::authentication::{AuthMethod, DynamicAuthenticator};
use wamp_router::{RealmConfig, RouterConfig};

use super::authorization::signed_in;
use super::challenge::{self, challenged};
use super::support::{Client, Kind, Server, open_realm};

const PROCEDURE: &str = "com.auth.who";
const PRIVATE_KEY: [u8; 32] = [7; 32];

async fn server(timeout: Duration, home: Option<&str>) -> Server {
    let realm = RealmConfig {
        dynamic_authenticator: Some(DynamicAuthenticator {
            procedure: PROCEDURE.to_owned(),
            realm: home.map(str::to_owned),
            timeout,
            methods: AuthMethod::SIGN_INS.to_vec(),
        }),
        ..open_realm()
    };
    let mut elsewhere = open_realm();
    elsewhere.name = "elsewhere".to_owned();
    Server::with(RouterConfig {
        realms: vec![realm, elsewhere],
        ..RouterConfig::default()
    })
    .await
}

async fn patient() -> Server {
    server(Duration::from_secs(10), None).await
}

/// The component that answers, as a user that the realm knows by itself.
async fn component(server: &Server) -> Client {
    let mut component = signed_in(server, "ann", "secret-of-ann").await;
    component.register(PROCEDURE, json!({})).await;
    component
}

/// What the component is asked; answered with `answer`.
async fn answered(component: &mut Client, answer: Json) -> Json {
    let invocation = component.receive().await;
    assert_eq!(invocation[0], 68, "{invocation}");
    component.send(json!([70, invocation[1], {}, [answer]])).await;
    invocation[4].clone()
}

async fn hello(server: &Server, authid: Option<&str>, method: &str, authextra: Dict) -> Client {
    let mut client = server.connect(Kind::RawSocket(Serializer::Json)).await;
    challenge::hello(&mut client, authid, method, authextra).await;
    client
}

#[tokio::test]
async fn a_ticket_is_shown_to_the_procedure_which_says_the_role() {
    let server = patient().await;
    let mut component = component(&server).await;
    let mut client = hello(&server, Some("joe"), "ticket", Dict::default()).await;
    challenged(&mut client, "ticket").await;
    client.send(json!([5, "the ticket", {}])).await;
    let asked = answered(
        &mut component,
        json!({ "role": "admin", "authid": "joseph", "provider": "ldap" }),
    )
    .await;
    assert_eq!((&asked[0], &asked[1]), (&json!("realm1"), &json!("joe")));
    for (key, value) in [("authmethod", json!("ticket")), ("ticket", json!("the ticket"))] {
        assert_eq!(asked[2][key], value);
    }
    assert_eq!(asked[2]["transport"]["type"], "rawsocket");
    let welcome = client.receive().await;
    assert_eq!(welcome[1], asked[2]["session"]);
    for (key, value) in [
        ("authid", "joseph"),
        ("authrole", "admin"),
        ("authmethod", "ticket"),
        ("authprovider", "ldap"),
    ] {
        assert_eq!(welcome[2][key], value);
    }
}

#[tokio::test]
async fn whom_the_realm_knows_itself_is_not_asked_about() {
    let server = patient().await;
    let mut component = component(&server).await;
    signed_in(&server, "bob", "secret-of-bob").await;
    component.has_nothing_to_read().await;
}

#[tokio::test]
async fn the_other_methods_are_asked_about_before_the_challenge() {
    let server = patient().await;
    let mut component = component(&server).await;

    let mut client = hello(&server, Some("joe"), "wampcra", Dict::default()).await;
    answered(&mut component, json!({ "role": "user", "secret": "s3cret" })).await;
    let challenge = challenged(&mut client, "wampcra").await;
    let answer = wampcra::answer("s3cret", &challenge).unwrap();
    client.send(json!([5, answer.signature, {}])).await;
    assert_eq!(client.receive().await[2]["authrole"], "user");

    let dialect = Dialect::Specification;
    let keys = Keys::derive("pencil", vec![5; 16], Kdf::Pbkdf2 { iterations: 4096 }, dialect).unwrap();
    let hex = |octets: &[u8]| octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    let scram = scram::Client::new("joe", "pencil", &[9; 16], None);
    let mut client = hello(&server, Some("joe"), "wamp-scram", scram.authextra()).await;
    let stored = json!({
        "role": "user", "kdf": "pbkdf2", "iterations": 4096, "salt": hex(&keys.salt),
        "stored-key": hex(&keys.stored_key), "server-key": hex(&keys.server_key),
    });
    let asked = answered(&mut component, stored).await;
    assert!(asked[2]["authextra"]["nonce"].is_string(), "{asked}");
    let (answer, _) = scram.answer(&challenged(&mut client, "wamp-scram").await).unwrap();
    let extra: Json = serde_json::from_str(&Value::Dict(answer.extra).to_json()).unwrap();
    client.send(json!([5, answer.signature, extra])).await;
    assert!(client.receive().await[2]["authextra"]["verifier"].is_string());

    let key = cryptosign::public_key(&PRIVATE_KEY);
    let mut client = hello(&server, None, "cryptosign", cryptosign::authextra(&key, None)).await;
    let asked = answered(
        &mut component,
        json!({ "role": "user", "authid": "joe", "pubkey": hex(&key) }),
    )
    .await;
    assert_eq!(
        (&asked[1], &asked[2]["authextra"]["pubkey"]),
        (&json!(null), &json!(hex(&key)))
    );
    let challenge = challenged(&mut client, "cryptosign").await;
    let answer = cryptosign::answer(&PRIVATE_KEY, &challenge, None).unwrap();
    client.send(json!([5, answer.signature, {}])).await;
    assert_eq!(client.receive().await[2]["authid"], "joe");
}

#[tokio::test]
async fn whom_the_procedure_does_not_know_is_challenged_and_fails() {
    let server = patient().await;
    let mut component = component(&server).await;
    let mut client = hello(&server, Some("joe"), "wampcra", Dict::default()).await;
    let invocation = component.receive().await;
    let error = json!([
        8,
        68,
        invocation[1],
        {},
        "com.auth.error.no_such_user",
        ["who is that?"]
    ]);
    component.send(error).await;
    challenged(&mut client, "wampcra").await;
    client.send(json!([5, "wrong", {}])).await;
    assert_eq!(client.aborted().await, "wamp.error.authentication_failed");

    let mut client = hello(&server, Some("joe"), "ticket", Dict::default()).await;
    challenged(&mut client, "ticket").await;
    client.send(json!([5, "wrong", {}])).await;
    answered(&mut component, json!(null)).await;
    assert_eq!(client.aborted().await, "wamp.error.authentication_failed");
}

#[tokio::test]
async fn without_an_answer_or_with_nonsense_nobody_gets_in() {
    let server = server(Duration::from_millis(100), None).await;
    // Nobody has registered the procedure.
    let mut client = hello(&server, Some("joe"), "wampcra", Dict::default()).await;
    assert_eq!(client.aborted().await, "wamp.error.authentication_failed");
    let mut component = component(&server).await;
    // It never answers.
    let mut client = hello(&server, Some("joe"), "wampcra", Dict::default()).await;
    assert_eq!(component.receive().await[0], 68);
    assert_eq!(client.aborted().await, "wamp.error.authentication_failed");
    assert_eq!(component.receive().await[0], 69, "INTERRUPT");
    let patient = patient().await;
    let mut component = self::component(&patient).await;
    for nonsense in [
        json!(7),
        json!({}),
        json!({ "role": "user" }),
        json!({ "role": "user", "secret": 1 }),
    ] {
        let mut client = hello(&patient, Some("joe"), "wampcra", Dict::default()).await;
        answered(&mut component, nonsense).await;
        assert_eq!(client.aborted().await, "wamp.error.authentication_failed");
    }
}

#[tokio::test]
async fn the_procedure_may_be_in_another_realm() {
    let server = server(Duration::from_secs(10), Some("elsewhere")).await;
    let mut component = server.connect(Kind::WebSocket(Serializer::MsgPack)).await;
    component.join("elsewhere").await;
    component.register(PROCEDURE, json!({})).await;
    let mut client = hello(&server, Some("joe"), "ticket", Dict::default()).await;
    challenged(&mut client, "ticket").await;
    client.send(json!([5, "t", {}])).await;
    answered(&mut component, json!("user")).await;
    assert_eq!(client.receive().await[2]["authrole"], "user");
}

#[tokio::test]
async fn the_router_s_own_session_comes_back_when_somebody_ends_it() {
    let server = patient().await;
    let mut component = component(&server).await;
    for _ in 0..2 {
        let mut client = hello(&server, Some("joe"), "ticket", Dict::default()).await;
        challenged(&mut client, "ticket").await;
        client.send(json!([5, "t", {}])).await;
        answered(&mut component, json!("user")).await;
        assert_eq!(client.receive().await[0], 2);
        drop(client);
        let killed = component
            .ask_with("wamp.session.kill_by_authid", json!(["router"]), json!({}))
            .await
            .unwrap();
        assert_eq!(killed.as_array().unwrap().len(), 1);
    }
}
