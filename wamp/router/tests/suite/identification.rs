//! Who learns who called or published, and how far it is trusted.

use serde_json::{Value as Json, json};
use wamp_router::{Disclose, Disclosure};

use crate::site::Site;
use crate::support::Client;

on_every_wire!(
    feature_caller_identification,
    feature_publisher_identification,
    feature_call_trustlevels,
    feature_publication_trustlevels,
    trap_21_what_the_router_does_not_disclose_is_refused_and_not_done,
    trap_21_a_realm_may_disclose_everybody,
    trap_21_only_those_who_announced_identification_are_told,
);

/// The three details that disclose a session, for `caller` or `publisher`.
async fn disclosed(client: &mut Client, role: &str) -> Json {
    let session = client.session;
    let facts = client.ask("wamp.session.get", json!([session])).await.unwrap();
    json!({
        role: session,
        format!("{role}_authid"): facts["authid"],
        format!("{role}_authrole"): facts["authrole"],
    })
}

async fn feature_caller_identification(site: Site) {
    let mut callee = site.join().await;
    callee.register("com.curious", json!({ "disclose_caller": true })).await;
    callee.register("com.incurious", json!({})).await;
    let mut caller = site.peer().await;
    let known = disclosed(&mut caller, "caller").await;
    for (procedure, options, details) in [
        ("com.incurious", json!({}), json!({})),
        ("com.incurious", json!({ "disclose_me": true }), known.clone()),
        ("com.incurious", json!({ "disclose_me": false }), json!({})),
        ("com.curious", json!({}), known),
    ] {
        caller.call(procedure, options, json!([])).await;
        assert_eq!(callee.receive().await[3], details, "{procedure}");
    }
}

async fn feature_publisher_identification(site: Site) {
    let mut subscriber = site.join().await;
    subscriber.subscribe("com.topic", json!({})).await;
    let mut publisher = site.peer().await;
    let known = disclosed(&mut publisher, "publisher").await;
    for (options, details) in [
        (json!({}), json!({})),
        (json!({ "disclose_me": true }), known),
        (json!({ "disclose_me": false }), json!({})),
    ] {
        publisher.publish("com.topic", options, json!([])).await;
        assert_eq!(subscriber.receive().await[3], details);
    }
}

async fn trusting(site: &Site) -> Site {
    site.in_realm(|realm| {
        realm.trustlevels = [("anonymous".to_owned(), 2), ("service".to_owned(), 2)].into();
    })
    .await
}

async fn feature_call_trustlevels(site: Site) {
    let site = trusting(&site).await;
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    caller.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[3], json!({ "trustlevel": 2 }));
    let mut plain = site.join_with(&[]).await;
    plain.register("com.plain", json!({})).await;
    caller.call("com.plain", json!({}), json!([])).await;
    assert_eq!(plain.receive().await[3], json!({}), "only to those who announced it");
}

async fn feature_publication_trustlevels(site: Site) {
    let site = trusting(&site).await;
    let mut subscriber = site.join().await;
    let mut plain = site.join_with(&[]).await;
    for client in [&mut subscriber, &mut plain] {
        client.subscribe("com.topic", json!({})).await;
    }
    let mut publisher = site.peer().await;
    publisher.publish("com.topic", json!({}), json!([])).await;
    assert_eq!(subscriber.receive().await[3], json!({ "trustlevel": 2 }));
    assert_eq!(plain.receive().await[3], json!({}), "only to those who announced it");
}

async fn trap_21_what_the_router_does_not_disclose_is_refused_and_not_done(site: Site) {
    let site = site
        .in_realm(|realm| {
            realm.disclosure = Disclosure {
                callers: Disclose::Never,
                publishers: Disclose::Never,
                callees_may_ask: false,
            };
        })
        .await;
    let mut other = site.join().await;
    other.subscribe("com.topic", json!({})).await;
    other.register("com.procedure", json!({})).await;
    let mut client = site.peer().await;
    for (code, rest) in [
        (64, json!([{ "disclose_caller": true }, "com.curious"])),
        (48, json!([{ "disclose_me": true }, "com.procedure"])),
        (16, json!([{ "disclose_me": true, "acknowledge": true }, "com.topic"])),
    ] {
        let refused = client.refused(code, rest.clone()).await;
        assert_eq!(refused, "wamp.error.option_disallowed.disclose_me", "{rest}");
    }
    client.request(16, json!([{ "disclose_me": true }, "com.topic"])).await;
    client.has_nothing_to_read().await;
    other.has_nothing_to_read().await;
}

async fn trap_21_a_realm_may_disclose_everybody(site: Site) {
    let site = site
        .in_realm(|realm| {
            realm.disclosure = Disclosure {
                callers: Disclose::Always,
                publishers: Disclose::Always,
                callees_may_ask: true,
            };
        })
        .await;
    let mut other = site.join().await;
    other.subscribe("com.topic", json!({})).await;
    other.register("com.procedure", json!({})).await;
    let mut client = site.peer().await;
    client.publish("com.topic", json!({}), json!([])).await;
    assert_eq!(other.receive().await[3], disclosed(&mut client, "publisher").await);
    client.call("com.procedure", json!({}), json!([])).await;
    let details = other.receive().await[3].clone();
    let session = client.session;
    assert_eq!(details["caller"], session);
}

async fn trap_21_only_those_who_announced_identification_are_told(site: Site) {
    let mut plain = site.join_with(&[]).await;
    plain.subscribe("com.topic", json!({})).await;
    plain.register("com.procedure", json!({})).await;
    let mut client = site.peer().await;
    client
        .publish("com.topic", json!({ "disclose_me": true }), json!([]))
        .await;
    client
        .call("com.procedure", json!({ "disclose_me": true }), json!([]))
        .await;
    assert_eq!(plain.receive().await[3], json!({}));
    assert_eq!(plain.receive().await[3], json!({}));
}
