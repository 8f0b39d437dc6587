//! A procedure decides about calls in pieces.

use std::time::Duration;

use serde_json::json;
use wamp_router::authorization::{Authorization, DynamicAuthorizer, Rule, Rules};
use wamp_router::{RealmConfig, RouterConfig};

use super::authorization::signed_in;
use super::support::{Server, open_realm};

/// What is said of each piece, and what the call ends with.
const DECISIONS: [(bool, &str); 2] = [
    (true, "wamp.error.not_authorized"),
    (false, "wamp.error.authorization_failed"),
];

#[tokio::test]
async fn a_call_in_pieces_that_the_procedure_refuses_gets_one_error_whatever_it_says_later() {
    let authorizer = DynamicAuthorizer {
        procedure: "com.auth.may".to_owned(),
        realm: None,
        timeout: Duration::from_secs(10),
        cache_time: Duration::ZERO,
        cache_entries: 0,
    };
    let rules = Rules::new([Rule::everything("admin")]);
    let realm = RealmConfig {
        authorization: Authorization::by(rules).asking("anonymous", authorizer),
        ..open_realm()
    };
    let server = Server::with(RouterConfig {
        realms: vec![realm],
        ..RouterConfig::default()
    })
    .await;
    let mut component = signed_in(&server, "ann", "secret-of-ann").await;
    component.register("com.auth.may", json!({})).await;
    let mut callee = signed_in(&server, "ann", "secret-of-ann").await;
    callee.register("com.procedure", json!({})).await;
    let mut caller = server.join().await;
    for (decides, refused) in DECISIONS {
        let pieces = json!({ "progress": true });
        let request = caller.call("com.procedure", pieces.clone(), json!([1])).await;
        caller.send(json!([48, request, pieces, "com.procedure", [2]])).await;
        caller.send(json!([48, request, {}, "com.procedure", [3]])).await;
        for piece in 1..=3 {
            let question = component.receive().await;
            assert_eq!(question[4][1], "com.procedure", "{question}");
            let answer = match piece {
                1 if decides => json!([70, question[1], {}, [false]]),
                1 => json!([8, 68, question[1], {}, "com.error"]),
                _ => json!([70, question[1], {}, [true]]),
            };
            component.send(answer).await;
        }
        assert_eq!(caller.error().await, (48, request, refused.to_owned()));
        // The next one is a call of its own, and whole.
        let next = caller.call("com.procedure", json!({}), json!(["whole"])).await;
        let question = component.receive().await;
        component.send(json!([70, question[1], {}, [true]])).await;
        let invocation = callee.receive().await;
        assert_eq!(invocation[4], json!(["whole"]));
        callee.send(json!([70, invocation[1], {}])).await;
        assert_eq!(caller.receive().await, json!([50, next, {}]));
    }
}
