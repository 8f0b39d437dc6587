//! Subscriptions and topics that lose their oldest events instead of ending a slow session.

use std::num::NonZeroU32;

use serde_json::json;
use wamp_protocol::MatchPolicy;
use wamp_router::KeepNewest;

use crate::site::Site;
use crate::support::Client;

on_every_wire!(
    a_slow_subscriber_that_keeps_the_newest_loses_the_oldest_and_is_told_how_many,
    topics_of_the_configuration_lose_their_oldest_events_for_everybody,
    keeping_the_newest_changes_nothing_for_who_reads,
    what_cannot_be_kept_is_refused,
);

/// A router whose sessions end soon when they do not read.
async fn impatient(site: &Site, topics: Vec<KeepNewest>) -> Site {
    let change = |config: &mut wamp_router::RouterConfig| {
        config.limits.outbox_messages = 20;
        config.limits.outbox_octets = 1 << 20;
        config.realms[0].keep_newest = topics;
    };
    site.anew(change).await
}

/// Publishes large events until some have given way to others; how many.
async fn flood(site: &Site, publisher: &mut Client, topic: &str) -> u64 {
    let large = "x".repeat(100_000);
    let mut sent = 0;
    while site.metric("wamp_events_gave_way_total") < 5 {
        sent += 1;
        publisher.publish(topic, json!({}), json!([sent, large])).await;
        assert!(sent < 400, "nothing gives way");
    }
    sent
}

/// Reads the events up to number `last`: they come in order, and with those of which is said that
/// they were dropped there are as many as were published.
async fn all_are_accounted_for(subscriber: &mut Client, id: u64, last: u64) {
    let mut before = 0;
    while before < last {
        let event = subscriber.receive().await;
        assert_eq!((&event[0], &event[1]), (&json!(36), &json!(id)));
        let (number, dropped) = (event[4][0].as_u64().unwrap(), event[3]["_dropped"].as_u64());
        assert_ne!(dropped, Some(0), "not said where none was");
        assert_eq!(number, before + dropped.unwrap_or(0) + 1);
        before = number;
    }
}

async fn a_slow_subscriber_that_keeps_the_newest_loses_the_oldest_and_is_told_how_many(site: Site) {
    let site = impatient(&site, Vec::new()).await;
    let mut subscriber = site.join().await;
    let id = subscriber.subscribe("com.topic", json!({ "_keep_newest": 2 })).await;
    subscriber.register("com.procedure", json!({})).await;
    let mut publisher = site.server.join().await;
    let sent = flood(&site, &mut publisher, "com.topic").await;
    // What else is for the session stands in its place, after the events that were before it.
    let question = publisher.call("com.procedure", json!({}), json!([])).await;
    publisher.publish("com.topic", json!({}), json!([sent + 1])).await;
    all_are_accounted_for(&mut subscriber, id, sent).await;
    assert_eq!(subscriber.receive().await[0], 68);
    assert_eq!(subscriber.receive().await[4], json!([sent + 1]));
    subscriber.send(json!([70, 1, {}])).await;
    assert_eq!(publisher.receive().await, json!([50, question, {}]));
    subscriber.has_nothing_to_read().await;
    assert_eq!(site.metric("wamp_sessions_too_slow_total"), 0);
    let dropped = site.metric("wamp_events_gave_way_total");
    assert_eq!(site.metric("wamp_messages_dropped_total"), dropped);
}

async fn topics_of_the_configuration_lose_their_oldest_events_for_everybody(site: Site) {
    let positions = |topic: &str, match_policy, events| KeepNewest {
        topic: topic.to_owned(),
        match_policy,
        events: NonZeroU32::new(events).unwrap(),
    };
    let topics = vec![
        positions("com.position.", MatchPolicy::Prefix, 3),
        positions("com..car", MatchPolicy::Wildcard, 1),
    ];
    let site = impatient(&site, topics).await;
    let mut subscriber = site.join().await;
    let id = subscriber.subscribe("com.", json!({ "match": "prefix" })).await;
    let mut publisher = site.server.join().await;
    let sent = flood(&site, &mut publisher, "com.position.car").await;
    all_are_accounted_for(&mut subscriber, id, sent).await;
    subscriber.has_nothing_to_read().await;
    // Other topics of the same subscription are not among them: there the session ends.
    let large = "x".repeat(100_000);
    for count in 0.. {
        publisher.publish("com.other", json!({}), json!([large])).await;
        if site.metric("wamp_sessions_too_slow_total") > 0 {
            break;
        }
        assert!(count < 400, "what waits for one session has no bound");
    }
}

async fn keeping_the_newest_changes_nothing_for_who_reads(site: Site) {
    let mut subscriber = site.join().await;
    let id = subscriber.subscribe("com.topic", json!({ "_keep_newest": 1 })).await;
    let mut publisher = site.peer().await;
    for number in 0..20 {
        let publication = publisher.publish("com.topic", json!({}), json!([number])).await;
        assert_eq!(subscriber.receive().await, json!([36, id, publication, {}, [number]]));
    }
    // Retained events come however many there are.
    for topic in ["com.a", "com.b", "com.c"] {
        publisher
            .publish(topic, json!({ "retain": true }), json!([topic]))
            .await;
    }
    let options = json!({ "match": "prefix", "get_retained": true, "_keep_newest": 1 });
    subscriber.subscribe("com.", options).await;
    for _ in 0..3 {
        assert_eq!(subscriber.receive().await[3]["retained"], true);
    }
    subscriber.has_nothing_to_read().await;
    assert_eq!(site.metric("wamp_messages_dropped_total"), 0);
}

async fn what_cannot_be_kept_is_refused(site: Site) {
    let mut subscriber = site.join().await;
    let refused = subscriber
        .refused(32, json!([{ "_keep_newest": 0 }, "com.topic"]))
        .await;
    assert_eq!(refused, "wamp.error.invalid_argument");
    subscriber
        .subscribe("com.topic", json!({ "_keep_newest": 1_u64 << 53 }))
        .await;
    subscriber.has_nothing_to_read().await;
}
