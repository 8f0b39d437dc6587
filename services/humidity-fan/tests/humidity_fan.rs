//! The humidity fan in a real realm, with device control and the thresholds played by scripts.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at what it did not expect"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use house::uri::{self, procedure, topic};
use house::{ActuatorKind, ActuatorState, Alert, AlertKind, AreaId, Cause, Quantity, Threshold, Timestamp};
use humidity_fan::{Running, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use support::{PATIENCE, Realm, heard};
use tokio::sync::mpsc;
use wamp_client::{Invocation, Reply, Session};

fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since_epoch.as_millis()).unwrap())
}

#[derive(Debug, Deserialize)]
struct Options {
    device: String,
    entity: String,
    cause: Cause,
}

/// What the scripts know: the thresholds, and the one fan.
struct House {
    _service: Running,
    others: Session,
    fan: Arc<Mutex<ActuatorState>>,
    commands: mpsc::UnboundedReceiver<(bool, Cause)>,
}

fn fan() -> ActuatorState {
    ActuatorState {
        device: "mqtt-1".into(),
        entity: "fan".into(),
        area: AreaId::new("bathroom"),
        kind: ActuatorKind::Fan,
        on: false,
        confirmed: true,
        at: Timestamp(0),
        cause: Cause {
            by: "device".into(),
            manual: false,
            text: "found".into(),
        },
        override_until: None,
    }
}

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

impl House {
    async fn new(threshold: Option<Threshold>, fan: ActuatorState) -> Self {
        let realm = Realm::new();
        let others = realm.join("others", "service").await;
        let fan = Arc::new(Mutex::new(fan));
        let (heard, commands) = mpsc::unbounded_channel();
        let thresholds: Vec<Threshold> = threshold.into_iter().collect();
        let list = move |_| {
            let thresholds = thresholds.clone();
            async move { Ok(Reply::value(&thresholds)?) }
        };
        others.register(procedure::THRESHOLDS_LIST).handler(list).await.unwrap();
        let states = fan.clone();
        let list = move |_| {
            let state = states.lock().unwrap().clone();
            async move { Ok(Reply::value(&[state])?) }
        };
        others.register(procedure::ACTUATOR_LIST).handler(list).await.unwrap();
        let state = fan.clone();
        let control = move |invocation: Invocation| {
            let (state, heard) = (state.clone(), heard.clone());
            async move {
                let (on,): (bool,) = invocation.args()?;
                let options: Options = invocation.kwargs()?;
                assert_eq!((options.device.as_str(), options.entity.as_str()), ("mqtt-1", "fan"));
                let state = {
                    let mut state = state.lock().unwrap();
                    state.on = on;
                    state.at = now();
                    state.cause = options.cause.clone();
                    state.clone()
                };
                heard.send((on, options.cause)).ok();
                Ok(Reply::kwargs(&state)?)
            }
        };
        let uri = uri::device_control(ActuatorKind::Fan);
        others.register(uri).handler(control).await.unwrap();
        let session = realm.join("humidity-fan", "service").await;
        let service = humidity_fan::start(session, Settings::default()).await.unwrap();
        Self {
            _service: service,
            others,
            fan,
            commands,
        }
    }

    async fn publish(&self, topic: &str, kwargs: &Value) {
        self.others.publish(topic).kwargs(kwargs).send().await.unwrap();
    }

    async fn reads(&self, humidity: f64) {
        let event = json!({"sensorId": "a", "area": "Bathroom", "humidity": humidity});
        self.publish(topic::SENSOR_EVENTS, &event).await;
    }

    async fn command(&mut self) -> (bool, Cause) {
        let command = tokio::time::timeout(PATIENCE, self.commands.recv()).await;
        command.expect("a command in time").unwrap()
    }
}

#[tokio::test]
async fn a_humid_bathroom_is_aired_until_it_is_dry() {
    let mut house = House::new(Some(threshold(900.0)), fan()).await;
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
    let mut house = House::new(Some(threshold), fan()).await;
    house.reads(71.0).await;
    assert!(house.command().await.0);
    house.reads(50.0).await;
    let dry = std::time::Instant::now();
    let (on, cause) = house.command().await;
    assert!(!on && dry.elapsed() >= std::time::Duration::from_millis(350));
    assert!(cause.text.contains("≤ 62 % for"), "{}", cause.text);
}

#[tokio::test]
async fn a_silent_hygrometer_switches_off_and_is_told() {
    let mut house = House::new(Some(threshold(0.3)), fan()).await;
    let mut raised = house.others.subscribe(topic::ALERT_RAISED).open().await.unwrap();
    house.reads(80.0).await;
    assert!(house.command().await.0);
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(cause.text.ends_with("off for safety"), "{}", cause.text);
    let alert: Alert = heard(&mut raised, |alert: &Alert| alert.kind == AlertKind::SensorLost).await;
    assert!(alert.message.starts_with("Bathroom: no humidity"), "{}", alert.message);
    assert!(!house.fan.lock().unwrap().on);
}
