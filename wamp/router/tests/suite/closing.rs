//! How sessions begin and end.

use serde_json::json;

use crate::site::Site;
use crate::support::Kind;

on_every_wire!(
    trap_24_goodbye_is_answered_with_goodbye_and_out,
    trap_24_a_new_session_may_follow_on_the_same_transport,
    trap_24_after_the_routers_goodbye_everything_but_the_answer_is_ignored,
    trap_25_a_hello_without_a_role_is_a_breach,
    trap_25_unknown_roles_and_features_are_ignored,
    trap_25_the_session_meta_api_is_announced_by_both_roles,
    a_realm_that_is_not_there_aborts,
);

async fn trap_24_goodbye_is_answered_with_goodbye_and_out(site: Site) {
    for details in [json!({}), json!({ "message": "bye" })] {
        let mut client = site.join().await;
        client.send(json!([6, details, "wamp.close.close_realm"])).await;
        assert_eq!(client.receive().await, json!([6, {}, "wamp.close.goodbye_and_out"]));
    }
}

async fn trap_24_a_new_session_may_follow_on_the_same_transport(site: Site) {
    let mut client = site.connect().await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        client.join("realm1").await;
        sessions.push(client.session);
        // Nothing is left of the session before.
        client.send(json!([34, 1, 1])).await;
        assert_eq!(client.error().await.2, "wamp.error.no_such_subscription");
        client.send(json!([32, 2, {}, "com.topic"])).await;
        assert_eq!(client.receive().await[0], 33);
        client.send(json!([6, {}, "wamp.close.close_realm"])).await;
        assert_eq!(client.receive().await[0], 6);
    }
    sessions.dedup();
    assert_eq!(sessions.len(), 3);
}

async fn trap_24_after_the_routers_goodbye_everything_but_the_answer_is_ignored(site: Site) {
    let mut admin = site.peer().await;
    let mut client = site.join().await;
    admin.subscribe("com.topic", json!({})).await;
    admin.ask("wamp.session.kill", json!([client.session])).await.unwrap();
    assert_eq!(client.receive().await, json!([6, {}, "wamp.close.killed"]));
    client.send(json!([16, 1, {}, "com.topic", ["ignored"]])).await;
    client.send(json!([48, 2, {}, "com.procedure"])).await;
    client.send(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
    client.ends().await;
    admin.has_nothing_to_read().await;
}

async fn trap_25_a_hello_without_a_role_is_a_breach(site: Site) {
    for details in [json!({ "roles": {} }), json!({}), json!({ "roles": { "dancer": {} } })] {
        if site.kind == Kind::Linked {
            // Such a HELLO cannot be made without octets.
            continue;
        }
        let mut client = site.connect().await;
        client.send_unchecked(json!([1, "realm1", details])).await;
        assert_eq!(client.aborted().await, "wamp.error.protocol_violation");
    }
}

async fn trap_25_unknown_roles_and_features_are_ignored(site: Site) {
    let mut client = site.connect().await;
    let roles = json!({
        "subscriber": { "features": { "levitation": true, "x_number": 7, "call_canceling": null }, "other": [1] },
        "caller": {},
        "dancer": { "features": { "tango": true } },
    });
    let hello = json!([1, "realm1", { "roles": roles, "agent": "x", "_unknown": { "deep": [] } }]);
    client.send(hello).await;
    let welcome = client.receive().await;
    assert_eq!(welcome[0], 2, "{welcome}");
    client.subscribe("com.topic", json!({})).await;
}

async fn trap_25_the_session_meta_api_is_announced_by_both_roles(site: Site) {
    let mut client = site.connect().await;
    let welcome = client.join("realm1").await;
    for role in ["broker", "dealer"] {
        assert_eq!(welcome[2]["roles"][role]["features"]["session_meta_api"], true);
    }
}

async fn a_realm_that_is_not_there_aborts(site: Site) {
    let mut client = site.connect().await;
    client.send(json!([1, "nowhere", { "roles": { "caller": {} } }])).await;
    assert_eq!(client.aborted().await, "wamp.error.no_such_realm");
}
