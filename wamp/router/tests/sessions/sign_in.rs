//! Who gets in.

use serde_json::{Value as Json, json};
use wamp_protocol::{Serializer, auth};
use wamp_router::{Authentication, RouterConfig};

use super::support::{Client, Kind, Server, all_roles, open_realm};

async fn hello(server: &Server, details: Json) -> Client {
    let mut client = server.connect(Kind::WebSocket(Serializer::Json)).await;
    let mut details = details;
    details["roles"] = all_roles();
    client.send(json!([1, "realm1", details])).await;
    client
}

#[tokio::test]
async fn a_ticket_lets_in_who_has_it() {
    let server = Server::start().await;
    let mut client = hello(&server, json!({ "authid": "bob", "authmethods": ["ticket"] })).await;
    assert_eq!(client.receive().await, json!([4, "ticket", {}]));
    client.send(json!([5, "secret-of-bob", {}])).await;
    let welcome = client.receive().await;
    for (key, value) in [
        ("authid", "bob"),
        ("authrole", "user"),
        ("authmethod", "ticket"),
        ("authprovider", "static"),
    ] {
        assert_eq!(welcome[2][key], value);
    }
}

#[tokio::test]
async fn wampcra_lets_in_who_can_sign() {
    let server = Server::start().await;
    let mut client = hello(
        &server,
        json!({ "authid": "ann", "authmethods": ["cryptosign", "wampcra", "ticket"] }),
    )
    .await;
    let challenge = client.receive().await;
    assert_eq!((&challenge[0], &challenge[1]), (&json!(4), &json!("wampcra")));
    let text = challenge[2]["challenge"].as_str().unwrap();
    let facts: Json = serde_json::from_str(text).unwrap();
    assert_eq!((&facts["authid"], &facts["authrole"]), (&json!("ann"), &json!("admin")));
    client
        .send(json!([5, auth::wampcra::sign("secret-of-ann", text), {}]))
        .await;
    let welcome = client.receive().await;
    assert_eq!(welcome[0], 2, "{welcome}");
    assert_eq!(welcome[1], facts["session"], "the session is the one that was signed");
    assert_eq!(welcome[2]["authrole"], "admin");
}

#[tokio::test]
async fn wrong_secrets_and_unknown_names_fail_alike() {
    let server = Server::start().await;
    for authid in ["bob", "nobody"] {
        for (method, code) in [("ticket", 4), ("wampcra", 4)] {
            let mut client = hello(&server, json!({ "authid": authid, "authmethods": [method] })).await;
            assert_eq!(client.receive().await[0], code);
            client.send(json!([5, "wrong", {}])).await;
            assert_eq!(client.aborted().await, "wamp.error.authentication_failed");
        }
    }
    assert!(
        server
            .router
            .metrics()
            .render()
            .contains("wamp_sign_ins_failed_total 4")
    );
}

#[tokio::test]
async fn methods_must_match() {
    let server = Server::start().await;
    let mut client = hello(&server, json!({ "authmethods": ["cookie"] })).await;
    assert_eq!(client.aborted().await, "wamp.error.no_matching_auth_method");
    let mut client = hello(&server, json!({ "authmethods": ["ticket"] })).await;
    assert_eq!(
        client.aborted().await,
        "wamp.error.authentication_failed",
        "a ticket without authid"
    );

    let mut realm = open_realm();
    realm.authentication = Authentication {
        anonymous: None,
        ..realm.authentication
    };
    let server = Server::with(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    })
    .await;
    let mut client = hello(&server, json!({})).await;
    assert_eq!(client.aborted().await, "wamp.error.authentication_required");
    let mut client = hello(&server, json!({ "authmethods": ["anonymous"] })).await;
    assert_eq!(client.aborted().await, "wamp.error.no_matching_auth_method");
}

#[tokio::test]
async fn an_anonymous_session_cannot_choose_its_name() {
    let server = Server::start().await;
    let mut client = hello(&server, json!({ "authid": "ann", "authrole": "admin" })).await;
    let welcome = client.receive().await;
    assert_ne!(welcome[2]["authid"], "ann");
    assert_eq!(welcome[2]["authrole"], "anonymous");
}

#[tokio::test]
async fn a_linked_session_is_who_it_was_attached_as() {
    let server = Server::start().await;
    let mut client = server.connect(Kind::Linked).await;
    let welcome = client.join("realm1").await;
    assert_eq!(
        (&welcome[2]["authid"], &welcome[2]["authrole"]),
        (&json!("inside"), &json!("service"))
    );
    // Its role has no rules, and it needs none.
    client.subscribe("com.topic", json!({})).await;
}
