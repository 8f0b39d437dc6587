//! Calls in pieces: which CALL continues one, and which begins another.

use serde_json::{Value as Json, json};
use wamp_router::Authorization;
use wamp_router::authorization::{Action, Request};

use crate::site::Site;

on_every_wire!(
    the_pieces_of_a_call_are_discarded_however_it_was_refused,
    an_id_of_a_call_that_ended_begins_another_one,
    trap_03_later_pieces_need_not_repeat_the_options,
    trap_03_options_of_later_pieces_are_ignored,
);
on_every_network!(the_pieces_of_a_call_that_is_not_permitted_are_discarded);

/// Binary, as JSON has it.
const SECRET: &str = "\u{0}EOP/kQ==";

fn pieces() -> Json {
    json!({ "progress": true })
}

async fn the_pieces_of_a_call_are_discarded_however_it_was_refused(site: Site) {
    let site = site.anew(|config| config.limits.calls = 1).await;
    let mut plain = site
        .join_with(&["progressive_call_invocations", "call_canceling"])
        .await;
    plain.register("com.plain", json!({})).await;
    let mut callee = site.peer().await;
    callee.register("com.procedure", json!({})).await;
    let mut holder = site.peer().await;
    holder.register("com.sharded", json!({ "rkey": "one" })).await;
    let refusals = [
        ("com..procedure", json!({}), "wamp.error.invalid_uri"),
        ("com.none", json!({}), "wamp.error.no_such_procedure"),
        ("wamp.none", json!({}), "wamp.error.feature_not_supported"),
        (
            "com.procedure",
            json!({ "runmode": "partition" }),
            "wamp.error.invalid_argument",
        ),
        (
            "com.procedure",
            json!({ "runmode": "everywhere" }),
            "wamp.error.option_not_allowed",
        ),
        (
            "com.sharded",
            json!({ "rkey": "two" }),
            "wamp.error.no_available_callee",
        ),
        (
            "com.plain",
            json!({ "ppt_scheme": "x_mine" }),
            "wamp.error.feature_not_supported",
        ),
    ];
    let mut caller = site.join().await;
    for (procedure, options, expected) in refusals {
        let mut first = options;
        first["progress"] = json!(true);
        refused_once(&mut caller, procedure, first, expected).await;
    }
    // One more than a session may have.
    let open = caller.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[1], 1);
    refused_once(&mut caller, "com.procedure", pieces(), "wamp.error.unavailable").await;
    callee.send(json!([70, 1, {}])).await;
    assert_eq!(caller.receive().await, json!([50, open, {}]));
    for callee in [&mut plain, &mut callee, &mut holder] {
        callee.has_nothing_to_read().await;
    }
}

/// Sends all pieces at once: the first one's ERROR is the only answer.
async fn refused_once(caller: &mut crate::support::Client, procedure: &str, first: Json, expected: &str) {
    let request = caller.call(procedure, first, json!([1])).await;
    caller.send(json!([48, request, pieces(), procedure, [2]])).await;
    caller.send(json!([48, request, {}, procedure, [3]])).await;
    assert_eq!(
        caller.error().await,
        (48, request, expected.to_owned()),
        "of {procedure}"
    );
    caller.has_nothing_to_read().await;
}

async fn the_pieces_of_a_call_that_is_not_permitted_are_discarded(site: Site) {
    let site = site
        .in_realm(|realm| {
            realm.authorization = Authorization::by(|request: &Request<'_>| {
                request.action != Action::Call || request.uri.as_str().starts_with("wamp.")
            });
        })
        .await;
    let mut callee = site.join().await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = site.peer().await;
    refused_once(&mut caller, "com.procedure", pieces(), "wamp.error.not_authorized").await;
    callee.has_nothing_to_read().await;
}

async fn an_id_of_a_call_that_ended_begins_another_one(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    callee.register("com.other", json!({})).await;
    let request = caller.call("com.procedure", pieces(), json!([1])).await;
    assert_eq!(callee.receive().await[1], 1);
    callee.send(json!([8, 68, 1, {}, "com.enough"])).await;
    assert_eq!(caller.error().await, (48, request, "com.enough".to_owned()));
    // Of another procedure it is no piece of that one: a client draws its ids at random.
    caller.send(json!([48, request, {}, "com.other", ["another"]])).await;
    let invocation = callee.receive().await;
    assert_eq!((&invocation[1], &invocation[4]), (&json!(2), &json!(["another"])));
    callee.send(json!([70, 2, {}, ["done"]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, ["done"]]));
    // Nothing of the first one is waited for any more.
    caller.send(json!([48, request, {}, "com.procedure", ["third"]])).await;
    assert_eq!(callee.receive().await[4], json!(["third"]));
    callee.send(json!([70, 3, {}])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}]));
    // The last piece of a call that ended has come: what follows is another call.
    let request = caller.call("com.procedure", pieces(), json!([1])).await;
    callee.receive().await;
    callee.send(json!([70, 4, {}])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}]));
    caller.send(json!([48, request, {}, "com.procedure", ["late"]])).await;
    caller.send(json!([48, request, {}, "com.procedure", ["new"]])).await;
    assert_eq!(callee.receive().await[4], json!(["new"]));
    callee.send(json!([70, 5, {}])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}]));
}

async fn trap_03_later_pieces_need_not_repeat_the_options(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    for (number, way) in [(1, "ppt"), (2, "enc")] {
        let mut details = match way {
            "ppt" => json!({ "ppt_scheme": "x_mine", "ppt_serializer": "cbor", "ppt_keyid": "7" }),
            _ => json!({ "enc_algo": "x_mine", "enc_serializer": "cbor", "enc_key": "7" }),
        };
        details["progress"] = json!(true);
        let request = caller.call("com.procedure", details.clone(), json!([SECRET])).await;
        assert_eq!(
            callee.receive().await,
            json!([68, number, registration, details, [SECRET]])
        );
        caller
            .send(json!([48, request, pieces(), "com.procedure", [SECRET]]))
            .await;
        assert_eq!(
            callee.receive().await,
            json!([68, number, registration, details, [SECRET]])
        );
        caller.send(json!([48, request, {}, "com.procedure", [SECRET]])).await;
        details.as_object_mut().unwrap().remove("progress");
        assert_eq!(
            callee.receive().await,
            json!([68, number, registration, details, [SECRET]])
        );
        callee.send(json!([70, number, {}])).await;
        assert_eq!(caller.receive().await, json!([50, request, {}]));
    }
}

async fn trap_03_options_of_later_pieces_are_ignored(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", pieces(), json!([1])).await;
    assert_eq!(callee.receive().await, json!([68, 1, registration, pieces(), [1]]));
    let other = json!({ "progress": true, "ppt_scheme": "x_mine", "ppt_cipher": "none", "timeout": 1 });
    caller
        .send(json!([48, request, other, "com.procedure", [SECRET]]))
        .await;
    assert_eq!(callee.receive().await, json!([68, 1, registration, pieces(), [SECRET]]));
    // Octets in the place of the arguments are something else: without the first one's options they
    // would be no INVOCATION.
    let octets = json!({ "enc_algo": "x_mine" });
    caller.send(json!([48, request, octets, "com.procedure", SECRET])).await;
    assert_eq!(caller.aborted().await, "wamp.error.protocol_violation");
}
