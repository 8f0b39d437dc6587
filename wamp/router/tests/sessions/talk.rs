//! The messages of the talk, verbatim but for the realm's rules.

use serde_json::json;
use wamp_protocol::Serializer;

use super::support::{Kind, Server};

#[tokio::test]
async fn the_talks_own_messages_work() {
    let server = Server::start().await;
    let mut sensor = server.connect(Kind::WebSocket(Serializer::Json)).await;
    sensor
        .send(json!([1, "realm1", { "roles": { "publisher": {}, "subscriber": {} } }]))
        .await;
    assert_eq!(sensor.receive().await[0], 2);
    let mut display = server.connect(Kind::WebSocket(Serializer::Json)).await;
    display
        .send(json!([1, "realm1", { "roles": { "publisher": {}, "subscriber": {}, "caller": {} } }]))
        .await;
    assert_eq!(display.receive().await[0], 2);

    display.send(json!([32, 713_845_233, {}, "sensor.events"])).await;
    let subscribed = display.receive().await;
    assert_eq!((&subscribed[0], &subscribed[1]), (&json!(33), &json!(713_845_233)));

    sensor
        .send(json!([16, 239_714_735, {}, "sensor.events", [], { "sensorId": 25, "temp": 27 }]))
        .await;
    let event = display.receive().await;
    assert_eq!(event[0], 36);
    assert_eq!(event[1], subscribed[2]);
    assert_eq!(event[5], json!({ "sensorId": 25, "temp": 27 }));

    display
        .send(json!([48, 7_814_135, {}, "dcs.fan.control", [true]]))
        .await;
    assert_eq!(
        display.error().await,
        (48, 7_814_135, "wamp.error.no_such_procedure".to_owned())
    );

    display.send(json!([6, {}, "wamp.close.close_realm"])).await;
    assert_eq!(display.receive().await, json!([6, {}, "wamp.close.goodbye_and_out"]));
}

#[tokio::test]
async fn a_realm_that_is_not_there_aborts() {
    let server = Server::start().await;
    let mut client = server.connect(Kind::WebSocket(Serializer::Json)).await;
    client.send(json!([1, "nowhere", { "roles": { "caller": {} } }])).await;
    assert_eq!(client.aborted().await, "wamp.error.no_such_realm");
}
