//! Identifiers, and the sequence of request ids.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    trap_01_ids_are_of_their_scope,
    trap_01_request_ids_begin_at_one_for_each_callee,
    trap_01_request_ids_wrap_after_the_largest,
    trap_01_ids_outside_the_range_are_breaches,
    trap_02_ids_out_of_sequence_are_taken_and_counted,
    trap_02_with_the_switch_ids_out_of_sequence_are_breaches,
    trap_03_a_piece_of_a_call_that_is_over_is_discarded,
    trap_03_a_piece_of_a_call_that_was_complete_is_a_breach,
    trap_03_a_piece_of_another_procedure_is_a_breach,
    trap_03_the_options_of_the_first_piece_hold_for_all,
    trap_03_with_the_switch_an_old_id_of_no_call_in_pieces_is_a_breach,
);

const LARGEST: u64 = 1 << 53;

async fn trap_01_ids_are_of_their_scope(site: Site) {
    let mut sessions = Vec::new();
    let mut publications = Vec::new();
    for _ in 0..8 {
        let mut client = site.join().await;
        sessions.push(client.session);
        publications.push(client.publish("com.topic", json!({}), json!([])).await);
    }
    // Random over the whole range: eight of them are neither neighbours nor all small.
    for ids in [&mut sessions, &mut publications] {
        assert!(ids.iter().all(|id| (1..=LARGEST).contains(id)));
        assert!(ids.iter().any(|id| *id > LARGEST / 1000), "{ids:?}");
        ids.sort_unstable();
        assert!(ids.windows(2).all(|two| two[1] - two[0] > 1), "{ids:?}");
    }
}

async fn trap_01_request_ids_begin_at_one_for_each_callee(site: Site) {
    let mut one = site.join().await;
    let mut two = site.peer().await;
    one.register("com.one", json!({})).await;
    two.register("com.two", json!({})).await;
    let mut caller = site.join().await;
    for expected in 1..=3 {
        caller.call("com.one", json!({}), json!([])).await;
        assert_eq!(one.receive().await[1], expected);
        caller.call("com.two", json!({}), json!([])).await;
        assert_eq!(two.receive().await[1], expected);
    }
}

async fn trap_01_request_ids_wrap_after_the_largest(site: Site) {
    let mut client = site.join().await;
    let before = site.metric("wamp_request_id_gaps_total");
    for (request, gaps) in [(LARGEST - 1, 1), (LARGEST, 1), (1, 1), (2, 1), (4, 2)] {
        client.send(json!([32, request, {}, "com.topic"])).await;
        assert_eq!(client.receive().await[1], request);
        assert_eq!(site.metric("wamp_request_id_gaps_total") - before, gaps, "{request}");
    }
}

async fn trap_01_ids_outside_the_range_are_breaches(site: Site) {
    if site.kind == crate::support::Kind::Linked {
        // A linked session has no octets that could say such an id.
        return;
    }
    for id in [
        json!(0),
        json!(-1),
        json!(LARGEST + 1),
        json!("1"),
        json!(1.5),
        json!(null),
    ] {
        let mut client = site.join().await;
        client.send_unchecked(json!([32, id, {}, "com.topic"])).await;
        assert_eq!(client.aborted().await, "wamp.error.protocol_violation", "{id}");
    }
}

async fn trap_02_ids_out_of_sequence_are_taken_and_counted(site: Site) {
    let mut client = site.join().await;
    for (number, request) in [(1, 777), (2, 123), (3, 789)] {
        client.send(json!([32, request, {}, "com.topic"])).await;
        assert_eq!(client.receive().await[1], request);
        assert_eq!(site.metric("wamp_request_id_gaps_total"), number);
    }
}

