//! Which registration and which callee a call goes to.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_call_reroute,
    trap_15_without_the_feature_unavailable_is_an_error_like_others,
    trap_15_with_nobody_left_there_is_no_available_callee,
    trap_15_who_has_sent_progress_is_not_replaced,
    trap_15_the_time_of_a_call_runs_on_when_another_callee_is_asked,
    trap_16_the_most_specific_registration_is_called,
    trap_16_literal_components_count_and_not_the_length_of_the_text,
    trap_17_a_prefix_is_one_of_the_text,
);

async fn feature_call_reroute(site: Site) {
    for policy in ["roundrobin", "first", "last", "random"] {
        let mut callees = Vec::new();
        for _ in 0..3 {
            let mut callee = site.join().await;
            callee.register("com.shared", json!({ "invoke": policy })).await;
            callees.push(callee);
        }
        let mut caller = site.peer().await;
        let request = caller.call("com.shared", json!({}), json!(["x"])).await;
        // Two of three cannot take it: whoever is asked last does.
        for _ in 0..2 {
            let asked = whoever_is_asked(&mut callees).await;
            let callee = &mut callees[asked.0];
            callee.send(json!([8, 68, asked.1, {}, "wamp.error.unavailable"])).await;
            callee.has_nothing_to_read().await;
        }
        let asked = whoever_is_asked(&mut callees).await;
        callees[asked.0].send(json!([70, asked.1, {}, ["taken"]])).await;
        assert_eq!(caller.receive().await, json!([50, request, {}, ["taken"]]), "{policy}");
        for callee in callees {
            callee.vanish().await;
        }
        while caller.ask("wamp.registration.lookup", json!(["com.shared"])).await != Ok(json!(null)) {}
    }
}

/// The place of the callee that has an INVOCATION to read, and the INVOCATION's id.
async fn whoever_is_asked(callees: &mut [crate::support::Client]) -> (usize, u64) {
    loop {
        for (place, callee) in callees.iter_mut().enumerate() {
            let question = callee.call("wamp.session.count", json!({}), json!([])).await;
            let first = callee.receive().await;
            if first[0] == 68 {
                assert_eq!(first[4], json!(["x"]), "the same arguments");
                assert_eq!(callee.receive().await[1], question);
                return (place, first[1].as_u64().unwrap());
            }
        }
    }
}

async fn trap_15_without_the_feature_unavailable_is_an_error_like_others(site: Site) {
    let mut first = site.join_with(&["call_canceling"]).await;
    first.register("com.shared", json!({ "invoke": "first" })).await;
    let mut second = site.join().await;
    second.register("com.shared", json!({ "invoke": "first" })).await;
    let mut caller = site.peer().await;
    let request = caller.call("com.shared", json!({}), json!([])).await;
    assert_eq!(first.receive().await[0], 68);
    first.send(json!([8, 68, 1, {}, "wamp.error.unavailable"])).await;
    assert_eq!(caller.error().await, (48, request, "wamp.error.unavailable".to_owned()));
    second.has_nothing_to_read().await;
}

async fn trap_15_with_nobody_left_there_is_no_available_callee(site: Site) {
    for policy in ["single", "roundrobin"] {
        let procedure = format!("com.{policy}");
        let mut callee = site.join().await;
        callee.register(&procedure, json!({ "invoke": policy })).await;
        let mut caller = site.peer().await;
        let request = caller.call(&procedure, json!({}), json!([])).await;
        callee.receive().await;
        callee.send(json!([8, 68, 1, {}, "wamp.error.unavailable"])).await;
        assert_eq!(
            caller.error().await,
            (48, request, "wamp.error.no_available_callee".to_owned()),
            "{policy}"
        );
    }
}

async fn trap_15_who_has_sent_progress_is_not_replaced(site: Site) {
    let mut first = site.join().await;
    first.register("com.shared", json!({ "invoke": "first" })).await;
    let mut second = site.join().await;
    second.register("com.shared", json!({ "invoke": "first" })).await;
    let mut caller = site.peer().await;
    let progress = json!({ "receive_progress": true });
    let request = caller.call("com.shared", progress.clone(), json!([])).await;
    first.receive().await;
    first.send(json!([70, 1, { "progress": true }, ["some of it"]])).await;
    first
        .send(json!([8, 68, 1, {}, "wamp.error.unavailable", ["not now"]]))
        .await;
    assert_eq!(
        caller.receive().await,
        json!([50, request, { "progress": true }, ["some of it"]])
    );
    assert_eq!(
        caller.receive().await,
        json!([8, 48, request, {}, "wamp.error.unavailable", ["not now"]])
    );
    second.has_nothing_to_read().await;
    // Progress that the caller did not ask for has not been passed on.
    let request = caller.call("com.shared", json!({}), json!([])).await;
    first.receive().await;
    first.send(json!([70, 2, { "progress": true }, ["unwanted"]])).await;
    first.send(json!([8, 68, 2, {}, "wamp.error.unavailable"])).await;
    assert_eq!(second.receive().await[1], 1);
    second.send(json!([70, 1, {}, ["taken"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["taken"]]));
    // Nor does what one callee sent hold for another, where none was sent.
    let request = caller.call("com.shared", progress, json!([])).await;
    first.receive().await;
    first.send(json!([8, 68, 3, {}, "wamp.error.unavailable"])).await;
    second.receive().await;
    second.send(json!([70, 2, { "progress": true }, [1]])).await;
    second.send(json!([8, 68, 2, {}, "wamp.error.unavailable"])).await;
    assert_eq!(caller.receive().await, json!([50, request, { "progress": true }, [1]]));
    assert_eq!(caller.error().await, (48, request, "wamp.error.unavailable".to_owned()));
}

async fn trap_15_the_time_of_a_call_runs_on_when_another_callee_is_asked(site: Site) {
    let mut callees = Vec::new();
    for _ in 0..3 {
        let mut callee = site.join().await;
        let options = json!({ "invoke": "first", "forward_timeout": true });
        callee.register("com.shared", options).await;
        callees.push(callee);
    }
    let mut caller = site.peer().await;
    let (limit, began) = (600_000, Instant::now());
    let request = caller.call("com.shared", json!({ "timeout": limit }), json!([])).await;
    let mut told = limit;
    for (place, callee) in callees.iter_mut().enumerate() {
        let invocation = callee.receive().await;
        let now = invocation[3]["timeout"].as_u64().unwrap();
        assert!(if place == 0 { now == limit } else { now < told }, "{now} of {told} ms");
        told = now;
        passes(&mut caller, Duration::from_millis(3)).await;
        callee.send(json!([8, 68, 1, {}, "wamp.error.unavailable"])).await;
    }
    assert_eq!(
        caller.error().await,
        (48, request, "wamp.error.no_available_callee".to_owned())
    );
    let passed = began.elapsed().as_millis() as u64;
    assert!(told >= limit - passed, "{told} ms were left after {passed}");
    // With no time left nobody is asked.
    let request = caller.call("com.shared", json!({ "timeout": 1 }), json!([])).await;
    callees[0].receive().await;
    passes(&mut caller, Duration::from_millis(2)).await;
    callees[0].send(json!([8, 68, 2, {}, "wamp.error.unavailable"])).await;
    assert_eq!(caller.error().await, (48, request, "wamp.error.timeout".to_owned()));
    callees[1].has_nothing_to_read().await;
}

/// Waits until so much time has passed at the router, too.
async fn passes(client: &mut crate::support::Client, time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        client.has_nothing_to_read().await;
    }
}

