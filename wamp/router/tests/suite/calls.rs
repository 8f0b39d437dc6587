//! Calls in pieces, in time, and passed on.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_progressive_call_results,
    feature_progressive_call_invocations,
    feature_call_timeout,
    trap_12_a_callee_that_forgot_to_announce_call_canceling_may_still_send_progress,
    trap_12_a_callee_that_announced_no_progress_may_send_it_to_who_asked,
    trap_12_by_the_letter_progress_needs_a_callee_that_can_be_canceled,
    trap_13_a_timeout_is_in_milliseconds_and_gives_timeout,
    trap_13_with_progress_the_timeout_is_the_gap_between_results,
    trap_13_a_timeout_is_forwarded_only_to_a_callee_that_asked_and_announced,
    a_callee_that_takes_no_pieces_is_not_given_any,
    an_error_of_the_callee_comes_to_the_caller_as_it_is,
);

async fn feature_progressive_call_results(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    let request = caller
        .call("com.procedure", json!({ "receive_progress": true }), json!([7]))
        .await;
    assert_eq!(
        callee.receive().await,
        json!([68, 1, registration, { "receive_progress": true }, [7]])
    );
    for number in 0..3 {
        callee
            .send(json!([70, 1, { "progress": true }, [number], { "k": number }]))
            .await;
        let progress = json!([50, request, { "progress": true }, [number], { "k": number }]);
        assert_eq!(caller.receive().await, progress);
    }
    callee.send(json!([70, 1, {}, ["end"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["end"]]));
    // After progress the end may be an error.
    let request = caller
        .call("com.procedure", json!({ "receive_progress": true }), json!([]))
        .await;
    callee.receive().await;
    callee.send(json!([70, 2, { "progress": true }, [1]])).await;
    callee.send(json!([8, 68, 2, {}, "com.error"])).await;
    assert_eq!(caller.receive().await[2], json!({ "progress": true }));
    assert_eq!(caller.error().await, (48, request, "com.error".to_owned()));
    // Who did not ask for progress gets the end only.
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(callee.receive().await, json!([68, 3, registration, {}]));
    callee.send(json!([70, 3, { "progress": true }, ["unwanted"]])).await;
    callee.send(json!([70, 3, {}])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}]));
}

