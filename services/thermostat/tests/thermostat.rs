//! The thermostat in a real realm, with device control and the thresholds played by scripts.

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
use serde::Deserialize;
use serde_json::{Value, json};
use support::{Cable, PATIENCE, Realm, heard};
use thermostat::{Running, Settings};
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

/// What the scripts know: the thresholds, and the one air conditioner.
struct House {
    _service: Running,
    others: Session,
    cable: Cable,
    ac: Arc<Mutex<ActuatorState>>,
    thresholds: Arc<Mutex<Vec<Threshold>>>,
    commands: mpsc::UnboundedReceiver<(bool, Cause)>,
}

fn air_conditioner() -> ActuatorState {
    ActuatorState {
        device: "mqtt-1".into(),
        entity: "ac".into(),
        area: AreaId::new("living room"),
        kind: ActuatorKind::Ac,
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
        high: Some(26.0),
        min_on: Some(0.0),
        min_off: Some(0.0),
        stale_after: Some(stale_after),
        set_by: Some("anna".into()),
        ..Threshold::new(AreaId::new("living room").unwrap(), Quantity::Temperature)
    }
}

impl House {
    async fn new(threshold: Option<Threshold>, ac: ActuatorState) -> Self {
        let realm = Realm::new();
        let others = realm.join("others", "service").await;
        let ac = Arc::new(Mutex::new(ac));
        let (heard, commands) = mpsc::unbounded_channel();
        let thresholds = Arc::new(Mutex::new(threshold.into_iter().collect::<Vec<_>>()));
        let listed = thresholds.clone();
        let list = move |_| {
            let thresholds = listed.lock().unwrap().clone();
            async move { Ok(Reply::value(&thresholds)?) }
        };
        others.register(procedure::THRESHOLDS_LIST).handler(list).await.unwrap();
        let states = ac.clone();
        let list = move |_| {
            let state = states.lock().unwrap().clone();
            async move { Ok(Reply::value(&[state])?) }
        };
        others.register(procedure::ACTUATOR_LIST).handler(list).await.unwrap();
        let state = ac.clone();
        let control = move |invocation: Invocation| {
            let (state, heard) = (state.clone(), heard.clone());
            async move {
                let (on,): (bool,) = invocation.args()?;
                let options: Options = invocation.kwargs()?;
                assert_eq!((options.device.as_str(), options.entity.as_str()), ("mqtt-1", "ac"));
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
        let uri = uri::device_control(ActuatorKind::Ac);
        others.register(uri).handler(control).await.unwrap();
        let cable = Cable::default();
        let session = realm.join_by(&cable, "thermostat", "service").await;
        let service = thermostat::start(session, Settings::default()).await.unwrap();
        Self {
            _service: service,
            others,
            cable,
            ac,
            thresholds,
            commands,
        }
    }

    async fn publish(&self, topic: &str, kwargs: &Value) {
        self.others.publish(topic).kwargs(kwargs).send().await.unwrap();
    }

    async fn reads(&self, temperature: f64) {
        let event = json!({"sensorId": "a", "area": "Living Room", "temperature": temperature});
        self.publish(topic::SENSOR_EVENTS, &event).await;
    }

    async fn command(&mut self) -> (bool, Cause) {
        let command = tokio::time::timeout(PATIENCE, self.commands.recv()).await;
        command.expect("a command in time").unwrap()
    }
}

#[tokio::test]
async fn a_hot_room_is_cooled_until_it_is_cool() {
    let mut house = House::new(Some(threshold(900.0)), air_conditioner()).await;
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
    let mut house = House::new(None, air_conditioner()).await;
    house.reads(27.4).await;
    house.thresholds.lock().unwrap().push(threshold(900.0));
    let changed =
        json!({"key": "thresholds.living_room.temperature", "old": null, "new": threshold(900.0), "by": "anna"});
    house.publish(topic::CONFIG_CHANGED, &changed).await;
    assert!(house.command().await.0);
}

#[tokio::test]
async fn a_silent_thermometer_switches_off_and_is_told_and_heard_again() {
    let mut house = House::new(Some(threshold(0.3)), air_conditioner()).await;
    let mut raised = house.others.subscribe(topic::ALERT_RAISED).open().await.unwrap();
    let mut cleared = house.others.subscribe(topic::ALERT_CLEARED).open().await.unwrap();
    house.reads(30.0).await;
    assert!(house.command().await.0);
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(cause.text.ends_with("off for safety"), "{}", cause.text);
    let lost = |alert: &Alert| alert.kind == AlertKind::SensorLost;
    // The house's own session publishes nothing, so it hears all.
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
    let mut house = House::new(Some(threshold(0.5)), running).await;
    let (on, cause) = house.command().await;
    assert!(!on);
    assert!(
        cause.text.ends_with("off for safety"),
        "not before the sensor had its time: {}",
        cause.text
    );
    assert!(!house.ac.lock().unwrap().on);
}

#[tokio::test]
async fn a_person_is_left_alone() {
    let mut house = House::new(Some(threshold(900.0)), air_conditioner()).await;
    let mut held = air_conditioner();
    held.on = true;
    held.cause.manual = true;
    house.reads(27.4).await;
    assert!(house.command().await.0);
    let until = now().after(std::time::Duration::from_millis(1_500));
    held.override_until = Some(until);
    house
        .publish(topic::ACTUATOR_EVENTS, &serde_json::to_value(&held).unwrap())
        .await;
    house.reads(20.0).await;
    let (on, _) = house.command().await;
    assert!(!on && now() >= until, "not before the override ended");
}

#[tokio::test]
async fn what_changed_while_the_connection_was_lost_is_learned() {
    let mut house = House::new(Some(threshold(900.0)), air_conditioner()).await;
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
