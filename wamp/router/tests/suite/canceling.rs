//! Calls that end before their time.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_call_canceling,
    trap_10_skip_answers_the_caller_at_once_and_tells_the_callee_nothing,
    trap_10_kill_waits_for_what_the_callee_says,
    trap_10_a_result_may_win_against_kill,
    trap_10_killnowait_does_both_at_once_and_is_the_default,
    trap_10_a_callee_that_cannot_be_canceled_is_skipped,
    trap_10_an_unknown_mode_is_an_error_and_an_unknown_call_is_nothing,
    trap_11_a_caller_that_leaves_interrupts_its_callee,
    trap_11_a_callee_that_leaves_cancels_its_calls,
);

async fn feature_call_canceling(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    for (number, mode) in ["skip", "kill", "killnowait"].into_iter().enumerate() {
        let invocation = number + 1;
        let request = caller.call("com.procedure", json!({}), json!([])).await;
        assert_eq!(callee.receive().await[1], invocation);
        caller.send(json!([49, request, { "mode": mode }])).await;
        if mode != "skip" {
            let interrupt = callee.receive().await;
            assert_eq!((&interrupt[0], &interrupt[1]), (&json!(69), &json!(invocation)));
            assert_eq!(interrupt[2]["mode"], mode, "INTERRUPT carries the mode");
        }
        callee.send(json!([8, 68, invocation, {}, "wamp.error.canceled"])).await;
        assert_eq!(caller.error().await, (48, request, "wamp.error.canceled".to_owned()));
    }
    caller.has_nothing_to_read().await;
    callee.has_nothing_to_read().await;
}

async fn trap_10_skip_answers_the_caller_at_once_and_tells_the_callee_nothing(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "skip" }])).await;
    assert_eq!(caller.error().await, (48, request, "wamp.error.canceled".to_owned()));
    callee.has_nothing_to_read().await;
    callee.send(json!([70, 1, {}, ["late"]])).await;
    callee.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
}

async fn trap_10_kill_waits_for_what_the_callee_says(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller
        .call("com.procedure", json!({ "receive_progress": true }), json!([]))
        .await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "kill" }])).await;
    assert_eq!(callee.receive().await[2]["mode"], "kill");
    caller.has_nothing_to_read().await;
    callee.send(json!([70, 1, { "progress": true }, ["too late"]])).await;
    callee.send(json!([8, 68, 1, {}, "com.stopped", ["rolled back"]])).await;
    assert_eq!(
        caller.receive().await,
        json!([8, 48, request, {}, "com.stopped", ["rolled back"]])
    );
}

async fn trap_10_a_result_may_win_against_kill(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "kill" }])).await;
    callee.receive().await;
    callee.send(json!([70, 1, {}, ["done anyway"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["done anyway"]]));
}

async fn trap_10_killnowait_does_both_at_once_and_is_the_default(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    for (number, options) in [(1, json!({})), (2, json!({ "mode": "killnowait" }))] {
        let request = caller.call("com.procedure", json!({}), json!([])).await;
        callee.receive().await;
        caller.send(json!([49, request, options])).await;
        assert_eq!(caller.error().await, (48, request, "wamp.error.canceled".to_owned()));
        let interrupt = callee.receive().await;
        assert_eq!(
            (&interrupt[0], &interrupt[1], &interrupt[2]["mode"]),
            (&json!(69), &json!(number), &json!("killnowait"))
        );
        callee.send(json!([70, number, {}, ["late"]])).await;
    }
    caller.has_nothing_to_read().await;
}

async fn trap_10_a_callee_that_cannot_be_canceled_is_skipped(site: Site) {
    let mut callee = site.join_with(&[]).await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = site.peer().await;
    for mode in ["kill", "killnowait", "skip"] {
        let request = caller.call("com.procedure", json!({}), json!([])).await;
        let invocation = callee.receive().await[1].clone();
        caller.send(json!([49, request, { "mode": mode }])).await;
        assert_eq!(
            caller.error().await,
            (48, request, "wamp.error.canceled".to_owned()),
            "{mode}"
        );
        callee.has_nothing_to_read().await;
        callee.send(json!([70, invocation, {}])).await;
    }
    caller.has_nothing_to_read().await;
}

async fn trap_10_an_unknown_mode_is_an_error_and_an_unknown_call_is_nothing(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "gently" }])).await;
    assert_eq!(
        caller.error().await,
        (49, request, "wamp.error.invalid_argument".to_owned())
    );
    callee.has_nothing_to_read().await;
    callee.send(json!([70, 1, {}])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}]));
    // One that is over, and one that never was.
    caller.send(json!([49, request, {}])).await;
    caller.send(json!([49, 4_711, {}])).await;
    caller.has_nothing_to_read().await;
}

async fn trap_11_a_caller_that_leaves_interrupts_its_callee(site: Site) {
    let (_, mut callee, _) = site.pair("com.procedure").await;
    let mut leaver = site.join().await;
    leaver.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[1], 1);
    leaver.vanish().await;
    let interrupt = callee.receive().await;
    assert_eq!((&interrupt[0], &interrupt[1]), (&json!(69), &json!(1)));
    assert_eq!(interrupt[2]["mode"], "killnowait");
    callee.send(json!([70, 1, {}, ["to nobody"]])).await;
    // In the middle of a call in pieces it is the same, and with a goodbye too.
    let mut leaver = site.join().await;
    leaver
        .call("com.procedure", json!({ "progress": true }), json!([1]))
        .await;
    assert_eq!(callee.receive().await[1], 2);
    leaver.send(json!([6, {}, "wamp.close.close_realm"])).await;
    assert_eq!(leaver.receive().await[0], 6);
    assert_eq!(callee.receive().await[2]["mode"], "killnowait");
    callee.has_nothing_to_read().await;
    // A callee that cannot be canceled is not told.
    let mut plain = site.join_with(&[]).await;
    plain.register("com.plain", json!({})).await;
    let mut leaver = site.join().await;
    leaver.call("com.plain", json!({}), json!([])).await;
    plain.receive().await;
    leaver.send(json!([6, {}, "wamp.close.close_realm"])).await;
    assert_eq!(leaver.receive().await[0], 6);
    plain.send(json!([70, 1, {}])).await;
    plain.has_nothing_to_read().await;
}

async fn trap_11_a_callee_that_leaves_cancels_its_calls(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    callee.vanish().await;
    assert_eq!(caller.error().await, (48, request, "wamp.error.canceled".to_owned()));
    let refused = caller.refused(48, json!([{}, "com.procedure"])).await;
    assert_eq!(refused, "wamp.error.no_such_procedure");
}
