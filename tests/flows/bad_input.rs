//! What is not what it claims to be gets a clear answer; nothing stops, nothing is lost.

use domovoi_tests::hub::{Hub, Options, PATIENCE, domovoi};
use domovoi_tests::mosquitto::publish;
use domovoi_tests::people::{admin, adopt, set_up};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::{procedure, topic};
use serde_json::{Value, json};
use wamp_client::Session;

use crate::over_mqtt::device_named;

async fn refusal(session: &Session, procedure: &str, args: &Value, kwargs: &Value) -> (String, String) {
    let Err(error) = session.call(procedure).args(args).kwargs(kwargs).send().await else {
        panic!("{procedure} took {args} {kwargs}");
    };
    (error.uri().unwrap_or_default().to_owned(), error.to_string())
}

#[tokio::test]
async fn wrong_arguments_are_answered_with_a_sentence_that_names_them() {
    let hub = Hub::start(Options::default()).await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    for (procedure, args, kwargs, words) in [
        (
            procedure::THRESHOLDS_SET,
            json!([]),
            json!({"area": "a", "quantity": "temperature", "low": 26, "high": 18}),
            &["low", "high"][..],
        ),
        (
            procedure::THRESHOLDS_SET,
            json!([]),
            json!({"area": "a", "quantity": "temperature", "high": "warm"}),
            &["high"],
        ),
        (
            procedure::THRESHOLDS_SET,
            json!([]),
            json!({"area": "a", "quantity": "temperature", "high": 900}),
            &["high", "900"],
        ),
        (
            procedure::THRESHOLDS_SET,
            json!([]),
            json!({"area": "a", "quantity": "warmth", "high": 20}),
            &["warmth"],
        ),
        (
            procedure::THRESHOLDS_SET,
            json!([]),
            json!({"quantity": "temperature", "high": 20}),
            &["area"],
        ),
        (
            procedure::THRESHOLDS_SET,
            json!([]),
            json!({"area": "a", "quantity": "temperature"}),
            &["low", "high"],
        ),
        ("dcs.fan.control", json!(["on"]), json!({}), &["on"]),
        ("dcs.fan.control", json!([]), json!({}), &["on"]),
        ("dcs.fan.control", json!([true]), json!({"area": 7}), &["area"]),
        (
            procedure::DISCOVER_DEVICES,
            json!([]),
            json!({"seconds": "long"}),
            &["seconds"],
        ),
        (
            procedure::DISCOVER_DEVICES,
            json!([]),
            json!({"seconds": -1}),
            &["seconds"],
        ),
        (
            procedure::DEVICE_ADOPT,
            json!([]),
            json!({"area": "kitchen"}),
            &["device"],
        ),
        (
            procedure::HISTORY_READINGS,
            json!([]),
            json!({"sensor": "a", "from": "yesterday", "to": "today"}),
            &["yesterday"],
        ),
    ] {
        let (uri, sentence) = refusal(&session, procedure, &args, &kwargs).await;
        assert_eq!(
            uri, "wamp.error.invalid_argument",
            "{procedure} {args} {kwargs}: {sentence}"
        );
        assert!(
            words.iter().any(|word| sentence.contains(word)),
            "{procedure} {args} {kwargs}: {sentence}"
        );
    }
    let (uri, _) = refusal(
        &session,
        procedure::DEVICE_ADOPT,
        &json!([]),
        &json!({"device": "none", "area": "kitchen"}),
    )
    .await;
    assert_eq!(uri, house::uri::error::NO_SUCH_DEVICE);
    assert_eq!(hub.terminate().await, Some(0));
}

#[tokio::test]
async fn mqtt_payloads_that_are_not_what_they_claim_stop_nothing() {
    let hub = Hub::start(Options::default()).await;
    let server = hub.mqtt.clone().expect("the embedded MQTT server");
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, &[topic::SENSOR_EVENTS]).await;
    for (topic, payload) in [
        ("homeassistant/sensor/broken/config", "{not json"),
        ("homeassistant/sensor/broken/config", "[]"),
        ("homeassistant/sensor/broken/config", "{\"state_topic\": 5}"),
        (
            "homeassistant/sensor/broken/config",
            "{\"state_topic\": \"a/#\", \"unique_id\": \"x\"}",
        ),
        (
            "homeassistant/sensor/broken/config",
            "{\"state_topic\":\"a\",\"value_template\":\"{{ %\",\"unique_id\":\"y\"}",
        ),
        ("homeassistant/device/broken/config", "{\"cmps\":{}}"),
        ("homeassistant/climate/broken/config", "{\"modes\": \"cool\"}"),
        ("homeassistant/sensor/a/b/c/d/config", "{}"),
    ] {
        publish(&server, topic, payload, false).await;
    }
    let config = json!({
        "name": "Temperature", "unique_id": "odd_t", "state_topic": "odd/state", "device_class": "temperature",
        "unit_of_measurement": "°C", "value_template": "{{ value_json.t }}", "device": {"identifiers": ["odd"], "name": "Odd"},
    });
    publish(&server, "homeassistant/sensor/odd/t/config", &config.to_string(), false).await;
    let id = device_named(&session, "Odd").await;
    adopt(&session, &id, "attic").await;
    for payload in [
        "",
        "hot",
        "{\"t\": \"hot\"}",
        "{\"t\": null}",
        "{\"t\": 9999}",
        "{\"t\": [1]}",
        "{\"t\": true}",
        "{}",
    ] {
        publish(&server, "odd/state", payload, false).await;
    }
    let event = wait::until("the one good reading", PATIENCE, async || {
        publish(&server, "odd/state", "{\"t\": 21.5}", false).await;
        heard.all().first().map(|h| h.payload.clone())
    })
    .await;
    assert_eq!(event["temperature"], 21.5, "a bad payload became a reading: {event}");
    assert!(
        hub.log().contains("broken"),
        "the log does not name what was wrong:\n{}",
        hub.log()
    );
    assert_eq!(hub.terminate().await, Some(0));
}

#[tokio::test]
async fn a_configuration_with_a_typo_is_refused_with_the_key_and_what_was_meant() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("domovoi.toml");
    for (text, words) in [
        ("lissen = \"127.0.0.1:0\"\n", &["lissen", "listen"][..]),
        ("listen = 8080\n", &["listen"]),
        ("[mqtt]\nenabeld = true\n", &["enabeld", "enabled"]),
        ("[logger]\ncommit_seconds = \"often\"\n", &["commit_seconds"]),
        ("[log\n", &["1"]),
    ] {
        std::fs::write(&file, text).expect("a configuration");
        let path = file.to_str().expect("a path");
        let (code, _, stderr) = domovoi(&["run", "--config", path, "--data-dir", "data"], directory.path()).await;
        assert_eq!(code, Some(64), "{text}: {stderr}");
        for word in words {
            assert!(stderr.contains(word), "{text}: {stderr} does not name {word}");
        }
        assert_eq!(stderr.trim().lines().count(), 1, "one sentence, not:\n{stderr}");
    }
}
