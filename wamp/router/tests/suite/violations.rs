//! What breaks the protocol ends the session; what is only wrong gets an error.

use serde_json::{Value as Json, json};

use crate::site::Site;

on_every_wire!(
    trap_04_a_second_hello_and_messages_of_routers_are_breaches,
    trap_04_an_answer_to_no_invocation_is_a_breach_and_a_late_one_is_not,
    trap_04_features_that_were_not_announced_are_not_used,
    trap_04_after_a_breach_nothing_more_is_taken_and_all_is_disposed_of,
    trap_05_a_bad_uri_is_an_error_and_no_breach,
    trap_05_applications_keep_out_of_the_protocols_own_uris,
    trap_05_with_the_switch_uris_are_strict,
    trap_06_unknown_options_are_ignored,
    trap_07_empty_arguments_are_left_out,
);

on_every_network!(
    trap_04_what_comes_before_the_session_is_a_breach,
    trap_04_octets_that_are_no_message_are_a_breach,
    trap_06_values_of_the_wrong_type_are_breaches,
);

const BREACH: &str = "wamp.error.protocol_violation";

async fn trap_04_what_comes_before_the_session_is_a_breach(site: Site) {
    for message in [
        json!([48, 1, {}, "com.procedure"]),
        json!([16, 1, {}, "com.topic"]),
        json!([6, {}, "wamp.close.close_realm"]),
        json!([5, "signature", {}]),
        json!([2, 1, { "roles": { "broker": {} } }]),
        json!([4, "ticket", {}]),
        json!([70, 1, {}]),
    ] {
        let mut client = site.connect().await;
        client.send_unchecked(message.clone()).await;
        assert_eq!(client.aborted().await, BREACH, "{message}");
    }
}

async fn trap_04_a_second_hello_and_messages_of_routers_are_breaches(site: Site) {
    for message in [
        json!([1, "realm1", { "roles": { "caller": {} } }]),
        json!([2, 1, { "roles": { "broker": {} } }]),
        json!([4, "ticket", {}]),
        json!([5, "signature", {}]),
        json!([17, 1, 1]),
        json!([33, 1, 1]),
        json!([35, 1]),
        json!([36, 1, 2, {}]),
        json!([50, 1, {}]),
        json!([65, 1, 1]),
        json!([67, 1]),
        json!([68, 1, 1, {}]),
        json!([69, 1, {}]),
        json!([337, 1]),
    ] {
        let mut client = site.join().await;
        client.send(message.clone()).await;
        assert_eq!(client.aborted().await, BREACH, "{message}");
    }
}

async fn trap_04_an_answer_to_no_invocation_is_a_breach_and_a_late_one_is_not(site: Site) {
    for message in [
        json!([70, 1, {}]),
        json!([70, 1, { "progress": true }]),
        json!([8, 68, 1, {}, "com.error"]),
        json!([8, 48, 1, {}, "com.error"]),
        json!([8, 32, 1, {}, "com.error"]),
    ] {
        let mut client = site.join().await;
        client.send(message.clone()).await;
        assert_eq!(client.aborted().await, BREACH, "{message}");
    }
    // After a cancel, after a timeout, after the caller left: discarded.
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    caller.send(json!([49, request, { "mode": "skip" }])).await;
    caller.error().await;
    callee.send(json!([70, 1, { "progress": true }, ["late"]])).await;
    callee.send(json!([70, 1, {}, ["late"]])).await;
    caller.call("com.procedure", json!({ "timeout": 1 }), json!([])).await;
    caller.error().await;
    assert_eq!(
        (callee.receive().await[0].clone(), callee.receive().await[0].clone()),
        (json!(68), json!(69))
    );
    callee.send(json!([8, 68, 2, {}, "com.late"])).await;
    let mut leaver = site.join().await;
    leaver.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[0], 68);
    leaver.vanish().await;
    assert_eq!(callee.receive().await[0], 69);
    callee.send(json!([70, 3, {}, ["late"]])).await;
    callee.has_nothing_to_read().await;
    caller.has_nothing_to_read().await;
    // The last word about it has been said now.
    callee.send(json!([70, 3, {}, ["again"]])).await;
    assert_eq!(callee.aborted().await, BREACH);
}

