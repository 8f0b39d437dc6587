//! Subscriptions: exact ones, patterns, and how they are taken back.

use serde_json::{Value as Json, json};

use crate::site::Site;

on_every_wire!(
    feature_pattern_based_subscription,
    feature_publisher_exclusion,
    feature_subscription_revocation,
    feature_subscription_meta_api,
    trap_18_an_event_comes_once_for_each_matching_subscription,
    trap_18_the_same_pattern_has_one_subscription_for_everybody,
    trap_20_a_publisher_is_excluded_also_where_a_pattern_matches,
    trap_23_revocation_is_told_only_to_those_who_announced_it,
);

async fn feature_pattern_based_subscription(site: Site) {
    let mut subscriber = site.join().await;
    let prefix = subscriber.subscribe("com.a", json!({ "match": "prefix" })).await;
    let wildcard = subscriber.subscribe("com..b", json!({ "match": "wildcard" })).await;
    let exact = subscriber.subscribe("com.c", json!({ "match": "exact" })).await;
    let mut publisher = site.peer().await;
    for (topic, subscription, details) in [
        ("com.ax", prefix, json!({ "topic": "com.ax" })),
        ("com.x.b", wildcard, json!({ "topic": "com.x.b" })),
        ("com.c", exact, json!({})),
    ] {
        let publication = publisher.publish(topic, json!({}), json!([1])).await;
        assert_eq!(
            subscriber.receive().await,
            json!([36, subscription, publication, details, [1]])
        );
    }
    publisher.publish("com.x.b.y", json!({}), json!([2])).await;
    publisher.publish("com.c.d", json!({}), json!([2])).await;
    subscriber.has_nothing_to_read().await;
    for id in [prefix, wildcard, exact] {
        let request = subscriber.request(34, json!([id])).await;
        assert_eq!(subscriber.receive().await, json!([35, request]));
        let refused = subscriber.refused(34, json!([id])).await;
        assert_eq!(refused, "wamp.error.no_such_subscription");
    }
    publisher.publish("com.c", json!({}), json!([3])).await;
    subscriber.has_nothing_to_read().await;
}

async fn trap_18_an_event_comes_once_for_each_matching_subscription(site: Site) {
    let mut subscriber = site.join().await;
    let exact = subscriber.subscribe("com.a.b", json!({})).await;
    let prefix = subscriber.subscribe("com.", json!({ "match": "prefix" })).await;
    let wildcard = subscriber.subscribe("com..b", json!({ "match": "wildcard" })).await;
    let mut publisher = site.peer().await;
    let publication = publisher.publish("com.a.b", json!({}), json!([1])).await;
    let mut events: Vec<Json> = Vec::new();
    for _ in 0..3 {
        events.push(subscriber.receive().await);
    }
    events.sort_by_key(|event| event[1].as_u64());
    let topic = json!({ "topic": "com.a.b" });
    for (event, (id, details)) in events
        .iter()
        .zip([(exact, &json!({})), (prefix, &topic), (wildcard, &topic)])
    {
        assert_eq!(event, &json!([36, id, publication, details, [1]]));
    }
    subscriber.has_nothing_to_read().await;
}

async fn trap_18_the_same_pattern_has_one_subscription_for_everybody(site: Site) {
    let mut one = site.join().await;
    let mut two = site.peer().await;
    for (topic, policy) in [("com.a", "exact"), ("com.a", "prefix"), ("com..a", "wildcard")] {
        let id = one.subscribe(topic, json!({ "match": policy })).await;
        assert_eq!(one.subscribe(topic, json!({ "match": policy })).await, id, "again");
        assert_eq!(two.subscribe(topic, json!({ "match": policy })).await, id, "by another");
    }
    // Subscribed twice, and still one event for it.
    let mut publisher = site.join().await;
    publisher.publish("com.b.a", json!({}), json!([])).await;
    assert_eq!(one.receive().await[0], 36);
    one.has_nothing_to_read().await;
}

async fn feature_publisher_exclusion(site: Site) {
    let mut client = site.join().await;
    client.subscribe("com.topic", json!({})).await;
    client.publish("com.topic", json!({}), json!([1])).await;
    client
        .publish("com.topic", json!({ "exclude_me": true }), json!([2]))
        .await;
    client.has_nothing_to_read().await;
    client
        .request(16, json!([{ "exclude_me": false }, "com.topic", [3]]))
        .await;
    assert_eq!(client.receive().await[4], json!([3]));
}

async fn trap_20_a_publisher_is_excluded_also_where_a_pattern_matches(site: Site) {
    let mut client = site.join().await;
    client.subscribe("com.", json!({ "match": "prefix" })).await;
    client.subscribe("com.", json!({ "match": "wildcard" })).await;
    client.publish("com.topic", json!({}), json!([1])).await;
    client.has_nothing_to_read().await;
    client
        .request(16, json!([{ "exclude_me": false }, "com.topic", [2]]))
        .await;
    for _ in 0..2 {
        assert_eq!(client.receive().await[4], json!([2]));
    }
}

