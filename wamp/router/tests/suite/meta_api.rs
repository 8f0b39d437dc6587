//! The session meta API, and testaments.

use serde_json::json;

use crate::site::Site;

on_every_wire!(
    feature_session_meta_api,
    feature_testament_meta_api,
    a_testament_is_published_with_its_passthru_and_its_shard,
    sessions_are_killed_with_a_reason_but_not_by_themselves,
    killing_by_name_gives_ids_and_killing_by_role_or_all_a_number,
    killing_all_tells_no_meta_events_and_publishes_no_testaments,
    a_procedure_of_the_router_that_is_not_there_is_no_such_procedure,
);

async fn feature_session_meta_api(site: Site) {
    let mut client = site.peer().await;
    client.subscribe("wamp.session.on_join", json!({})).await;
    client.subscribe("wamp.session.on_leave", json!({})).await;
    let before = client.ask("wamp.session.count", json!([])).await.unwrap();
    let joiner = site.join().await;
    let joined = client.receive().await;
    assert_eq!(joined[4].as_array().unwrap().len(), 1, "one dict");
    let facts = joined[4][0].clone();
    assert_eq!(facts["session"], joiner.session);
    for name in ["authid", "authrole", "authmethod", "authprovider"] {
        assert!(facts[name].is_string(), "{name} in {facts}");
    }
    let session = joiner.session;
    assert_eq!(
        client.ask("wamp.session.count", json!([])).await,
        Ok(json!(before.as_u64().unwrap() + 1))
    );
    let list = client.ask("wamp.session.list", json!([])).await.unwrap();
    assert!(list.as_array().unwrap().contains(&json!(session)));
    for (roles, found) in [(json!([facts["authrole"]]), true), (json!(["nobody"]), false)] {
        let count = client.ask("wamp.session.count", json!([roles])).await.unwrap();
        assert_eq!(count != 0, found);
        let list = client.ask("wamp.session.list", json!([roles])).await.unwrap();
        assert_eq!(list.as_array().unwrap().contains(&json!(session)), found);
    }
    assert_eq!(
        client.ask("wamp.session.get", json!([session])).await,
        Ok(facts.clone())
    );
    for (wrong, error) in [
        (json!([4711]), "wamp.error.no_such_session"),
        (json!(["x"]), "wamp.error.invalid_argument"),
        (json!([]), "wamp.error.invalid_argument"),
    ] {
        assert_eq!(client.ask("wamp.session.get", wrong).await, Err(error.to_owned()));
    }
    joiner.vanish().await;
    // Three positionals.
    assert_eq!(
        client.receive().await[4],
        json!([session, facts["authid"], facts["authrole"]])
    );
}

async fn sessions_are_killed_with_a_reason_but_not_by_themselves(site: Site) {
    let mut client = site.peer().await;
    let own = client.session;
    assert_eq!(
        client.ask("wamp.session.kill", json!([own])).await,
        Err("wamp.error.no_such_session".to_owned())
    );
    for (kwargs, goodbye) in [
        (json!({}), json!([6, {}, "wamp.close.killed"])),
        (
            json!({ "reason": "com.reason", "message": "go away" }),
            json!([6, { "message": "go away" }, "com.reason"]),
        ),
    ] {
        let mut victim = site.join().await;
        let args = json!([victim.session]);
        client
            .ask_with("wamp.session.kill", args.clone(), kwargs)
            .await
            .unwrap();
        assert_eq!(victim.receive().await, goodbye);
        // What it still sends is not looked at; its goodbye ends the connection.
        victim.send(json!([32, 1, {}, "com.topic"])).await;
        victim.send(json!([6, {}, "wamp.close.goodbye_and_out"])).await;
        victim.ends().await;
        assert_eq!(
            client.ask("wamp.session.kill", args).await,
            Err("wamp.error.no_such_session".to_owned())
        );
    }
    let bad = json!({ "reason": "not a uri" });
    for procedure in ["kill", "kill_by_authid", "kill_by_authrole", "kill_all"] {
        let answered = client
            .ask_with(&format!("wamp.session.{procedure}"), json!([own]), bad.clone())
            .await;
        assert_eq!(answered, Err("wamp.error.invalid_uri".to_owned()), "{procedure}");
    }
}

