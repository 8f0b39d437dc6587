//! Payloads that the router does not understand.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_payload_passthru_mode,
    trap_26_a_receiver_that_did_not_announce_it_gets_no_such_payload,
    trap_26_the_result_of_a_callee_that_did_not_announce_it_is_a_breach,
    trap_26_passed_through_progress_ends_the_call_of_who_did_not_announce_it,
    trap_26_an_error_is_passed_through_between_those_who_announced_it_only,
    trap_26_an_error_that_has_another_callee_asked_is_passed_through_to_nobody,
    trap_26_the_routers_own_procedures_take_no_such_payload,
    trap_26_octets_in_the_place_of_arguments_are_passed_on_as_they_are,
);

/// Binary, as JSON has it.
const SECRET: &str = "\u{0}EOP/kQ==";

async fn feature_payload_passthru_mode(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    let ppt =
        json!({ "ppt_scheme": "x_mine", "ppt_serializer": "cbor", "ppt_cipher": "xsalsa20poly1305", "ppt_keyid": "7" });
    let id = callee.subscribe("com.topic", json!({})).await;
    let publication = caller.publish("com.topic", ppt.clone(), json!([SECRET])).await;
    assert_eq!(callee.receive().await, json!([36, id, publication, ppt, [SECRET]]));
    let request = caller.call("com.procedure", ppt.clone(), json!([SECRET])).await;
    assert_eq!(callee.receive().await, json!([68, 1, registration, ppt, [SECRET]]));
    callee.send(json!([70, 1, ppt, [SECRET]])).await;
    assert_eq!(caller.receive().await, json!([50, request, ppt, [SECRET]]));
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    callee.send(json!([8, 68, 2, ppt, "com.error", [SECRET]])).await;
    assert_eq!(
        caller.receive().await,
        json!([8, 48, request, ppt, "com.error", [SECRET]])
    );
}

async fn trap_26_a_receiver_that_did_not_announce_it_gets_no_such_payload(site: Site) {
    let ppt = json!({ "ppt_scheme": "x_mine" });
    let mut plain = site.join_with(&[]).await;
    plain.subscribe("com.topic", json!({})).await;
    plain.register("com.plain", json!({})).await;
    let mut able = site.peer().await;
    able.publish("com.topic", ppt.clone(), json!([SECRET])).await;
    let refused = able.refused(48, json!([ppt, "com.plain", [SECRET]])).await;
    assert_eq!(refused, "wamp.error.feature_not_supported");
    plain.has_nothing_to_read().await;
    // A result for a caller that did not announce it fails the call.
    able.register("com.able", json!({})).await;
    let request = plain.call("com.able", json!({}), json!([])).await;
    able.receive().await;
    able.send(json!([70, 1, ppt, [SECRET]])).await;
    assert_eq!(
        plain.error().await,
        (48, request, "wamp.error.feature_not_supported".to_owned())
    );
}

async fn trap_26_the_result_of_a_callee_that_did_not_announce_it_is_a_breach(site: Site) {
    let mut plain = site.join_with(&[]).await;
    plain.register("com.plain", json!({})).await;
    let mut caller = site.peer().await;
    let request = caller.call("com.plain", json!({}), json!([])).await;
    plain.receive().await;
    plain.send(json!([70, 1, { "ppt_scheme": "x_mine" }, [SECRET]])).await;
    assert_eq!(plain.aborted().await, "wamp.error.protocol_violation");
    assert_eq!(caller.error().await, (48, request, "wamp.error.canceled".to_owned()));
}

async fn trap_26_an_error_that_has_another_callee_asked_is_passed_through_to_nobody(site: Site) {
    let mut first = site.peer().await;
    first.register("com.shared", json!({ "invoke": "first" })).await;
    let mut plain = site.join_with(&[]).await;
    plain.register("com.shared", json!({ "invoke": "first" })).await;
    let mut caller = site.join_with(&[]).await;
    let request = caller.call("com.shared", json!({}), json!([])).await;
    first.receive().await;
    let ppt = json!({ "ppt_scheme": "x_mine" });
    first
        .send(json!([8, 68, 1, ppt, "wamp.error.unavailable", [SECRET]]))
        .await;
    assert_eq!(plain.receive().await[1], 1);
    // What is null is not there.
    plain.send(json!([8, 68, 1, { "ppt_scheme": null }, "com.error"])).await;
    assert_eq!(caller.error().await, (48, request, "com.error".to_owned()));
    plain.has_nothing_to_read().await;
}

