//! A thermometer that goes quiet must not leave the air conditioner running.

use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::people::{admin, set_threshold, set_up};
use domovoi_tests::recorder::Recorder;
use house::uri::topic;
use serde_json::json;

use crate::day::{LIMIT, TOPICS};

#[tokio::test]
async fn the_air_conditioner_goes_off_and_an_alert_says_so_when_the_thermometer_is_silent() {
    let hub = Hub::start(Options {
        arguments: vec!["--demo".into()],
        ..Options::default()
    })
    .await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, TOPICS).await;
    let (reading, _) = heard
        .wait_from(
            0,
            "the living room's thermometer",
            PATIENCE,
            topic::SENSOR_EVENTS,
            |e| e["area"] == "living_room",
        )
        .await;
    let thermometer = reading["sensorId"].as_str().expect("a sensor").to_owned();
    // Low enough that the air conditioner has work to do whatever the weather.
    set_threshold(
        &session,
        &json!({"area": "living_room", "quantity": "temperature", "high": 15, "min_on": 0, "min_off": 0, "stale_after": 3}),
    )
    .await;
    let (_, mark) = heard
        .wait_from(0, "the air conditioner goes on", LIMIT, topic::ACTUATOR_EVENTS, |e| {
            e["kind"] == "ac" && e["on"] == true
        })
        .await;
    session
        .call("simulated.device.silence")
        .kwargs(&json!({"device": thermometer, "silent": true}))
        .send()
        .await
        .expect("the thermometer falls silent");
    let (off, _) = heard
        .wait_from(
            mark,
            "the air conditioner goes off",
            LIMIT,
            topic::ACTUATOR_EVENTS,
            |e| e["kind"] == "ac" && e["on"] == false,
        )
        .await;
    assert_eq!(off["cause"]["manual"], false, "{off}");
    let (alert, after) = heard
        .wait_from(mark, "an alert", LIMIT, topic::ALERT_RAISED, |a| {
            a["kind"] == "sensor_lost" && a["area"] == "living_room"
        })
        .await;
    assert!(
        alert["message"]
            .as_str()
            .is_some_and(|text| text.contains("Living room")),
        "{alert}"
    );

    session
        .call("simulated.device.silence")
        .kwargs(&json!({"device": thermometer, "silent": false}))
        .send()
        .await
        .expect("the thermometer speaks again");
    heard
        .wait_from(after, "the alert clears", LIMIT, topic::ALERT_CLEARED, |a| {
            a["id"] == alert["id"]
        })
        .await;
    heard
        .wait_from(
            after,
            "the air conditioner goes on again",
            LIMIT,
            topic::ACTUATOR_EVENTS,
            |e| e["kind"] == "ac" && e["on"] == true,
        )
        .await;
}