async fn killing_by_name_gives_ids_and_killing_by_role_or_all_a_number(site: Site) {
    let mut client = site.join().await;
    for procedure in ["kill_by_authid", "kill_by_authrole", "kill_all"] {
        let mut victim = site.join().await;
        let facts = client.ask("wamp.session.get", json!([victim.session])).await.unwrap();
        let (args, answer) = match procedure {
            "kill_by_authid" => (json!([facts["authid"]]), json!([victim.session])),
            "kill_by_authrole" => (json!([facts["authrole"]]), json!(1)),
            _ => (json!([]), json!(1)),
        };
        let answered = client.ask(&format!("wamp.session.{procedure}"), args).await;
        assert_eq!(answered, Ok(answer), "{procedure}, the caller aside");
        assert_eq!(victim.receive().await, json!([6, {}, "wamp.close.killed"]));
        let nobody = json!(["com.nobody"]);
        let none = if procedure == "kill_by_authid" {
            json!([])
        } else {
            json!(0)
        };
        let answered = client.ask(&format!("wamp.session.{procedure}"), nobody).await;
        assert_eq!(answered, Ok(none), "{procedure}");
    }
}

async fn killing_all_tells_no_meta_events_and_publishes_no_testaments(site: Site) {
    let mut client = site.join().await;
    client.subscribe("com.gone", json!({})).await;
    client.subscribe("wamp.session.", json!({ "match": "prefix" })).await;
    let mut victim = site.join().await;
    victim
        .ask("wamp.session.add_testament", json!(["com.gone", [1], {}]))
        .await
        .unwrap();
    // What came of these until now.
    let question = client.call("wamp.session.count", json!({}), json!([])).await;
    loop {
        let message = client.receive().await;
        if message[0] == 50 {
            assert_eq!(message[1], question);
            break;
        }
    }
    assert_eq!(client.ask("wamp.session.kill_all", json!([])).await, Ok(json!(1)));
    client.has_nothing_to_read().await;
}

async fn feature_testament_meta_api(site: Site) {
    let mut subscriber = site.peer().await;
    subscriber.subscribe("com.gone", json!({})).await;
    let add = "wamp.session.add_testament";
    let mut mortal = site.join().await;
    mortal
        .ask(add, json!(["com.gone", ["third"], { "k": 1 }]))
        .await
        .unwrap();
    for (word, scope) in [("first", "detached"), ("fourth", "destroyed"), ("second", "detached")] {
        let kwargs = json!({ "scope": scope });
        mortal
            .ask_with(add, json!(["com.gone", [word], {}]), kwargs)
            .await
            .unwrap();
    }
    let nobody = json!({ "publish_options": { "eligible": [] } });
    mortal
        .ask_with(add, json!(["com.gone", ["hidden"], {}]), nobody)
        .await
        .unwrap();
    for (args, kwargs, error) in [
        (json!(["wamp.gone", [], {}]), json!({}), "wamp.error.invalid_uri"),
        (json!(["com..gone", [], {}]), json!({}), "wamp.error.invalid_uri"),
        (json!([7, [], {}]), json!({}), "wamp.error.invalid_argument"),
        (json!(["com.gone", 7, {}]), json!({}), "wamp.error.invalid_argument"),
        (
            json!(["com.gone", [], {}]),
            json!({ "scope": "never" }),
            "wamp.error.invalid_argument",
        ),
    ] {
        assert_eq!(mortal.ask_with(add, args, kwargs).await, Err(error.to_owned()));
    }
    subscriber.has_nothing_to_read().await;
    mortal.vanish().await;
    // The detached ones first, each in the order in which they were left.
    assert_eq!(subscriber.receive().await[4], json!(["first"]));
    assert_eq!(subscriber.receive().await[4], json!(["second"]));
    let third = subscriber.receive().await;
    assert_eq!((&third[4], &third[5]), (&json!(["third"]), &json!({ "k": 1 })));
    assert_eq!(subscriber.receive().await[4], json!(["fourth"]));
    // Flushed ones are not published; only those of the scope are.
    let mut cautious = site.join().await;
    for (word, scope) in [("a", "detached"), ("b", "destroyed")] {
        let kwargs = json!({ "scope": scope });
        cautious
            .ask_with(add, json!(["com.gone", [word], {}]), kwargs)
            .await
            .unwrap();
    }
    cautious.ask("wamp.session.flush_testaments", json!([])).await.unwrap();
    cautious.send(json!([6, {}, "wamp.close.close_realm"])).await;
    cautious.receive().await;
    assert_eq!(subscriber.receive().await[4], json!(["a"]));
    subscriber.has_nothing_to_read().await;
}

