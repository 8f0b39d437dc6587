//! Long-poll requests that send while an authorizer decides.

use std::time::Instant;

use serde_json::{Value as Json, json};
use wamp_protocol::Serializer;

use super::dynamic_permission::{answer, answered, authorizer, component, question, server};
use super::long_poll::wire;
use super::support::{Client, Kind, LongPollWire, Server};

const LONG_POLL: Kind = Kind::LongPoll(Serializer::Json);

/// Asks for a subscription that has been decided on.
fn subscribe(request: u64) -> Vec<u8> {
    json!([32, request, {}, "com.known"]).to_string().into_bytes()
}

/// Asks for one that has not.
fn subscribe_to_new(request: u64) -> Vec<u8> {
    json!([32, request, {}, "com.new"]).to_string().into_bytes()
}

/// A client that may subscribe to `com.known`; 1 was the request of that.
async fn client(server: &Server, component: &mut Client) -> Client {
    let mut client = server.join_by(LONG_POLL).await;
    let first = subscribe(1);
    let sending = wire(&client).post("send", &first);
    let (sent, _) = tokio::join!(sending, answered(component, json!(true)));
    assert_eq!(sent.0, 202);
    assert_eq!(subscribed(&mut client).await, 1);
    client
}

/// The request that SUBSCRIBED answers.
async fn subscribed(client: &mut Client) -> u64 {
    let message = client.receive().await;
    assert_eq!(message[0], 33, "{message}");
    message[1].as_u64().unwrap()
}

#[tokio::test]
async fn what_long_poll_sends_behind_a_decision_and_gives_up_does_not_pile_up() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    let mut client = client(&server, &mut component).await;
    let deciding = wire(&client).begin("send", &subscribe_to_new(2)).await;
    let (request, _) = question(&mut component).await;
    let mut held = Vec::new();
    for number in 3..23 {
        held.push(wire(&client).begin("send", &subscribe(number)).await);
    }
    // The router has them when it has answered another.
    component.has_nothing_to_read().await;
    for request in held {
        LongPollWire::give_up(request).await;
    }
    // This one had its turn already: it is done, though nobody waits for the answer and none follows.
    LongPollWire::give_up(deciding).await;
    answer(&mut component, request, json!(true)).await;
    assert_eq!(subscribed(&mut client).await, 2);
    assert_eq!(wire(&client).post("send", &subscribe(23)).await.0, 202);
    assert_eq!(subscribed(&mut client).await, 23, "no other was kept");
}

#[tokio::test]
async fn what_long_poll_sends_while_an_authorizer_decides_is_answered_when_it_has_been_taken() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    let mut client = client(&server, &mut component).await;
    let first = subscribe_to_new(2);
    let deciding = wire(&client).post("send", &first);
    let (request, _) = tokio::select! {
        question = question(&mut component) => question,
        _ = deciding => panic!("nothing has been decided"),
    };
    let second = subscribe(3);
    {
        let held = wire(&client).post("send", &second);
        tokio::pin!(held);
        tokio::select! {
            _ = &mut held => panic!("it overtook the one before"),
            () = component.has_nothing_to_read() => {}
        }
        let (held, ()) = tokio::join!(held, answer(&mut component, request, json!(true)));
        assert_eq!(held.0, 202);
    }
    assert_eq!(subscribed(&mut client).await, 2);
    assert_eq!(subscribed(&mut client).await, 3);
}

#[tokio::test]
async fn the_goodbye_of_a_long_poll_session_does_not_wait_for_a_decision() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    let mut client = client(&server, &mut component).await;
    let began = Instant::now();
    let deciding = wire(&client).begin("send", &subscribe_to_new(2)).await;
    let (_request, _): (Json, Json) = question(&mut component).await;
    component
        .ask("wamp.session.kill", json!([client.session]))
        .await
        .unwrap();
    assert_eq!(client.receive().await[0], 6);
    let goodbye = br#"[6,{},"wamp.close.goodbye_and_out"]"#;
    assert_eq!(wire(&client).post("send", goodbye).await.0, 202);
    assert_eq!(wire(&client).post("receive", b"").await.0, 404);
    assert!(began.elapsed() < authorizer().timeout / 2, "{:?}", began.elapsed());
    drop(deciding);
}

#[tokio::test]
async fn closing_a_long_poll_session_ends_the_requests_that_wait_for_a_decision() {
    let server = server(authorizer()).await;
    let mut component = component(&server).await;
    let client = client(&server, &mut component).await;
    let began = Instant::now();
    let (first, second) = (subscribe_to_new(2), subscribe(3));
    let deciding = wire(&client).post("send", &first);
    let closing = async {
        question(&mut component).await;
        let held = wire(&client).post("send", &second);
        let closing = async {
            component.has_nothing_to_read().await;
            wire(&client).post("close", b"").await
        };
        tokio::join!(held, closing)
    };
    let (deciding, (held, closed)) = tokio::join!(deciding, closing);
    assert_eq!((deciding.0, held.0, closed.0), (202, 400, 202));
    assert!(began.elapsed() < authorizer().timeout / 2, "{:?}", began.elapsed());
}