async fn feature_progressive_call_invocations(site: Site) {
    let mut callees = Vec::new();
    for _ in 0..2 {
        let mut callee = site.join().await;
        callee.register("com.shared", json!({ "invoke": "roundrobin" })).await;
        callees.push(callee);
    }
    let mut caller = site.peer().await;
    let both = json!({ "progress": true, "receive_progress": true });
    let request = caller.call("com.shared", both, json!([1])).await;
    // Between the pieces of one call, another one may be made.
    let between = caller.call("com.shared", json!({}), json!(["between"])).await;
    let piece = json!([48, request, { "progress": true }, "com.shared", [2]]);
    caller.send(piece).await;
    caller.send(json!([48, request, {}, "com.shared", [3]])).await;
    for (number, progress) in [(1, true), (2, true), (3, false)] {
        let invocation = callees[0].receive().await;
        assert_eq!((&invocation[1], &invocation[4]), (&json!(1), &json!([number])));
        assert_eq!(invocation[3]["progress"] == true, progress);
        assert_eq!(invocation[3]["receive_progress"], true);
    }
    assert_eq!(callees[1].receive().await[4], json!(["between"]));
    // Results go the other way meanwhile.
    callees[0].send(json!([70, 1, { "progress": true }, ["so far"]])).await;
    assert_eq!(
        caller.receive().await,
        json!([50, request, { "progress": true }, ["so far"]])
    );
    callees[1].send(json!([70, 1, {}])).await;
    assert_eq!(caller.receive().await, json!([50, between, {}]));
    callees[0].send(json!([70, 1, {}, ["sum"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["sum"]]));
}

async fn a_callee_that_takes_no_pieces_is_not_given_any(site: Site) {
    // The first cannot be canceled, by the letter; the second takes no pieces at all.
    let letter = site
        .in_realm(|realm| realm.strictness.progressive_results_need_canceling = true)
        .await;
    for (site, features) in [(&letter, "progressive_call_invocations"), (&site, "call_canceling")] {
        let mut callee = site.join_with(&[features]).await;
        let registration = callee.register("com.plain", json!({})).await;
        let mut caller = site.peer().await;
        let refused = "wamp.error.feature_not_supported";
        let pieces = json!({ "progress": true });
        let request = caller.call("com.plain", pieces.clone(), json!([1])).await;
        caller.send(json!([48, request, pieces, "com.plain", [2]])).await;
        caller.send(json!([48, request, {}, "com.plain", [3]])).await;
        assert_eq!(caller.error().await, (48, request, refused.to_owned()));
        caller.has_nothing_to_read().await;
        callee.has_nothing_to_read().await;
        let request = caller.call("com.plain", json!({}), json!(["whole"])).await;
        assert_eq!(callee.receive().await, json!([68, 1, registration, {}, ["whole"]]));
        callee.send(json!([70, 1, {}])).await;
        assert_eq!(caller.receive().await, json!([50, request, {}]));
    }
}

async fn feature_call_timeout(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({ "timeout": 20 }), json!([])).await;
    assert_eq!(
        callee.receive().await,
        json!([68, 1, registration, {}]),
        "the dealer keeps the time"
    );
    assert_eq!(caller.error().await, (48, request, "wamp.error.timeout".to_owned()));
    let interrupt = callee.receive().await;
    assert_eq!((&interrupt[0], &interrupt[1]), (&json!(69), &json!(1)));
    assert_eq!(interrupt[2]["mode"], "killnowait");
    // What the callee still says is discarded.
    callee.send(json!([8, 68, 1, {}, "wamp.error.canceled"])).await;
    callee.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
    // A callee that cannot be canceled is not told.
    let mut plain = site.join_with(&[]).await;
    plain.register("com.plain", json!({})).await;
    caller.call("com.plain", json!({ "timeout": 1 }), json!([])).await;
    assert_eq!(caller.error().await.2, "wamp.error.timeout");
    plain.receive().await;
    plain.send(json!([70, 1, {}])).await;
    plain.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
}

async fn trap_12_a_callee_that_forgot_to_announce_call_canceling_may_still_send_progress(site: Site) {
    // What autobahn-js announces.
    let mut callee = site.join_with(&["progressive_call_results"]).await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = site.peer().await;
    let request = caller
        .call("com.procedure", json!({ "receive_progress": true }), json!([]))
        .await;
    assert_eq!(callee.receive().await[3], json!({ "receive_progress": true }));
    callee.send(json!([70, 1, { "progress": true }, [1]])).await;
    assert_eq!(caller.receive().await, json!([50, request, { "progress": true }, [1]]));
}

async fn trap_12_a_callee_that_announced_no_progress_may_send_it_to_who_asked(site: Site) {
    // As wampy.js does.
    let mut callee = site.join_with(&[]).await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = site.peer().await;
    for asked in [true, false] {
        let request = caller
            .call("com.procedure", json!({ "receive_progress": asked }), json!([]))
            .await;
        let invocation = callee.receive().await;
        assert_eq!(invocation[3], json!({}), "it is not asked for progress");
        callee.send(json!([70, invocation[1], { "progress": true }, [1]])).await;
        if asked {
            assert_eq!(caller.receive().await, json!([50, request, { "progress": true }, [1]]));
        }
        callee.send(json!([70, invocation[1], {}, [2]])).await;
        assert_eq!(caller.receive().await, json!([50, request, {}, [2]]));
    }
}

async fn trap_12_by_the_letter_progress_needs_a_callee_that_can_be_canceled(site: Site) {
    let site = site
        .in_realm(|realm| realm.strictness.progressive_results_need_canceling = true)
        .await;
    let mut callee = site.join_with(&["progressive_call_results"]).await;
    callee.register("com.procedure", json!({})).await;
    let mut able = site.join_with(&["progressive_call_results", "call_canceling"]).await;
    able.register("com.able", json!({})).await;
    let mut caller = site.peer().await;
    let options = json!({ "receive_progress": true });
    let request = caller.call("com.procedure", options.clone(), json!([])).await;
    assert_eq!(callee.receive().await[3], json!({}));
    callee.send(json!([70, 1, { "progress": true }, [1]])).await;
    callee.send(json!([70, 1, {}, [2]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, [2]]));
    caller.call("com.able", options.clone(), json!([])).await;
    assert_eq!(able.receive().await[3], options);
}

