//! Messages that a client does not take, for they are larger than it said or of a feature that it
//! did not announce: whoever waits for an answer gets one, and only one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};
use wamp_router::Authorization;
use wamp_router::authorization::{Action, Request};

use crate::site::{Site, roles_with};
use crate::support::{Client, REALM};

on_every_rawsocket!(
    a_later_piece_that_a_callee_does_not_take_ends_the_call,
    a_first_piece_that_a_callee_does_not_take_never_was,
    progress_that_a_caller_does_not_take_ends_the_call,
    an_error_that_a_caller_does_not_take_is_told_in_short,
    an_error_of_the_router_that_a_client_does_not_take_is_told_in_short,
    a_goodbye_that_a_client_does_not_take_is_said_in_short,
    what_is_taken_from_a_client_is_told_without_a_reason_that_it_does_not_take,
);
on_every_network!(a_piece_that_is_not_permitted_any_more_ends_the_call);
on_every_wire!(
    the_pieces_of_a_call_that_was_refused_are_discarded,
    the_routers_own_procedures_take_no_pieces,
);

const TOO_LARGE: &str = "wamp.error.payload_size_exceeded";

fn large() -> String {
    "x".repeat(5000)
}

fn pieces() -> Json {
    json!({ "progress": true })
}

/// A joined session that takes messages of up to 4 KiB.
async fn small(site: &Site) -> Client {
    let mut small = site.server.connect_small(site.kind).await;
    small.join(REALM).await;
    small
}

/// The same, which announced these features only.
async fn small_with(site: &Site, features: &[&str]) -> Client {
    let mut small = site.server.connect_small(site.kind).await;
    small.send(json!([1, REALM, roles_with(features)])).await;
    assert_eq!(small.receive().await[0], 2);
    small
}

async fn a_later_piece_that_a_callee_does_not_take_ends_the_call(site: Site) {
    let mut callee = small(&site).await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = site.peer().await;
    for (invocation, last) in [(1, json!({})), (2, pieces())] {
        let request = caller.call("com.procedure", pieces(), json!([1])).await;
        assert_eq!(callee.receive().await[1], invocation);
        caller
            .send(json!([48, request, last, "com.procedure", [large()]]))
            .await;
        assert_eq!(caller.error().await, (48, request, TOO_LARGE.to_owned()));
        let told = json!({ "mode": "killnowait", "reason": TOO_LARGE });
        assert_eq!(callee.receive().await, json!([69, invocation, told]));
        // What either side still says about the call is discarded.
        if last == pieces() {
            caller.send(json!([48, request, {}, "com.procedure", ["late"]])).await;
        }
        callee.send(json!([70, invocation, pieces(), ["late"]])).await;
        callee.send(json!([70, invocation, {}, ["late"]])).await;
        callee.has_nothing_to_read().await;
        caller.has_nothing_to_read().await;
    }
    // A callee that cannot be canceled is not told.
    let mut plain = small_with(&site, &["progressive_call_invocations"]).await;
    plain.register("com.plain", json!({})).await;
    let request = caller.call("com.plain", pieces(), json!([1])).await;
    assert_eq!(plain.receive().await[1], 1);
    caller.send(json!([48, request, {}, "com.plain", [large()]])).await;
    assert_eq!(caller.error().await, (48, request, TOO_LARGE.to_owned()));
    plain.send(json!([70, 1, {}, ["late"]])).await;
    plain.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
}

async fn a_first_piece_that_a_callee_does_not_take_never_was(site: Site) {
    let mut callee = small(&site).await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = site.peer().await;
    for options in [pieces(), json!({})] {
        let request = caller.call("com.procedure", options.clone(), json!([large()])).await;
        if options == pieces() {
            caller.send(json!([48, request, pieces(), "com.procedure", [2]])).await;
            caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
        }
        assert_eq!(caller.error().await, (48, request, TOO_LARGE.to_owned()));
        caller.has_nothing_to_read().await;
        callee.has_nothing_to_read().await;
    }
    // The callee's invocations are counted without it.
    let request = caller.call("com.procedure", json!({}), json!(["fits"])).await;
    assert_eq!(callee.receive().await[1], 1);
    callee.send(json!([70, 1, {}])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}]));
}

