//! The meta API.

use serde_json::json;

use super::authorization::signed_in;
use super::support::Server;

#[tokio::test]
async fn sessions_are_counted_listed_and_described() {
    let server = Server::start().await;
    let mut client = server.join().await;
    client.subscribe("wamp.session.on_join", json!({})).await;
    client.subscribe("wamp.session.on_leave", json!({})).await;
    let ann = signed_in(&server, "ann", "secret-of-ann").await;
    let joined = client.receive().await[4][0].clone();
    assert_eq!(
        (&joined["session"], &joined["authid"], &joined["authrole"]),
        (&json!(ann.session), &json!("ann"), &json!("admin"))
    );
    assert_eq!(client.ask("wamp.session.count", json!([])).await, Ok(json!(2)));
    assert_eq!(client.ask("wamp.session.count", json!([["admin"]])).await, Ok(json!(1)));
    assert_eq!(
        client.ask("wamp.session.list", json!([["admin"]])).await,
        Ok(json!([ann.session]))
    );
    assert_eq!(client.ask("wamp.session.get", json!([ann.session])).await, Ok(joined));
    assert_eq!(
        client.ask("wamp.session.get", json!([12345])).await,
        Err("wamp.error.no_such_session".to_owned())
    );
    assert_eq!(
        client.ask("wamp.session.get", json!(["x"])).await,
        Err("wamp.error.invalid_argument".to_owned())
    );
    let session = ann.session;
    drop(ann);
    assert_eq!(client.receive().await[4], json!([session, "ann", "admin"]));
}