async fn feature_subscription_revocation(site: Site) {
    let mut admin = site.peer().await;
    let mut subscriber = site.join().await;
    let id = subscriber.subscribe("com.topic", json!({})).await;
    let args = json!([id, subscriber.session, "com.enough"]);
    admin
        .ask("wamp.subscription.remove_subscriber", args.clone())
        .await
        .unwrap();
    assert_eq!(
        subscriber.receive().await,
        json!([35, 0, { "subscription": id, "reason": "com.enough" }])
    );
    admin.publish("com.topic", json!({}), json!([])).await;
    subscriber.has_nothing_to_read().await;
    assert_eq!(
        admin.ask("wamp.subscription.remove_subscriber", args).await,
        Err("wamp.error.no_such_subscription".to_owned())
    );
}

async fn trap_23_revocation_is_told_only_to_those_who_announced_it(site: Site) {
    let mut admin = site.peer().await;
    let mut plain = site.join_with(&[]).await;
    let subscription = plain.subscribe("com.topic", json!({})).await;
    let registration = plain.register("com.procedure", json!({})).await;
    for (procedure, id) in [
        ("wamp.subscription.remove_subscriber", subscription),
        ("wamp.registration.remove_callee", registration),
    ] {
        admin.ask(procedure, json!([id, plain.session])).await.unwrap();
    }
    plain.has_nothing_to_read().await;
    assert_eq!(
        admin.refused(48, json!([{}, "com.procedure"])).await,
        "wamp.error.no_such_procedure"
    );
    // Those who announced it are told the id, and request 0.
    let mut able = site
        .join_with(&["subscription_revocation", "registration_revocation"])
        .await;
    let subscription = able.subscribe("com.topic", json!({})).await;
    let registration = able.register("com.procedure", json!({})).await;
    admin
        .ask(
            "wamp.subscription.remove_subscriber",
            json!([subscription, able.session]),
        )
        .await
        .unwrap();
    let revoked = able.receive().await;
    assert_eq!((&revoked[0], &revoked[1]), (&json!(35), &json!(0)));
    assert_eq!(revoked[2]["subscription"], subscription);
    admin
        .ask("wamp.registration.remove_callee", json!([registration, able.session]))
        .await
        .unwrap();
    let revoked = able.receive().await;
    assert_eq!((&revoked[0], &revoked[1]), (&json!(67), &json!(0)));
    assert_eq!(revoked[2]["registration"], registration);
}

async fn feature_subscription_meta_api(site: Site) {
    let mut watcher = site.peer().await;
    watcher
        .subscribe("wamp.subscription.", json!({ "match": "prefix" }))
        .await;
    // Its own subscription is news to it too, after SUBSCRIBED.
    for topic in ["on_create", "on_subscribe"] {
        assert_eq!(
            watcher.receive().await[3]["topic"],
            format!("wamp.subscription.{topic}")
        );
    }
    let mut client = site.join().await;
    let id = client.subscribe("com.topic", json!({})).await;
    let created = watcher.receive().await;
    assert_eq!(created[3]["topic"], "wamp.subscription.on_create");
    let details = created[4][1].clone();
    assert_eq!(created[4][0], client.session);
    assert_eq!(
        (&details["id"], &details["uri"], &details["match"]),
        (&json!(id), &json!("com.topic"), &json!("exact"))
    );
    assert!(details["created"].as_str().unwrap().ends_with('Z'));
    let subscribed = watcher.receive().await;
    assert_eq!(subscribed[3]["topic"], "wamp.subscription.on_subscribe");
    assert_eq!(subscribed[4], json!([client.session, id]));
    let mut second = site.join().await;
    second.subscribe("com.topic", json!({})).await;
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.subscription.on_subscribe");

    for (procedure, args, answer) in [
        ("lookup", json!(["com.topic"]), json!(id)),
        ("lookup", json!(["com.topic", { "match": "prefix" }]), json!(null)),
        ("match", json!(["com.topic"]), json!([id])),
        ("match", json!(["com.other"]), json!(null)),
        ("get", json!([id]), details),
        ("list_subscribers", json!([id]), json!([client.session, second.session])),
        ("count_subscribers", json!([id]), json!(2)),
    ] {
        let answered = client.ask(&format!("wamp.subscription.{procedure}"), args).await;
        assert_eq!(answered, Ok(answer), "{procedure}");
    }
    let list = client.ask("wamp.subscription.list", json!([])).await.unwrap();
    assert_eq!((&list["exact"], &list["wildcard"]), (&json!([id]), &json!([])));
    assert_eq!(list["prefix"].as_array().unwrap().len(), 1);
    for procedure in ["get", "list_subscribers", "count_subscribers", "get_events"] {
        let answered = client
            .ask(&format!("wamp.subscription.{procedure}"), json!([999]))
            .await;
        assert_eq!(
            answered,
            Err("wamp.error.no_such_subscription".to_owned()),
            "{procedure}"
        );
    }
    client.request(34, json!([id])).await;
    assert_eq!(watcher.receive().await[3]["topic"], "wamp.subscription.on_unsubscribe");
    let gone = second.session;
    second.vanish().await;
    for topic in ["on_unsubscribe", "on_delete"] {
        let event = watcher.receive().await;
        assert_eq!(event[3]["topic"], format!("wamp.subscription.{topic}"));
        assert_eq!(event[4], json!([gone, id]));
    }
}
