//! What there is to call and to subscribe to, and what is said about it.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_reflection,
    the_routers_own_procedures_and_topics_describe_themselves,
    a_definition_goes_with_the_session_that_made_it,
    definitions_come_and_go_with_an_event,
    the_realm_may_bring_definitions_of_its_own,
);

async fn feature_reflection(site: Site) {
    let mut definer = site.join().await;
    let define = "wamp.reflect.define";
    for (kind, uri, text) in [
        ("procedure", "com.fan.control", "Switches the fan."),
        ("topic", "com.sensor.events", "Readings."),
        ("error", "com.error.no_fan", "There is no fan."),
    ] {
        let description = json!({ "doc": text, "args": ["bool"] });
        let kwargs = json!({ "type": kind });
        definer
            .ask_with(define, json!([uri, description]), kwargs)
            .await
            .unwrap();
    }
    // Registered, and with nothing said about it.
    definer
        .register("com.plain", json!({ "match": "prefix", "invoke": "first" }))
        .await;
    let mut client = site.peer().await;
    for (kind, uri) in [
        ("procedure", "com.fan.control"),
        ("procedure", "com.plain"),
        ("topic", "com.sensor.events"),
        ("error", "com.error.no_fan"),
    ] {
        let list = client
            .ask(&format!("wamp.reflection.{kind}.list"), json!([]))
            .await
            .unwrap();
        assert!(list.as_array().unwrap().contains(&json!(uri)), "{kind} {uri} in {list}");
    }
    let described = client
        .ask("wamp.reflection.procedure.describe", json!(["com.fan.control"]))
        .await
        .unwrap();
    assert_eq!(
        described,
        json!({ "type": "procedure", "uri": "com.fan.control", "doc": "Switches the fan.", "args": ["bool"] })
    );
    // Without a kind, whatever there is of that name.
    assert_eq!(
        client.ask("wamp.reflect.describe", json!(["com.fan.control"])).await,
        Ok(json!([described]))
    );
    let plain = client
        .ask("wamp.reflection.procedure.describe", json!(["com.plain"]))
        .await
        .unwrap();
    assert_eq!(
        plain,
        json!({ "type": "procedure", "uri": "com.plain", "match": "prefix", "invoke": "first" })
    );
    for (kind, uri) in [
        ("topic", "com.fan.control"),
        ("procedure", "com.nothing"),
        ("error", "com.plain"),
    ] {
        let described = client
            .ask(&format!("wamp.reflection.{kind}.describe"), json!([uri]))
            .await;
        assert_eq!(described, Ok(json!(null)), "{kind} {uri}");
    }
    for (args, kwargs, error) in [
        (
            json!(["wamp.mine", {}]),
            json!({ "type": "topic" }),
            "wamp.error.invalid_uri",
        ),
        (
            json!(["com..x", {}]),
            json!({ "type": "topic" }),
            "wamp.error.invalid_uri",
        ),
        (
            json!(["com.x", 7]),
            json!({ "type": "topic" }),
            "wamp.error.invalid_argument",
        ),
        (
            json!(["com.x", {}]),
            json!({ "type": "dance" }),
            "wamp.error.invalid_argument",
        ),
        (json!(["com.x", {}]), json!({}), "wamp.error.invalid_argument"),
    ] {
        assert_eq!(definer.ask_with(define, args, kwargs).await, Err(error.to_owned()));
    }
}

async fn the_routers_own_procedures_and_topics_describe_themselves(site: Site) {
    let mut client = site.join().await;
    for (kind, uri) in [
        ("procedure", "wamp.session.kill_all"),
        ("procedure", "wamp.subscription.get_events"),
        ("procedure", "wamp.reflection.topic.list"),
        ("topic", "wamp.session.on_join"),
        ("topic", "wamp.reflect.on_define"),
        ("error", "wamp.error.no_such_procedure"),
    ] {
        let list = client
            .ask(&format!("wamp.reflection.{kind}.list"), json!([]))
            .await
            .unwrap();
        assert!(list.as_array().unwrap().contains(&json!(uri)), "{uri}");
        let described = client
            .ask(&format!("wamp.reflection.{kind}.describe"), json!([uri]))
            .await
            .unwrap();
        assert!(!described["doc"].as_str().unwrap().is_empty(), "{described}");
    }
    // Every procedure that is listed is there.
    let list = client.ask("wamp.reflection.procedure.list", json!([])).await.unwrap();
    for procedure in list.as_array().unwrap() {
        let procedure = procedure.as_str().unwrap();
        if !procedure.contains("kill") {
            let answered = client.ask_with(procedure, json!([]), json!({ "type": 7 })).await;
            assert_ne!(answered, Err("wamp.error.no_such_procedure".to_owned()), "{procedure}");
        }
    }
}

