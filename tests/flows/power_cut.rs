//! `kill -9` in the middle of the day: what was known is still known, and control goes on.

use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::people::{admin, set_threshold, set_up};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::{procedure, topic};
use serde_json::{Value, json};
use wamp_client::Session;

use crate::day::{LIMIT, TOPICS};

async fn list(session: &Session, procedure: &str) -> Vec<Value> {
    let result = session.call(procedure).send().await.expect("the list is given");
    result.value().expect("a list")
}

async fn history(session: &Session, sensor: &str) -> Vec<Value> {
    let result = session
        .call(procedure::HISTORY_READINGS)
        .kwargs(&json!({
            "sensor": sensor, "quantity": "temperature",
            "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "resolution": "raw",
        }))
        .send()
        .await
        .expect("history answers");
    result.kwargs::<Value>().expect("a series")["points"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

#[tokio::test]
async fn thresholds_devices_history_and_actuators_survive_and_control_goes_on() {
    let hub = Hub::start(Options {
        arguments: vec!["--demo".into()],
        configuration: "[logger]\ncommit_seconds = 1\n".into(),
        ..Options::default()
    })
    .await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, TOPICS).await;
    set_threshold(
        &session,
        &json!({"area": "living_room", "quantity": "temperature", "high": 16, "hysteresis": 0.25, "min_on": 0, "min_off": 0}),
    )
    .await;
    let (on, _) = heard
        .wait_from(0, "the air conditioner goes on", LIMIT, topic::ACTUATOR_EVENTS, |e| {
            e["kind"] == "ac" && e["on"] == true
        })
        .await;
    let (reading, _) = heard
        .wait_from(0, "a reading", PATIENCE, topic::SENSOR_EVENTS, |e| {
            e["area"] == "living_room" && e["temperature"].is_f64()
        })
        .await;
    let sensor = reading["sensorId"].as_str().expect("a sensor").to_owned();
    // Two readings later the first one is committed: commits are a second apart, as are readings.
    wait::until("history to grow", LIMIT, async || {
        (history(&session, &sensor).await.len() >= 3).then_some(())
    })
    .await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let before = history(&session, &sensor).await;
    let devices = list(&session, procedure::DEVICE_LIST).await;
    let thresholds = list(&session, procedure::THRESHOLDS_LIST).await;

    let hub = hub.kill_and_restart().await;
    let session = admin(&hub).await;
    assert!(!hub.has_announced("setup"), "the admin is still there");
    let heard = Recorder::listen(&session, TOPICS).await;
    assert_eq!(list(&session, procedure::THRESHOLDS_LIST).await, thresholds);
    let adopted = |devices: &[Value]| -> Vec<(Value, Value, Value)> {
        let mut list: Vec<_> = devices
            .iter()
            .filter(|d| d["lifecycle"] == "adopted")
            .map(|d| (d["id"].clone(), d["name"].clone(), d["area"].clone()))
            .collect();
        list.sort_by_key(|(id, ..)| id.to_string());
        list
    };
    let after = list(&session, procedure::DEVICE_LIST).await;
    assert_eq!(adopted(&after), adopted(&devices));
    let kept = history(&session, &sensor).await;
    let committed = &before[..before.len().saturating_sub(2)];
    assert!(!committed.is_empty());
    for point in committed {
        assert!(kept.contains(point), "{point} was committed and is lost");
    }
    let actuators = list(&session, procedure::ACTUATOR_LIST).await;
    let ac = actuators
        .iter()
        .find(|a| a["device"] == on["device"])
        .expect("the air conditioner is known");
    assert_eq!(ac["on"], true, "{ac}");

    // It still controls: with the limit far above, the air conditioner has to go off.
    let mark = heard.mark();
    set_threshold(
        &session,
        &json!({"area": "living_room", "quantity": "temperature", "high": 40, "min_on": 0, "min_off": 0}),
    )
    .await;
    heard
        .wait_from(
            mark,
            "the air conditioner goes off",
            LIMIT,
            topic::ACTUATOR_EVENTS,
            |e| e["device"] == on["device"] && e["on"] == false,
        )
        .await;
}
