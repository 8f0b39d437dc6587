//! The talk's own messages, verbatim but for the realm: raw JSON over a WebSocket.

use domovoi_tests::hub::{Hub, Options, PATIENCE};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A hub whose admin lets unknown clients in as `user`, as the talk's clients come.
async fn open_house() -> Hub {
    Hub::start(Options {
        configuration: "[realm]\nanonymous = \"user\"\n".into(),
        ..Options::default()
    })
    .await
}

async fn connect(hub: &Hub) -> Socket {
    let mut request = hub.ws().into_client_request().expect("a URL");
    request
        .headers_mut()
        .insert("Sec-WebSocket-Protocol", HeaderValue::from_static("wamp.2.json"));
    let (socket, response) = tokio_tungstenite::connect_async(request)
        .await
        .expect("the hub takes us");
    assert_eq!(response.headers()["sec-websocket-protocol"], "wamp.2.json");
    socket
}

async fn say(socket: &mut Socket, message: Value) {
    socket
        .send(Message::text(message.to_string()))
        .await
        .expect("the hub listens");
}

async fn hear(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next())
            .await
            .expect("the hub answers");
        match message.expect("the connection stands").expect("the connection stands") {
            Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("a JSON transport sent {other:?}"),
        }
    }
}

async fn join(socket: &mut Socket) -> Value {
    say(
        socket,
        json!([1, "homeapp", {"roles": {"publisher": {}, "subscriber": {}, "caller": {}}}]),
    )
    .await;
    let welcome = hear(socket).await;
    assert_eq!(welcome[0], 2, "{welcome}");
    welcome
}

#[tokio::test]
async fn hello_with_publisher_and_subscriber_roles_is_welcome() {
    let hub = open_house().await;
    let mut socket = connect(&hub).await;
    say(
        &mut socket,
        json!([1, "homeapp", {"roles": {"publisher": {}, "subscriber": {}}}]),
    )
    .await;
    let welcome = hear(&mut socket).await;
    assert_eq!(welcome[0], 2, "{welcome}");
    assert!(welcome[1].as_u64().is_some_and(|id| (1..=1 << 53).contains(&id)));
    assert!(welcome[2]["roles"]["broker"].is_object() && welcome[2]["roles"]["dealer"].is_object());
}

#[tokio::test]
async fn subscribe_publish_and_event_as_in_the_talk() {
    let hub = open_house().await;
    let (mut subscriber, mut publisher) = (connect(&hub).await, connect(&hub).await);
    join(&mut subscriber).await;
    join(&mut publisher).await;

    say(&mut subscriber, json!([32, 713845233, {}, "sensor.events"])).await;
    let subscribed = hear(&mut subscriber).await;
    assert_eq!(
        (&subscribed[0], &subscribed[1]),
        (&json!(33), &json!(713845233)),
        "{subscribed}"
    );

    say(
        &mut publisher,
        json!([16, 239714735, {}, "sensor.events", [], {"sensorId": 25, "temp": 27}]),
    )
    .await;
    let event = hear(&mut subscriber).await;
    assert_eq!((&event[0], &event[1]), (&json!(36), &subscribed[2]), "{event}");
    assert_eq!(event[5], json!({"sensorId": 25, "temp": 27}), "{event}");

    say(&mut subscriber, json!([34, 85346237, subscribed[2]])).await;
    assert_eq!(hear(&mut subscriber).await, json!([35, 85346237]));
}

#[tokio::test]
async fn the_talks_sensor_event_is_a_reading_of_the_house() {
    let hub = open_house().await;
    let mut socket = connect(&hub).await;
    join(&mut socket).await;
    say(
        &mut socket,
        json!([16, 1, {"acknowledge": true}, "sensor.events", [], {"sensorId": 25, "temp": 27}]),
    )
    .await;
    assert_eq!(hear(&mut socket).await[0], 17);
    let mut request = 1;
    let points = domovoi_tests::wait::until("the reading in history", PATIENCE, async || {
        request += 1;
        say(
            &mut socket,
            json!([48, request, {}, "history.readings", [], {
                "sensor": "25", "quantity": "temperature",
                "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z",
            }]),
        )
        .await;
        let result = hear(&mut socket).await;
        let points = result[4]["points"].as_array().cloned().unwrap_or_default();
        (!points.is_empty()).then_some(points)
    })
    .await;
    assert_eq!(points[0][1], 27.0, "{points:?}");
}

#[tokio::test]
async fn a_fan_that_is_not_there_is_hardware_not_found() {
    let hub = open_house().await;
    let mut socket = connect(&hub).await;
    join(&mut socket).await;
    say(&mut socket, json!([48, 7814135, {}, "dcs.fan.control", [true]])).await;
    let error = hear(&mut socket).await;
    assert_eq!(
        (&error[0], &error[1], &error[2], &error[4]),
        (
            &json!(8),
            &json!(48),
            &json!(7814135),
            &json!("homeapp.error.hardware_not_found")
        ),
        "{error}"
    );
    assert!(
        error[5][0].as_str().is_some_and(|sentence| sentence.contains("fan")),
        "{error}"
    );
}

#[tokio::test]
async fn the_one_fan_of_the_house_goes_on() {
    let hub = Hub::start(Options {
        arguments: vec!["--demo".into()],
        configuration: "[realm]\nanonymous = \"user\"\n".into(),
        ..Options::default()
    })
    .await;
    let mut socket = connect(&hub).await;
    join(&mut socket).await;
    let mut request = 7814134;
    let result = domovoi_tests::wait::until("the demo's fan to be adopted", PATIENCE, async || {
        request += 1;
        say(&mut socket, json!([48, request, {}, "dcs.fan.control", [true]])).await;
        let answer = hear(&mut socket).await;
        (answer[0] == 50).then_some(answer)
    })
    .await;
    assert_eq!(result[1], request, "{result}");
    assert_eq!(result[4]["on"], true, "{result}");
    assert_eq!(result[4]["kind"], "fan", "{result}");
}

#[tokio::test]
async fn a_realm_that_is_not_there_is_an_abort() {
    let hub = open_house().await;
    let mut socket = connect(&hub).await;
    say(
        &mut socket,
        json!([1, "somewhere.else", {"roles": {"publisher": {}, "subscriber": {}}}]),
    )
    .await;
    let abort = hear(&mut socket).await;
    assert_eq!(
        (&abort[0], &abort[2]),
        (&json!(3), &json!("wamp.error.no_such_realm")),
        "{abort}"
    );
}

#[tokio::test]
async fn goodbye_is_answered_and_the_hubs_goodbye_comes_at_its_end() {
    let hub = open_house().await;
    let mut socket = connect(&hub).await;
    join(&mut socket).await;
    say(
        &mut socket,
        json!([6, {"message": "The host is shutting down now."}, "wamp.close.system_shutdown"]),
    )
    .await;
    let goodbye = hear(&mut socket).await;
    assert_eq!(
        (&goodbye[0], &goodbye[2]),
        (&json!(6), &json!("wamp.close.goodbye_and_out")),
        "{goodbye}"
    );

    let mut other = connect(&hub).await;
    join(&mut other).await;
    let end = tokio::spawn(hub.terminate());
    let goodbye = hear(&mut other).await;
    assert_eq!(
        (&goodbye[0], &goodbye[2]),
        (&json!(6), &json!("wamp.close.system_shutdown")),
        "{goodbye}"
    );
    say(&mut other, json!([6, {}, "wamp.close.goodbye_and_out"])).await;
    assert_eq!(end.await.expect("the hub ends"), Some(0));
}
