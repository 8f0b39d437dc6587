//! Who may do what.

use serde_json::json;
use wamp_protocol::Serializer;
use wamp_router::{Disclose, Disclosure, RouterConfig, Strictness};

use super::support::{Client, Kind, Server, all_roles, open_realm};

pub(crate) async fn signed_in(server: &Server, authid: &str, ticket: &str) -> Client {
    let mut client = server.connect(Kind::WebSocket(Serializer::Json)).await;
    client
        .send(json!([1, "realm1", { "roles": all_roles(), "authid": authid, "authmethods": ["ticket"] }]))
        .await;
    assert_eq!(client.receive().await[0], 4);
    client.send(json!([5, ticket, {}])).await;
    let welcome = client.receive().await;
    assert_eq!(welcome[0], 2, "{welcome}");
    client.session = welcome[1].as_u64().unwrap();
    client
}

#[tokio::test]
async fn a_role_may_do_what_its_rules_say_and_nothing_else() {
    let server = Server::start().await;
    let mut bob = signed_in(&server, "bob", "secret-of-bob").await;
    bob.subscribe("com.topic", json!({})).await;
    bob.register("com.procedure", json!({})).await;
    for message in [
        json!([32, 3, {}, "org.topic"]),
        json!([32, 4, {}, "com.secret.topic"]),
        json!([32, 5, { "match": "prefix" }, "com."]),
        json!([32, 6, { "match": "wildcard" }, "com..topic"]),
        json!([64, 7, {}, "com.secret.procedure"]),
        json!([48, 8, {}, "wamp.session.count"]),
        json!([16, 9, { "acknowledge": true }, "org.topic"]),
    ] {
        bob.send(message.clone()).await;
        assert_eq!(bob.error().await.2, "wamp.error.not_authorized", "{message}");
    }
    bob.subscribe("com.open.", json!({ "match": "prefix" })).await;
    let mut eve = signed_in(&server, "eve", "x").await;
    eve.send(json!([48, 1, {}, "com.procedure"])).await;
    assert_eq!(
        eve.error().await.2,
        "wamp.error.not_authorized",
        "a role without rules may do nothing"
    );
}

#[tokio::test]
async fn a_refused_publication_reaches_nobody() {
    let server = Server::start().await;
    let mut subscriber = server.join().await;
    subscriber.subscribe("org.topic", json!({})).await;
    let mut bob = signed_in(&server, "bob", "secret-of-bob").await;
    bob.send(json!([16, 1, {}, "org.topic", [1]])).await;
    bob.send(json!([16, 2, { "acknowledge": true }, "org.topic", [2]]))
        .await;
    assert_eq!(bob.error().await.1, 2);
    subscriber.has_nothing_to_read().await;
}

async fn disclosing(disclosure: Disclosure) -> Server {
    let mut realm = open_realm();
    realm.disclosure = disclosure;
    Server::with(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    })
    .await
}

#[tokio::test]
async fn a_realm_may_refuse_to_disclose_anybody() {
    let disclosure = Disclosure {
        callers: Disclose::Never,
        publishers: Disclose::Never,
        callees_may_ask: false,
    };
    let server = disclosing(disclosure).await;
    let mut client = server.join().await;
    let mut subscriber = server.join().await;
    subscriber.subscribe("com.topic", json!({})).await;
    client.register("com.procedure", json!({})).await;
    for message in [
        json!([64, 2, { "disclose_caller": true }, "com.curious"]),
        json!([48, 3, { "disclose_me": true }, "com.procedure"]),
        json!([16, 4, { "disclose_me": true, "acknowledge": true }, "com.topic"]),
    ] {
        client.send(message.clone()).await;
        assert_eq!(
            client.error().await.2,
            "wamp.error.option_disallowed.disclose_me",
            "{message}"
        );
    }
    subscriber.has_nothing_to_read().await;
}

#[tokio::test]
async fn a_realm_may_disclose_everybody() {
    let disclosure = Disclosure {
        callers: Disclose::Always,
        publishers: Disclose::Always,
        callees_may_ask: true,
    };
    let server = disclosing(disclosure).await;
    let mut client = server.join().await;
    client.subscribe("com.topic", json!({})).await;
    client.register("com.procedure", json!({})).await;
    let mut bob = signed_in(&server, "bob", "secret-of-bob").await;
    bob.publish("com.topic", json!({}), json!([])).await;
    assert_eq!(client.receive().await[3]["publisher_authid"], "bob");
    bob.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(client.receive().await[3]["caller_authrole"], "user");
}

#[tokio::test]
async fn by_the_letter_progress_needs_a_callee_that_can_be_canceled() {
    let mut realm = open_realm();
    for strict in [false, true] {
        realm.strictness = Strictness {
            progressive_results_need_canceling: strict,
            ..Strictness::default()
        };
        let server = Server::with(RouterConfig {
            realms: vec![realm.clone()],
            ..RouterConfig::default()
        })
        .await;
        // What autobahn-js announces.
        let mut callee = server.connect(Kind::WebSocket(Serializer::Json)).await;
        let features = json!({ "progressive_call_results": true });
        callee
            .send(json!([1, "realm1", { "roles": { "callee": { "features": features } } }]))
            .await;
        callee.receive().await;
        callee.register("com.procedure", json!({})).await;
        let mut caller = server.join().await;
        caller
            .call("com.procedure", json!({ "receive_progress": true }), json!([]))
            .await;
        assert_eq!(callee.receive().await[3]["receive_progress"] == true, !strict);
    }
}
