//! What comes before what.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    trap_09_events_of_one_publisher_keep_their_order_over_all_topics,
    trap_09_invocations_of_one_caller_keep_their_order_over_all_procedures,
    trap_09_subscribed_comes_before_the_event_that_it_causes,
    trap_09_registered_comes_before_the_event_that_it_causes_and_the_first_invocation,
    trap_09_retained_events_come_after_subscribed,
);

async fn trap_09_events_of_one_publisher_keep_their_order_over_all_topics(site: Site) {
    let mut subscriber = site.join().await;
    subscriber.subscribe("com.a", json!({})).await;
    subscriber.subscribe("com.b", json!({})).await;
    subscriber.subscribe("com.", json!({ "match": "prefix" })).await;
    let mut publisher = site.peer().await;
    for number in 0..60 {
        let topic = if number % 2 == 0 { "com.a" } else { "com.b" };
        publisher.request(16, json!([{}, topic, [number]])).await;
    }
    for number in 0..60 {
        for _ in 0..2 {
            assert_eq!(subscriber.receive().await[4][0], number);
        }
    }
}

async fn trap_09_invocations_of_one_caller_keep_their_order_over_all_procedures(site: Site) {
    let mut callee = site.join().await;
    callee.register("com.a", json!({})).await;
    callee.register("com.b", json!({ "match": "prefix" })).await;
    let mut caller = site.peer().await;
    for number in 0..60 {
        let procedure = if number % 3 == 0 { "com.a" } else { "com.b.c" };
        caller.call(procedure, json!({}), json!([number])).await;
    }
    for number in 0..60 {
        assert_eq!(callee.receive().await[4][0], number);
    }
    // Answers may come in any order.
    for request in (1..=60).rev() {
        callee.send(json!([70, request, {}, [request]])).await;
        assert_eq!(caller.receive().await[3][0], request);
    }
}

async fn trap_09_subscribed_comes_before_the_event_that_it_causes(site: Site) {
    let mut client = site.join().await;
    // The helper takes SUBSCRIBED for the next message.
    client.subscribe("wamp.subscription.on_create", json!({})).await;
    assert_eq!(client.receive().await[4][1]["uri"], "wamp.subscription.on_create");
    client.subscribe("wamp.subscription.on_subscribe", json!({})).await;
    assert_eq!(client.receive().await[4][1]["uri"], "wamp.subscription.on_subscribe");
    assert_eq!(client.receive().await[4][0], client.session);
}

async fn trap_09_registered_comes_before_the_event_that_it_causes_and_the_first_invocation(site: Site) {
    let mut client = site.join().await;
    client
        .subscribe("wamp.registration.", json!({ "match": "prefix" }))
        .await;
    // A caller that knows the procedure before its callee has registered.
    let mut caller = site.peer().await;
    caller.subscribe("wamp.registration.on_register", json!({})).await;
    client.register("com.procedure", json!({})).await;
    assert_eq!(caller.receive().await[0], 36);
    caller.call("com.procedure", json!({}), json!([])).await;
    for topic in ["on_create", "on_register"] {
        assert_eq!(client.receive().await[3]["topic"], format!("wamp.registration.{topic}"));
    }
    assert_eq!(client.receive().await[0], 68);
}

async fn trap_09_retained_events_come_after_subscribed(site: Site) {
    let mut publisher = site.peer().await;
    publisher
        .publish("com.topic", json!({ "retain": true }), json!([1]))
        .await;
    let mut subscriber = site.join().await;
    let request = subscriber
        .request(32, json!([{ "get_retained": true }, "com.topic"]))
        .await;
    publisher.publish("com.topic", json!({}), json!([2])).await;
    let subscribed = subscriber.receive().await;
    assert_eq!((&subscribed[0], &subscribed[1]), (&json!(33), &json!(request)));
    let mut event = subscriber.receive().await;
    assert_eq!(event[4], json!([1]));
    publisher.publish("com.topic", json!({}), json!([3])).await;
    while event[4] != json!([3]) {
        event = subscriber.receive().await;
    }
}
