use house::{ActuatorKind, AlertKind, Availability, Bridge, Cause, Entity, EntityKind, Lifecycle, Severity};

use super::*;

fn area(name: &str) -> AreaId {
    AreaId::new(name).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(1_777_793_400 + second)
}

fn thermometer(id: &str, lifecycle: Lifecycle) -> Device {
    Device {
        area: Some(area("living room")),
        lifecycle,
        entities: vec![Entity {
            id: "temperature".into(),
            name: "Temperature".into(),
            kind: EntityKind::Sensor {
                quantity: Quantity::Temperature,
            },
        }],
        ..Device::found(Bridge::Simulated, id, "Thermometer")
    }
}

fn conditioner() -> Device {
    Device {
        area: Some(area("living room")),
        lifecycle: Lifecycle::Adopted,
        entities: vec![Entity {
            id: "ac".into(),
            name: "AC".into(),
            kind: EntityKind::Actuator {
                actuator: ActuatorKind::Ac,
            },
        }],
        ..Device::found(Bridge::Simulated, "ac", "AC")
    }
}

fn reading(sensor: &str, second: i64, value: f64) -> Change {
    let event = SensorEvent {
        sensor_id: sensor.into(),
        at: Some(at(second)),
        values: vec![(Quantity::Temperature, value)],
        ..SensorEvent::default()
    };
    Change::Reading(event, at(second))
}

fn alert(second: i64, cleared: Option<i64>) -> Change {
    Change::Alert(Box::new(Alert {
        id: "living_room.temperature.high".into(),
        kind: AlertKind::High,
        severity: Severity::Warning,
        area: Some(area("living room")),
        device: None,
        quantity: None,
        value: None,
        limit: None,
        message: "Living room is 27.4 °C, above 26.0 °C".into(),
        notify: true,
        at: at(second),
        cleared_at: cleared.map(at),
        acknowledged_by: None,
    }))
}

fn house() -> HouseView {
    let mut view = HouseView::default();
    view.apply(Change::Devices(vec![
        thermometer("t", Lifecycle::Adopted),
        conditioner(),
    ]));
    view
}

#[test]
fn a_room_shows_its_newest_reading_against_its_threshold() {
    let mut view = house();
    view.apply(reading("simulated-t", 10, 27.4));
    view.apply(reading("simulated-t", 5, 20.0));
    view.apply(Change::Threshold(Box::new(Threshold {
        high: Some(26.0),
        ..Threshold::new(area("living room"), Quantity::Temperature)
    })));
    let rooms = view.rooms(at(11));
    assert_eq!(rooms.len(), 1);
    let measure = rooms[0].measure(Quantity::Temperature).unwrap();
    assert_eq!(
        measure.reading,
        Some(Reading {
            value: 27.4,
            at: at(10)
        })
    );
    assert_eq!((measure.standing, measure.is_stale), (Standing::High, false));
    view.apply(Change::ThresholdRemoved(area("living room"), Quantity::Temperature));
    assert_eq!(view.rooms(at(11))[0].measures[0].standing, Standing::Inside);
}

#[test]
fn a_reading_grows_stale() {
    let mut view = house();
    view.apply(reading("simulated-t", 0, 21.0));
    assert!(!view.rooms(at(899))[0].measures[0].is_stale);
    assert!(view.rooms(at(901))[0].measures[0].is_stale);
}

#[test]
fn a_room_knows_what_its_devices_promise_before_they_speak() {
    let room = &house().rooms(at(0))[0];
    assert_eq!(room.measures[0].reading, None);
    assert_eq!(
        (room.actuators[0].kind, room.actuators[0].state.is_none()),
        (ActuatorKind::Ac, true)
    );
}

#[test]
fn a_device_that_is_only_found_makes_no_room() {
    let mut view = HouseView::default();
    view.apply(Change::Device(Box::new(thermometer("t", Lifecycle::Discovered))));
    assert!(view.rooms(at(0)).iter().all(|room| room.actuators.is_empty()));
    assert_eq!(view.count_in(Lifecycle::Discovered), 1);
}

#[test]
fn a_sensor_that_names_its_area_makes_a_room() {
    let mut view = HouseView::default();
    let event = SensorEvent {
        sensor_id: "25".into(),
        area: Some(area("attic")),
        values: vec![(Quantity::Temperature, 27.0)],
        ..SensorEvent::default()
    };
    view.apply(Change::Reading(event, at(3)));
    let rooms = view.rooms(at(4));
    assert_eq!(rooms[0].area, area("attic"));
    assert_eq!(rooms[0].measures[0].reading, Some(Reading { value: 27.0, at: at(3) }));
    assert_eq!(view.sensors(), [("25".to_owned(), vec![Quantity::Temperature])]);
}

#[test]
fn an_actuator_shows_why_it_is_on() {
    let mut view = house();
    view.apply(Change::Actuator(Box::new(ActuatorState {
        device: "simulated-ac".into(),
        entity: "ac".into(),
        area: Some(area("living room")),
        kind: ActuatorKind::Ac,
        on: true,
        confirmed: true,
        at: at(1),
        cause: Cause {
            by: "thermostat".into(),
            manual: false,
            text: "27.4 °C > 26.0 °C".into(),
        },
        override_until: None,
    })));
    let state = view.rooms(at(2))[0].actuators[0].state.clone().unwrap();
    assert!(state.on);
    assert_eq!(state.cause.text, "27.4 °C > 26.0 °C");
}

#[test]
fn an_alert_moves_to_the_past_when_it_clears() {
    let mut view = house();
    view.apply(alert(0, None));
    assert_eq!((view.active_alerts().len(), view.unseen_alerts()), (1, 1));
    assert_eq!(view.rooms(at(0))[0].alerts.len(), 1);
    view.apply(alert(0, Some(60)));
    view.apply(alert(0, Some(60)));
    assert_eq!((view.active_alerts().len(), view.past_alerts().count()), (0, 1));
}

#[test]
fn a_late_clearing_does_not_take_a_newer_alert_away() {
    let mut view = house();
    view.apply(alert(100, None));
    view.apply(alert(0, Some(60)));
    assert_eq!(view.active_alerts().len(), 1);
}

#[test]
fn a_removed_device_leaves_its_room() {
    let mut view = house();
    view.apply(Change::Device(Box::new(Device {
        lifecycle: Lifecycle::Removed,
        availability: Availability::Offline,
        ..conditioner()
    })));
    assert!(view.rooms(at(0))[0].actuators.is_empty());
}
