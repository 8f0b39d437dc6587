//! Topics and procedures of which each node takes a part.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_sharded_subscription,
    feature_sharded_registration,
    a_call_of_a_partition_must_say_which,
    a_nodes_shard_stays_its_own_when_others_leave,
);

async fn feature_sharded_subscription(site: Site) {
    let mut nodes = Vec::new();
    for nkey in ["node1", "node2", "node3"] {
        let mut client = site.join().await;
        let options = json!({ "nkey": nkey, "match": "wildcard" });
        client.subscribe("com.sensor..temperature", options).await;
        nodes.push(client);
    }
    // A subscriber without a node key takes everything.
    let mut all = site.join().await;
    all.subscribe("com.sensor..temperature", json!({ "match": "wildcard" }))
        .await;
    let mut publisher = site.peer().await;
    for round in 0..2 {
        for key in 0..30 {
            let topic = format!("com.sensor.sn{key}.temperature");
            let options = json!({ "rkey": format!("sn{key}") });
            publisher.publish(&topic, options, json!([key, round])).await;
        }
    }
    // Without a resource key it is for every node.
    publisher
        .publish("com.sensor.x.temperature", json!({}), json!(["to all"]))
        .await;
    let mut received = 0;
    for node in &mut nodes {
        let mut rounds = [Vec::new(), Vec::new()];
        loop {
            let event = node.receive().await;
            let Some(key) = event[4][0].as_u64() else { break };
            rounds[event[4][1].as_u64().unwrap() as usize].push(key);
        }
        assert!(!rounds[0].is_empty(), "every node has a share");
        assert_eq!(rounds[0], rounds[1], "and the same one each time");
        received += rounds[0].len();
    }
    assert_eq!(received, 30, "each key belongs to one node");
    for _ in 0..61 {
        assert_eq!(all.receive().await[0], 36);
    }
}

async fn a_nodes_shard_stays_its_own_when_others_leave(site: Site) {
    let mut stays = site.join().await;
    let mut leaves = site.join().await;
    let id = stays.subscribe("com.topic", json!({ "nkey": "stays" })).await;
    leaves.subscribe("com.topic", json!({ "nkey": "leaves" })).await;
    let mut publisher = site.peer().await;
    let mut shares = Vec::new();
    for round in 0..2 {
        for key in 0..20 {
            let options = json!({ "rkey": format!("key{key}") });
            publisher.publish("com.topic", options, json!([key])).await;
        }
        publisher.publish("com.topic", json!({}), json!(["end"])).await;
        let mut share = Vec::new();
        while let Some(key) = stays.receive().await[4][0].as_u64() {
            share.push(key);
        }
        shares.push(share);
        if round == 0 {
            leaves.request(34, json!([id])).await;
            while leaves.receive().await[0] != 35 {}
        }
    }
    assert!(shares[0].iter().all(|key| shares[1].contains(key)));
    assert_eq!(shares[1].len(), 20);
}

async fn feature_sharded_registration(site: Site) {
    let mut shards = Vec::new();
    for rkey in ["berlin", "paris", "paris"] {
        let mut callee = site.join().await;
        let options = json!({ "invoke": "roundrobin", "rkey": rkey });
        callee.register("com.table.get", options).await;
        shards.push(callee);
    }
    let mut rest = site.join().await;
    rest.register("com.table.get", json!({ "invoke": "roundrobin" })).await;
    shards.push(rest);
    let mut caller = site.peer().await;
    for (rkey, callee) in [("berlin", 0), ("paris", 1), ("berlin", 0), ("paris", 2), ("rome", 3)] {
        let options = json!({ "runmode": "partition", "rkey": rkey });
        let request = caller.call("com.table.get", options, json!(["x"])).await;
        let invocation = shards[callee].receive().await;
        assert_eq!((&invocation[0], &invocation[3]["rkey"]), (&json!(68), &json!(rkey)));
        shards[callee].send(json!([70, invocation[1], {}, [callee]])).await;
        assert_eq!(caller.receive().await, json!([50, request, {}, [callee]]));
    }
    for shard in &mut shards {
        shard.has_nothing_to_read().await;
    }
    // A shard that nobody holds.
    let mut only = site.join().await;
    only.register("com.only.berlin", json!({ "invoke": "first", "rkey": "berlin" }))
        .await;
    let options = json!({ "runmode": "partition", "rkey": "oslo" });
    let refused = caller.refused(48, json!([options, "com.only.berlin"])).await;
    assert_eq!(refused, "wamp.error.no_available_callee");
}

async fn a_call_of_a_partition_must_say_which(site: Site) {
    let (mut caller, mut callee, _) = site.pair("com.procedure").await;
    let refused = caller
        .refused(48, json!([{ "runmode": "partition" }, "com.procedure"]))
        .await;
    assert_eq!(refused, "wamp.error.invalid_argument");
    let refused = caller.refused(48, json!([{ "runmode": "all" }, "com.procedure"])).await;
    assert_eq!(refused, "wamp.error.option_not_allowed");
    callee.has_nothing_to_read().await;
}