async fn trap_02_with_the_switch_ids_out_of_sequence_are_breaches(site: Site) {
    let site = site
        .in_realm(|realm| realm.strictness.sequential_request_ids = true)
        .await;
    let mut client = site.join().await;
    for (code, request, rest) in [
        (32, 1, json!("com.topic")),
        (64, 2, json!("com.procedure")),
        (48, 3, json!("com.no.procedure")),
        (32, 4, json!("com.topic")),
    ] {
        client.send(json!([code, request, {}, rest])).await;
        let answer = client.receive().await;
        assert_eq!(if answer[0] == 8 { &answer[2] } else { &answer[1] }, &json!(request));
    }
    // One counter for all types: 5 is due.
    for message in [
        json!([16, 6, {}, "com.topic"]),
        json!([32, 777, {}, "com.topic"]),
        json!([32, 3, {}, "com.topic"]),
        json!([34, 7, 1]),
        json!([64, 4, {}, "com.other"]),
        json!([66, 1, 1]),
        json!([48, 8, {}, "com.procedure"]),
    ] {
        let mut client = site.join().await;
        for request in 1..=4 {
            client.send(json!([32, request, {}, "com.topic"])).await;
            assert_eq!(client.receive().await[0], 33);
        }
        client.send(message.clone()).await;
        assert_eq!(client.aborted().await, "wamp.error.protocol_violation", "{message}");
    }
}

async fn trap_03_a_piece_of_a_call_that_is_over_is_discarded(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let pieces = json!({ "progress": true });
    let request = caller.call("com.procedure", pieces.clone(), json!([1])).await;
    callee.receive().await;
    callee.send(json!([8, 68, 1, {}, "com.enough"])).await;
    assert_eq!(caller.error().await, (48, request, "com.enough".to_owned()));
    caller.send(json!([48, request, pieces, "com.procedure", [2]])).await;
    caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
    caller.has_nothing_to_read().await;
    callee.has_nothing_to_read().await;
}

async fn trap_03_a_piece_of_a_call_that_was_complete_is_a_breach(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let request = caller.call("com.procedure", json!({}), json!([1])).await;
    callee.receive().await;
    caller.send(json!([48, request, {}, "com.procedure", [2]])).await;
    assert_eq!(caller.aborted().await, "wamp.error.protocol_violation");
    // The same once the last piece of one has come.
    let mut caller = site.join().await;
    let request = caller
        .call("com.procedure", json!({ "progress": true }), json!([1]))
        .await;
    caller.send(json!([48, request, {}, "com.procedure", [2]])).await;
    caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
    assert_eq!(caller.aborted().await, "wamp.error.protocol_violation");
}

async fn trap_03_a_piece_of_another_procedure_is_a_breach(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    callee.register("com.other", json!({})).await;
    let pieces = json!({ "progress": true });
    let request = caller.call("com.procedure", pieces.clone(), json!([1])).await;
    callee.receive().await;
    caller.send(json!([48, request, pieces, "com.other", [2]])).await;
    assert_eq!(caller.aborted().await, "wamp.error.protocol_violation");
}

async fn trap_03_the_options_of_the_first_piece_hold_for_all(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let first = json!({ "progress": true, "disclose_me": true, "receive_progress": true, "rkey": "r" });
    let request = caller.call("com.procedure", first, json!([1])).await;
    let mut details = callee.receive().await[3].clone();
    assert_eq!(details["caller"], caller.session);
    let other = json!({ "progress": true, "receive_progress": false, "timeout": 1, "rkey": "s" });
    caller.send(json!([48, request, other, "com.procedure", [2]])).await;
    assert_eq!(callee.receive().await[3], details);
    caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
    details.as_object_mut().unwrap().remove("progress");
    assert_eq!(callee.receive().await[3], details);
    callee.has_nothing_to_read().await;
    callee.send(json!([70, 1, { "progress": true }, ["more"]])).await;
    assert_eq!(caller.receive().await[3], json!(["more"]));
}

async fn trap_03_with_the_switch_an_old_id_of_no_call_in_pieces_is_a_breach(site: Site) {
    let site = site
        .in_realm(|realm| realm.strictness.sequential_request_ids = true)
        .await;
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    // Another call may come between the pieces of one.
    caller
        .send(json!([48, 1, { "progress": true }, "com.procedure", [1]]))
        .await;
    caller.send(json!([48, 2, {}, "com.procedure", ["between"]])).await;
    caller.send(json!([48, 1, {}, "com.procedure", [2]])).await;
    for expected in [json!([1]), json!(["between"]), json!([2])] {
        assert_eq!(callee.receive().await[4], expected);
    }
    callee.send(json!([70, 2, {}])).await;
    assert_eq!(caller.receive().await[1], 2);
    caller.send(json!([48, 2, {}, "com.procedure", ["again"]])).await;
    assert_eq!(caller.aborted().await, "wamp.error.protocol_violation");
}
