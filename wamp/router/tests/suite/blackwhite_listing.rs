//! Publications for, and not for, certain subscribers.

use serde_json::{Value as Json, json};

use crate::site::Site;
use crate::support::Client;

on_every_wire!(
    feature_subscriber_blackwhite_listing,
    trap_19_an_empty_list_of_eligible_ones_means_nobody,
    trap_19_all_six_lists_hold_at_once,
);

/// What the session meta API knows of a client: `authid` and `authrole`.
async fn identity(client: &mut Client) -> (Json, Json) {
    let session = client.session;
    let facts = client.ask("wamp.session.get", json!([session])).await.unwrap();
    (facts["authid"].clone(), facts["authrole"].clone())
}

async fn feature_subscriber_blackwhite_listing(site: Site) {
    let mut one = site.join().await;
    let mut two = site.join().await;
    let (authid, authrole) = identity(&mut one).await;
    for client in [&mut one, &mut two] {
        client.subscribe("com.topic", json!({})).await;
    }
    let mut publisher = site.peer().await;
    let session = one.session;
    let same_name = identity(&mut two).await.0 == authid;
    for (number, options, to_one, to_two) in [
        (1, json!({ "eligible": [session] }), true, false),
        (2, json!({ "exclude": [session] }), false, true),
        (3, json!({ "eligible_authid": [authid] }), true, same_name),
        (4, json!({ "exclude_authid": [authid] }), false, !same_name),
        (5, json!({ "eligible_authrole": [authrole] }), true, true),
        (6, json!({ "exclude_authrole": [authrole] }), false, false),
        (7, json!({ "eligible_authrole": ["com.nobody"] }), false, false),
        (8, json!({ "exclude_authrole": ["com.nobody"] }), true, true),
    ] {
        publisher.publish("com.topic", options.clone(), json!([number])).await;
        for (client, expected) in [(&mut one, to_one), (&mut two, to_two)] {
            if expected {
                let event = client.receive().await;
                assert_eq!((&event[3], &event[4]), (&json!({}), &json!([number])), "{options}");
            }
        }
    }
    one.has_nothing_to_read().await;
    two.has_nothing_to_read().await;
}

async fn trap_19_an_empty_list_of_eligible_ones_means_nobody(site: Site) {
    let mut subscriber = site.join().await;
    subscriber.subscribe("com.topic", json!({})).await;
    subscriber.subscribe("com.", json!({ "match": "prefix" })).await;
    let mut publisher = site.peer().await;
    for list in ["eligible", "eligible_authid", "eligible_authrole"] {
        publisher.publish("com.topic", json!({ list: [] }), json!([list])).await;
    }
    subscriber.has_nothing_to_read().await;
    // An empty list of excluded ones excludes nobody.
    for list in ["exclude", "exclude_authid", "exclude_authrole"] {
        publisher.publish("com.topic", json!({ list: [] }), json!([list])).await;
        for _ in 0..2 {
            assert_eq!(subscriber.receive().await[4], json!([list]));
        }
    }
}

async fn trap_19_all_six_lists_hold_at_once(site: Site) {
    let mut one = site.join().await;
    let (authid, authrole) = identity(&mut one).await;
    one.subscribe("com.topic", json!({})).await;
    let session = one.session;
    let mut publisher = site.peer().await;
    let all = json!({
        "eligible": [session], "eligible_authid": [authid], "eligible_authrole": [authrole],
        "exclude": [session + 1], "exclude_authid": ["nobody"], "exclude_authrole": ["nobody"],
    });
    publisher.publish("com.topic", all.clone(), json!(["all agree"])).await;
    assert_eq!(one.receive().await[4], json!(["all agree"]));
    for (list, against) in [
        ("eligible", json!([session + 1])),
        ("eligible_authid", json!(["nobody"])),
        ("eligible_authrole", json!(["nobody"])),
        ("exclude", json!([session])),
        ("exclude_authid", json!([authid])),
        ("exclude_authrole", json!([authrole])),
    ] {
        let mut options = all.clone();
        options[list] = against;
        publisher.publish("com.topic", options, json!([list])).await;
    }
    one.has_nothing_to_read().await;
}
