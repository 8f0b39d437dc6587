//! Who gets in.

use serde_json::{Value as Json, json};
use wamp_protocol::{Serializer, auth};
use wamp_router::{Authentication, RealmConfig, RouterConfig};

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

/// Signs in by ticket; the reason for ABORT if that is refused.
async fn by_ticket(server: &Server, authid: &str, ticket: &str) -> Result<(), String> {
    let mut client = hello(server, json!({ "authid": authid, "authmethods": ["ticket"] })).await;
    answered(&mut client, ticket).await
}

/// What comes of a ticket, or what was there in the place of a challenge.
async fn answered(client: &mut Client, ticket: &str) -> Result<(), String> {
    let refused = |message: Json| Err(message[2].as_str().unwrap().to_owned());
    let challenge = client.receive().await;
    if challenge[0] == 3 {
        return refused(challenge);
    }
    client.send(json!([5, ticket, {}])).await;
    let reply = client.receive().await;
    if reply[0] == 2 { Ok(()) } else { refused(reply) }
}

async fn with_realm(change: impl FnOnce(&mut RealmConfig)) -> Server {
    let mut realm = open_realm();
    change(&mut realm);
    Server::with(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    })
    .await
}

/// Guesses until the right ticket is refused too: each wrong one doubles the time that it is.
async fn guess_until_held_up(server: &Server, authid: &str, right: &str) -> String {
    for guesses in 5..15 {
        // The right one clears the count, if it comes so late that it is taken.
        for _ in 0..guesses {
            drop(by_ticket(server, authid, "wrong").await);
        }
        if let Err(reason) = by_ticket(server, authid, right).await {
            return reason;
        }
    }
    panic!("guessing costs nothing");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_others_are_not() {
    let server = Server::start().await;
    let reason = guess_until_held_up(&server, "bob", "secret-of-bob").await;
    assert_eq!(reason, "wamp.error.authentication_denied");
    let text = server.router.metrics().render();
    assert!(!text.contains("wamp_sign_ins_held_up_total 0"), "{text}");
    // Another name from the same address may still try, and who does not sign in is not asked.
    assert_eq!(by_ticket(&server, "ann", "secret-of-ann").await, Ok(()));
    server.join().await;
}

#[tokio::test]
async fn many_guesses_at_once_are_no_faster() {
    let server = Server::start().await;
    let mut clients = Vec::new();
    for _ in 0..12 {
        clients.push(hello(&server, json!({ "authid": "bob", "authmethods": ["ticket"] })).await);
    }
    // All of them are challenged before the first is wrong.
    for client in &mut clients {
        assert_eq!(client.receive().await, json!([4, "ticket", {}]));
    }
    let (last, others) = clients.split_last_mut().unwrap();
    for (number, client) in others.iter_mut().enumerate() {
        client.send(json!([5, "wrong", {}])).await;
        // After the free attempts a wrong secret is answered as the right one is, which would
        // otherwise be the odd one out.
        let wanted = if number < 5 {
            "authentication_failed"
        } else {
            "authentication_denied"
        };
        assert_eq!(client.receive().await[2], format!("wamp.error.{wanted}"), "{number}");
    }
    last.send(json!([5, "secret-of-bob", {}])).await;
    assert_eq!(last.aborted().await, "wamp.error.authentication_denied");
}

#[tokio::test]
async fn a_realm_may_let_people_guess() {
    let server = with_realm(|realm| realm.limits_attempts = false).await;
    for _ in 0..30 {
        let wrong = by_ticket(&server, "bob", "wrong").await;
        assert_eq!(wrong.unwrap_err(), "wamp.error.authentication_failed");
    }
    assert_eq!(by_ticket(&server, "bob", "secret-of-bob").await, Ok(()));
}
