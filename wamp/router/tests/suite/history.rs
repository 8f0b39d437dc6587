//! Events of the past.

use serde_json::{Value as Json, json};

use crate::site::Site;
use wamp_protocol::Serializer;

use crate::support::{Client, Kind};

on_every_wire!(
    feature_event_history,
    history_of_a_pattern_has_the_events_of_all_its_topics_in_order,
    history_gives_the_details_that_the_events_had,
    history_gives_back_whatever_was_delivered,
    events_for_particular_sessions_are_not_kept,
    history_obeys_the_lists_of_names_and_roles,
    wrong_filters_are_refused_by_name,
    history_outlives_the_router_where_it_has_a_store,
);

fn numbers(events: &Json) -> Vec<i64> {
    let events = events.as_array().unwrap();
    events.iter().map(|event| event["args"][0].as_i64().unwrap()).collect()
}

async fn events(client: &mut Client, subscription: u64, filter: Json) -> Json {
    client
        .ask_with("wamp.subscription.get_events", json!([subscription]), filter)
        .await
        .unwrap()
}

async fn feature_event_history(site: Site) {
    let mut client = site.join().await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    let mut publisher = site.peer().await;
    let mut ids = Vec::new();
    for number in 1..=5 {
        // Each event has a time of its own.
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        ids.push(publisher.publish("com.topic", json!({}), json!([number])).await);
        client.receive().await;
    }
    let all = events(&mut client, subscription, json!({})).await;
    assert_eq!(numbers(&all), [1, 2, 3, 4, 5]);
    let first = &all[0];
    assert_eq!(
        (&first["subscription"], &first["publication"]),
        (&json!(subscription), &json!(ids[0]))
    );
    let timestamp = &first["timestamp"];
    assert_eq!(
        first,
        &json!({
            "timestamp": timestamp, "subscription": subscription, "publication": ids[0],
            "details": { "topic": "com.topic" }, "args": [1], "kwargs": {},
        })
    );
    let times: Vec<String> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["timestamp"].as_str().unwrap().to_owned())
        .collect();
    for (filter, expected) in [
        (json!({ "reverse": true }), vec![5, 4, 3, 2, 1]),
        (json!({ "limit": 2 }), vec![1, 2]),
        (json!({ "reverse": true, "limit": 2 }), vec![5, 4]),
        (json!({ "from_time": times[1] }), vec![2, 3, 4, 5]),
        (json!({ "after_time": times[1] }), vec![3, 4, 5]),
        (json!({ "before_time": times[3] }), vec![1, 2, 3]),
        (json!({ "until_time": times[3] }), vec![1, 2, 3, 4]),
        (json!({ "from_publication": ids[1] }), vec![2, 3, 4, 5]),
        (json!({ "after_publication": ids[1] }), vec![3, 4, 5]),
        (json!({ "before_publication": ids[3] }), vec![1, 2, 3]),
        (json!({ "until_publication": ids[3] }), vec![1, 2, 3, 4]),
        (json!({ "topic": "com.topic", "limit": 1 }), vec![1]),
        (json!({ "topic": "com.other" }), vec![]),
        (
            json!({ "after_publication": ids[0], "until_time": times[3], "reverse": true, "limit": 2 }),
            vec![4, 3],
        ),
        (json!({ "after_time": "2100-01-01T00:00:00Z" }), vec![]),
        (json!({ "from_time": "2000-01-01T01:00:00+01:00", "limit": 1 }), vec![1]),
    ] {
        let some = events(&mut client, subscription, filter.clone()).await;
        assert_eq!(numbers(&some), expected, "{filter}");
    }
}

async fn history_of_a_pattern_has_the_events_of_all_its_topics_in_order(site: Site) {
    let mut client = site.join().await;
    let auth = client.subscribe("com.log.auth", json!({})).await;
    let all = client.subscribe("com.log", json!({ "match": "prefix" })).await;
    let middle = client.subscribe("com..basket", json!({ "match": "wildcard" })).await;
    let mut publisher = site.peer().await;
    for (number, topic) in [(1, "auth"), (2, "basket"), (3, "basket"), (4, "checkout"), (5, "auth")] {
        publisher
            .publish(&format!("com.log.{topic}"), json!({}), json!([number]))
            .await;
    }
    let mut asker = site.join().await;
    for (subscription, filter, expected) in [
        (auth, json!({}), vec![1, 5]),
        (all, json!({}), vec![1, 2, 3, 4, 5]),
        (middle, json!({}), vec![2, 3]),
        (all, json!({ "topic": "com.log.basket" }), vec![2, 3]),
        (all, json!({ "topic": "com.log.auth", "reverse": true }), vec![5, 1]),
    ] {
        let some = events(&mut asker, subscription, filter.clone()).await;
        assert_eq!(numbers(&some), expected, "{filter}");
        for event in some.as_array().unwrap() {
            assert!(event["details"]["topic"].as_str().unwrap().starts_with("com.log."));
        }
    }
}

