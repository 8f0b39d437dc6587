//! A procedure decides what a role may do.

mod router_procedures;

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use wamp_protocol::Serializer;
use wamp_router::authorization::{Action, Authorization, DynamicAuthorizer, Rule, Rules};
use wamp_router::{Disclose, Disclosure, KeepAlive, Limits, RealmConfig, RouterConfig};

use super::authorization::signed_in;
use super::support::{Client, Kind, REALM, Server, open_realm};

const PROCEDURE: &str = "com.auth.may";

pub(super) fn authorizer() -> DynamicAuthorizer {
    DynamicAuthorizer {
        procedure: PROCEDURE.to_owned(),
        realm: None,
        timeout: Duration::from_secs(10),
        cache_time: Duration::from_secs(600),
        cache_entries: 1000,
    }
}

/// Anonymous sessions are asked about; `ann` may do everything.
fn realm(authorizer: DynamicAuthorizer) -> RealmConfig {
    RealmConfig {
        authorization: Authorization::by(Rules::new([Rule::everything("admin")])).asking("anonymous", authorizer),
        ..open_realm()
    }
}

pub(super) async fn server(authorizer: DynamicAuthorizer) -> Server {
    with(realm(authorizer)).await
}

async fn with(realm: RealmConfig) -> Server {
    Server::with(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    })
    .await
}

pub(super) async fn component(server: &Server) -> Client {
    let mut component = signed_in(server, "ann", "secret-of-ann").await;
    component.register(PROCEDURE, json!({})).await;
    component
}

/// What the component is asked.
pub(super) async fn question(component: &mut Client) -> (Json, Json) {
    let invocation = component.receive().await;
    assert_eq!(invocation[0], 68, "{invocation}");
    (invocation[1].clone(), invocation[4].clone())
}

pub(super) async fn answer(component: &mut Client, request: Json, answer: Json) {
    component.send(json!([70, request, {}, [answer]])).await;
}

pub(super) async fn answered(component: &mut Client, reply: Json) -> Json {
    let (request, asked) = question(component).await;
    answer(component, request, reply).await;
    asked
}

/// Everything a component's session has to be without: another question.
async fn no_question(component: &mut Client) {
    component.has_nothing_to_read().await;
}

#[tokio::test]
async fn the_procedure_is_asked_who_wants_what_and_is_obeyed() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    let mut client = server.join().await;
    for (message, action, options) in [
        (
            json!([32, 1, { "match": "prefix" }, "com.a."]),
            "subscribe",
            json!({ "match": "prefix" }),
        ),
        (
            json!([64, 2, { "invoke": "roundrobin" }, "com.b"]),
            "register",
            json!({ "match": "exact", "invoke": "roundrobin", "force_reregister": false }),
        ),
        (
            json!([16, 3, { "acknowledge": true }, "com.c"]),
            "publish",
            json!({ "acknowledge": true, "disclose_me": false, "retain": false }),
        ),
        (json!([48, 4, {}, "com.d"]), "call", json!({ "disclose_me": false })),
    ] {
        client.send(message.clone()).await;
        let asked = answered(&mut component, json!(false)).await;
        let session = &asked[0];
        assert_eq!(
            (
                &session["session"],
                &session["realm"],
                &session["authrole"],
                &session["authmethod"]
            ),
            (
                &json!(client.session),
                &json!(REALM),
                &json!("anonymous"),
                &json!("anonymous")
            )
        );
        assert_eq!(session["transport"]["type"], "websocket");
        let (uri, of_uri) = (&asked[1], &message[3]);
        assert_eq!((uri, &asked[2], &asked[3]), (of_uri, &json!(action), &options));
        assert_eq!(client.error().await.2, "wamp.error.not_authorized", "{message}");
    }
    client.send(json!([32, 5, {}, "com.topic"])).await;
    answered(&mut component, json!({ "allow": true })).await;
    assert_eq!(client.receive().await[0], 33);
    // What the rules permit is not asked about.
    component.subscribe("com.topic", json!({})).await;
    no_question(&mut component).await;
}

