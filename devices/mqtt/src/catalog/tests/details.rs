//! Expiry, what is told beside readings, settings and migration.

use house::{BridgeSetting, SettingValue};

use super::*;

#[test]
fn a_sensor_that_expires_is_gone_until_it_speaks_again() {
    let mut catalog = catalog();
    announce(
        &mut catalog,
        "sensor",
        "t",
        &json!({"state_topic": "t", "device_class": "temperature", "expire_after": 60}),
    );
    say(&mut catalog, "t", "21");
    let availability = |catalog: &Catalog| catalog.device("mqtt-dev1").unwrap().availability;
    assert_eq!(availability(&catalog), Availability::Online);
    assert!(catalog.tick(NOW.after(Duration::from_secs(59))).is_empty());
    let later = NOW.after(Duration::from_secs(60));
    assert_eq!(catalog.tick(later), [Effect::Changed("mqtt-dev1".into())]);
    assert_eq!(availability(&catalog), Availability::Offline);
    assert!(catalog.device("mqtt-dev1").unwrap().last_values.is_empty());
    catalog.handle("t", b"22", None, later);
    assert_eq!(availability(&catalog), Availability::Online);
}

#[test]
fn what_a_device_says_beside_readings_is_shown_and_can_be_set() {
    let mut catalog = catalog();
    announce(
        &mut catalog,
        "light",
        "l",
        &json!({"schema": "json", "state_topic": "l", "command_topic": "l/set", "brightness": true}),
    );
    announce(
        &mut catalog,
        "select",
        "s",
        &json!({"state_topic": "s", "command_topic": "s/set", "options": ["eco", "boost"]}),
    );
    let effects = say(&mut catalog, "l", r#"{"state": "ON", "brightness": 51}"#);
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::State(report) if report.on))
    );
    say(&mut catalog, "s", "eco");
    assert!(say(&mut catalog, "s", "eco").is_empty());
    assert_eq!(say(&mut catalog, "s", "boost"), [Effect::Told("mqtt-dev1".into())]);
    let device = catalog.device("mqtt-dev1").unwrap();
    assert_eq!(device.told["light.l"], "brightness 20 %");
    assert_eq!(device.told["select.s"], "boost");
    assert!(matches!(
        device.entities[1].kind,
        EntityKind::Told { settable: true, .. }
    ));
    let set = |entity: &str, value| {
        let setting = BridgeSetting {
            device: "mqtt-dev1".into(),
            entity: entity.into(),
            what: None,
            value,
        };
        catalog
            .set(&setting)
            .map(|message| message.payload)
            .map_err(|fault| fault.to_string())
    };
    assert_eq!(
        set("light.l", SettingValue::Number(100.0)).unwrap(),
        r#"{"state":"ON","brightness":255}"#
    );
    assert_eq!(set("select.s", SettingValue::Text("eco".into())).unwrap(), "eco");
    assert!(
        set("select.s", SettingValue::Bool(true))
            .unwrap_err()
            .contains("one of")
    );
}

#[test]
fn an_entity_that_migrates_keeps_its_device() {
    let mut catalog = catalog();
    let config = json!({"state_topic": "t", "device_class": "temperature"});
    announce(&mut catalog, "sensor", "a", &config);
    let effects = say(
        &mut catalog,
        "homeassistant/sensor/a/config",
        r#"{"migrate_discovery": true}"#,
    );
    assert!(matches!(&effects[..], [Effect::Forget { .. }]), "{effects:?}");
    let whole = json!({"dev": {"ids": ["dev1"]}, "o": {"name": "x"}, "cmps": {"a": {"p": "sensor", "unique_id": "a",
        "state_topic": "t", "device_class": "temperature"}}});
    say(&mut catalog, "homeassistant/device/dev1/config", &whole.to_string());
    assert!(say(&mut catalog, "homeassistant/sensor/a/config", "").is_empty());
    assert_eq!(catalog.device("mqtt-dev1").unwrap().entities.len(), 1);
}