async fn trap_04_features_that_were_not_announced_are_not_used(site: Site) {
    let mut callee = site.join().await;
    callee.register("com.procedure", json!({})).await;
    for message in [
        json!([48, 1, { "progress": true }, "com.procedure"]),
        json!([48, 1, { "ppt_scheme": "x_mine" }, "com.procedure", ["x"]]),
        json!([16, 1, { "ppt_scheme": "x_mine" }, "com.topic", ["x"]]),
    ] {
        let mut client = site.join_with(&[]).await;
        client.send(message.clone()).await;
        assert_eq!(client.aborted().await, BREACH, "{message}");
    }
    callee.has_nothing_to_read().await;
}

async fn trap_04_after_a_breach_nothing_more_is_taken_and_all_is_disposed_of(site: Site) {
    let mut watcher = site.peer().await;
    watcher.subscribe("com.topic", json!({})).await;
    watcher.subscribe("wamp.session.on_leave", json!({})).await;
    let mut client = site.join().await;
    client.register("com.procedure", json!({})).await;
    let call = watcher.call("com.procedure", json!({}), json!([])).await;
    client.receive().await;
    client.send(json!([70, 99, {}])).await;
    // It may be closed already.
    client.try_send(json!([16, 2, {}, "com.topic", ["too late"]])).await;
    let session = client.session;
    assert_eq!(client.aborted().await, BREACH);
    let mut told = [watcher.receive().await, watcher.receive().await];
    told.sort_by_key(|message| message[0].as_u64());
    assert_eq!(
        told[0],
        json!([8, 48, call, told[0][3], "wamp.error.canceled", told[0][5]])
    );
    assert_eq!(told[1][4][0], session);
    watcher.has_nothing_to_read().await;
}

async fn trap_04_octets_that_are_no_message_are_a_breach(site: Site) {
    for message in [
        json!([]),
        json!([999, 1]),
        json!(["48", 1, {}, "com.procedure"]),
        json!([48]),
        json!([48, 1, {}]),
        json!([48, 1, {}, "com.procedure", [], {}, "more"]),
        json!({ "not": "a list" }),
        json!("text"),
        json!(null),
    ] {
        let mut client = site.join().await;
        client.send_unchecked(message.clone()).await;
        let aborted = client.aborted().await;
        assert_eq!(aborted, BREACH, "{message}");
    }
    // A list that ends in its middle.
    let mut client = site.join().await;
    client.send_torn(json!([16, 1, {}, "com.topic"])).await;
    assert_eq!(client.aborted().await, BREACH);
}

async fn trap_05_a_bad_uri_is_an_error_and_no_breach(site: Site) {
    let mut client = site.join().await;
    let cases: [(u64, Json); 12] = [
        (32, json!([{}, "com..topic"])),
        (32, json!([{}, "com.to pic"])),
        (32, json!([{}, ""])),
        (32, json!([{ "match": "prefix" }, "com.#"])),
        (32, json!([{ "match": "prefix" }, "com..x"])),
        (32, json!([{ "match": "wildcard" }, "com. .x"])),
        (64, json!([{}, "com..procedure"])),
        (64, json!([{}, "com.\u{2003}x"])),
        (48, json!([{}, ""])),
        (48, json!([{}, "com.procedure."])),
        (16, json!([{ "acknowledge": true }, "com..topic"])),
        (16, json!([{ "acknowledge": true }, ".com"])),
    ];
    for (code, rest) in cases {
        let refused = client.refused(code, rest.clone()).await;
        assert_eq!(refused, "wamp.error.invalid_uri", "{rest}");
    }
    // Without acknowledge there is no answer, not even an error.
    client.request(16, json!([{}, "com..topic"])).await;
    client.has_nothing_to_read().await;
    // Loose is loose.
    client.subscribe("com.My-App.Größe/7", json!({})).await;
    let mut newcomer = site.connect().await;
    newcomer
        .send(json!([1, "no such#realm", { "roles": { "caller": {} } }]))
        .await;
    let reason = newcomer.aborted().await;
    let linked = site.kind == crate::support::Kind::Linked;
    let expected = if linked {
        "wamp.error.no_such_realm"
    } else {
        "wamp.error.invalid_uri"
    };
    assert_eq!(reason, expected);
}