async fn history_gives_the_details_that_the_events_had(site: Site) {
    let mut client = site.join().await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    let mut publisher = site.peer().await;
    let ppt =
        json!({ "ppt_scheme": "x_mine", "ppt_serializer": "cbor", "ppt_cipher": "xsalsa20poly1305", "ppt_keyid": "7" });
    let (secret, enc) = ("\u{0}EOP/kQ==", json!({ "enc_algo": "x_mine", "enc_key": "7" }));
    publisher.publish("com.topic", ppt.clone(), json!([secret])).await;
    publisher.publish("com.topic", enc.clone(), json!(secret)).await;
    let disclosed = json!({ "disclose_me": true, "rkey": "a" });
    publisher.publish("com.topic", disclosed, json!([1])).await;
    for _ in 0..3 {
        client.receive().await;
    }
    let all = events(&mut client, subscription, json!({})).await;
    let with_topic = |mut details: Json| {
        details["topic"] = json!("com.topic");
        details
    };
    let facts = client
        .ask("wamp.session.get", json!([publisher.session]))
        .await
        .unwrap();
    let of_publisher = json!({
        "publisher": publisher.session, "publisher_authid": facts["authid"], "publisher_authrole": facts["authrole"],
    });
    for (number, details, args) in [
        (0, ppt, json!([secret])),
        (1, enc, json!([secret])),
        (2, of_publisher, json!([1])),
    ] {
        assert_eq!(all[number]["details"], with_topic(details));
        assert_eq!((&all[number]["args"], &all[number]["kwargs"]), (&args, &json!({})));
    }
    // Who could not have had it live is not given it either.
    let mut plain = site.join_with(&[]).await;
    let some = events(&mut plain, subscription, json!({})).await;
    assert_eq!(some.as_array().unwrap().len(), 2);
    assert_eq!(
        some[0]["args"],
        json!([secret]),
        "what is no ppt_scheme needs no feature"
    );
}

async fn history_gives_back_whatever_was_delivered(site: Site) {
    let mut client = site.join().await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    let deep = |levels: usize| (0..levels).fold(json!(1), |value, _| json!([value]));
    for serializer in Serializer::ALL {
        let mut sender = site.server.join_by(Kind::RawSocket(serializer)).await;
        let odd: Vec<&[u8]> = match serializer {
            Serializer::Json => vec![b"[16,1,{},\"com.topic\",[],{\"a\":1,\"a\":2}]"],
            // A key twice, and a timestamp.
            Serializer::MsgPack => vec![
                b"\x96\x10\x01\x80\xA9com.topic\x90\x82\xA1a\x01\xA1a\x02",
                b"\x95\x10\x02\x80\xA9com.topic\x91\xD6\xFF\x00\x00\x00\x05",
            ],
            Serializer::Cbor => vec![b"\x86\x10\x01\xA0\x69com.topic\x80\xA2\x61a\x01\x61a\x02"],
        };
        for message in odd {
            sender.send_encoded(message).await;
        }
        sender.request(16, json!([{}, "com.topic", deep(100)])).await;
        sender.publish("com.topic", json!({}), json!(["end"])).await;
    }
    let mut delivered = Vec::new();
    while delivered.len() < 10 {
        let text = client.receive_text().await;
        let event: Json = serde_json::from_str(&text).unwrap();
        let payload = text
            .strip_prefix(&format!("[36,{subscription},{},{{}},", event[2]))
            .unwrap();
        delivered.push(match payload.strip_suffix(']').unwrap().strip_prefix("[],") {
            Some(kwargs) => format!("\"args\":[],\"kwargs\":{kwargs}}}"),
            None => format!("\"args\":{},\"kwargs\":{{}}}}", payload.strip_suffix(']').unwrap()),
        });
    }
    assert!(delivered[0].ends_with("{\"a\":1,\"a\":2}}"), "{delivered:?}");
    let mut peer = site.peer().await;
    for asker in [&mut client, &mut peer] {
        asker
            .call("wamp.subscription.get_events", json!({}), json!([subscription]))
            .await;
        let answer = asker.receive_text().await;
        let mut rest = &answer[..];
        for event in &delivered {
            rest = rest
                .split_once(event)
                .unwrap_or_else(|| panic!("no {event} in {rest}"))
                .1;
        }
        assert_eq!(rest, "]]]");
    }
}

