//! The humidity fan in a real realm, with device control and the thresholds played by scripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at what it did not expect"
)]

use std::time::{Duration, Instant};

use house::uri::topic;
use house::{ActuatorKind, Alert, AlertKind, AreaId, Quantity, Threshold};
use humidity_fan::{Running, Settings};
use test_realm::{ScriptedHouse, actuator, heard};

fn threshold(stale_after: f64) -> Threshold {
    Threshold {
        high: Some(65.0),
        min_on: Some(0.0),
        min_off: Some(0.0),
        stale_after: Some(stale_after),
        set_by: Some("anna".into()),
        ..Threshold::new(AreaId::new("bathroom").unwrap(), Quantity::Humidity)
    }
}

async fn house(threshold: Threshold) -> (ScriptedHouse, Running) {
    let fan = actuator(ActuatorKind::Fan, "bathroom");
    let house = ScriptedHouse::new(Quantity::Humidity, Some(threshold), fan).await;
    let session = house.join("humidity-fan").await;
    let service = humidity_fan::start(session, Settings::default()).await.unwrap();
    (house, service)
}

#[tokio::test]
async fn a_humid_bathroom_is_aired_until_it_is_dry() {
    let (mut house, _service) = house(threshold(900.0)).await;
    house.reads(71.0).await;
    let (on, cause) = house.command().await;
    assert!(on);
    assert_eq!(cause.text, "humidity 71 % ≥ 65 %, threshold set by anna");
    house.reads(64.0).await;
    house.reads(61.0).await;
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(cause.text.starts_with("humidity 61 % ≤ 62 %"), "{}", cause.text);
}

#[tokio::test]
async fn the_fan_runs_on_for_the_time_set() {
    let threshold = Threshold {
        post_run: Some(0.4),
        ..threshold(900.0)
    };
    let (mut house, _service) = house(threshold).await;
    house.reads(71.0).await;
    assert!(house.command().await.0);
    house.reads(50.0).await;
    let dry = Instant::now();
    let (on, cause) = house.command().await;
    assert!(!on && dry.elapsed() >= Duration::from_millis(350));
    assert!(cause.text.contains("≤ 62 % for"), "{}", cause.text);
}

#[tokio::test]
async fn a_silent_hygrometer_switches_off_and_is_told() {
    let (mut house, _service) = house(threshold(0.3)).await;
    let mut raised = house.others.subscribe(topic::ALERT_RAISED).open().await.unwrap();
    house.reads(80.0).await;
    assert!(house.command().await.0);
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(cause.text.ends_with("off for safety"), "{}", cause.text);
    let alert: Alert = heard(&mut raised, |alert: &Alert| alert.kind == AlertKind::SensorLost).await;
    assert!(alert.message.starts_with("Bathroom: no humidity"), "{}", alert.message);
    assert!(!house.actuator.lock().unwrap().on);
}
