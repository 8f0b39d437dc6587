//! The MQTT server is another's: `mosquitto` with TLS, a user and a password. It goes, devices change
//! meanwhile, and when it is back the house knows, with nothing to do by hand.

use std::time::{Duration, Instant};

use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::mosquitto::Server;
use domovoi_tests::people::{admin, adopt, set_up};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::{procedure, topic};
use serde_json::{Value, json};
use wamp_client::Session;

use crate::over_mqtt::device_named;

/// How soon after the server answers again everything is right.
const SOON: Duration = Duration::from_secs(5);

/// The device says what it is and does, as it does whenever it connects; everything is retained.
async fn speak(server: &Server, on: bool, temperature: f64) {
    let device = json!({"identifiers": ["boiler"], "name": "Boiler", "manufacturer": "Tuya"});
    let relay = json!({"name": "Relay", "unique_id": "boiler_relay", "state_topic": "boiler/relay",
        "command_topic": "boiler/relay/set", "availability_topic": "boiler/status", "device": device});
    let sensor = json!({"name": "Water", "unique_id": "boiler_water", "state_topic": "boiler/water",
        "device_class": "temperature", "unit_of_measurement": "°C", "availability_topic": "boiler/status",
        "device": device});
    for (topic, payload) in [
        ("homeassistant/switch/boiler/relay/config", relay.to_string()),
        ("homeassistant/sensor/boiler/water/config", sensor.to_string()),
        ("boiler/status", "online".to_owned()),
        ("boiler/relay", if on { "ON" } else { "OFF" }.to_owned()),
        ("boiler/water", temperature.to_string()),
    ] {
        server.publish(topic, &payload, true).await;
    }
}

async fn listed(session: &Session, procedure: &'static str) -> Vec<Value> {
    let answer = session.call(procedure).send().await.expect("an answer");
    answer.value().expect("a list")
}

async fn until_available(session: &Session, device: &str, availability: &str, limit: Duration) {
    wait::until(&format!("the device to be {availability}"), limit, async || {
        let devices = listed(session, procedure::DEVICE_LIST).await;
        let is_so = |d: &&Value| d["id"] == device && d["availability"] == availability;
        devices.iter().find(is_so).map(|_| ())
    })
    .await;
}

async fn until_relay_is(session: &Session, device: &str, on: bool, limit: Duration) {
    wait::until(&format!("the relay to be known as {on}"), limit, async || {
        let actuators = listed(session, procedure::ACTUATOR_LIST).await;
        let is_so = |state: &&Value| state["device"] == device && state["on"] == on;
        actuators.iter().find(is_so).map(|_| ())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_outside_with_tls_and_a_password_goes_and_states_are_right_soon_after_it_is_back() {
    let mut server = Server::start().await;
    let configuration = format!(
        "[mqtt]\nurl = \"{}\"\nauthorities = \"{}\"\n",
        server.url(),
        server.authorities().display()
    );
    let hub = Hub::start(Options {
        configuration,
        ..Options::default()
    })
    .await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, &[topic::SENSOR_EVENTS, topic::STATUS_CHANGE]).await;
    speak(&server, false, 40.0).await;
    let id = device_named(&session, "Boiler").await;
    adopt(&session, &id, "Cellar").await;
    until_available(&session, &id, "online", PATIENCE).await;
    until_relay_is(&session, &id, false, PATIENCE).await;

    // It is switched through that server.
    let ear = server.listen(&["boiler/relay/set"]).await;
    let call = session
        .call("dcs.switch.control")
        .args(&(true,))
        .kwargs(&json!({"device": id}));
    let switching = tokio::spawn(async move { call.send().await });
    wait::until("the command", PATIENCE, async || {
        (ear.on("boiler/relay/set") == ["ON"]).then_some(())
    })
    .await;
    server.publish("boiler/relay", "ON", true).await;
    switching.await.expect("no panic").expect("it obeys");
    drop(ear);

    // The server goes: the house knows whom it cannot reach, and says why a command fails.
    server.kill().await;
    until_available(&session, &id, "offline", PATIENCE).await;
    let waiting = |status: &Value| status["component"] == "mqtt" && status["status"] == "waiting";
    let what = "the house to be told";
    let (_, mark) = heard.wait_from(0, what, PATIENCE, topic::STATUS_CHANGE, waiting).await;

    // It is back with nothing retained. The device connects, and was switched by hand meanwhile.
    server.start_again().await;
    let back = Instant::now();
    speak(&server, false, 55.5).await;
    let left = || SOON.saturating_sub(back.elapsed());
    until_available(&session, &id, "online", left()).await;
    until_relay_is(&session, &id, false, left()).await;
    let warmer = |event: &Value| event["sensorId"] == id.as_str() && event["temperature"] == 55.5;
    heard
        .wait_from(mark, "the new reading", left(), topic::SENSOR_EVENTS, warmer)
        .await;
    let running = |status: &Value| status["component"] == "mqtt" && status["status"] == "running";
    heard.wait_from(mark, what, left(), topic::STATUS_CHANGE, running).await;

    // A device that went meanwhile: its will is done before the house is back.
    server.kill().await;
    until_available(&session, &id, "offline", PATIENCE).await;
    server.start_again().await;
    let back = Instant::now();
    speak(&server, true, 60.0).await;
    server.publish("boiler/status", "offline", true).await;
    let left = || SOON.saturating_sub(back.elapsed());
    until_relay_is(&session, &id, true, left()).await;
    until_available(&session, &id, "offline", left()).await;
    assert_eq!(hub.terminate().await, Some(0));
}
