//! Calls, as callers and callees see them.

use serde_json::json;
use wamp_protocol::Serializer;

use super::authorization::signed_in;
use super::support::{Client, Kind, Server};

async fn pair(server: &Server) -> (Client, Client) {
    let mut callee = server.join().await;
    callee.register("com.procedure", json!({})).await;
    (server.join().await, callee)
}

#[tokio::test]
async fn an_error_of_the_callee_comes_to_the_caller_as_it_is() {
    let server = Server::start().await;
    let (mut caller, mut callee) = pair(&server).await;
    let request = caller.call("com.procedure", json!({}), json!([1])).await;
    assert_eq!(callee.receive().await[0], 68);
    callee
        .send(json!([8, 68, 1, { "x_detail": 7 }, "homeapp.error.hardware_not_found", ["there is no fan"], { "k": 1 }]))
        .await;
    let expected =
        json!([8, 48, request, { "x_detail": 7 }, "homeapp.error.hardware_not_found", ["there is no fan"], { "k": 1 }]);
    assert_eq!(caller.receive().await, expected);
}

#[tokio::test]
async fn invocations_are_numbered_for_each_callee() {
    let server = Server::start().await;
    let mut one = server.join().await;
    let mut two = server.join().await;
    one.register("com.one", json!({})).await;
    two.register("com.two", json!({})).await;
    let mut caller = server.join().await;
    for expected in 1..=3 {
        caller.call("com.one", json!({}), json!([])).await;
        caller.call("com.two", json!({}), json!([])).await;
        assert_eq!(one.receive().await[1], expected);
        assert_eq!(two.receive().await[1], expected);
    }
}

#[tokio::test]
async fn progress_comes_in_order_to_those_who_want_it() {
    let server = Server::start().await;
    let (mut caller, mut callee) = pair(&server).await;
    let request = caller
        .call("com.procedure", json!({ "receive_progress": true }), json!([]))
        .await;
    assert_eq!(callee.receive().await[3], json!({ "receive_progress": true }));
    for number in 0..3 {
        callee.send(json!([70, 1, { "progress": true }, [number]])).await;
        assert_eq!(
            caller.receive().await,
            json!([50, request, { "progress": true }, [number]])
        );
    }
    callee.send(json!([70, 1, {}, ["end"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["end"]]));

    let request = caller.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[3], json!({}));
    callee.send(json!([70, 2, { "progress": true }, ["unwanted"]])).await;
    callee.send(json!([70, 2, {}, ["end"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["end"]]));
}

#[tokio::test]
async fn callers_are_disclosed_to_callees_that_ask() {
    let server = Server::start().await;
    let mut callee = server.join().await;
    callee.register("com.curious", json!({ "disclose_caller": true })).await;
    callee.register("com.incurious", json!({})).await;
    let mut ann = signed_in(&server, "ann", "secret-of-ann").await;
    let known = json!({ "caller": ann.session, "caller_authid": "ann", "caller_authrole": "admin", "trustlevel": 3 });
    ann.call("com.curious", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[3], known);
    ann.call("com.incurious", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[3], json!({ "trustlevel": 3 }));
    ann.call("com.incurious", json!({ "disclose_me": true }), json!([]))
        .await;
    assert_eq!(callee.receive().await[3], known);
}

#[tokio::test]
async fn cancel_has_three_modes() {
    let server = Server::start().await;
    let (mut caller, mut callee) = pair(&server).await;
    // skip: the caller is answered, the callee is not told, its result is discarded.
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "skip" }])).await;
    assert_eq!(caller.error().await, (48, request, "wamp.error.canceled".to_owned()));
    callee.send(json!([70, 1, {}, ["late"]])).await;
    callee.has_nothing_to_read().await;
    // kill: the callee is told, and its answer is what the caller gets.
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "kill" }])).await;
    let interrupt = callee.receive().await;
    assert_eq!(
        (&interrupt[0], &interrupt[1], &interrupt[2]["mode"]),
        (&json!(69), &json!(2), &json!("kill"))
    );
    callee.send(json!([70, 2, {}, ["done anyway"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["done anyway"]]));
    // killnowait, the default: both at once.
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, {}])).await;
    assert_eq!(callee.receive().await[2]["mode"], "killnowait");
    assert_eq!(caller.error().await.2, "wamp.error.canceled");
    callee.send(json!([8, 68, 3, {}, "wamp.error.canceled"])).await;
    // Another mode is an error, a call that is over is nothing.
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "gently" }])).await;
    assert_eq!(
        caller.error().await,
        (49, request, "wamp.error.invalid_argument".to_owned())
    );
    callee.send(json!([70, 4, {}])).await;
    assert_eq!(caller.receive().await[0], 50);
    caller.send(json!([49, request, {}])).await;
    caller.has_nothing_to_read().await;
}