async fn events_for_particular_sessions_are_not_kept(site: Site) {
    let mut client = site.join().await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    let session = client.session;
    let mut publisher = site.peer().await;
    for (number, options) in [
        (1, json!({ "eligible": [session] })),
        (2, json!({ "exclude": [session + 1] })),
        (3, json!({})),
    ] {
        publisher.publish("com.topic", options, json!([number])).await;
        assert_eq!(client.receive().await[4], json!([number]));
    }
    assert_eq!(numbers(&events(&mut client, subscription, json!({})).await), [3]);
}

async fn history_obeys_the_lists_of_names_and_roles(site: Site) {
    let mut client = site.join().await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    let mut publisher = site.peer().await;
    for (number, options) in [
        (1, json!({ "eligible_authrole": ["nobody"] })),
        (2, json!({ "exclude_authrole": ["anonymous", "service"] })),
        (3, json!({ "eligible_authrole": ["anonymous", "service"] })),
        (4, json!({ "eligible_authid": ["nobody"] })),
    ] {
        publisher.publish("com.topic", options, json!([number])).await;
    }
    assert_eq!(client.receive().await[4], json!([3]));
    assert_eq!(numbers(&events(&mut client, subscription, json!({})).await), [3]);
}

async fn wrong_filters_are_refused_by_name(site: Site) {
    let mut client = site.join().await;
    let subscription = client.subscribe("com.topic", json!({})).await;
    for (name, wrong) in [
        ("limit", json!(-1)),
        ("limit", json!("ten")),
        ("reverse", json!(1)),
        ("from_time", json!("yesterday")),
        ("until_time", json!(5)),
        ("topic", json!(7)),
        ("from_publication", json!("x")),
    ] {
        let rest = json!([{}, "wamp.subscription.get_events", [subscription], { name: wrong }]);
        client.request(48, rest).await;
        let error = client.receive().await;
        assert_eq!(error[4], "wamp.error.invalid_argument", "{name}: {wrong}");
        assert!(error[5][0].as_str().unwrap().contains(name), "{error}");
    }
}

/// A store that remembers in memory, for two routers one after the other.
#[derive(Debug, Default)]
struct Shelf(std::sync::Mutex<Vec<std::sync::Arc<wamp_router::PastEvent>>>);

impl wamp_router::HistoryStore for Shelf {
    fn load(&self) -> Vec<wamp_router::PastEvent> {
        self.0.lock().unwrap().iter().map(|event| (**event).clone()).collect()
    }

    fn keep(&self, event: &std::sync::Arc<wamp_router::PastEvent>) {
        self.0.lock().unwrap().push(std::sync::Arc::clone(event));
    }
}

async fn history_outlives_the_router_where_it_has_a_store(site: Site) {
    let shelf = std::sync::Arc::new(Shelf::default());
    let store = |realm: &mut wamp_router::RealmConfig| {
        realm.history_store = Some(shelf.clone());
        realm.history_except = vec!["com.except".to_owned()];
    };
    let first = site.in_realm(store).await;
    let mut publisher = first.join().await;
    publisher.subscribe("com.topic", json!({})).await;
    publisher
        .publish("com.topic", json!({ "disclose_me": true }), json!([1]))
        .await;
    let limited = json!({ "eligible_authrole": ["nobody"] });
    publisher.publish("com.topic", limited, json!([2])).await;
    publisher.publish("com.topic", json!({}), json!([3])).await;
    publisher.publish("com.except", json!({}), json!([4])).await;
    let published = publisher.session;
    let second = site.in_realm(store).await;
    let mut client = second.join().await;
    let subscription = client.subscribe("com.", json!({ "match": "prefix" })).await;
    client.publish("com.topic", json!({}), json!([5])).await;
    let all = events(&mut client, subscription, json!({})).await;
    assert_eq!(numbers(&all), [1, 3, 5]);
    assert_eq!(all[0]["details"]["publisher"], published);
    assert_eq!(all[1]["details"]["publisher"], json!(null));
}