#[tokio::test]
async fn a_session_s_messages_keep_their_order_while_one_is_being_decided_on_every_transport() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    for kind in Kind::all() {
        if kind == Kind::Linked {
            // Trusted: nobody is asked about it.
            continue;
        }
        let mut client = server.connect(kind).await;
        client.join(REALM).await;
        // A long-poll request ends when its messages have been decided on.
        let subscribe = json!([32, 1, {}, "com.known"]);
        tokio::join!(client.send(subscribe), answered(&mut component, json!(true)));
        assert_eq!(client.receive().await[0], 33, "{kind:?}");

        let (first, second) = (json!([32, 2, {}, "com.new"]), json!([32, 3, {}, "com.known"]));
        let sending = async {
            client.send(first).await;
            client.send(second).await;
            client.send(json!([6, {}, "wamp.close.close_realm"])).await;
        };
        let deciding = async {
            let (request, asked) = question(&mut component).await;
            assert_eq!(asked[1], "com.new");
            // Meanwhile others go on, and are heard by the session that waits.
            component.publish("com.known", json!({}), json!(["meanwhile"])).await;
            answer(&mut component, request, json!(true)).await;
        };
        tokio::join!(sending, deciding);
        let mut seen = Vec::new();
        while seen.len() < 4 {
            let message = client.receive().await;
            seen.push((message[0].clone(), message[1].clone()));
        }
        let codes: Vec<&Json> = seen.iter().map(|(code, _)| code).collect();
        assert_eq!(codes, [&json!(36), &json!(33), &json!(33), &json!(6)], "{kind:?}");
        assert_eq!((&seen[1].1, &seen[2].1), (&json!(2), &json!(3)), "{kind:?}");
    }
}

#[tokio::test]
async fn answers_are_kept_as_they_say() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    let mut client = server.join().await;
    let mut other = server.join().await;
    for (reply, asked_again, others_are_asked) in [
        (json!(true), false, true),
        (json!({ "allow": true, "cache": true }), false, true),
        (json!({ "allow": true, "cache": false }), true, true),
        (json!({ "allow": true, "cache": "role" }), false, false),
    ] {
        let topic = format!("com.topic{}", client.next());
        let publish = |request: u64| json!([16, request, { "acknowledge": true }, topic]);
        let request = client.next();
        client.send(publish(request)).await;
        answered(&mut component, reply.clone()).await;
        assert_eq!(client.receive().await[0], 17, "{reply}");
        for (session, asked) in [(&mut client, asked_again), (&mut other, others_are_asked)] {
            let request = session.next();
            session.send(publish(request)).await;
            if asked {
                answered(&mut component, reply.clone()).await;
            }
            assert_eq!(session.receive().await[0], 17, "{reply}");
            no_question(&mut component).await;
        }
    }
}

#[tokio::test]
async fn a_kept_answer_is_forgotten_after_its_time() {
    let server = server(DynamicAuthorizer {
        cache_time: Duration::ZERO,
        ..authorizer()
    })
    .await;
    let mut component = component(&server).await;
    let mut client = server.join().await;
    for request in 1..4 {
        client
            .send(json!([16, request, { "acknowledge": true }, "com.topic"]))
            .await;
        answered(&mut component, json!(true)).await;
        assert_eq!(client.receive().await[0], 17);
    }
}

#[tokio::test]
async fn without_a_decision_the_request_fails_and_nothing_else() {
    let server = server(DynamicAuthorizer {
        timeout: Duration::from_millis(100),
        ..authorizer()
    })
    .await;
    let mut client = server.join().await;
    client.send(json!([32, 1, {}, "com.topic"])).await;
    assert_eq!(
        client.error().await.2,
        "wamp.error.authorization_failed",
        "nobody to ask"
    );
    let mut component = component(&server).await;
    client.send(json!([32, 2, {}, "com.topic"])).await;
    question(&mut component).await;
    assert_eq!(
        client.error().await.2,
        "wamp.error.authorization_failed",
        "no answer in time"
    );
    assert_eq!(component.receive().await[0], 69, "INTERRUPT");
    for nonsense in [json!("yes"), json!(null), json!({})] {
        client.send(json!([32, 3, {}, "com.topic"])).await;
        answered(&mut component, nonsense).await;
        assert_eq!(client.error().await.2, "wamp.error.authorization_failed");
    }
    client.send(json!([32, 4, {}, "com.topic"])).await;
    let (request, _) = question(&mut component).await;
    component
        .send(json!([8, 68, request, {}, "com.auth.error.broken"]))
        .await;
    assert_eq!(client.error().await.2, "wamp.error.authorization_failed");
    // What failed is not kept.
    client.send(json!([32, 5, {}, "com.topic"])).await;
    answered(&mut component, json!(true)).await;
    assert_eq!(client.receive().await[0], 33);
    // A publication that wants no answer gets none, and reaches nobody.
    component.subscribe("com.secret", json!({})).await;
    client.send(json!([16, 6, {}, "com.secret"])).await;
    answered(&mut component, json!(7)).await;
    no_question(&mut component).await;
}