async fn trap_05_applications_keep_out_of_the_protocols_own_uris(site: Site) {
    let mut client = site.join().await;
    for (code, rest) in [
        (64, json!([{}, "wamp.procedure"])),
        (64, json!([{ "match": "prefix" }, "wamp."])),
        (16, json!([{ "acknowledge": true }, "wamp.topic"])),
    ] {
        let refused = client.refused(code, rest.clone()).await;
        assert_eq!(refused, "wamp.error.invalid_uri", "{rest}");
    }
    client.register("wampum.procedure", json!({})).await;
}

async fn trap_05_with_the_switch_uris_are_strict(site: Site) {
    let site = site.in_realm(|realm| realm.strictness.uris = true).await;
    let mut client = site.join().await;
    for uri in ["com.My", "com.a-b", "com.ä"] {
        let refused = client.refused(32, json!([{}, uri])).await;
        assert_eq!(refused, "wamp.error.invalid_uri", "{uri}");
    }
    client.subscribe("com.a_1", json!({})).await;
}

async fn trap_06_values_of_the_wrong_type_are_breaches(site: Site) {
    for message in [
        json!([16, 1, { "acknowledge": 1 }, "com.topic"]),
        json!([16, 1, { "exclude_me": "yes" }, "com.topic"]),
        json!([16, 1, { "eligible": 7 }, "com.topic"]),
        json!([16, 1, { "eligible": ["7"] }, "com.topic"]),
        json!([16, 1, { "eligible_authrole": [7] }, "com.topic"]),
        json!([16, 1, [], "com.topic"]),
        json!([16, 1, {}, 7]),
        json!([16, 1, {}, "com.topic", {}]),
        json!([16, 1, {}, "com.topic", [], []]),
        json!([32, 1, { "match": "exactly" }, "com.topic"]),
        json!([32, 1, { "match": 1 }, "com.topic"]),
        json!([64, 1, { "invoke": "all" }, "com.procedure"]),
        json!([48, 1, { "timeout": -5 }, "com.procedure"]),
        json!([48, 1, { "timeout": "5" }, "com.procedure"]),
        json!([49, 1, { "mode": 5 }]),
        json!([8, "68", 1, {}, "com.error"]),
    ] {
        let mut client = site.join().await;
        client.send_unchecked(message.clone()).await;
        assert_eq!(client.aborted().await, BREACH, "{message}");
    }
}

async fn trap_06_unknown_options_are_ignored(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    let unknown = json!({ "unknown_key": [1, { "deep": true }], "_own_key": "x", "x_other": null });
    let request = caller.call("com.procedure", unknown.clone(), json!([1])).await;
    assert_eq!(callee.receive().await, json!([68, 1, registration, {}, [1]]));
    callee.send(json!([70, 1, unknown, [2]])).await;
    assert_eq!(caller.receive().await, json!([50, request, {}, [2]]));
    callee.subscribe("com.topic", unknown.clone()).await;
    caller.publish("com.topic", unknown, json!([3])).await;
    assert_eq!(callee.receive().await[3], json!({}));
}

async fn trap_07_empty_arguments_are_left_out(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    for (number, (sent, received)) in [
        (json!([]), json!([])),
        (json!([[]]), json!([])),
        (json!([[], {}]), json!([])),
        (json!([[1], {}]), json!([[1]])),
        (json!([[], { "k": 1 }]), json!([[], { "k": 1 }])),
        (json!([[1], { "k": 1 }]), json!([[1], { "k": 1 }])),
    ]
    .into_iter()
    .enumerate()
    {
        let with = |start: Json, rest: &Json| {
            let mut message = start.as_array().unwrap().clone();
            message.extend(rest.as_array().unwrap().iter().cloned());
            Json::from(message)
        };
        let request = caller.request(48, with(json!([{}, "com.procedure"]), &sent)).await;
        let invocation = number + 1;
        assert_eq!(
            callee.receive().await,
            with(json!([68, invocation, registration, {}]), &received)
        );
        callee.send(with(json!([70, invocation, {}]), &sent)).await;
        assert_eq!(caller.receive().await, with(json!([50, request, {}]), &received));
    }
}