#[tokio::test]
async fn sessions_can_be_killed_but_not_by_themselves() {
    let server = Server::start().await;
    let mut client = server.join().await;
    let mut ann = signed_in(&server, "ann", "secret-of-ann").await;
    let own = client.session;
    assert_eq!(
        client.ask("wamp.session.kill", json!([own])).await,
        Err("wamp.error.no_such_session".to_owned())
    );
    let kwargs = json!({ "reason": "com.reason", "message": "go away" });
    client
        .ask_with("wamp.session.kill", json!([ann.session]), kwargs)
        .await
        .unwrap();
    assert_eq!(ann.receive().await, json!([6, { "message": "go away" }, "com.reason"]));
    // What it still sends is not looked at; its goodbye ends the connection.
    ann.send(json!([32, 1, {}, "com.topic"])).await;
    ann.send(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
    ann.ends().await;

    let mut one = server.join().await;
    let two = signed_in(&server, "bob", "secret-of-bob").await;
    assert_eq!(
        client.ask("wamp.session.kill_by_authid", json!(["bob"])).await,
        Ok(json!([two.session]))
    );
    assert_eq!(
        client.ask("wamp.session.kill_by_authrole", json!(["anonymous"])).await,
        Ok(json!(1))
    );
    assert_eq!(one.receive().await, json!([6, {}, "wamp.close.killed"]));
    assert_eq!(client.ask("wamp.session.kill_all", json!([])).await, Ok(json!(0)));
    let bad = client
        .ask_with("wamp.session.kill_all", json!([]), json!({ "reason": "not a uri" }))
        .await;
    assert_eq!(bad, Err("wamp.error.invalid_uri".to_owned()));
    assert_eq!(client.ask("wamp.session.count", json!([])).await, Ok(json!(1)));
}

#[tokio::test]
async fn subscriptions_tell_their_life_in_order() {
    let server = Server::start().await;
    let mut watcher = server.join().await;
    watcher
        .subscribe("wamp.subscription.", json!({ "match": "prefix" }))
        .await;
    // Its own subscription is news to it too, after SUBSCRIBED.
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.subscription.on_create");
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.subscription.on_subscribe");
    let mut client = server.join().await;
    let id = client.subscribe("com.topic", json!({})).await;
    let created = watcher.receive().await;
    assert_eq!(created[3]["topic"], "wamp.subscription.on_create");
    assert_eq!(created[4][0], client.session);
    assert_eq!(created[4][1]["uri"], "com.topic");
    let subscribed = watcher.receive().await;
    assert_eq!(subscribed[3]["topic"], "wamp.subscription.on_subscribe");
    assert_eq!(subscribed[4], json!([client.session, id]));

    assert_eq!(
        client.ask("wamp.subscription.lookup", json!(["com.topic"])).await,
        Ok(json!(id))
    );
    assert_eq!(
        client
            .ask("wamp.subscription.lookup", json!(["com.topic", { "match": "prefix" }]))
            .await,
        Ok(json!(null))
    );
    assert_eq!(
        client.ask("wamp.subscription.match", json!(["com.topic"])).await,
        Ok(json!([id]))
    );
    assert_eq!(
        client.ask("wamp.subscription.match", json!(["com.other"])).await,
        Ok(json!(null))
    );
    assert_eq!(
        client.ask("wamp.subscription.get", json!([id])).await,
        Ok(created[4][1].clone())
    );
    assert_eq!(
        client.ask("wamp.subscription.list_subscribers", json!([id])).await,
        Ok(json!([client.session]))
    );
    assert_eq!(
        client.ask("wamp.subscription.count_subscribers", json!([id])).await,
        Ok(json!(1))
    );
    assert_eq!(
        client.ask("wamp.subscription.list", json!([])).await.unwrap()["exact"],
        json!([id])
    );
    assert_eq!(
        client.ask("wamp.subscription.get", json!([999])).await,
        Err("wamp.error.no_such_subscription".to_owned())
    );

    watcher
        .ask(
            "wamp.subscription.remove_subscriber",
            json!([id, client.session, "enough"]),
        )
        .await
        .unwrap();
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.subscription.on_unsubscribe");
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.subscription.on_delete");
    let revoked = client.receive().await;
    assert_eq!(revoked, json!([35, 0, { "subscription": id, "reason": "enough" }]));
}

#[tokio::test]
async fn registrations_tell_their_life_in_order() {
    let server = Server::start().await;
    let mut watcher = server.join().await;
    watcher
        .subscribe("wamp.registration.", json!({ "match": "prefix" }))
        .await;
    let mut callee = server.join().await;
    let id = callee
        .register("com.procedure", json!({ "invoke": "roundrobin" }))
        .await;
    let created = watcher.receive().await;
    assert_eq!(created[3]["topic"], "wamp.registration.on_create");
    assert_eq!(
        (&created[4][1]["uri"], &created[4][1]["invoke"]),
        (&json!("com.procedure"), &json!("roundrobin"))
    );
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.registration.on_register");
    assert_eq!(
        callee.ask("wamp.registration.lookup", json!(["com.procedure"])).await,
        Ok(json!(id))
    );
    assert_eq!(
        callee.ask("wamp.registration.match", json!(["com.procedure"])).await,
        Ok(json!(id))
    );
    assert_eq!(
        callee.ask("wamp.registration.match", json!(["com.other"])).await,
        Ok(json!(null))
    );
    assert_eq!(
        callee.ask("wamp.registration.list_callees", json!([id])).await,
        Ok(json!([callee.session]))
    );
    assert_eq!(
        callee.ask("wamp.registration.count_callees", json!([id])).await,
        Ok(json!(1))
    );
    assert_eq!(
        callee.ask("wamp.registration.get", json!([id])).await,
        Ok(created[4][1].clone())
    );
    assert_eq!(
        callee.ask("wamp.registration.get", json!([999])).await,
        Err("wamp.error.no_such_registration".to_owned())
    );
    assert_eq!(
        callee.ask("wamp.no.such", json!([])).await,
        Err("wamp.error.no_such_procedure".to_owned())
    );
    let mut other = server.join().await;
    let own = other.register("com.other", json!({})).await;
    for topic in ["on_create", "on_register"] {
        assert_eq!(
            watcher.receive().await[3]["topic"],
            format!("wamp.registration.{topic}")
        );
    }
    callee
        .ask("wamp.registration.remove_callee", json!([own, other.session, "enough"]))
        .await
        .unwrap();
    assert_eq!(
        other.receive().await,
        json!([67, 0, { "registration": own, "reason": "enough" }])
    );
    for topic in ["on_unregister", "on_delete"] {
        assert_eq!(
            watcher.receive().await[3]["topic"],
            format!("wamp.registration.{topic}")
        );
    }
    callee.send(json!([66, 8, id])).await;
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.registration.on_unregister");
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.registration.on_delete");
}
