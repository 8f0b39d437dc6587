//! What the router's own procedures do in a caller's name is decided too.

use super::*;

/// A realm where the router's own procedures may be called, and about the rest is asked.
fn realm_with_meta_api() -> RealmConfig {
    let rules = [
        Rule::everything("admin"),
        Rule {
            uri: "wamp.".to_owned(),
            actions: vec![Action::Call, Action::Subscribe],
            ..Rule::everything("anonymous")
        },
    ];
    RealmConfig {
        authorization: Authorization::by(Rules::new(rules)).asking("anonymous", authorizer()),
        ..open_realm()
    }
}

#[tokio::test]
async fn what_the_routers_procedures_do_in_a_callers_name_is_asked_about_too() {
    let server = with(realm_with_meta_api()).await;
    let mut component = component(&server).await;
    let subscription = component.subscribe("com.events.", json!({ "match": "prefix" })).await;
    let mut client = server.join().await;
    let subscribe = json!({ "match": "prefix" });
    let publish = json!({ "acknowledge": false, "disclose_me": false, "retain": true });
    let register = json!({ "match": "exact", "invoke": "single" });
    let retained = json!({ "publish_options": { "retain": true } });
    let kind = |kind: &str| json!({ "type": kind });
    for (procedure, args, kwargs, uri, action, options) in [
        (
            "wamp.session.add_testament",
            json!(["com.gone", [1], {}]),
            retained,
            "com.gone",
            "publish",
            publish,
        ),
        (
            "wamp.subscription.get_events",
            json!([subscription]),
            json!({}),
            "com.events.",
            "subscribe",
            subscribe,
        ),
        (
            "wamp.reflect.define",
            json!(["com.procedure", { "doc": "x" }]),
            kind("procedure"),
            "com.procedure",
            "register",
            register.clone(),
        ),
        (
            "wamp.reflect.define",
            json!(["com.topic", { "doc": "x" }]),
            kind("topic"),
            "com.topic",
            "publish",
            json!({ "acknowledge": false, "disclose_me": false, "retain": false }),
        ),
        (
            "wamp.reflect.define",
            json!(["com.error", { "doc": "x" }]),
            kind("error"),
            "com.error",
            "register",
            register,
        ),
    ] {
        for (reply, refusal) in [
            (
                json!({ "allow": false, "cache": false }),
                Some("wamp.error.not_authorized"),
            ),
            (json!("nonsense"), Some("wamp.error.authorization_failed")),
            (json!({ "allow": true, "cache": false }), None),
            // This one is kept, as that of a plain message is.
            (json!(true), None),
        ] {
            let request = client.next();
            client.send(json!([48, request, {}, procedure, args, kwargs])).await;
            let asked = answered(&mut component, reply.clone()).await;
            assert_eq!(
                (&asked[0]["session"], &asked[1], &asked[2], &asked[3]),
                (&json!(client.session), &json!(uri), &json!(action), &options),
                "{procedure}"
            );
            match refusal {
                Some(refusal) => assert_eq!(client.error().await.2, refusal, "{procedure} {reply}"),
                None => assert_eq!(client.receive().await[0], 50, "{procedure} {reply}"),
            }
        }
        client.ask_with(procedure, args, kwargs).await.unwrap();
        no_question(&mut component).await;
    }
    // What is wrong is said without a question.
    for (procedure, args) in [
        ("wamp.session.add_testament", json!(["com..gone"])),
        ("wamp.subscription.get_events", json!([4711])),
        ("wamp.reflect.define", json!(["wamp.mine", {}])),
    ] {
        client.ask_with(procedure, args, kind("topic")).await.unwrap_err();
    }
    no_question(&mut component).await;
    component.subscribe("com.gone", json!({})).await;
    client.vanish().await;
    for _ in 0..3 {
        assert_eq!(component.receive().await[4], json!([1]));
    }
}

#[tokio::test]
async fn a_session_learns_of_what_an_authorizer_lets_it_use_or_provide() {
    let server = with(realm_with_meta_api()).await;
    let mut component = component(&server).await;
    component.register("com.procedure", json!({})).await;
    let mut client = server.join().await;
    let describe = "wamp.reflection.procedure.describe";
    let once = |allow: bool| json!({ "allow": allow, "cache": false });
    // Neither calling nor registering it.
    client.call(describe, json!({}), json!(["com.procedure"])).await;
    for action in ["call", "register"] {
        let asked = answered(&mut component, once(false)).await;
        assert_eq!((&asked[1], &asked[2]), (&json!("com.procedure"), &json!(action)));
    }
    assert_eq!(client.receive().await[3], json!([null]));
    client.call(describe, json!({}), json!(["com.procedure"])).await;
    answered(&mut component, once(false)).await;
    answered(&mut component, json!(7)).await;
    assert_eq!(client.error().await.2, "wamp.error.authorization_failed");
    // One of them is enough.
    client.call(describe, json!({}), json!(["com.procedure"])).await;
    answered(&mut component, once(true)).await;
    assert_eq!(client.receive().await[3][0]["uri"], "com.procedure");
    // All kinds at once.
    client
        .call("wamp.reflect.describe", json!({}), json!(["com.procedure"]))
        .await;
    for (action, reply) in [
        ("call", once(false)),
        ("register", json!(true)),
        ("subscribe", once(false)),
        ("publish", once(false)),
    ] {
        assert_eq!(answered(&mut component, reply).await[2], action);
    }
    assert_eq!(client.receive().await[3][0][0]["uri"], "com.procedure");
    // A list asks about nothing, and has what has been decided.
    component.register("com.unknown", json!({})).await;
    let list = client.ask("wamp.reflection.procedure.list", json!([])).await.unwrap();
    let list = list.as_array().unwrap();
    assert!(list.contains(&json!("com.procedure")), "{list:?}");
    assert!(!list.contains(&json!("com.unknown")), "{list:?}");
    no_question(&mut component).await;
}

#[tokio::test]
async fn a_call_that_needs_two_decisions_gets_both_and_keeps_its_place() {
    // Calling the procedure is asked about too, and no answer is kept.
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    component.subscribe("com.topic", json!({})).await;
    let mut client = server.join().await;
    let once = json!({ "allow": true, "disclose": true, "cache": false });
    client
        .send(json!([
            48,
            1,
            {},
            "wamp.session.add_testament",
            ["com.topic", ["last"], {}]
        ]))
        .await;
    client.send(json!([16, 2, {}, "com.topic", ["first"]])).await;
    for expected in [
        ("wamp.session.add_testament", "call"),
        ("com.topic", "publish"),
        ("com.topic", "publish"),
    ] {
        let asked = answered(&mut component, once.clone()).await;
        assert_eq!((&asked[1], &asked[2]), (&json!(expected.0), &json!(expected.1)));
    }
    assert_eq!(client.receive().await[0], 50);
    assert_eq!(component.receive().await[4], json!(["first"]));
    let session = client.session;
    drop(client);
    let testament = component.receive().await;
    assert_eq!(testament[4], json!(["last"]));
    assert_eq!(
        testament[3]["publisher"], session,
        "as a publication would make it known"
    );
}