#[tokio::test]
async fn a_callee_that_cannot_cancel_is_skipped() {
    let server = Server::start().await;
    let mut callee = server.connect(Kind::WebSocket(Serializer::Json)).await;
    callee
        .send(json!([1, "realm1", { "roles": { "callee": {}, "caller": {} } }]))
        .await;
    callee.receive().await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = server.join().await;
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "kill" }])).await;
    assert_eq!(caller.error().await.2, "wamp.error.canceled");
    callee.has_nothing_to_read().await;
    drop(caller);
    callee.send(json!([70, 1, {}])).await;
    callee.has_nothing_to_read().await;
}

#[tokio::test]
async fn calls_time_out_in_milliseconds() {
    let server = Server::start().await;
    let (mut caller, mut callee) = pair(&server).await;
    let request = caller.call("com.procedure", json!({ "timeout": 30 }), json!([])).await;
    assert_eq!(callee.receive().await[3], json!({}), "the dealer keeps the time");
    assert_eq!(caller.error().await, (48, request, "wamp.error.timeout".to_owned()));
    let interrupt = callee.receive().await;
    assert_eq!(
        (&interrupt[0], &interrupt[1], &interrupt[2]["mode"]),
        (&json!(69), &json!(1), &json!("killnowait"))
    );
    callee
        .register("com.own.time", json!({ "forward_timeout": true }))
        .await;
    caller.call("com.own.time", json!({ "timeout": 30 }), json!([])).await;
    assert_eq!(callee.receive().await[3], json!({ "timeout": 30 }));
}

#[tokio::test]
async fn who_leaves_is_told_to_the_other() {
    let server = Server::start().await;
    let (mut caller, mut callee) = pair(&server).await;
    let mut leaver = server.join().await;
    leaver.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    drop(leaver);
    let interrupt = callee.receive().await;
    assert_eq!(
        (&interrupt[0], &interrupt[2]["mode"]),
        (&json!(69), &json!("killnowait"))
    );
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    drop(callee);
    assert_eq!(caller.error().await, (48, request, "wamp.error.canceled".to_owned()));
    caller.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(caller.error().await.2, "wamp.error.no_such_procedure");
}

#[tokio::test]
async fn shared_registrations_follow_their_policy() {
    let server = Server::start().await;
    for (policy, expected) in [("roundrobin", [0, 1, 2, 0]), ("first", [0; 4]), ("last", [2; 4])] {
        let procedure = format!("com.{policy}");
        let mut callees = Vec::new();
        for _ in 0..3 {
            let mut callee = server.join().await;
            callee.register(&procedure, json!({ "invoke": policy })).await;
            callees.push(callee);
        }
        let mut caller = server.join().await;
        for callee in expected {
            caller.call(&procedure, json!({}), json!([])).await;
            assert_eq!(callees[callee].receive().await[0], 68, "{policy}");
        }
        caller.send(json!([64, 5, { "invoke": "random" }, procedure])).await;
        assert_eq!(caller.error().await.2, "wamp.error.procedure_already_exists");
    }
    let (mut caller, _callee) = pair(&server).await;
    caller.send(json!([64, 1, {}, "com.procedure"])).await;
    assert_eq!(caller.error().await.2, "wamp.error.procedure_already_exists");
}

