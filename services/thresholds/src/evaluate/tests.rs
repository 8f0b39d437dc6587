use house::Mode;
use proptest::prelude::*;

use super::*;

fn area() -> AreaId {
    AreaId::new("living room").unwrap()
}

fn threshold(quantity: Quantity, low: Option<f64>, high: Option<f64>) -> Threshold {
    Threshold {
        low,
        high,
        mode: Mode::Auto,
        ..Threshold::new(area(), quantity)
    }
}

/// Feeds one value and says what was published: `+` raised, `-` cleared, with the sentence.
fn feed(raised: &mut Raised, threshold: Option<&Threshold>, quantity: Quantity, value: f64) -> Vec<String> {
    evaluate((&area(), quantity), threshold, Some(value), raised, Timestamp(0))
        .into_iter()
        .map(|change| match change {
            Change::Raised(alert) => format!("+{}", alert.message),
            Change::Cleared(alert) => format!("-{}", alert.message),
        })
        .collect()
}

#[test]
fn a_warm_afternoon_alerts_once_and_clears_once() {
    let limits = threshold(Quantity::Temperature, Some(18.0), Some(26.0));
    let mut raised = Raised::default();
    for (value, published) in [
        (25.0, None),
        (27.4, Some("+Living room is 27.4 °C, above 26.0 °C")),
        (28.0, None),
        (25.9, None),
        (26.1, None),
        (25.5, Some("-Living room is 25.5 °C, back inside its limits")),
        (26.0, Some("+Living room is 26.0 °C, at its limit of 26.0 °C")),
        (20.0, Some("-Living room is 20.0 °C, back inside its limits")),
        (17.0, Some("+Living room is 17.0 °C, below 18.0 °C")),
        (18.4, None),
        (18.5, Some("-Living room is 18.5 °C, back inside its limits")),
    ] {
        let found = feed(&mut raised, Some(&limits), Quantity::Temperature, value);
        assert_eq!(found, published.into_iter().collect::<Vec<_>>(), "at {value}");
    }
}

#[test]
fn from_too_hot_to_too_cold_is_two_alerts() {
    let limits = threshold(Quantity::Temperature, Some(18.0), Some(26.0));
    let mut raised = Raised::default();
    feed(&mut raised, Some(&limits), Quantity::Temperature, 30.0);
    assert_eq!(
        feed(&mut raised, Some(&limits), Quantity::Temperature, 10.0),
        [
            "-Living room is 10.0 °C, no longer above 26.0 °C",
            "+Living room is 10.0 °C, below 18.0 °C"
        ]
    );
}

#[test]
fn a_changed_limit_counts_at_once() {
    let mut raised = Raised::default();
    let loose = threshold(Quantity::Temperature, None, Some(28.0));
    let tight = threshold(Quantity::Temperature, None, Some(26.0));
    assert!(feed(&mut raised, Some(&loose), Quantity::Temperature, 27.8).is_empty());
    assert_eq!(
        feed(&mut raised, Some(&tight), Quantity::Temperature, 27.8),
        ["+Living room is 27.8 °C, above 26.0 °C"]
    );
    assert_eq!(
        feed(&mut raised, Some(&loose), Quantity::Temperature, 27.8),
        ["-Living room is 27.8 °C, back inside its limits"],
        "within the new limit's hysteresis, but inside it"
    );
    feed(&mut raised, Some(&tight), Quantity::Temperature, 27.8);
    assert_eq!(
        feed(
            &mut raised,
            Some(&threshold(Quantity::Temperature, None, Some(27.0))),
            Quantity::Temperature,
            27.8
        ),
        ["+Living room is 27.8 °C, above 27.0 °C"],
        "still beyond: the alert says by what limit"
    );
}

#[test]
fn a_removed_limit_clears() {
    let mut raised = Raised::default();
    let limits = threshold(Quantity::Humidity, None, Some(65.0));
    assert_eq!(
        feed(&mut raised, Some(&limits), Quantity::Humidity, 71.0),
        ["+Living room humidity is 71 %, above 65 %"]
    );
    assert_eq!(
        feed(&mut raised, None, Quantity::Humidity, 71.0),
        ["-Living room humidity: the upper limit was removed"]
    );
    assert!(feed(&mut raised, None, Quantity::Humidity, 71.0).is_empty());
}

#[test]
fn without_a_value_nothing_changes() {
    let mut raised = Raised::default();
    let limits = threshold(Quantity::Humidity, None, Some(65.0));
    feed(&mut raised, Some(&limits), Quantity::Humidity, 71.0);
    let place = area();
    assert!(
        evaluate(
            (&place, Quantity::Humidity),
            Some(&limits),
            None,
            &mut raised,
            Timestamp(0)
        )
        .is_empty()
    );
}

#[test]
fn yes_and_no_read_as_words() {
    let mut raised = Raised::default();
    let limits = threshold(Quantity::Leak, None, Some(1.0));
    assert_eq!(
        feed(&mut raised, Some(&limits), Quantity::Leak, 1.0),
        ["+Living room: leak"]
    );
    assert_eq!(
        feed(&mut raised, Some(&limits), Quantity::Leak, 0.0),
        ["-Living room: no leak"]
    );
}

#[test]
fn the_threshold_says_whether_phones_hear_of_it() {
    let quiet = Threshold {
        notify: false,
        ..threshold(Quantity::Co2, None, Some(1000.0))
    };
    let mut raised = Raised::default();
    let place = area();
    let changes = evaluate(
        (&place, Quantity::Co2),
        Some(&quiet),
        Some(1200.0),
        &mut raised,
        Timestamp(7),
    );
    let [Change::Raised(alert)] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert!(!alert.notify);
    assert_eq!(alert.message, "Living room CO₂ is 1200 ppm, above 1000 ppm");
    assert_eq!((alert.id.as_str(), alert.at), ("living_room.co2.high", Timestamp(7)));
}

proptest! {
    /// Raised and cleared take turns for each limit, and between a clear and the raise before it
    /// lies at least the hysteresis.
    #[test]
    fn no_values_make_it_flap(values in proptest::collection::vec(10.0..35.0f64, 1..300)) {
        let limits = threshold(Quantity::Temperature, Some(18.0), Some(26.0));
        let (mut raised, place) = (Raised::default(), area());
        let mut holds: std::collections::BTreeMap<String, f64> = std::collections::BTreeMap::new();
        for value in values {
            for change in evaluate((&place, Quantity::Temperature), Some(&limits), Some(value), &mut raised, Timestamp(0)) {
                match change {
                    Change::Raised(alert) => prop_assert!(holds.insert(alert.id, value).is_none()),
                    Change::Cleared(alert) => {
                        let at = holds.remove(&alert.id);
                        prop_assert!(at.is_some_and(|at| (at - value).abs() >= 0.5));
                    }
                }
            }
        }
    }
}
