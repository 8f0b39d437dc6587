//! The last event of a topic, for those who come later.

use std::time::Duration;

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_event_retention,
    trap_22_retained_events_come_to_pattern_subscriptions_too,
    trap_22_replay_obeys_the_lists_and_exclusions_of_the_publication,
    trap_22_only_replayed_copies_say_that_they_are_retained,
    trap_22_an_event_without_payload_clears_the_topic,
    trap_22_replay_obeys_shards,
    trap_22_a_publisher_is_sent_the_newest_that_it_was_not_excluded_from,
    a_retained_event_expires,
);

async fn feature_event_retention(site: Site) {
    let mut publisher = site.peer().await;
    publisher
        .publish("com.topic", json!({ "retain": true }), json!([1]))
        .await;
    let kept = publisher
        .publish("com.topic", json!({ "retain": true }), json!([2]))
        .await;
    publisher
        .publish("com.topic", json!({ "retain": false }), json!([3]))
        .await;
    publisher.publish("com.topic", json!({}), json!([4])).await;
    let mut subscriber = site.join().await;
    // After SUBSCRIBED, with the id of the publication.
    let id = subscriber.subscribe("com.topic", json!({ "get_retained": true })).await;
    assert_eq!(
        subscriber.receive().await,
        json!([36, id, kept, { "retained": true }, [2]])
    );
    // Whoever does not ask gets nothing.
    let mut other = site.join().await;
    other.subscribe("com.topic", json!({})).await;
    other.subscribe("com.topic", json!({ "get_retained": false })).await;
    other.has_nothing_to_read().await;
    subscriber.has_nothing_to_read().await;
}

async fn trap_22_retained_events_come_to_pattern_subscriptions_too(site: Site) {
    let mut publisher = site.peer().await;
    for (topic, number) in [("com.a.t", 1), ("com.b.t", 2), ("com.b.h", 3), ("org.b.t", 4)] {
        publisher
            .publish(topic, json!({ "retain": true }), json!([number]))
            .await;
    }
    let mut subscriber = site.join().await;
    for (pattern, policy, expected) in [
        ("com..t", "wildcard", vec![1, 2]),
        ("com.b.", "prefix", vec![2, 3]),
        ("com", "prefix", vec![1, 2, 3]),
    ] {
        let options = json!({ "match": policy, "get_retained": true });
        let id = subscriber.subscribe(pattern, options).await;
        let mut got = Vec::new();
        for _ in 0..expected.len() {
            let event = subscriber.receive().await;
            assert_eq!((&event[1], &event[3]["retained"]), (&json!(id), &json!(true)));
            assert!(event[3]["topic"].is_string(), "which topic it was");
            got.push(event[4][0].as_i64().unwrap());
        }
        got.sort_unstable();
        assert_eq!(got, expected, "{pattern}");
        subscriber.has_nothing_to_read().await;
    }
}

async fn trap_22_replay_obeys_the_lists_and_exclusions_of_the_publication(site: Site) {
    let mut publisher = site.join().await;
    let mut subscriber = site.join().await;
    let mut ask = async |options: serde_json::Value, expected: Option<i64>| {
        let mut options = options;
        options["retain"] = json!(true);
        publisher.publish("com.topic", options.clone(), json!([7])).await;
        let id = subscriber.subscribe("com.topic", json!({ "get_retained": true })).await;
        match expected {
            Some(number) => assert_eq!(subscriber.receive().await[4], json!([number]), "{options}"),
            None => subscriber.has_nothing_to_read().await,
        }
        subscriber.request(34, json!([id])).await;
        assert_eq!(subscriber.receive().await[0], 35);
        publisher
            .publish("com.topic", json!({ "retain": true }), json!([]))
            .await;
    };
    ask(json!({ "eligible_authrole": ["nobody"] }), None).await;
    ask(json!({ "eligible": [] }), None).await;
    ask(json!({ "exclude_authrole": ["anonymous", "service"] }), None).await;
    ask(json!({ "exclude_authrole": ["nobody"] }), Some(7)).await;
    // A limited event is kept beside the one that everybody may have.
    publisher
        .publish("com.both", json!({ "retain": true }), json!(["public"]))
        .await;
    let limited = json!({ "retain": true, "eligible_authrole": ["nobody"] });
    publisher.publish("com.both", limited, json!(["limited"])).await;
    subscriber.subscribe("com.both", json!({ "get_retained": true })).await;
    assert_eq!(subscriber.receive().await[4], json!(["public"]));
    // The publisher is not sent its own, unless it asked for it.
    publisher.subscribe("com.both", json!({ "get_retained": true })).await;
    publisher.has_nothing_to_read().await;
}