async fn trap_13_a_timeout_is_in_milliseconds_and_gives_timeout(site: Site) {
    let (_, mut callee, _) = site.pair("com.procedure").await;
    // The caller need not announce that it can cancel.
    let mut caller = site.join_with(&[]).await;
    let began = std::time::Instant::now();
    let request = caller.call("com.procedure", json!({ "timeout": 50 }), json!([])).await;
    assert_eq!(caller.error().await, (48, request, "wamp.error.timeout".to_owned()));
    let took = began.elapsed().as_millis();
    assert!((50..5000).contains(&took), "{took} ms");
    assert_eq!(callee.receive().await[0], 68);
    assert_eq!(callee.receive().await[0], 69);
    // 0 is no timeout at all.
    let request = caller.call("com.procedure", json!({ "timeout": 0 }), json!([])).await;
    assert_eq!(callee.receive().await[3], json!({}));
    caller.has_nothing_to_read().await;
    callee.send(json!([70, 2, {}])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}]));
}

async fn trap_13_with_progress_the_timeout_is_the_gap_between_results(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let options = json!({ "receive_progress": true, "timeout": 600 });
    let request = caller.call("com.procedure", options, json!([])).await;
    callee.receive().await;
    let began = std::time::Instant::now();
    let mut count = 0;
    // Longer than the timeout in all.
    while began.elapsed().as_millis() < 900 {
        count += 1;
        callee.send(json!([70, 1, { "progress": true }, [count]])).await;
        assert_eq!(caller.receive().await[3], json!([count]));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(caller.error().await, (48, request, "wamp.error.timeout".to_owned()));
}

async fn trap_13_a_timeout_is_forwarded_only_to_a_callee_that_asked_and_announced(site: Site) {
    let mut able = site.join().await;
    able.register("com.asks", json!({ "forward_timeout": true })).await;
    able.register("com.does.not", json!({})).await;
    let mut plain = site.join_with(&["call_canceling"]).await;
    plain
        .register("com.did.not.announce", json!({ "forward_timeout": true }))
        .await;
    let mut caller = site.peer().await;
    let timeout = json!({ "timeout": 60_000 });
    caller.call("com.asks", timeout.clone(), json!([])).await;
    assert_eq!(able.receive().await[3], timeout);
    caller.call("com.does.not", timeout.clone(), json!([])).await;
    assert_eq!(able.receive().await[3], json!({}));
    caller.call("com.did.not.announce", timeout, json!([])).await;
    assert_eq!(plain.receive().await[3], json!({}));
    // The callee keeps the time: the dealer does not.
    let request = caller.call("com.asks", json!({ "timeout": 1 }), json!([])).await;
    able.receive().await;
    caller.has_nothing_to_read().await;
    able.send(json!([8, 68, 3, {}, "wamp.error.timeout"])).await;
    assert_eq!(caller.error().await, (48, request, "wamp.error.timeout".to_owned()));
}

async fn an_error_of_the_callee_comes_to_the_caller_as_it_is(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({}), json!([1])).await;
    assert_eq!(callee.receive().await[0], 68);
    let error = json!([{ "x_detail": 7 }, "com.error.no_fan", ["there is no fan"], { "k": 1 }]);
    let as_answer_to = |start: [u64; 3]| {
        let mut message: Vec<_> = start.into_iter().map(serde_json::Value::from).collect();
        message.extend(error.as_array().unwrap().iter().cloned());
        serde_json::Value::from(message)
    };
    callee.send(as_answer_to([8, 68, 1])).await;
    assert_eq!(caller.receive().await, as_answer_to([8, 48, request]));
}