async fn a_definition_goes_with_the_session_that_made_it(site: Site) {
    let mut watcher = site.peer().await;
    watcher.subscribe("wamp.reflect.on_undefine", json!({})).await;
    let mut definer = site.join().await;
    let kwargs = json!({ "type": "topic" });
    definer
        .ask_with("wamp.reflect.define", json!(["com.topic", { "doc": "x" }]), kwargs)
        .await
        .unwrap();
    definer.vanish().await;
    assert_eq!(watcher.receive().await[4], json!(["topic", "com.topic"]));
    assert_eq!(
        watcher
            .ask("wamp.reflection.topic.describe", json!(["com.topic"]))
            .await,
        Ok(json!(null))
    );
}

async fn definitions_come_and_go_with_an_event(site: Site) {
    let mut watcher = site.peer().await;
    watcher.subscribe("wamp.reflect.on_define", json!({})).await;
    watcher.subscribe("wamp.reflect.on_undefine", json!({})).await;
    let mut definer = site.join().await;
    let kwargs = json!({ "type": "procedure" });
    let define = async |definer: &mut crate::support::Client, description| {
        definer
            .ask_with(
                "wamp.reflect.define",
                json!(["com.procedure", description]),
                kwargs.clone(),
            )
            .await
    };
    define(&mut definer, json!({ "doc": "one" })).await.unwrap();
    let defined = watcher.receive().await;
    assert_eq!(
        defined[4],
        json!([{ "type": "procedure", "uri": "com.procedure", "doc": "one" }])
    );
    // Only its owner changes it.
    let mut other = site.join().await;
    let refused = define(&mut other, json!({ "doc": "mine" })).await;
    assert_eq!(refused, Err("wamp.error.not_authorized".to_owned()));
    define(&mut definer, json!(null)).await.unwrap();
    assert_eq!(watcher.receive().await[4], json!(["procedure", "com.procedure"]));
    define(&mut other, json!({ "doc": "mine" })).await.unwrap();
    assert_eq!(watcher.receive().await[4][0]["doc"], "mine");
    // What a session leaves behind goes in the order in which it came.
    for (uri, kind) in [
        ("com.b", "topic"),
        ("com.a", "topic"),
        ("com.c", "procedure"),
        ("com.b", "topic"),
    ] {
        let kwargs = json!({ "type": kind });
        let args = json!([uri, { "doc": "mine" }]);
        other.ask_with("wamp.reflect.define", args, kwargs).await.unwrap();
        assert_eq!(watcher.receive().await[4][0]["uri"], uri);
    }
    other.vanish().await;
    for gone in [
        json!(["procedure", "com.procedure"]),
        json!(["topic", "com.b"]),
        json!(["topic", "com.a"]),
        json!(["procedure", "com.c"]),
    ] {
        assert_eq!(watcher.receive().await[4], gone);
    }
}

async fn the_realm_may_bring_definitions_of_its_own(site: Site) {
    use wamp_router::{Definition, DefinitionKind};
    let site = site
        .in_realm(|realm| {
            realm.definitions = vec![Definition::new(DefinitionKind::Topic, "com.topic", "What it is about.")];
        })
        .await;
    let mut client = site.join().await;
    assert_eq!(
        client.ask("wamp.reflection.topic.describe", json!(["com.topic"])).await,
        Ok(json!({ "type": "topic", "uri": "com.topic", "doc": "What it is about." }))
    );
    let kwargs = json!({ "type": "topic" });
    let refused = client
        .ask_with("wamp.reflect.define", json!(["com.topic", {}]), kwargs)
        .await;
    assert_eq!(refused, Err("wamp.error.not_authorized".to_owned()));
}
