use std::time::Duration;

use controller::{Decision, release};
use house::{AreaId, Cause};
use proptest::prelude::*;

use super::*;

fn threshold(high: Option<f64>, rise: Option<f64>) -> Threshold {
    Threshold {
        high,
        rise,
        set_by: Some("admin".into()),
        set_at: "2026-05-03T07:30:00Z".parse().ok(),
        ..Threshold::new(AreaId::new("bathroom").unwrap(), Quantity::Humidity)
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

fn fan(on: bool) -> ActuatorState {
    ActuatorState {
        device: "mqtt-1".into(),
        entity: "1".into(),
        area: AreaId::new("bathroom"),
        kind: ActuatorKind::Fan,
        on,
        confirmed: true,
        at: at(-600),
        cause: Cause {
            by: HumidityFan::NAME.into(),
            manual: false,
            text: "earlier".into(),
        },
        override_until: None,
    }
}

fn climate(threshold: &Threshold, humidity: f64) -> Climate<'_> {
    Climate {
        threshold,
        reading: Some(Reading {
            value: humidity,
            at: at(0),
        }),
        since: at(-20_000),
        opposite_on: false,
        pace: Pace::REAL,
    }
}

/// A fan's rule that has heard nothing yet.
fn fresh() -> HumidityFan {
    HumidityFan::new(Pace::REAL)
}

fn decide(climate: &Climate<'_>, fan: &ActuatorState, now: Timestamp) -> Decision {
    controller::decide(&fresh(), climate, fan, now)
}

#[test]
fn the_fan_follows_the_limit_with_hysteresis_and_says_why() {
    let threshold = threshold(Some(65.0), None);
    for (on, humidity, switch) in [
        (
            false,
            71.0,
            Some("humidity 71 % ≥ 65 %, threshold set by admin on 3 May"),
        ),
        (false, 64.9, None),
        (false, 40.0, None),
        (true, 70.0, None),
        (true, 62.1, None),
        (
            true,
            61.0,
            Some("humidity 61 % ≤ 62 %, threshold set by admin on 3 May"),
        ),
    ] {
        let decision = decide(&climate(&threshold, humidity), &fan(on), at(0));
        let expected = switch.map(|text| (!on, text.to_owned()));
        let found = decision.switch.map(|(on, cause)| (on, cause.text));
        assert_eq!(found, expected, "on={on} at {humidity} %");
    }
}

#[test]
fn a_rise_over_the_usual_starts_the_fan_below_the_limit() {
    let threshold = threshold(Some(75.0), Some(10.0));
    let winter = HumidityFan {
        usual: Some(40.0),
        ..fresh()
    };
    let on_reading = |humidity, on| controller::decide(&winter, &climate(&threshold, humidity), &fan(on), at(0)).switch;
    let (on, cause) = on_reading(52.0, false).unwrap();
    assert!(on);
    assert_eq!(
        cause.text,
        "humidity 52 % ≥ 50 % (usually 40 %), threshold set by admin on 3 May"
    );
    assert_eq!(on_reading(48.0, true), None);
    assert_eq!(on_reading(47.0, true).map(|switch| switch.0), Some(false));
    let unknown = climate(&threshold, 52.0);
    assert_eq!(decide(&unknown, &fan(false), at(0)).switch, None);
}

#[test]
fn the_fan_runs_on_after_the_shower() {
    let threshold = Threshold {
        post_run: Some(600.0),
        ..threshold(Some(65.0), None)
    };
    let dry = HumidityFan {
        inside_since: Some(at(-100)),
        ..fresh()
    };
    let at_55 = climate(&threshold, 55.0);
    let during = controller::decide(&dry, &at_55, &fan(true), at(0));
    assert_eq!((during.switch, during.wake_at), (None, Some(at(500))));
    let (on, cause) = controller::decide(&dry, &at_55, &fan(true), at(500)).switch.unwrap();
    assert!(!on);
    assert_eq!(
        cause.text,
        "humidity 55 % ≤ 62 % for 10 min, threshold set by admin on 3 May"
    );
    assert_eq!(controller::decide(&dry, &at_55, &fan(false), at(0)).switch, None);
}

#[test]
fn being_inside_starts_anew_with_every_shower() {
    let threshold = threshold(Some(65.0), None);
    let mut rule = fresh();
    for (second, humidity, expected) in [
        (0, 70.0, None),
        (10, 63.0, None),
        (20, 62.0, Some(at(20))),
        (30, 64.0, Some(at(20))),
        (40, 66.0, None),
        (50, 50.0, Some(at(50))),
    ] {
        let reading = Reading {
            value: humidity,
            at: at(second),
        };
        rule.take(reading, Some(&threshold));
        assert_eq!(rule.inside_since, expected, "after {humidity} %");
    }
}

#[test]
fn the_longest_run_ends_in_a_rest_though_it_stays_humid() {
    let threshold = Threshold {
        max_run: Some(3600.0),
        ..threshold(Some(65.0), None)
    };
    let mut fan = fan(true);
    fan.at = at(-3600);
    let (on, cause) = decide(&climate(&threshold, 90.0), &fan, at(0)).switch.unwrap();
    assert!(!on);
    assert_eq!(cause.text, "longest run of 1 h reached");
    fan = ActuatorState {
        on,
        cause,
        at: at(0),
        ..fan
    };
    assert_eq!(decide(&climate(&threshold, 90.0), &fan, at(899)).switch, None);
    let later = Climate {
        reading: Some(Reading {
            value: 90.0,
            at: at(900),
        }),
        ..climate(&threshold, 90.0)
    };
    assert!(decide(&later, &fan, at(900)).switch.is_some());
}

#[test]
fn the_fan_stops_when_the_hygrometer_goes_quiet() {
    let threshold = threshold(Some(65.0), None);
    let humid = climate(&threshold, 90.0);
    assert_eq!(decide(&humid, &fan(true), at(899)).switch, None);
    let (on, cause) = decide(&humid, &fan(true), at(900)).switch.unwrap();
    assert!(!on);
    assert_eq!(cause.text, "no humidity for 15 min, off for safety");
}

#[test]
fn a_person_is_respected_and_so_is_a_fan_without_threshold() {
    let threshold = threshold(Some(65.0), None);
    let mut held = fan(true);
    held.cause.manual = true;
    held.override_until = Some(at(1800));
    assert_eq!(decide(&climate(&threshold, 40.0), &held, at(0)).switch, None);
    assert_eq!(release::<HumidityFan>(&held, at(2000)).switch, None);
    assert!(release::<HumidityFan>(&fan(true), at(0)).switch.is_some());
    let off = Threshold {
        mode: Mode::Off,
        ..threshold
    };
    assert_eq!(decide(&climate(&off, 90.0), &fan(false), at(0)).switch, None);
}

proptest! {
    /// Whatever the humidity does, the fan never runs longer than the longest run, and never
    /// starts without the humidity being at a limit.
    #[test]
    fn any_humidity_keeps_the_rules(
        steps in proptest::collection::vec((0.0..100.0f64, 1i64..900), 20..300),
        rise in proptest::option::of(5.0..20.0f64),
        post_run in 0.0..1200.0f64,
    ) {
        let threshold = Threshold { post_run: Some(post_run), ..threshold(Some(65.0), rise) };
        let (mut fan, mut now) = (fan(false), at(0));
        let mut rule = fresh();
        for (humidity, seconds) in steps {
            now = now.after(Duration::from_secs(seconds as u64));
            let reading = Reading { value: humidity, at: now };
            rule.take(reading, Some(&threshold));
            let climate = Climate {
                threshold: &threshold,
                reading: Some(reading),
                since: at(0),
                opposite_on: false,
                pace: Pace::REAL,
            };
            if let Some((on, cause)) = controller::decide(&rule, &climate, &fan, now).switch {
                prop_assert!(!on || rule.asks_for(&threshold, ActuatorKind::Fan, humidity) == Some(true));
                fan = ActuatorState { on, cause, at: now, ..fan };
            }
            prop_assert!(!fan.on || now.since(fan.at) < Duration::from_secs(7200));
        }
    }
}
