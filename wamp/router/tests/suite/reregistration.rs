//! `force_reregister`: a procedure taken from those who have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};
use wamp_router::Authorization;
use wamp_router::authorization::{Action, Request};

use crate::site::Site;
use crate::support::Client;

on_every_wire!(
    a_procedure_is_taken_by_force_from_those_who_registered_it_so,
    a_shared_procedure_is_taken_if_all_who_share_it_registered_it_so,
    what_a_session_takes_from_itself_is_registered_anew,
    calls_that_are_open_stay_with_whom_the_procedure_was_taken_from,
    from_who_did_not_announce_revocation_it_is_taken_in_silence,
    a_register_that_is_refused_takes_nothing,
);
on_every_network!(who_may_not_register_a_procedure_takes_it_by_no_force);

fn force() -> Json {
    json!({ "force_reregister": true })
}

fn shared(force: bool) -> Json {
    json!({ "invoke": "roundrobin", "force_reregister": force })
}

/// A session that hears of registrations that come and go.
async fn watcher(site: &Site) -> Client {
    let mut watcher = site.peer().await;
    watcher
        .subscribe("wamp.registration.", json!({ "match": "prefix" }))
        .await;
    watcher
}

/// The next meta events: which, of which session, of which registration.
async fn told(watcher: &mut Client, count: usize) -> Vec<(String, u64, u64)> {
    let mut told = Vec::new();
    for _ in 0..count {
        let event = watcher.receive().await;
        let topic = event[3]["topic"].as_str().unwrap();
        let name = topic.strip_prefix("wamp.registration.").unwrap().to_owned();
        let registration = event[4][1].as_u64().or_else(|| event[4][1]["id"].as_u64());
        told.push((name, event[4][0].as_u64().unwrap(), registration.unwrap()));
    }
    told
}

fn events<const N: usize>(events: [(&str, u64, u64); N]) -> Vec<(String, u64, u64)> {
    let events = events.into_iter();
    events
        .map(|(name, session, registration)| (name.to_owned(), session, registration))
        .collect()
}

/// Whom the registration was taken from is told so next.
async fn revoked(client: &mut Client, registration: u64) {
    let details = json!({ "registration": registration, "reason": "reregistered" });
    assert_eq!(client.receive().await, json!([67, 0, details]));
}

async fn a_procedure_is_taken_by_force_from_those_who_registered_it_so(site: Site) {
    let mut old = site.join().await;
    let mut new = site.peer().await;
    // Who did not say so keeps what it has, and who does not say so takes nothing.
    old.register("com.kept", json!({})).await;
    let refused = new.refused(64, json!([force(), "com.kept"])).await;
    assert_eq!(refused, "wamp.error.procedure_already_exists");
    let first = old.register("com.taken", force()).await;
    let refused = new.refused(64, json!([{}, "com.taken"])).await;
    assert_eq!(refused, "wamp.error.procedure_already_exists");

    let mut watcher = site.peer().await;
    for event in ["on_register", "on_unregister", "on_create", "on_delete"] {
        watcher
            .subscribe(&format!("wamp.registration.{event}"), json!({}))
            .await;
    }
    let second = new.register("com.taken", force()).await;
    assert_ne!(first, second, "a registration of its own");
    assert_eq!(
        old.receive().await,
        json!([67, 0, { "registration": first, "reason": "reregistered" }])
    );
    for said in [
        json!([old.session, first]),
        json!([old.session, first]),
        json!([new.session, second]),
        json!([new.session, second]),
    ] {
        let event = watcher.receive().await;
        let id = event[4][1]["id"]
            .as_u64()
            .unwrap_or_else(|| event[4][1].as_u64().unwrap());
        assert_eq!(json!([event[4][0], id]), said, "{event}");
    }
    let request = watcher.call("com.taken", json!({}), json!([])).await;
    let invocation = new.receive().await;
    assert_eq!(invocation[2], second);
    new.send(json!([70, invocation[1], {}, [1]])).await;
    assert_eq!(watcher.receive().await, json!([50, request, {}, [1]]));
    let refused = old.refused(66, json!([first])).await;
    assert_eq!(refused, "wamp.error.no_such_registration");
}

async fn a_shared_procedure_is_taken_if_all_who_share_it_registered_it_so(site: Site) {
    let (mut one, mut two, mut new) = (site.join().await, site.peer().await, site.join().await);
    let mut watcher = watcher(&site).await;
    let first = one.register("com.shared", shared(true)).await;
    told(&mut watcher, 2).await;
    // Who joins without force takes nothing, and from then on nobody does.
    assert_eq!(two.register("com.shared", shared(false)).await, first);
    told(&mut watcher, 1).await;
    let refused = new.refused(64, json!([force(), "com.shared"])).await;
    assert_eq!(refused, "wamp.error.procedure_already_exists");
    // Of the same policy it is one more of them.
    assert_eq!(new.register("com.shared", shared(true)).await, first);
    assert_eq!(
        told(&mut watcher, 1).await,
        events([("on_register", new.session, first)])
    );
    new.request(66, json!([first])).await;
    assert_eq!(new.receive().await[0], 67);
    two.request(66, json!([first])).await;
    assert_eq!(two.receive().await[0], 67);
    told(&mut watcher, 2).await;
    // With force the policy may be another: the registration is.
    let second = two.register("com.shared", shared(true)).await;
    revoked(&mut one, first).await;
    let third = new.register("com.shared", force()).await;
    revoked(&mut two, second).await;
    assert_eq!(
        told(&mut watcher, 8).await,
        events([
            ("on_unregister", one.session, first),
            ("on_delete", one.session, first),
            ("on_create", two.session, second),
            ("on_register", two.session, second),
            ("on_unregister", two.session, second),
            ("on_delete", two.session, second),
            ("on_create", new.session, third),
            ("on_register", new.session, third),
        ])
    );
    assert!(first < second && second < third, "{first} {second} {third}");
    for client in [&mut one, &mut two, &mut new, &mut watcher] {
        client.has_nothing_to_read().await;
    }
}

