//! The thermostat in a real realm, with device control and the thresholds played by scripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at what it did not expect"
)]

use std::time::Duration;

use component::now;
use house::uri::topic;
use house::{ActuatorKind, ActuatorState, Alert, AlertKind, AreaId, Cause, Quantity, Threshold};
use serde_json::json;
use test_realm::{ScriptedHouse, actuator, heard};
use thermostat::{Running, Settings};

fn air_conditioner() -> ActuatorState {
    actuator(ActuatorKind::Ac, "living room")
}

fn threshold(stale_after: f64) -> Threshold {
    Threshold {
        high: Some(26.0),
        min_on: Some(0.0),
        min_off: Some(0.0),
        stale_after: Some(stale_after),
        set_by: Some("anna".into()),
        ..Threshold::new(AreaId::new("living room").unwrap(), Quantity::Temperature)
    }
}

async fn house(threshold: Option<Threshold>, ac: ActuatorState) -> (ScriptedHouse, Running) {
    let house = ScriptedHouse::new(Quantity::Temperature, threshold, ac).await;
    let session = house.join("thermostat").await;
    let service = thermostat::start(session, Settings::default()).await.unwrap();
    (house, service)
}

#[tokio::test]
async fn a_hot_room_is_cooled_until_it_is_cool() {
    let (mut house, _service) = house(Some(threshold(900.0)), air_conditioner()).await;
    house.reads(27.4).await;
    let (on, cause) = house.command().await;
    assert!(on);
    assert_eq!(cause.text, "temperature 27.4 °C ≥ 26.0 °C, threshold set by anna");
    house.reads(25.8).await;
    house.reads(25.4).await;
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(
        cause.text.starts_with("temperature 25.4 °C ≤ 25.5 °C"),
        "{}",
        cause.text
    );
}

#[tokio::test]
async fn a_threshold_set_now_counts_now() {
    let (mut house, _service) = house(None, air_conditioner()).await;
    house.reads(27.4).await;
    house.thresholds.lock().unwrap().push(threshold(900.0));
    let changed =
        json!({"key": "thresholds.living_room.temperature", "old": null, "new": threshold(900.0), "by": "anna"});
    house.publish(topic::CONFIG_CHANGED, &changed).await;
    assert!(house.command().await.0);
}

#[tokio::test]
async fn a_silent_thermometer_switches_off_and_is_told_and_heard_again() {
    let (mut house, _service) = house(Some(threshold(0.3)), air_conditioner()).await;
    let mut raised = house.others.subscribe(topic::ALERT_RAISED).open().await.unwrap();
    let mut cleared = house.others.subscribe(topic::ALERT_CLEARED).open().await.unwrap();
    house.reads(30.0).await;
    assert!(house.command().await.0);
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(cause.text.ends_with("off for safety"), "{}", cause.text);
    let lost = |alert: &Alert| alert.kind == AlertKind::SensorLost;
    let alert: Alert = heard(&mut raised, lost).await;
    assert!(alert.message.starts_with("Living room"), "{}", alert.message);
    house.reads(30.0).await;
    assert!(house.command().await.0);
    let gone: Alert = heard(&mut cleared, lost).await;
    assert_eq!(gone.id, alert.id);
}

#[tokio::test]
async fn what_runs_is_left_running_until_everything_is_known_and_the_sensor_is_waited_for() {
    let running = ActuatorState {
        on: true,
        cause: Cause {
            by: "thermostat".into(),
            manual: false,
            text: "before the restart".into(),
        },
        ..air_conditioner()
    };
    let (mut house, _service) = house(Some(threshold(0.5)), running).await;
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(
        cause.text.ends_with("off for safety"),
        "not before the sensor had its time: {}",
        cause.text
    );
    assert!(!house.actuator.lock().unwrap().on);
}

#[tokio::test]
async fn a_person_is_left_alone() {
    let (mut house, _service) = house(Some(threshold(900.0)), air_conditioner()).await;
    let mut held = air_conditioner();
    held.on = true;
    held.cause.manual = true;
    house.reads(27.4).await;
    assert!(house.command().await.0);
    let until = now().after(Duration::from_millis(1_500));
    held.override_until = Some(until);
    house.publish(topic::ACTUATOR_EVENTS, &held).await;
    house.reads(20.0).await;
    let (on, _) = house.command().await;
    assert!(!on && now() >= until, "not before the override ended");
}

#[tokio::test]
async fn what_changed_while_the_connection_was_lost_is_learned() {
    let (mut house, _service) = house(Some(threshold(900.0)), air_conditioner()).await;
    house.reads(27.4).await;
    assert!(house.command().await.0);
    house.thresholds.lock().unwrap()[0].high = Some(40.0);
    house.cable.cut();
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(
        cause.text.starts_with("temperature 27.4 °C ≤ 39.5 °C"),
        "{}",
        cause.text
    );
}