async fn trap_26_the_routers_own_procedures_take_no_such_payload(site: Site) {
    let ppt = json!({ "ppt_scheme": "x_mine" });
    let mut able = site.join().await;
    for procedure in ["wamp.session.count", "wamp.none"] {
        let refused = able.refused(48, json!([ppt, procedure, [SECRET]])).await;
        assert_eq!(refused, "wamp.error.feature_not_supported");
    }
    able.has_nothing_to_read().await;
    let mut plain = site.join_with(&[]).await;
    plain.call("wamp.session.count", ppt, json!([SECRET])).await;
    assert_eq!(plain.aborted().await, "wamp.error.protocol_violation");
}

async fn trap_26_octets_in_the_place_of_arguments_are_passed_on_as_they_are(site: Site) {
    // The older form, which the published vectors have: the binary stands where the list would.
    let enc = json!({ "enc_algo": "x_mine", "enc_serializer": "cbor", "enc_key": "7" });
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    let id = callee.subscribe("com.topic", json!({})).await;
    let publication = caller.publish("com.topic", enc.clone(), json!(SECRET)).await;
    assert_eq!(callee.receive().await, json!([36, id, publication, enc, SECRET]));
    let request = caller.call("com.procedure", enc.clone(), json!(SECRET)).await;
    assert_eq!(callee.receive().await, json!([68, 1, registration, enc, SECRET]));
    callee.send(json!([70, 1, enc, SECRET])).await;
    assert_eq!(caller.receive().await, json!([50, request, enc, SECRET]));
}

async fn trap_26_passed_through_progress_ends_the_call_of_who_did_not_announce_it(site: Site) {
    let mut callee = site.peer().await;
    callee.register("com.procedure", json!({})).await;
    let mut plain = site.join_with(&["progressive_call_results"]).await;
    let options = json!({ "receive_progress": true });
    let request = plain.call("com.procedure", options, json!([])).await;
    callee.receive().await;
    let ppt = json!({ "progress": true, "ppt_scheme": "x_mine" });
    callee.send(json!([70, 1, ppt, [SECRET]])).await;
    let refused = "wamp.error.feature_not_supported";
    assert_eq!(plain.error().await, (48, request, refused.to_owned()));
    let told = json!({ "mode": "killnowait", "reason": refused });
    assert_eq!(callee.receive().await, json!([69, 1, told]));
    callee.send(json!([70, 1, ppt, [SECRET]])).await;
    callee.send(json!([70, 1, {}, ["late"]])).await;
    callee.has_nothing_to_read().await;
    plain.has_nothing_to_read().await;
}

async fn trap_26_an_error_is_passed_through_between_those_who_announced_it_only(site: Site) {
    let (mut able, mut plain) = (site.peer().await, site.join_with(&[]).await);
    able.register("com.able", json!({})).await;
    plain.register("com.plain", json!({})).await;
    let ppt = json!({ "ppt_scheme": "x_mine" });
    // To a caller that did not: as a result.
    let request = plain.call("com.able", json!({}), json!([])).await;
    able.receive().await;
    able.send(json!([8, 68, 1, ppt, "com.error", [SECRET]])).await;
    let refused = "wamp.error.feature_not_supported";
    assert_eq!(plain.error().await, (48, request, refused.to_owned()));
    able.has_nothing_to_read().await;
    // By a callee that did not: a breach.
    let request = able.call("com.plain", json!({}), json!([])).await;
    plain.receive().await;
    plain.send(json!([8, 68, 1, ppt, "com.error", [SECRET]])).await;
    assert_eq!(plain.aborted().await, "wamp.error.protocol_violation");
    assert_eq!(able.error().await, (48, request, "wamp.error.canceled".to_owned()));
}
