use std::time::Duration;

use controller::{Decision, release};
use house::{AreaId, Cause};
use proptest::prelude::*;

use super::*;

fn threshold(low: Option<f64>, high: Option<f64>, mode: Mode) -> Threshold {
    Threshold {
        low,
        high,
        mode,
        set_by: Some("admin".into()),
        set_at: "2026-05-03T07:30:00Z".parse().ok(),
        ..Threshold::new(AreaId::new("living room").unwrap(), Quantity::Temperature)
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + seconds)
}

fn actuator(kind: ActuatorKind, on: bool) -> ActuatorState {
    ActuatorState {
        device: "mqtt-1".into(),
        entity: "1".into(),
        area: AreaId::new("living room"),
        kind,
        on,
        confirmed: true,
        at: at(-10_000),
        cause: Cause {
            by: Thermostat::NAME.into(),
            manual: false,
            text: "earlier".into(),
        },
        override_until: None,
    }
}

fn climate(threshold: &Threshold, temperature: f64) -> Climate<'_> {
    Climate {
        threshold,
        reading: Some(Reading {
            value: temperature,
            at: at(0),
        }),
        since: at(-20_000),
        opposite_on: false,
        pace: Pace::REAL,
    }
}

fn decide(climate: &Climate<'_>, actuator: &ActuatorState, now: Timestamp) -> Decision {
    controller::decide(&Thermostat, climate, actuator, now)
}

/// What a fresh reading of `temperature` has an actuator do that is `on`.
fn on_reading(threshold: &Threshold, kind: ActuatorKind, on: bool, temperature: f64) -> Option<bool> {
    decide(&climate(threshold, temperature), &actuator(kind, on), at(0))
        .switch
        .map(|(on, _)| on)
}

#[test]
fn each_mode_drives_what_it_should_and_nothing_else() {
    use ActuatorKind::{Ac, Heater};
    for (mode, kind, on, temperature, switch) in [
        (Mode::Cool, Ac, false, 26.0, Some(true)),
        (Mode::Cool, Ac, false, 25.9, None),
        (Mode::Cool, Ac, true, 25.6, None),
        (Mode::Cool, Ac, true, 25.5, Some(false)),
        (Mode::Cool, Heater, false, 10.0, None),
        (Mode::Cool, Heater, true, 10.0, Some(false)),
        (Mode::Heat, Heater, false, 18.0, Some(true)),
        (Mode::Heat, Heater, false, 18.1, None),
        (Mode::Heat, Heater, true, 18.4, None),
        (Mode::Heat, Heater, true, 18.5, Some(false)),
        (Mode::Heat, Ac, false, 30.0, None),
        (Mode::Auto, Ac, false, 27.4, Some(true)),
        (Mode::Auto, Heater, false, 17.0, Some(true)),
        (Mode::Auto, Ac, false, 22.0, None),
        (Mode::Auto, Heater, false, 22.0, None),
        (Mode::Auto, Heater, true, 27.0, Some(false)),
        (Mode::Off, Ac, false, 40.0, None),
        (Mode::Off, Heater, false, 0.0, None),
        (Mode::Off, Ac, true, 40.0, Some(false)),
        (Mode::Auto, ActuatorKind::Fan, false, 40.0, None),
    ] {
        let threshold = threshold(Some(18.0), Some(26.0), mode);
        assert_eq!(
            on_reading(&threshold, kind, on, temperature),
            switch,
            "{mode:?} {kind:?} on={on} {temperature}"
        );
    }
}

#[test]
fn every_switch_says_why() {
    let threshold = threshold(Some(18.0), Some(26.0), Mode::Auto);
    for (kind, on, temperature, text) in [
        (
            ActuatorKind::Ac,
            false,
            27.4,
            "temperature 27.4 °C ≥ 26.0 °C, threshold set by admin on 3 May",
        ),
        (
            ActuatorKind::Ac,
            true,
            25.2,
            "temperature 25.2 °C ≤ 25.5 °C, threshold set by admin on 3 May",
        ),
        (
            ActuatorKind::Heater,
            false,
            17.9,
            "temperature 17.9 °C ≤ 18.0 °C, threshold set by admin on 3 May",
        ),
        (
            ActuatorKind::Heater,
            true,
            19.0,
            "temperature 19.0 °C ≥ 18.5 °C, threshold set by admin on 3 May",
        ),
    ] {
        let decision = decide(&climate(&threshold, temperature), &actuator(kind, on), at(0));
        let (_, cause) = decision.switch.unwrap();
        assert_eq!(
            (cause.by.as_str(), cause.manual, cause.text.as_str()),
            (Thermostat::NAME, false, text)
        );
    }
}

#[test]
fn heater_stops_when_the_sensor_goes_quiet() {
    let threshold = threshold(Some(18.0), None, Mode::Heat);
    let mut heater = actuator(ActuatorKind::Heater, true);
    heater.at = at(880);
    let cold = climate(&threshold, 5.0);
    assert_eq!(decide(&cold, &heater, at(899)).switch, None);
    let decision = decide(&cold, &heater, at(900));
    let (on, cause) = decision.switch.expect("the minimum time on does not hold up safety");
    assert!(!on);
    assert_eq!(cause.text, "no temperature for 15 min, off for safety");
}

