//! Who may register what with whom, and how it is taken back.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_pattern_based_registration,
    feature_shared_registration,
    feature_registration_revocation,
    feature_registration_meta_api,
    trap_14_a_later_register_must_have_the_first_ones_policy,
    trap_14_the_key_of_a_registration_is_uri_and_match,
    trap_14_a_session_registers_a_procedure_once,
    unregistering_leaves_open_calls_alone,
);

async fn feature_pattern_based_registration(site: Site) {
    let mut callee = site.join().await;
    let exact = callee.register("com.house.lamp", json!({})).await;
    let prefix = callee.register("com.house", json!({ "match": "prefix" })).await;
    let wildcard = callee.register("com..fan", json!({ "match": "wildcard" })).await;
    let mut caller = site.peer().await;
    for (procedure, registration, details) in [
        ("com.house.lamp", exact, json!({})),
        ("com.house.fan", prefix, json!({ "procedure": "com.house.fan" })),
        ("com.shed.fan", wildcard, json!({ "procedure": "com.shed.fan" })),
    ] {
        let request = caller.call(procedure, json!({}), json!([1])).await;
        let invocation = callee.receive().await;
        assert_eq!(
            (&invocation[2], &invocation[3]),
            (&json!(registration), &details),
            "{procedure}"
        );
        callee.send(json!([70, invocation[1], {}, [2]])).await;
        assert_eq!(caller.receive().await, json!([50, request, {}, [2]]));
    }
    let refused = caller.refused(48, json!([{}, "org.shed.fan"])).await;
    assert_eq!(refused, "wamp.error.no_such_procedure");
}

async fn feature_shared_registration(site: Site) {
    let mut caller = site.peer().await;
    for (policy, expected) in [("roundrobin", [0, 1, 2, 0, 1]), ("first", [0; 5]), ("last", [2; 5])] {
        let procedure = format!("com.{policy}");
        let mut callees = Vec::new();
        let mut registration = None;
        for _ in 0..3 {
            let mut callee = site.join().await;
            let id = callee.register(&procedure, json!({ "invoke": policy })).await;
            assert_eq!(*registration.get_or_insert(id), id, "one registration for all");
            callees.push(callee);
        }
        for callee in expected {
            caller.call(&procedure, json!({}), json!([])).await;
            let invocation = callees[callee].receive().await;
            assert_eq!(invocation[0], 68, "{policy}");
            callees[callee].send(json!([70, invocation[1], {}])).await;
            assert_eq!(caller.receive().await[0], 50);
        }
        for callee in &mut callees {
            callee.has_nothing_to_read().await;
        }
    }
    // By chance each of three gets some of sixty: that one gets none has a chance of 10^-10.
    let mut callees = Vec::new();
    for _ in 0..3 {
        let mut callee = site.join().await;
        callee.register("com.random", json!({ "invoke": "random" })).await;
        callees.push(callee);
    }
    for _ in 0..60 {
        caller.call("com.random", json!({}), json!([])).await;
    }
    caller.has_nothing_to_read().await;
    let mut got = 0;
    for callee in &mut callees {
        callee.call("wamp.session.count", json!({}), json!([])).await;
        let mut own = 0;
        while callee.receive().await[0] == 68 {
            own += 1;
        }
        assert!(own > 0);
        got += own;
    }
    assert_eq!(got, 60);
    // `single`, and it is the default.
    let mut callee = site.join().await;
    callee.register("com.single", json!({ "invoke": "single" })).await;
    callee.register("com.plain", json!({})).await;
    for procedure in ["com.single", "com.plain"] {
        let refused = caller.refused(64, json!([{}, procedure])).await;
        assert_eq!(refused, "wamp.error.procedure_already_exists");
    }
}

async fn trap_14_a_later_register_must_have_the_first_ones_policy(site: Site) {
    let mut first = site.join().await;
    first.register("com.shared", json!({ "invoke": "roundrobin" })).await;
    let mut other = site.peer().await;
    for invoke in ["single", "random", "first", "last"] {
        let refused = other.refused(64, json!([{ "invoke": invoke }, "com.shared"])).await;
        assert_eq!(refused, "wamp.error.procedure_already_exists", "{invoke}");
    }
    let refused = other.refused(64, json!([{}, "com.shared"])).await;
    assert_eq!(refused, "wamp.error.procedure_already_exists");
    other.register("com.shared", json!({ "invoke": "roundrobin" })).await;
}

