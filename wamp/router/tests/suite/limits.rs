//! What is limited, what happens at the limit, and that it is counted.

use std::time::Duration;

use serde_json::json;

use crate::site::Site;
use crate::support::Kind;

on_every_wire!(
    subscriptions_registrations_and_calls_of_a_session_are_limited,
    wildcards_of_a_session_stand_in_a_limited_number_of_ways,
    only_so_much_is_kept_of_a_session_s_calls_to_ask_other_callees,
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

async fn only_so_much_is_kept_of_a_session_s_calls_to_ask_other_callees(site: Site) {
    let site = site.anew(|config| config.limits.outbox_octets = 100_000).await;
    let mut first = site.join().await;
    let mut second = site.peer().await;
    for callee in [&mut first, &mut second] {
        callee.register("com.shared", json!({ "invoke": "first" })).await;
    }
    let mut caller = site.peer().await;
    let mut other = site.join().await;
    let large = json!(["x".repeat(40_000)]);
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(caller.call("com.shared", json!({}), large.clone()).await);
        assert_eq!(first.receive().await[0], 68);
    }
    other.call("com.shared", json!({}), large.clone()).await;
    assert_eq!(first.receive().await[1], 4);
    let unavailable = |invocation: u64| json!([8, 68, invocation, {}, "wamp.error.unavailable"]);
    first.send(unavailable(3)).await;
    let refused = (48, calls[2], "wamp.error.unavailable".to_owned());
    assert_eq!(caller.error().await, refused);
    // There was room for the ones before, and for those of others.
    for (invocation, again) in [(1, 1), (2, 2), (4, 3)] {
        first.send(unavailable(invocation)).await;
        let invocation = second.receive().await;
        assert_eq!((&invocation[1], &invocation[4]), (&json!(again), &large));
    }
}

async fn wildcards_of_a_session_stand_in_a_limited_number_of_ways(site: Site) {
    let mut client = site.join().await;
    let mut other = site.peer().await;
    let wildcard = json!({ "match": "wildcard" });
    let pattern = |number: u32| {
        let component = |at: usize| if number >> at & 1 == 0 { ".a" } else { "." };
        "com".to_owned() + &(0..7).map(component).collect::<String>()
    };
    for number in 0..64 {
        client.subscribe(&pattern(number), wildcard.clone()).await;
        client.register(&pattern(number), wildcard.clone()).await;
    }
    for code in [32, 64] {
        let refused = client.refused(code, json!([wildcard, pattern(64)])).await;
        assert_eq!(refused, "wamp.error.unavailable");
    }
    // The same again, of a shape that there is, without a wildcard, and of somebody else.
    client.subscribe(&pattern(63), wildcard.clone()).await;
    client.subscribe("com..b.b.b.b.b.b", wildcard.clone()).await;
    client.subscribe(&pattern(64), json!({ "match": "prefix" })).await;
    client.register("com.exact", json!({})).await;
    other.subscribe(&pattern(64), wildcard.clone()).await;
    assert_eq!(site.metric("wamp_limits_hit_total{limit=\"wildcard_shapes\"}"), 2);
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