async fn a_testament_is_published_with_its_passthru_and_its_shard(site: Site) {
    let add = "wamp.session.add_testament";
    let mut able = site.peer().await;
    let id = able.subscribe("com.secret", json!({})).await;
    let mut plain = site.join_with(&[]).await;
    plain.subscribe("com.secret", json!({})).await;
    let ppt = json!({ "ppt_scheme": "x_mine", "ppt_serializer": "cbor", "ppt_keyid": "7" });
    let secret = json!(["com.secret", ["\u{0}EOP/kQ=="], {}]);
    let passthru = json!({ "publish_options": ppt });
    let refused = plain.ask_with(add, secret.clone(), passthru.clone()).await;
    assert_eq!(refused, Err("wamp.error.feature_not_supported".to_owned()));
    let mut mortal = site.join().await;
    mortal.ask_with(add, secret.clone(), passthru).await.unwrap();
    for wrong in [
        json!({ "ppt_scheme": 7 }),
        json!({ "rkey": 7 }),
        json!({ "enc_algo": "rot13" }),
    ] {
        let kwargs = json!({ "publish_options": wrong });
        let refused = mortal.ask_with(add, secret.clone(), kwargs).await;
        assert_eq!(refused, Err("wamp.error.invalid_argument".to_owned()), "{wrong}");
    }
    // As a publication with the same key goes to one of the nodes.
    let mut nodes = Vec::new();
    for nkey in ["one", "two"] {
        let mut node = site.join().await;
        node.subscribe("com.shard", json!({ "nkey": nkey })).await;
        nodes.push(node);
    }
    let kwargs = json!({ "publish_options": { "rkey": "a" } });
    let shard = json!(["com.shard", ["last"], {}]);
    mortal.ask_with(add, shard, kwargs).await.unwrap();
    mortal
        .publish("com.shard", json!({ "rkey": "a" }), json!(["live"]))
        .await;
    mortal.vanish().await;
    let event = able.receive().await;
    assert_eq!(event, json!([36, id, event[2], ppt, ["\u{0}EOP/kQ=="]]));
    plain.has_nothing_to_read().await;
    // Both are there now, or will never be.
    able.publish("com.shard", json!({}), json!(["end"])).await;
    let mut shares = Vec::new();
    for node in &mut nodes {
        let mut share = Vec::new();
        loop {
            let word = node.receive().await[4][0].as_str().unwrap().to_owned();
            if word == "end" {
                break;
            }
            share.push(word);
        }
        shares.push(share);
    }
    shares.sort();
    assert_eq!(shares, [vec![], vec!["live", "last"]]);
}

async fn a_procedure_of_the_router_that_is_not_there_is_no_such_procedure(site: Site) {
    let mut client = site.join().await;
    for procedure in [
        "wamp.no.such",
        "wamp.session.dance",
        "wamp.subscription.x",
        "wamp.registration.x",
        "wamp",
    ] {
        let refused = client.refused(48, json!([{}, procedure])).await;
        assert_eq!(refused, "wamp.error.no_such_procedure", "{procedure}");
    }
}
