use house::Bridge;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp(1_777_793_400_000);

fn text(topic_uri: &str, payload: Value, registry: &Registry) -> Option<String> {
    entry(topic_uri, payload, registry, NOW)
        .unwrap()
        .map(|entry| entry.text)
}

fn device(lifecycle: Lifecycle, name: &str, area: &str, availability: Availability) -> Device {
    let mut device = Device::found(Bridge::Mqtt, "1", name);
    device.lifecycle = lifecycle;
    device.area = AreaId::new(area);
    device.availability = availability;
    device
}

#[test]
fn a_switched_fan_says_why() {
    let payload = json!({"device": "mqtt-1", "entity": "r", "area": "bathroom", "kind": "fan", "on": true,
        "confirmed": true, "at": "2026-05-03T07:29:00.000Z",
        "cause": {"by": "humidity-fan", "text": "humidity 71 % ≥ 65 %, threshold set by admin on 3 May"}});
    let entry = entry("actuator.events", payload.clone(), &Registry::default(), NOW)
        .unwrap()
        .unwrap();
    assert_eq!(
        entry.text,
        "Bathroom fan on: humidity 71 % ≥ 65 %, threshold set by admin on 3 May"
    );
    assert_eq!(
        (entry.area.as_deref(), entry.device.as_deref()),
        (Some("bathroom"), Some("mqtt-1"))
    );
    assert_eq!(entry.at, Timestamp(NOW.0 - 60_000));
    assert_eq!(entry.detail, payload);
}

#[test]
fn thresholds_say_what_they_were_and_are() {
    let threshold = |high: f64| json!({"area": "bathroom", "quantity": "humidity", "high": high});
    let change = |old: Value, new: Value| json!({"key": "thresholds.bathroom.humidity", "old": old, "new": new, "by": "admin", "at": "2026-05-03T07:29:00Z"});
    let registry = Registry::default();
    for (old, new, sentence) in [
        (
            Value::Null,
            threshold(65.0),
            "admin set the humidity threshold of Bathroom: high 65 %",
        ),
        (
            threshold(65.0),
            threshold(70.0),
            "admin set the humidity threshold of Bathroom: high 70 % (it was high 65 %)",
        ),
        (
            threshold(65.0),
            Value::Null,
            "admin removed the humidity threshold of Bathroom",
        ),
        (json!(1), json!(2), "admin changed thresholds.bathroom.humidity"),
    ] {
        assert_eq!(text("config.changed", change(old, new), &registry).unwrap(), sentence);
    }
}

#[test]
fn a_devices_life_is_told_and_its_small_news_are_not() {
    use Availability::{Offline, Online, Unknown};
    use Lifecycle::{Adopted, Discovered, Ignored, Removed};
    let after = |old: Option<Device>, new: Device, by: Option<&str>| {
        let mut registry = Registry::default();
        old.into_iter().for_each(|old| registry.apply(old));
        let mut payload = serde_json::to_value(new).unwrap();
        payload["by"] = json!(by);
        text("device.changed", payload, &registry)
    };
    let adopted = |name, area, reach| device(Adopted, name, area, reach);
    let found = device(Discovered, "Plug", "", Online);
    let told = |sentence: &str| Some(sentence.to_owned());
    let admin = Some("admin");
    assert_eq!(
        after(Some(found.clone()), adopted("Fan", "hall", Online), admin),
        told("admin adopted Fan in Hall")
    );
    assert_eq!(
        after(Some(found.clone()), device(Ignored, "Plug", "", Online), admin),
        told("admin ignores Plug")
    );
    assert_eq!(
        after(Some(found.clone()), device(Removed, "Plug", "", Online), admin),
        told("admin removed Plug")
    );
    let fan = adopted("Fan", "hall", Online);
    assert_eq!(
        after(Some(fan.clone()), adopted("Fan", "attic", Online), admin),
        told("admin moved Fan to Attic")
    );
    assert_eq!(
        after(Some(fan.clone()), adopted("Big fan", "hall", Online), admin),
        told("admin renamed Fan to Big fan")
    );
    assert_eq!(
        after(Some(fan.clone()), adopted("Fan", "hall", Offline), None),
        told("Fan in Hall cannot be reached")
    );
    assert_eq!(
        after(Some(adopted("Fan", "hall", Offline)), fan.clone(), None),
        told("Fan in Hall is back")
    );
    assert_eq!(after(Some(adopted("Fan", "hall", Unknown)), fan.clone(), None), None);
    assert_eq!(after(Some(fan.clone()), fan, None), None);
    assert_eq!(after(Some(found.clone()), found, None), None);
    assert_eq!(
        after(None, adopted("Fan", "hall", Online), None),
        None,
        "known before the start"
    );
}

#[test]
fn a_payload_that_is_something_else_is_an_error() {
    for topic_uri in TOPICS {
        assert!(
            entry(topic_uri, json!({"x": 1}), &Registry::default(), NOW).is_err(),
            "{topic_uri}"
        );
    }
}

#[test]
fn a_status_says_its_detail() {
    let status = json!({"component": "logger", "status": "failing", "detail": "the disk is full", "at": 1});
    assert_eq!(
        text("status.change", status, &Registry::default()).unwrap(),
        "logger: failing, the disk is full"
    );
}