async fn progress_that_a_caller_does_not_take_ends_the_call(site: Site) {
    let mut caller = small(&site).await;
    let mut callee = site.peer().await;
    callee.register("com.procedure", json!({})).await;
    let options = json!({ "receive_progress": true });
    let request = caller.call("com.procedure", options.clone(), json!([])).await;
    callee.receive().await;
    callee.send(json!([70, 1, pieces(), ["fits"]])).await;
    assert_eq!(caller.receive().await[3], json!(["fits"]));
    callee.send(json!([70, 1, pieces(), [large()]])).await;
    assert_eq!(caller.error().await, (48, request, TOO_LARGE.to_owned()));
    let told = json!({ "mode": "killnowait", "reason": TOO_LARGE });
    assert_eq!(callee.receive().await, json!([69, 1, told]));
    callee.send(json!([70, 1, pieces(), ["late"]])).await;
    callee.send(json!([70, 1, {}, ["late"]])).await;
    callee.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
    // A call in pieces is over for its caller too.
    let both = json!({ "progress": true, "receive_progress": true });
    let request = caller.call("com.procedure", both, json!([])).await;
    callee.receive().await;
    callee.send(json!([70, 2, pieces(), [large()]])).await;
    assert_eq!(caller.error().await, (48, request, TOO_LARGE.to_owned()));
    assert_eq!(callee.receive().await[0], 69);
    caller.send(json!([48, request, {}, "com.procedure", ["late"]])).await;
    caller.has_nothing_to_read().await;
    callee.has_nothing_to_read().await;
    // A callee that cannot be canceled is not told.
    let mut plain = site.join_with(&["progressive_call_results"]).await;
    plain.register("com.plain", json!({})).await;
    let request = caller.call("com.plain", options, json!([])).await;
    plain.receive().await;
    plain.send(json!([70, 1, pieces(), [large()]])).await;
    plain.send(json!([70, 1, {}, ["late"]])).await;
    assert_eq!(caller.error().await, (48, request, TOO_LARGE.to_owned()));
    plain.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
}

async fn an_error_that_a_caller_does_not_take_is_told_in_short(site: Site) {
    let mut caller = small(&site).await;
    let mut callee = site.peer().await;
    callee.register("com.procedure", json!({})).await;
    for (invocation, rest) in [
        (1, json!([{}, "com.error", [large()]])),
        (2, json!([{ "x_detail": large() }, "com.error"])),
        (3, json!([{}, large()])),
        (4, json!([{}, TOO_LARGE, [large()]])),
    ] {
        let request = caller.call("com.procedure", json!({}), json!([])).await;
        callee.receive().await;
        let mut error = vec![json!(8), json!(68), json!(invocation)];
        error.extend(rest.as_array().unwrap().iter().cloned());
        callee.send(error.into()).await;
        assert_eq!(caller.error().await, (48, request, TOO_LARGE.to_owned()));
    }
    caller.has_nothing_to_read().await;
}