#[tokio::test]
async fn a_decision_may_make_the_caller_known() {
    for (callers, expected) in [(Disclose::OnRequest, true), (Disclose::Never, false)] {
        let mut realm = realm(authorizer());
        realm.disclosure = Disclosure {
            callers,
            ..Disclosure::default()
        };
        let server = with(realm).await;
        let mut component = component(&server).await;
        component.register("com.procedure", json!({})).await;
        let mut client = server.join().await;
        client.call("com.procedure", json!({}), json!([])).await;
        answered(&mut component, json!({ "allow": true, "disclose": true })).await;
        let invocation = component.receive().await;
        assert_eq!(invocation[3]["caller"] == client.session, expected, "{invocation}");
    }
}

#[tokio::test]
async fn one_who_leaves_while_it_is_decided_leaves_nothing_behind() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    component.subscribe("wamp.session.on_leave", json!({})).await;
    let mut client = server.connect(Kind::RawSocket(Serializer::Cbor)).await;
    client.join(REALM).await;
    let session = client.session;
    client.send(json!([32, 1, {}, "com.topic"])).await;
    let (request, _) = question(&mut component).await;
    drop(client);
    answer(&mut component, request, json!(true)).await;
    assert_eq!(component.receive().await[4][0], session);
    let found = component.ask("wamp.subscription.lookup", json!(["com.topic"])).await;
    assert_eq!(found, Ok(Json::Null));
}

#[tokio::test]
async fn a_goodbye_that_waited_leaves_time_for_another_session() {
    let limits = Limits {
        handshake_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = Server::with(RouterConfig {
        realms: vec![realm(authorizer())],
        limits,
        ..RouterConfig::default()
    })
    .await;
    let mut component = component(&server).await;
    let began = Instant::now();
    let mut client = server.join().await;
    client.send(json!([32, 1, {}, "com.topic"])).await;
    client.send(json!([6, {}, "wamp.close.close_realm"])).await;
    let (request, _) = question(&mut component).await;
    while began.elapsed() < limits.handshake_time * 2 {
        no_question(&mut component).await;
    }
    answer(&mut component, request, json!(true)).await;
    assert_eq!(client.receive().await[0], 33);
    assert_eq!(client.receive().await[0], 6);
    client.join(REALM).await;
}

/// Nobody reads what a session sends while one of its messages is decided, its pongs neither.
#[tokio::test]
async fn whoever_waits_for_decisions_is_not_taken_for_silent() {
    let realm = realm(DynamicAuthorizer {
        timeout: Duration::from_millis(300),
        ..authorizer()
    });
    let server = Server::with(RouterConfig {
        realms: vec![realm],
        keep_alive: KeepAlive {
            interval: Duration::from_millis(100),
            timeout: Duration::from_millis(100),
        },
        ..RouterConfig::default()
    })
    .await;
    let mut component = component(&server).await;
    tokio::spawn(async move { while component.try_receive().await.is_some() {} });
    let mut client = server.join().await;
    for request in 1..=4 {
        client.send(json!([32, request, {}, "com.topic"])).await;
    }
    for _ in 1..=4 {
        assert_eq!(client.error().await.2, "wamp.error.authorization_failed");
    }
    let metrics = server.router.metrics().render();
    assert!(metrics.contains("wamp_sessions_silent_total 0"), "{metrics}");
}
