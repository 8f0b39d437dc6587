//! What is limited, what happens at the limit, and that it is counted.

use std::time::Duration;

use serde_json::json;

use crate::site::Site;
use crate::support::Kind;

on_every_wire!(
    subscriptions_registrations_and_calls_of_a_session_are_limited,
    a_session_that_does_not_read_ends_and_the_others_notice_nothing,
    much_that_comes_at_once_ends_nobody_who_reads,
);

on_every_network!(
    messages_have_a_largest_size,
    sessions_of_the_router_are_limited,
    whoever_does_not_join_in_time_is_cut_off,
    whoever_falls_silent_is_gone,
);

async fn subscriptions_registrations_and_calls_of_a_session_are_limited(site: Site) {
    let site = site
        .anew(|config| {
            config.limits.subscriptions = 2;
            config.limits.registrations = 1;
            config.limits.calls = 1;
        })
        .await;
    let mut client = site.join().await;
    client.subscribe("com.one", json!({})).await;
    client.subscribe("com.two", json!({})).await;
    client.subscribe("com.one", json!({})).await;
    assert_eq!(
        client.refused(32, json!([{}, "com.three"])).await,
        "wamp.error.unavailable"
    );
    client.register("com.one", json!({})).await;
    assert_eq!(
        client.refused(64, json!([{}, "com.two"])).await,
        "wamp.error.unavailable"
    );
    let mut caller = site.peer().await;
    let first = caller.call("com.one", json!({}), json!([])).await;
    assert_eq!(client.receive().await[0], 68);
    assert_eq!(
        caller.refused(48, json!([{}, "com.one"])).await,
        "wamp.error.unavailable"
    );
    client.send(json!([70, 1, {}])).await;
    assert_eq!(caller.receive().await, json!([50, first, {}]));
    caller.call("com.one", json!({}), json!([])).await;
    assert_eq!(client.receive().await[1], 2);
    for (limit, count) in [("subscriptions", 1), ("registrations", 1), ("calls", 1)] {
        let name = format!("wamp_limits_hit_total{{limit=\"{limit}\"}}");
        assert_eq!(site.metric(&name), count, "{limit}");
    }
}

async fn messages_have_a_largest_size(site: Site) {
    let site = site.anew(|config| config.limits.message_size = 4096).await;
    let mut client = site.join().await;
    client.publish("com.topic", json!({}), json!(["x".repeat(3000)])).await;
    client
        .send_unchecked(json!([16, 2, {}, "com.topic", ["x".repeat(5000)]]))
        .await;
    let long_poll = matches!(site.kind, Kind::LongPoll(_) | Kind::BatchedLongPoll(_));
    if long_poll {
        // A request is refused; the transport is not harmed.
        client.has_nothing_to_read().await;
    } else {
        client.ends().await;
    }
    assert_eq!(site.metric("wamp_limits_hit_total{limit=\"message_size\"}"), 1);
}

async fn sessions_of_the_router_are_limited(site: Site) {
    let site = site.anew(|config| config.limits.sessions = 1).await;
    let first = site.join().await;
    let name = "wamp_connections_refused_total";
    assert_eq!(site.metric(name), 0);
    let refused = site.server.refuses(site.kind).await;
    assert!(refused, "another connection is refused");
    assert_eq!(site.metric(name), 1);
    first.vanish().await;
    while site.metric(&format!("wamp_sessions{{transport=\"{}\"}}", site.transport())) > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    site.join().await.has_nothing_to_read().await;
}

async fn whoever_does_not_join_in_time_is_cut_off(site: Site) {
    let site = site
        .anew(|config| config.limits.handshake_time = Duration::from_millis(100))
        .await;
    let mut silent = site.connect().await;
    silent.ends().await;
    assert_eq!(site.metric("wamp_handshakes_timed_out_total"), 1);
}

async fn whoever_falls_silent_is_gone(site: Site) {
    let site = site
        .anew(|config| {
            config.keep_alive.interval = Duration::from_millis(300);
            config.keep_alive.timeout = Duration::from_millis(200);
        })
        .await;
    let mut watcher = site.peer().await;
    watcher.subscribe("wamp.session.on_leave", json!({})).await;
    // It neither reads nor writes, and so answers no ping.
    let silent = site.join().await;
    let session = silent.session;
    // The watcher itself says something now and then.
    loop {
        let question = watcher.call("wamp.session.count", json!({}), json!([])).await;
        let message = watcher.receive().await;
        if message[0] == 36 {
            assert_eq!(message[4][0], session);
            break;
        }
        assert_eq!(message[1], question);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(site.metric("wamp_sessions_silent_total"), 1);
    drop(silent);
}

async fn a_session_that_does_not_read_ends_and_the_others_notice_nothing(site: Site) {
    let site = site
        .anew(|config| {
            config.limits.outbox_messages = 20;
            config.limits.outbox_octets = 1 << 20;
        })
        .await;
    let mut stuck = site.join().await;
    stuck.subscribe("com.topic", json!({})).await;
    let mut reader = site.peer().await;
    reader.subscribe("com.topic", json!({})).await;
    let mut publisher = site.server.join().await;
    let large = "x".repeat(100_000);
    let mut sent = 0;
    while site.metric("wamp_sessions_too_slow_total") == 0 {
        publisher.publish("com.topic", json!({}), json!([large])).await;
        assert_eq!(reader.receive().await[0], 36);
        sent += 1;
        assert!(sent < 400, "what waits for one session has no bound");
    }
    assert_eq!(publisher.ask("wamp.session.count", json!([])).await, Ok(json!(2)));
    assert!(site.metric("wamp_messages_dropped_total") > 0);
}

async fn much_that_comes_at_once_ends_nobody_who_reads(site: Site) {
    const MANY: u64 = 200;
    let site = site
        .anew(|config| {
            config.limits.outbox_messages = 20;
            config.limits.outbox_octets = 10_000;
        })
        .await;
    let mut watcher = site.join().await;
    watcher.subscribe("wamp.subscription.on_unsubscribe", json!({})).await;
    let mut leaving = site.server.join().await;
    for number in 0..MANY {
        leaving.subscribe(&format!("com.topic.{number}"), json!({})).await;
        let kept = json!({ "retain": true, "acknowledge": true });
        leaving
            .publish(&format!("com.kept.{number}"), kept, json!([number]))
            .await;
    }
    let gone = leaving.session;
    leaving.vanish().await;
    for _ in 0..MANY {
        let event = watcher.receive().await;
        assert_eq!((&event[0], &event[4][0]), (&json!(36), &json!(gone)));
    }
    let retained = json!({ "match": "prefix", "get_retained": true });
    watcher.subscribe("com.kept.", retained).await;
    for _ in 0..MANY {
        assert_eq!(watcher.receive().await[0], 36);
    }
    assert_eq!(watcher.ask("wamp.session.count", json!([])).await, Ok(json!(1)));
    assert_eq!(site.metric("wamp_sessions_too_slow_total"), 0);
}