async fn trap_16_the_most_specific_registration_is_called(site: Site) {
    let mut callee = site.join().await;
    // The registrations of the specification's example, by its numbers. There the two prefixes
    // have no dot at their end, and yet `a1.b2.c3` is said not to match `a1.b2.c33.d4.e5`; by the
    // chapter's own rule it does.
    let registered = [
        ("exact", "a1.b2.c3.d4.e55"),
        ("prefix", "a1.b2.c3."),
        ("prefix", "a1.b2.c3.d4."),
        ("wildcard", "a1.b2..d4.e5"),
        ("wildcard", "a1.b2.c33..e5"),
        ("wildcard", "a1.b2..d4.e5..g7"),
        ("wildcard", "a1.b2..d4..f6.g7"),
    ];
    let mut ids = Vec::new();
    for (policy, uri) in registered {
        ids.push(callee.register(uri, json!({ "match": policy })).await);
    }
    let mut caller = site.peer().await;
    for (procedure, number) in [
        ("a1.b2.c3.d4.e55", 1),
        ("a1.b2.c3.d98.e74", 2),
        ("a1.b2.c3.d4.e325", 3),
        ("a1.b2.c55.d4.e5", 4),
        ("a1.b2.c33.d4.e5", 5),
        ("a1.b2.c88.d4.e5.f6.g7", 6),
    ] {
        caller.call(procedure, json!({}), json!([])).await;
        assert_eq!(callee.receive().await[2], ids[number - 1], "{procedure}");
        let matched = caller.ask("wamp.registration.match", json!([procedure])).await;
        assert_eq!(matched, Ok(json!(ids[number - 1])), "{procedure}");
    }
    let refused = caller.refused(48, json!([{}, "a2.b2.c2.d2.e2"])).await;
    assert_eq!(refused, "wamp.error.no_such_procedure");
    callee.has_nothing_to_read().await;
}

async fn trap_16_literal_components_count_and_not_the_length_of_the_text(site: Site) {
    let mut callee = site.join().await;
    let short = callee.register("a.b..d", json!({ "match": "wildcard" })).await;
    let long = callee
        .register("a..averylongcomponent.d", json!({ "match": "wildcard" }))
        .await;
    let mut caller = site.peer().await;
    caller.call("a.b.averylongcomponent.d", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[2], short);
    caller.call("a.x.averylongcomponent.d", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[2], long);
}

async fn trap_17_a_prefix_is_one_of_the_text(site: Site) {
    let mut client = site.join().await;
    let emergency = client
        .subscribe("com.topic.emergency", json!({ "match": "prefix" }))
        .await;
    let dotted = client.subscribe("com.", json!({ "match": "prefix" })).await;
    let everything = client.subscribe("", json!({ "match": "prefix" })).await;
    let mut publisher = site.peer().await;
    for (topic, expected) in [
        ("com.topic.emergency", vec![emergency, dotted, everything]),
        ("com.topic.emergency-low", vec![emergency, dotted, everything]),
        ("com.topic.emergency.high", vec![emergency, dotted, everything]),
        ("com.topic", vec![dotted, everything]),
        ("com", vec![everything]),
        ("org.x", vec![everything]),
    ] {
        publisher.publish(topic, json!({}), json!([])).await;
        let mut got = Vec::new();
        while got.len() < expected.len() {
            let event = client.receive().await;
            if event[3]["topic"].as_str().unwrap().starts_with("wamp.") {
                // Everything includes what the router publishes.
                continue;
            }
            assert_eq!(event[3]["topic"], topic);
            got.push(event[1].as_u64().unwrap());
        }
        got.sort_unstable();
        assert_eq!(got, expected, "{topic}");
    }
    client.has_nothing_to_read().await;
}