#[test]
fn a_sensor_never_heard_counts_as_quiet_after_a_while() {
    let threshold = threshold(None, Some(26.0), Mode::Cool);
    let silent = Climate {
        reading: None,
        since: at(0),
        ..climate(&threshold, 0.0)
    };
    let running = actuator(ActuatorKind::Ac, true);
    let early = decide(&silent, &running, at(899));
    assert_eq!((early.switch, early.wake_at), (None, Some(at(900))));
    assert!(!silent.is_lost(at(899)) && silent.is_lost(at(900)));
    assert!(decide(&silent, &running, at(900)).switch.is_some());
    assert_eq!(
        decide(&silent, &actuator(ActuatorKind::Ac, false), at(900)),
        Decision::default()
    );
}

#[test]
fn a_compressor_rests_before_it_starts_again() {
    let threshold = threshold(None, Some(26.0), Mode::Cool);
    let mut ac = actuator(ActuatorKind::Ac, false);
    ac.at = at(-100);
    let decision = decide(&climate(&threshold, 30.0), &ac, at(0));
    assert_eq!((decision.switch, decision.wake_at), (None, Some(at(80))));
    assert!(decide(&climate(&threshold, 30.0), &ac, at(80)).switch.is_some());
}

#[test]
fn a_faster_house_shortens_every_wait() {
    let threshold = threshold(None, Some(26.0), Mode::Cool);
    let mut ac = actuator(ActuatorKind::Ac, false);
    ac.at = at(-3);
    let fast = Climate {
        pace: Pace::new(60.0),
        ..climate(&threshold, 30.0)
    };
    assert!(decide(&fast, &ac, at(0)).switch.is_some());
    assert!(fast.is_lost(at(15)));
}

#[test]
fn cooling_waits_until_the_heater_is_off() {
    let threshold = threshold(Some(18.0), Some(26.0), Mode::Auto);
    let heated = Climate {
        opposite_on: true,
        ..climate(&threshold, 27.0)
    };
    assert_eq!(decide(&heated, &actuator(ActuatorKind::Ac, false), at(0)).switch, None);
}

#[test]
fn what_a_person_put_on_is_theirs_where_the_thermostat_has_no_say() {
    let mut ac = actuator(ActuatorKind::Ac, true);
    assert!(release::<Thermostat>(&ac, at(0)).switch.is_some());
    ac.cause.manual = true;
    assert_eq!(release::<Thermostat>(&ac, at(0)).switch, None);
    let off = threshold(None, Some(26.0), Mode::Off);
    assert_eq!(decide(&climate(&off, 30.0), &ac, at(0)).switch, None);
}

#[test]
fn an_expired_override_gives_the_actuator_back() {
    let threshold = threshold(None, Some(26.0), Mode::Cool);
    let mut ac = actuator(ActuatorKind::Ac, true);
    ac.cause.manual = true;
    ac.override_until = Some(at(100));
    assert_eq!(decide(&climate(&threshold, 20.0), &ac, at(99)).switch, None);
    assert!(decide(&climate(&threshold, 20.0), &ac, at(100)).switch.is_some());
}

proptest! {
    /// A room, an air conditioner and a heater over a day with any weather: both are never on at
    /// once, minimum times hold, and silence ends in off.
    #[test]
    fn a_day_of_any_weather_keeps_the_rules(
        start in 10.0..35.0f64,
        weather in proptest::collection::vec((-3.0..3.0f64, 1i64..600, proptest::bool::weighted(0.9)), 50..300),
        low in 15.0..20.0f64,
        gap in 0.1..8.0f64,
    ) {
        let threshold = threshold(Some(low), Some(low + gap), Mode::Auto);
        let mut devices = [actuator(ActuatorKind::Ac, false), actuator(ActuatorKind::Heater, false)];
        let (mut temperature, mut now, mut heard) = (start, at(0), at(0));
        let mut reading = None;
        for (change, seconds, speaks) in weather {
            temperature += change;
            now = now.after(Duration::from_secs(seconds as u64));
            if speaks {
                heard = now;
                reading = Some(Reading { value: temperature, at: now });
            }
            for index in 0..2 {
                let climate = Climate {
                    threshold: &threshold,
                    reading,
                    since: at(0),
                    opposite_on: devices[1 - index].on,
                    pace: Pace::REAL,
                };
                let decision = decide(&climate, &devices[index], now);
                prop_assert_eq!(&decision, &decide(&climate, &devices[index], now));
                if let Some((on, cause)) = decision.switch {
                    prop_assert!(!(on && devices[1 - index].on));
                    let held = now.since(devices[index].at);
                    let least = Duration::from_secs(if on { 180 } else { 60 });
                    prop_assert!(held >= least || climate.is_lost(now));
                    devices[index].on = on;
                    devices[index].at = now;
                    devices[index].cause = cause;
                }
                if now.since(heard) >= Duration::from_secs(900) {
                    prop_assert!(!devices[index].on);
                }
            }
        }
    }
}