async fn trap_14_the_key_of_a_registration_is_uri_and_match(site: Site) {
    let mut callee = site.join().await;
    let mut ids = Vec::new();
    for policy in ["exact", "prefix", "wildcard"] {
        ids.push(callee.register("com.same", json!({ "match": policy })).await);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

async fn trap_14_a_session_registers_a_procedure_once(site: Site) {
    let mut callee = site.join().await;
    let options = json!({ "invoke": "roundrobin" });
    let id = callee.register("com.shared", options.clone()).await;
    let refused = callee.refused(64, json!([options, "com.shared"])).await;
    assert_eq!(refused, "wamp.error.procedure_already_exists");
    let request = callee.request(66, json!([id])).await;
    assert_eq!(callee.receive().await, json!([67, request]));
    let refused = callee.refused(66, json!([id])).await;
    assert_eq!(refused, "wamp.error.no_such_registration");
    callee.register("com.shared", options).await;
}

async fn unregistering_leaves_open_calls_alone(site: Site) {
    let (mut caller, mut callee, registration) = site.pair("com.procedure").await;
    let call = caller.call("com.procedure", json!({}), json!([])).await;
    callee.receive().await;
    let request = callee.request(66, json!([registration])).await;
    assert_eq!(callee.receive().await, json!([67, request]));
    callee.send(json!([70, 1, {}, ["still"]])).await;
    assert_eq!(caller.receive().await, json!([50, call, {}, ["still"]]));
}

async fn feature_registration_revocation(site: Site) {
    let mut admin = site.peer().await;
    let mut callee = site.join().await;
    let registration = callee.register("com.procedure", json!({})).await;
    let args = json!([registration, callee.session, "com.moved"]);
    admin
        .ask("wamp.registration.remove_callee", args.clone())
        .await
        .unwrap();
    assert_eq!(
        callee.receive().await,
        json!([67, 0, { "registration": registration, "reason": "com.moved" }])
    );
    assert_eq!(
        admin.ask("wamp.registration.remove_callee", args).await,
        Err("wamp.error.no_such_registration".to_owned())
    );
    let refused = admin.refused(48, json!([{}, "com.procedure"])).await;
    assert_eq!(refused, "wamp.error.no_such_procedure");
    callee.register("com.procedure", json!({})).await;
}

async fn feature_registration_meta_api(site: Site) {
    let mut watcher = site.peer().await;
    watcher
        .subscribe("wamp.registration.", json!({ "match": "prefix" }))
        .await;
    let mut callee = site.join().await;
    let options = json!({ "invoke": "roundrobin", "match": "prefix" });
    let id = callee.register("com.procedure", options.clone()).await;
    let created = watcher.receive().await;
    assert_eq!(created[3]["topic"], "wamp.registration.on_create");
    let details = created[4][1].clone();
    assert_eq!(created[4][0], callee.session);
    assert_eq!(
        (&details["id"], &details["uri"], &details["match"], &details["invoke"]),
        (
            &json!(id),
            &json!("com.procedure"),
            &json!("prefix"),
            &json!("roundrobin")
        )
    );
    assert!(details["created"].as_str().unwrap().ends_with('Z'));
    let registered = watcher.receive().await;
    assert_eq!(registered[3]["topic"], "wamp.registration.on_register");
    assert_eq!(registered[4], json!([callee.session, id]));
    let mut second = site.join().await;
    second.register("com.procedure", options).await;
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.registration.on_register");

    let policy = json!({ "match": "prefix" });
    for (procedure, args, answer) in [
        ("lookup", json!(["com.procedure", policy]), json!(id)),
        ("lookup", json!(["com.procedure"]), json!(null)),
        ("match", json!(["com.procedure.x"]), json!(id)),
        ("match", json!(["org"]), json!(null)),
        (
            "list",
            json!([]),
            json!({ "exact": [], "prefix": [id], "wildcard": [] }),
        ),
        ("get", json!([id]), details),
        ("list_callees", json!([id]), json!([callee.session, second.session])),
        ("count_callees", json!([id]), json!(2)),
    ] {
        let answered = callee.ask(&format!("wamp.registration.{procedure}"), args).await;
        assert_eq!(answered, Ok(answer), "{procedure}");
    }
    for procedure in ["get", "list_callees", "count_callees"] {
        let answered = callee
            .ask(&format!("wamp.registration.{procedure}"), json!([999]))
            .await;
        assert_eq!(
            answered,
            Err("wamp.error.no_such_registration".to_owned()),
            "{procedure}"
        );
    }
    callee.request(66, json!([id])).await;
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.registration.on_unregister");
    let gone = second.session;
    second.vanish().await;
    for topic in ["on_unregister", "on_delete"] {
        let event = watcher.receive().await;
        assert_eq!(event[3]["topic"], format!("wamp.registration.{topic}"));
        assert_eq!(event[4], json!([gone, id]));
    }
}
