//! What the thermostat does in one area, and what it tells people.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use controller::{Plan, Rule, plan};
use house::{
    ActuatorKind, ActuatorState, AreaId, Cause, ControlView, Pace, Quantity, SensorEvent, Threshold, Timestamp,
};
use thermostat::control::Thermostat;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

fn area() -> AreaId {
    AreaId::new("living room").unwrap()
}

fn actuator(kind: ActuatorKind, on: bool) -> ActuatorState {
    ActuatorState {
        device: format!("mqtt-{}", kind.name()),
        entity: "1".into(),
        area: Some(area()),
        kind,
        on,
        confirmed: true,
        at: Timestamp(0),
        cause: Cause {
            by: "thermostat".into(),
            manual: false,
            text: "earlier".into(),
        },
        override_until: None,
    }
}

fn view(actuators: Vec<ActuatorState>, temperature: Option<f64>) -> ControlView {
    let mut view = ControlView::new(Thermostat::QUANTITY, Thermostat::KINDS, at(0));
    view.take_thresholds(vec![Threshold {
        low: Some(18.0),
        high: Some(26.0),
        ..Threshold::new(area(), Quantity::Temperature)
    }]);
    view.take_actuators(actuators);
    if let Some(temperature) = temperature {
        let event = SensorEvent {
            sensor_id: "a".into(),
            area: Some(area()),
            values: vec![(Quantity::Temperature, temperature)],
            ..SensorEvent::default()
        };
        view.read(&event, at(0));
    }
    view
}

fn plan_at(view: &ControlView, seconds: i64) -> Plan {
    plan(view, &area(), &Thermostat, Pace::REAL, at(seconds))
}

#[test]
fn nothing_is_done_before_the_lists_are_there() {
    let mut blind = ControlView::new(Thermostat::QUANTITY, Thermostat::KINDS, at(0));
    blind.take_actuators(vec![actuator(ActuatorKind::Ac, true)]);
    assert_eq!(plan_at(&blind, 10_000), Plan::default());
}

#[test]
fn every_air_conditioner_of_a_hot_room_goes_on() {
    let second = ActuatorState {
        device: "mqtt-other".into(),
        ..actuator(ActuatorKind::Ac, false)
    };
    let view = view(
        vec![
            actuator(ActuatorKind::Ac, false),
            second,
            actuator(ActuatorKind::Heater, false),
        ],
        Some(27.0),
    );
    let plan = plan_at(&view, 1);
    let switched: Vec<_> = plan.switches.iter().map(|s| (s.actuator.0.as_str(), s.on)).collect();
    assert_eq!(switched, [("mqtt-ac", true), ("mqtt-other", true)]);
    assert!(plan.holds.is_empty());
    assert_eq!(plan.wake_at, Some(at(900)));
}

#[test]
fn a_quiet_room_is_switched_off_and_told() {
    let view = view(vec![actuator(ActuatorKind::Ac, true)], Some(27.0));
    let plan = plan_at(&view, 900);
    assert_eq!(plan.switches.len(), 1);
    assert!(!plan.switches[0].on);
    let told: Vec<_> = plan
        .holds
        .iter()
        .map(|alert| (alert.id.as_str(), alert.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [(
            "living_room.temperature.sensor_lost",
            "Living room: no temperature for 15 min; what depends on it is off"
        )]
    );
    let heard = plan_at(&view, 1).gone;
    assert!(heard.contains(&(
        "living_room.temperature.sensor_lost".into(),
        "Living room reports its temperature again".into()
    )));
}

#[test]
fn a_hot_room_without_an_air_conditioner_is_told() {
    let plan = plan_at(&view(Vec::new(), Some(27.0)), 1);
    let [alert] = plan.holds.as_slice() else {
        panic!("{plan:?}")
    };
    assert_eq!(
        alert.message,
        "Living room should be cooled, but has no air conditioner"
    );
    assert!(!alert.notify);
    assert!(plan_at(&view(Vec::new(), Some(22.0)), 1).holds.is_empty());
}

#[test]
fn heating_ends_before_cooling_begins() {
    let view = view(
        vec![actuator(ActuatorKind::Ac, false), actuator(ActuatorKind::Heater, true)],
        Some(27.0),
    );
    let plan = plan_at(&view, 1);
    let switched: Vec<_> = plan.switches.iter().map(|s| (s.kind, s.on)).collect();
    assert_eq!(switched, [(ActuatorKind::Heater, false)]);
}

#[test]
fn what_the_thermostat_put_on_goes_off_with_its_threshold() {
    let mut view = view(vec![actuator(ActuatorKind::Ac, true)], Some(27.0));
    view.config_changed("thresholds.living_room.temperature", None);
    let plan = plan_at(&view, 1);
    assert!(!plan.switches[0].on);
    assert!(plan.holds.is_empty());
}

#[test]
fn an_alert_from_before_a_restart_holds_until_the_sensor_is_heard() {
    let is_lost = |(id, _): &(String, String)| id.ends_with("sensor_lost");
    assert!(!plan_at(&view(Vec::new(), None), 1).gone.iter().any(is_lost));
    assert!(plan_at(&view(Vec::new(), Some(22.0)), 1).gone.iter().any(is_lost));
}
