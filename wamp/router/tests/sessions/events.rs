//! Publish and subscribe, as subscribers see it.

use serde_json::json;
use wamp_protocol::Serializer;

use super::authorization::signed_in;
use super::support::{Kind, Server};

#[tokio::test]
async fn a_publisher_does_not_get_its_own_event_unless_it_asks() {
    let server = Server::start().await;
    let mut client = server.join().await;
    let exact = client.subscribe("com.topic", json!({})).await;
    let prefix = client.subscribe("com.", json!({ "match": "prefix" })).await;
    client.publish("com.topic", json!({}), json!([1])).await;
    client.next();
    client
        .send(json!([16, 4, { "exclude_me": false }, "com.topic", [2]]))
        .await;
    let (one, two) = (client.receive().await, client.receive().await);
    assert_eq!(one[2], two[2], "one publication for both subscriptions");
    assert_eq!((&one[1], &two[1]), (&json!(exact), &json!(prefix)));
    assert_eq!((&one[3], &two[3]), (&json!({}), &json!({ "topic": "com.topic" })));
    assert_eq!(one[4], json!([2]));
}

#[tokio::test]
async fn publishers_are_disclosed_when_they_ask() {
    let server = Server::start().await;
    let mut subscriber = server.join().await;
    subscriber.subscribe("com.topic", json!({})).await;
    let mut ann = signed_in(&server, "ann", "secret-of-ann").await;
    ann.publish("com.topic", json!({}), json!([])).await;
    ann.publish("com.topic", json!({ "disclose_me": true }), json!([]))
        .await;
    assert_eq!(subscriber.receive().await[3], json!({ "trustlevel": 3 }));
    let details =
        json!({ "publisher": ann.session, "publisher_authid": "ann", "publisher_authrole": "admin", "trustlevel": 3 });
    assert_eq!(subscriber.receive().await[3], details);
}

#[tokio::test]
async fn an_empty_list_of_eligible_sessions_means_nobody() {
    let server = Server::start().await;
    let mut one = server.join().await;
    let mut two = server.join().await;
    for client in [&mut one, &mut two] {
        client.subscribe("com.topic", json!({})).await;
    }
    let mut publisher = server.join().await;
    publisher
        .publish("com.topic", json!({ "eligible": [] }), json!([1]))
        .await;
    publisher
        .publish("com.topic", json!({ "eligible": [one.session] }), json!([2]))
        .await;
    publisher
        .publish("com.topic", json!({ "exclude": [one.session] }), json!([3]))
        .await;
    publisher
        .publish("com.topic", json!({ "eligible_authrole": ["admin"] }), json!([4]))
        .await;
    publisher
        .publish("com.topic", json!({ "exclude_authrole": ["anonymous"] }), json!([5]))
        .await;
    assert_eq!(one.receive().await[4], json!([2]));
    assert_eq!(two.receive().await[4], json!([3]));
    one.has_nothing_to_read().await;
    two.has_nothing_to_read().await;
}

#[tokio::test]
async fn retained_events_come_after_subscribed_also_to_patterns() {
    let server = Server::start().await;
    let mut publisher = server.join().await;
    publisher
        .publish("com.a.temperature", json!({ "retain": true }), json!([1]))
        .await;
    publisher
        .publish("com.a.temperature", json!({ "retain": true }), json!([2]))
        .await;
    publisher
        .publish("com.b.temperature", json!({ "retain": true }), json!([3]))
        .await;
    publisher
        .publish("com.b.humidity", json!({ "retain": true }), json!([4]))
        .await;
    publisher
        .publish("com.b.humidity", json!({ "retain": true }), json!([]))
        .await;
    let mut subscriber = server.join().await;
    subscriber
        .subscribe("com.a.temperature", json!({ "get_retained": true }))
        .await;
    let event = subscriber.receive().await;
    assert_eq!((&event[3], &event[4]), (&json!({ "retained": true }), &json!([2])));
    subscriber
        .subscribe("com..temperature", json!({ "match": "wildcard", "get_retained": true }))
        .await;
    assert_eq!(subscriber.receive().await[4], json!([2]));
    assert_eq!(subscriber.receive().await[4], json!([3]));
    subscriber
        .subscribe("com.b.", json!({ "match": "prefix", "get_retained": true }))
        .await;
    assert_eq!(subscriber.receive().await[4], json!([3]));
    subscriber.subscribe("com.b", json!({ "match": "prefix" })).await;
    subscriber.has_nothing_to_read().await;
}