#[tokio::test]
async fn an_unavailable_callee_passes_the_call_on() {
    let server = Server::start().await;
    let mut callees = Vec::new();
    for _ in 0..2 {
        let mut callee = server.join().await;
        callee.register("com.shared", json!({ "invoke": "first" })).await;
        callees.push(callee);
    }
    let mut caller = server.join().await;
    let request = caller.call("com.shared", json!({}), json!(["x"])).await;
    for callee in &mut callees {
        let invocation = callee.receive().await;
        assert_eq!(invocation[4], json!(["x"]));
        callee
            .send(json!([8, 68, invocation[1], {}, "wamp.error.unavailable"]))
            .await;
    }
    assert_eq!(
        caller.error().await,
        (48, request, "wamp.error.no_available_callee".to_owned())
    );
}

#[tokio::test]
async fn a_call_in_pieces_goes_to_one_callee() {
    let server = Server::start().await;
    let mut callees = Vec::new();
    for _ in 0..2 {
        let mut callee = server.join().await;
        callee.register("com.shared", json!({ "invoke": "roundrobin" })).await;
        callees.push(callee);
    }
    let mut caller = server.join().await;
    let request = caller.call("com.shared", json!({ "progress": true }), json!([1])).await;
    caller
        .send(json!([48, request, { "progress": true }, "com.shared", [2]]))
        .await;
    caller.send(json!([48, request, {}, "com.shared", [3]])).await;
    for (number, progress) in [(1, true), (2, true), (3, false)] {
        let invocation = callees[0].receive().await;
        assert_eq!((&invocation[1], &invocation[4]), (&json!(1), &json!([number])));
        assert_eq!(invocation[3]["progress"] == true, progress);
    }
    callees[0].send(json!([70, 1, {}, ["sum"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["sum"]]));
    // What was on its way when the call ended is discarded.
    let request = caller.call("com.shared", json!({ "progress": true }), json!([1])).await;
    callees[1].receive().await;
    callees[1].send(json!([8, 68, 1, {}, "com.enough"])).await;
    assert_eq!(caller.error().await.2, "com.enough");
    caller
        .send(json!([48, request, { "progress": true }, "com.shared", [2]]))
        .await;
    caller.send(json!([48, request, {}, "com.shared", [3]])).await;
    caller.has_nothing_to_read().await;
    callees[1].has_nothing_to_read().await;
    // A call that was complete cannot go on.
    let request = caller.call("com.shared", json!({}), json!([1])).await;
    caller.send(json!([48, request, {}, "com.shared", [2]])).await;
    assert_eq!(caller.aborted().await, "wamp.error.protocol_violation");
}

#[tokio::test]
async fn answering_twice_is_a_breach_and_answering_late_is_not() {
    let server = Server::start().await;
    let (mut caller, mut callee) = pair(&server).await;
    caller.call("com.procedure", json!({ "timeout": 1 }), json!([])).await;
    assert_eq!(caller.error().await.2, "wamp.error.timeout");
    callee.receive().await;
    callee.receive().await;
    callee.send(json!([70, 1, {}])).await;
    callee.has_nothing_to_read().await;
    caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    callee.send(json!([70, 2, {}])).await;
    callee.send(json!([70, 2, {}])).await;
    assert_eq!(callee.aborted().await, "wamp.error.protocol_violation");
}

#[tokio::test]
async fn a_pattern_registration_says_which_procedure_was_called() {
    let server = Server::start().await;
    let mut callee = server.join().await;
    let prefix = callee.register("com.house", json!({ "match": "prefix" })).await;
    let wildcard = callee
        .register("com..fan.control", json!({ "match": "wildcard" }))
        .await;
    let exact = callee.register("com.house.lamp", json!({})).await;
    let mut caller = server.join().await;
    for (procedure, registration, details) in [
        ("com.house.lamp", exact, json!({})),
        (
            "com.house.fan.control",
            prefix,
            json!({ "procedure": "com.house.fan.control" }),
        ),
        (
            "com.shed.fan.control",
            wildcard,
            json!({ "procedure": "com.shed.fan.control" }),
        ),
    ] {
        caller.call(procedure, json!({}), json!([])).await;
        let invocation = callee.receive().await;
        assert_eq!(
            (&invocation[2], &invocation[3]),
            (&json!(registration), &details),
            "{procedure}"
        );
    }
    caller.call("com.shed.fan", json!({}), json!([])).await;
    assert_eq!(caller.error().await.2, "wamp.error.no_such_procedure");
}