async fn an_error_of_the_router_that_a_client_does_not_take_is_told_in_short(site: Site) {
    let site = site
        .in_realm(|realm| {
            realm.authorization = Authorization::by(|request: &Request<'_>| !request.uri.as_str().contains("secret"));
        })
        .await;
    let mut client = site.server.connect_taking(site.kind, 2).await;
    client.join(REALM).await;
    // The sentence of each ERROR names what was wrong with it, which is as long as that.
    let long = |start: &str, end: &str| format!("{start}{}{end}", "x".repeat(3000));
    for (code, rest) in [
        (16, json!([{ "acknowledge": true }, long("com.", "#")])),
        (32, json!([{}, long("com.", "#")])),
        (64, json!([{}, long("com.", "#")])),
        (64, json!([{}, long("wamp.", "")])),
        (64, json!([{}, long("secret.", "")])),
        (48, json!([{}, long("com.", "#")])),
        (48, json!([{}, long("com.", "")])),
        (48, json!([{ "progress": true }, long("com.", "")])),
        (48, json!([{}, long("secret.", "")])),
        (48, json!([{ "runmode": long("x", "") }, "com.procedure"])),
        (48, json!([{}, long("wamp.", "")])),
        (
            48,
            json!([{}, "wamp.session.kill", [client.session + 1], { "reason": long("com.", "#") }]),
        ),
        (
            48,
            json!([{}, "wamp.reflect.define", [long("com.", "#"), {}], { "type": "topic" }]),
        ),
        (
            48,
            json!([{}, "wamp.session.add_testament", [long("com.", "#"), [], {}]]),
        ),
    ] {
        let refused = client.refused(code, rest.clone()).await;
        assert_eq!(refused, TOO_LARGE, "{code} {:.60}", rest.to_string());
    }
    // CANCEL has the id of a CALL.
    let mut callee = site.peer().await;
    callee.register("com.procedure", json!({})).await;
    let request = client.call("com.procedure", json!({}), json!([])).await;
    client.send(json!([49, request, { "mode": long("x", "") }])).await;
    assert_eq!(client.error().await, (49, request, TOO_LARGE.to_owned()));
    client.has_nothing_to_read().await;
}

async fn a_goodbye_that_a_client_does_not_take_is_said_in_short(site: Site) {
    let mut admin = site.peer().await;
    for (keywords, expected) in [
        (json!({ "reason": "com.enough", "message": large() }), "com.enough"),
        (json!({ "message": large() }), "wamp.close.killed"),
    ] {
        let mut client = small(&site).await;
        let args = json!([client.session]);
        admin.ask_with("wamp.session.kill", args, keywords).await.unwrap();
        assert_eq!(client.receive().await, json!([6, {}, expected]));
        client.ends().await;
    }
}

async fn what_is_taken_from_a_client_is_told_without_a_reason_that_it_does_not_take(site: Site) {
    let mut client = small(&site).await;
    let registration = client.register("com.procedure", json!({})).await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    let mut admin = site.peer().await;
    let args = json!([registration, client.session, large()]);
    admin.ask("wamp.registration.remove_callee", args).await.unwrap();
    let details = json!({ "registration": registration });
    assert_eq!(client.receive().await, json!([67, 0, details]));
    let args = json!([subscription, client.session, large()]);
    admin.ask("wamp.subscription.remove_subscriber", args).await.unwrap();
    let details = json!({ "subscription": subscription });
    assert_eq!(client.receive().await, json!([35, 0, details]));
    client.has_nothing_to_read().await;
}

async fn the_pieces_of_a_call_that_was_refused_are_discarded(site: Site) {
    for strict in [false, true] {
        let site = site
            .in_realm(|realm| realm.strictness.sequential_request_ids = strict)
            .await;
        let mut caller = site.join().await;
        let request = caller.call("com.procedure", pieces(), json!([1])).await;
        assert_eq!(
            caller.error().await,
            (48, request, "wamp.error.no_such_procedure".to_owned())
        );
        // Somebody who comes between the pieces gets no call without its beginning.
        let mut callee = site.peer().await;
        callee.register("com.procedure", json!({})).await;
        caller.send(json!([48, request, pieces(), "com.procedure", [2]])).await;
        caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
        caller.has_nothing_to_read().await;
        callee.has_nothing_to_read().await;
    }
}

async fn a_piece_that_is_not_permitted_any_more_ends_the_call(site: Site) {
    let permitted = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&permitted);
    let authorizer = move |request: &Request<'_>| {
        request.uri.as_str() != "com.procedure" || request.action != Action::Call || asked.load(Ordering::SeqCst)
    };
    let site = site
        .in_realm(|realm| realm.authorization = Authorization::by(authorizer))
        .await;
    let mut callee = site.join().await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = site.peer().await;
    let refused = "wamp.error.not_authorized";
    let request = caller.call("com.procedure", pieces(), json!([1])).await;
    assert_eq!(callee.receive().await[1], 1);
    permitted.store(false, Ordering::SeqCst);
    caller.send(json!([48, request, pieces(), "com.procedure", [2]])).await;
    assert_eq!(caller.error().await, (48, request, refused.to_owned()));
    let told = json!({ "mode": "killnowait", "reason": refused });
    assert_eq!(callee.receive().await, json!([69, 1, told]));
    caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
    callee.send(json!([70, 1, {}, ["late"]])).await;
    callee.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
    // One that was never permitted is refused once, whatever comes after it.
    let request = caller.call("com.procedure", pieces(), json!([1])).await;
    caller.send(json!([48, request, pieces(), "com.procedure", [2]])).await;
    caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
    assert_eq!(caller.error().await, (48, request, refused.to_owned()));
    caller.has_nothing_to_read().await;
    callee.has_nothing_to_read().await;
}

async fn the_routers_own_procedures_take_no_pieces(site: Site) {
    let mut caller = site.join().await;
    let request = caller.call("wamp.session.count", pieces(), json!([])).await;
    caller.send(json!([48, request, pieces(), "wamp.session.count"])).await;
    caller.send(json!([48, request, {}, "wamp.session.count"])).await;
    let refused = "wamp.error.feature_not_supported";
    assert_eq!(caller.error().await, (48, request, refused.to_owned()));
    caller.has_nothing_to_read().await;
    // Who did not announce pieces breaks the protocol by them, here as elsewhere.
    let mut plain = site.join_with(&[]).await;
    plain.call("wamp.session.count", pieces(), json!([])).await;
    assert_eq!(plain.aborted().await, "wamp.error.protocol_violation");
}