#[tokio::test]
async fn testaments_are_published_when_a_session_is_gone() {
    let server = Server::start().await;
    let mut subscriber = server.join().await;
    subscriber.subscribe("com.gone", json!({})).await;
    let mut mortal = server.join().await;
    mortal
        .ask_with(
            "wamp.session.add_testament",
            json!(["com.gone", ["second"], { "k": 1 }]),
            json!({}),
        )
        .await
        .unwrap();
    let detached = json!({ "scope": "detached" });
    mortal
        .ask_with(
            "wamp.session.add_testament",
            json!(["com.gone", ["first"], {}]),
            detached,
        )
        .await
        .unwrap();
    mortal
        .ask_with("wamp.session.add_testament", json!(["wamp.gone", [], {}]), json!({}))
        .await
        .unwrap_err();
    drop(mortal);
    assert_eq!(subscriber.receive().await[4], json!(["first"]));
    let second = subscriber.receive().await;
    assert_eq!((&second[4], &second[5]), (&json!(["second"]), &json!({ "k": 1 })));

    let mut cautious = server.join().await;
    cautious
        .ask("wamp.session.add_testament", json!(["com.gone", [], {}]))
        .await
        .unwrap();
    cautious.ask("wamp.session.flush_testaments", json!([])).await.unwrap();
    cautious.send(json!([6, {}, "wamp.close.close_realm"])).await;
    cautious.receive().await;
    subscriber.has_nothing_to_read().await;
}

#[tokio::test]
async fn past_events_are_given_to_those_who_could_have_had_them() {
    let server = Server::start().await;
    let mut client = server.join().await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    let mut publisher = server.join().await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        ids.push(publisher.publish("com.topic", json!({}), json!([number])).await);
        client.receive().await;
    }
    publisher
        .publish("com.topic", json!({ "eligible_authrole": ["admin"] }), json!([6]))
        .await;
    publisher
        .publish("com.topic", json!({ "eligible": [client.session] }), json!([7]))
        .await;
    client.receive().await;
    let numbers = |events: serde_json::Value| -> Vec<u64> {
        events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["args"][0].as_u64().unwrap())
            .collect()
    };
    for (filter, expected) in [
        (json!({}), vec![1, 2, 3, 4, 5]),
        (json!({ "reverse": true, "limit": 2 }), vec![5, 4]),
        (
            json!({ "after_publication": ids[1], "until_publication": ids[3] }),
            vec![3, 4],
        ),
        (
            json!({ "from_publication": ids[1], "before_publication": ids[3] }),
            vec![2, 3],
        ),
        (json!({ "after_time": "2100-01-01T00:00:00Z" }), vec![]),
        (
            json!({ "from_time": "2000-01-01T00:00:00Z", "topic": "com.topic" }),
            vec![1, 2, 3, 4, 5],
        ),
    ] {
        let events = client
            .ask_with("wamp.subscription.get_events", json!([subscription]), filter.clone())
            .await;
        assert_eq!(numbers(events.unwrap()), expected, "{filter}");
    }
}

#[tokio::test]
async fn an_event_with_a_resource_key_goes_to_one_node() {
    let server = Server::start().await;
    let mut nodes = Vec::new();
    for nkey in ["node1", "node2", "node3"] {
        let mut client = server.join().await;
        client.subscribe("com.topic", json!({ "nkey": nkey })).await;
        nodes.push(client);
    }
    let mut publisher = server.join().await;
    for key in 0..30 {
        publisher
            .publish("com.topic", json!({ "rkey": format!("sensor{key}") }), json!([key]))
            .await;
    }
    publisher.publish("com.topic", json!({}), json!(["to all"])).await;
    let mut received = 0;
    for node in &mut nodes {
        let mut own = 0;
        while node.receive().await[4] != json!(["to all"]) {
            own += 1;
        }
        assert!(own > 0, "every node has a share");
        received += own;
    }
    assert_eq!(received, 30);
}

#[tokio::test]
async fn events_of_one_publisher_keep_their_order() {
    let server = Server::start().await;
    let mut subscriber = server.join().await;
    subscriber.subscribe("com.a", json!({})).await;
    subscriber.subscribe("com.", json!({ "match": "prefix" })).await;
    let mut publisher = server.join().await;
    for number in 0..500 {
        let topic = if number % 2 == 0 { "com.a" } else { "com.b" };
        let request = publisher.next();
        publisher.send(json!([16, request, {}, topic, [number]])).await;
    }
    let mut last = -1;
    for _ in 0..750 {
        let number = subscriber.receive().await[4][0].as_i64().unwrap();
        assert!(number == last || number == last + 1, "{number} after {last}");
        last = number;
    }
}

#[tokio::test]
async fn payloads_are_passed_through_to_those_who_announced_it() {
    let server = Server::start().await;
    let mut knowing = server.join().await;
    knowing.subscribe("com.topic", json!({})).await;
    let mut plain = server.connect(Kind::WebSocket(Serializer::Json)).await;
    plain
        .send(json!([1, "realm1", { "roles": { "subscriber": {}, "caller": {}, "callee": {} } }]))
        .await;
    plain.receive().await;
    plain.subscribe("com.topic", json!({})).await;
    plain.register("com.plain", json!({})).await;
    let mut sender = server.join().await;
    let options = json!({ "ppt_scheme": "x_mine", "ppt_serializer": "cbor", "ppt_cipher": "none", "ppt_keyid": "7" });
    sender.publish("com.topic", options.clone(), json!(["\u{0}EOP/"])).await;
    let event = knowing.receive().await;
    assert_eq!((&event[3], &event[4]), (&options, &json!(["\u{0}EOP/"])));
    plain.has_nothing_to_read().await;
    sender.call("com.plain", options, json!(["\u{0}EOP/"])).await;
    assert_eq!(sender.error().await.2, "wamp.error.feature_not_supported");
}
