//! What the humidity fan does in one area over time, and what it tells people.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use controller::{Plan, Rule, plan};
use house::{
    ActuatorKind, ActuatorState, AreaId, Cause, ControlView, Pace, Quantity, SensorEvent, Threshold, Timestamp,
};
use humidity_fan::control::HumidityFan;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

fn area() -> AreaId {
    AreaId::new("bathroom").unwrap()
}

fn fan(on: bool) -> ActuatorState {
    ActuatorState {
        device: "mqtt-fan".into(),
        entity: "1".into(),
        area: Some(area()),
        kind: ActuatorKind::Fan,
        on,
        confirmed: true,
        at: at(-60),
        cause: Cause {
            by: "humidity-fan".into(),
            manual: false,
            text: "earlier".into(),
        },
        override_until: None,
    }
}

/// A bathroom over time, fed one humidity after the other.
struct Bathroom {
    view: ControlView,
    rule: HumidityFan,
}

impl Bathroom {
    fn new(threshold: Threshold, fans: Vec<ActuatorState>) -> Self {
        let mut view = ControlView::new(HumidityFan::QUANTITY, HumidityFan::KINDS, at(0));
        view.take_thresholds(vec![threshold]);
        view.take_actuators(fans);
        Self {
            view,
            rule: HumidityFan::new(Pace::REAL),
        }
    }

    fn reads(&mut self, second: i64, humidity: f64) -> Plan {
        let event = SensorEvent {
            sensor_id: "a".into(),
            area: Some(area()),
            values: vec![(Quantity::Humidity, humidity)],
            ..SensorEvent::default()
        };
        self.view.read(&event, at(second));
        let reading = self.view.newest(&area(), at(second)).unwrap();
        self.rule.take(reading, self.view.threshold(&area()));
        self.plan(second)
    }

    fn plan(&self, second: i64) -> Plan {
        plan(&self.view, &area(), &self.rule, Pace::REAL, at(second))
    }
}

fn threshold() -> Threshold {
    Threshold {
        high: Some(65.0),
        ..Threshold::new(area(), Quantity::Humidity)
    }
}

#[test]
fn a_humid_bathroom_is_aired() {
    let mut bathroom = Bathroom::new(threshold(), vec![fan(false)]);
    assert!(bathroom.reads(0, 50.0).switches.is_empty());
    let plan = bathroom.reads(10, 71.0);
    assert!(plan.switches[0].on);
    assert_eq!(plan.switches[0].cause.text, "humidity 71 % ≥ 65 %, threshold");
}

#[test]
fn the_post_run_ends_by_itself() {
    let threshold = Threshold {
        post_run: Some(300.0),
        ..threshold()
    };
    let mut bathroom = Bathroom::new(threshold, vec![fan(true)]);
    bathroom.reads(0, 71.0);
    let dry = bathroom.reads(60, 55.0);
    assert!(dry.switches.is_empty());
    assert_eq!(dry.wake_at, Some(at(360)));
    assert!(!bathroom.plan(360).switches[0].on);
}

#[test]
fn a_shower_in_winter_is_noticed_by_its_rise() {
    let threshold = Threshold {
        high: None,
        rise: Some(10.0),
        ..threshold()
    };
    let mut bathroom = Bathroom::new(threshold, vec![fan(false)]);
    for minute in 0..10 {
        assert!(bathroom.reads(minute * 60, 40.0).switches.is_empty());
    }
    let plan = bathroom.reads(600, 52.0);
    assert!(plan.switches[0].on);
    assert!(
        plan.switches[0]
            .cause
            .text
            .starts_with("humidity 52 % ≥ 50 % (usually 40 %)")
    );
}

#[test]
fn a_quiet_hygrometer_and_a_missing_fan_are_told() {
    let mut bathroom = Bathroom::new(threshold(), Vec::new());
    let plan = bathroom.reads(0, 80.0);
    assert_eq!(plan.holds[0].message, "Bathroom should be aired, but has no fan");
    let between = bathroom.reads(1, 63.0);
    assert!(between.holds.is_empty() && between.gone.iter().all(|(id, _)| !id.contains("no_actuator")));
    let quiet = bathroom.plan(901);
    assert_eq!(quiet.holds.len(), 1);
    assert_eq!(quiet.holds[0].id, "bathroom.humidity.sensor_lost");
    assert_eq!(quiet.holds[0].message, "Bathroom: no humidity for 15 min");
}