async fn what_a_session_takes_from_itself_is_registered_anew(site: Site) {
    let mut callee = site.join().await;
    let mut watcher = watcher(&site).await;
    let first = callee.register("com.procedure", force()).await;
    told(&mut watcher, 2).await;
    let request = callee.request(64, json!([force(), "com.procedure"])).await;
    revoked(&mut callee, first).await;
    let registered = callee.receive().await;
    assert_eq!((&registered[0], &registered[1]), (&json!(65), &json!(request)));
    let second = registered[2].as_u64().unwrap();
    assert_eq!(
        told(&mut watcher, 4).await,
        events([
            ("on_unregister", callee.session, first),
            ("on_delete", callee.session, first),
            ("on_create", callee.session, second),
            ("on_register", callee.session, second),
        ])
    );
    watcher.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(callee.receive().await[2], second);
}

async fn calls_that_are_open_stay_with_whom_the_procedure_was_taken_from(site: Site) {
    let (mut old, mut new) = (site.join().await, site.peer().await);
    let first = old.register("com.procedure", force()).await;
    let mut caller = site.peer().await;
    let both = json!({ "progress": true, "receive_progress": true });
    let whole = caller.call("com.procedure", json!({}), json!(["whole"])).await;
    let pieces = caller.call("com.procedure", both, json!([1])).await;
    for expected in [1, 2] {
        assert_eq!(old.receive().await[1], expected);
    }
    let second = new.register("com.procedure", force()).await;
    revoked(&mut old, first).await;
    // Further pieces go where the first one went; a new call does not.
    caller
        .send(json!([48, pieces, { "progress": true }, "com.procedure", [2]]))
        .await;
    let invocation = old.receive().await;
    assert_eq!(
        (&invocation[1], &invocation[2], &invocation[4]),
        (&json!(2), &json!(first), &json!([2]))
    );
    let third = caller.call("com.procedure", json!({}), json!(["new"])).await;
    assert_eq!(new.receive().await[2], second);
    old.send(json!([70, 2, { "progress": true }, ["so far"]])).await;
    assert_eq!(
        caller.receive().await,
        json!([50, pieces, { "progress": true }, ["so far"]])
    );
    old.send(json!([70, 1, {}, ["old"]])).await;
    assert_eq!(caller.receive().await, json!([50, whole, {}, ["old"]]));
    new.send(json!([70, 1, {}, ["new"]])).await;
    assert_eq!(caller.receive().await, json!([50, third, {}, ["new"]]));
    // It can be canceled there too.
    caller.send(json!([49, pieces, { "mode": "killnowait" }])).await;
    assert_eq!(caller.error().await.2, "wamp.error.canceled");
    assert_eq!(old.receive().await[0], 69);
    new.has_nothing_to_read().await;
}

async fn from_who_did_not_announce_revocation_it_is_taken_in_silence(site: Site) {
    let mut old = site.join_with(&[]).await;
    let first = old.register("com.procedure", force()).await;
    let mut new = site.peer().await;
    new.register("com.procedure", force()).await;
    old.has_nothing_to_read().await;
    let refused = old.refused(66, json!([first])).await;
    assert_eq!(refused, "wamp.error.no_such_registration");
    new.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(new.receive().await[0], 68);
}

async fn a_register_that_is_refused_takes_nothing(site: Site) {
    let site = site
        .anew(|config| {
            config.limits.registrations = 1;
            config.realms[0].disclosure.callees_may_ask = false;
        })
        .await;
    let (mut old, mut new) = (site.join().await, site.peer().await);
    let first = old.register("com.procedure", force()).await;
    let asking = json!({ "force_reregister": true, "disclose_caller": true });
    let refused = new.refused(64, json!([asking, "com.procedure"])).await;
    assert_eq!(refused, "wamp.error.option_disallowed.disclose_me");
    new.register("com.other", json!({})).await;
    let refused = new.refused(64, json!([force(), "com.procedure"])).await;
    assert_eq!(refused, "wamp.error.unavailable");
    new.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(old.receive().await[2], first);
}

async fn who_may_not_register_a_procedure_takes_it_by_no_force(site: Site) {
    let permitted = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&permitted);
    let authorizer = move |request: &Request<'_>| request.action != Action::Register || asked.load(Ordering::SeqCst);
    let site = site
        .in_realm(|realm| realm.authorization = Authorization::by(authorizer))
        .await;
    let (mut old, mut new) = (site.join().await, site.peer().await);
    let first = old.register("com.procedure", force()).await;
    permitted.store(false, Ordering::SeqCst);
    let refused = new.refused(64, json!([force(), "com.procedure"])).await;
    assert_eq!(refused, "wamp.error.not_authorized");
    new.call("com.procedure", json!({}), json!([])).await;
    assert_eq!(old.receive().await[2], first);
}