async fn trap_22_only_replayed_copies_say_that_they_are_retained(site: Site) {
    let mut subscriber = site.join().await;
    subscriber.subscribe("com.topic", json!({ "get_retained": true })).await;
    let mut publisher = site.peer().await;
    publisher
        .publish("com.topic", json!({ "retain": true }), json!([1]))
        .await;
    assert_eq!(subscriber.receive().await[3], json!({}));
    subscriber.subscribe("com.topic", json!({ "get_retained": true })).await;
    assert_eq!(subscriber.receive().await[3], json!({ "retained": true }));
}

async fn trap_22_an_event_without_payload_clears_the_topic(site: Site) {
    let mut publisher = site.peer().await;
    publisher
        .publish("com.topic", json!({ "retain": true }), json!([1]))
        .await;
    publisher
        .publish("com.other", json!({ "retain": true }), json!([2]))
        .await;
    publisher
        .publish("com.topic", json!({ "retain": true }), json!([]))
        .await;
    let mut subscriber = site.join().await;
    subscriber.subscribe("com.topic", json!({ "get_retained": true })).await;
    subscriber.has_nothing_to_read().await;
    subscriber.subscribe("com.other", json!({ "get_retained": true })).await;
    assert_eq!(subscriber.receive().await[4], json!([2]));
}

async fn trap_22_replay_obeys_shards(site: Site) {
    let mut nodes = Vec::new();
    for nkey in ["one", "two"] {
        let mut node = site.join().await;
        node.subscribe("com.topic", json!({ "nkey": nkey })).await;
        nodes.push((nkey, node));
    }
    let mut publisher = site.peer().await;
    for key in 0..10 {
        let options = json!({ "rkey": format!("key{key}"), "retain": true });
        publisher.publish("com.topic", options, json!([key])).await;
    }
    publisher.publish("com.topic", json!({}), json!(["end"])).await;
    let mut newest = 0;
    for (nkey, node) in &mut nodes {
        let mut live = Vec::new();
        while let Some(key) = node.receive().await[4][0].as_u64() {
            live.push(key);
        }
        newest = newest.max(*live.last().expect("every node has a share"));
        let options = json!({ "nkey": nkey, "get_retained": true });
        node.subscribe("com.topic", options).await;
        assert_eq!(
            node.receive().await[4][0].as_u64(),
            live.last().copied(),
            "its own newest"
        );
        node.has_nothing_to_read().await;
    }
    // Who takes all is sent the newest, and one without a key takes the place of all.
    let mut all = site.join().await;
    all.subscribe("com.topic", json!({ "get_retained": true })).await;
    assert_eq!(all.receive().await[4], json!([newest]));
    publisher
        .publish("com.topic", json!({ "retain": true }), json!(["whole"]))
        .await;
    assert_eq!(all.receive().await[4], json!(["whole"]));
    for (nkey, node) in &mut nodes {
        assert_eq!(node.receive().await[4], json!(["whole"]));
        let options = json!({ "nkey": nkey, "get_retained": true });
        node.subscribe("com.topic", options).await;
        assert_eq!(node.receive().await[4], json!(["whole"]));
        node.has_nothing_to_read().await;
    }
}

async fn trap_22_a_publisher_is_sent_the_newest_that_it_was_not_excluded_from(site: Site) {
    let mut publisher = site.join().await;
    let mut other = site.peer().await;
    let retain = json!({ "retain": true });
    let including = json!({ "retain": true, "exclude_me": false });
    let asks = json!({ "get_retained": true });
    publisher.publish("com.topic", including, json!([1])).await;
    publisher.publish("com.topic", retain.clone(), json!([2])).await;
    let subscription = publisher.subscribe("com.topic", asks.clone()).await;
    assert_eq!(publisher.receive().await[4], json!([1]));
    other.subscribe("com.topic", asks.clone()).await;
    assert_eq!(other.receive().await[4], json!([2]));
    // Each is sent what the other has published.
    other.publish("com.topic", retain.clone(), json!([3])).await;
    assert_eq!(publisher.receive().await[4], json!([3]));
    publisher.publish("com.topic", retain, json!([4])).await;
    assert_eq!(other.receive().await[4], json!([4]));
    for (client, expected) in [(&mut publisher, 3), (&mut other, 4)] {
        assert_eq!(client.subscribe("com.topic", asks.clone()).await, subscription);
        assert_eq!(client.receive().await[4], json!([expected]));
        client.has_nothing_to_read().await;
    }
}

async fn a_retained_event_expires(site: Site) {
    let mut publisher = site.peer().await;
    let short = json!({ "retain": true, "_retain_for": 30 });
    publisher.publish("com.short", short, json!([1])).await;
    let long = json!({ "retain": true, "_retain_for": 3_600_000 });
    publisher.publish("com.long", long, json!([2])).await;
    let mut subscriber = site.join().await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let options = json!({ "match": "prefix", "get_retained": true });
    subscriber.subscribe("com.", options).await;
    assert_eq!(subscriber.receive().await[4], json!([2]));
    subscriber.has_nothing_to_read().await;
}
