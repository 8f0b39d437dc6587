use house::EntityKind;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use house::Availability;

mod details;

const NOW: Timestamp = Timestamp(1_777_793_400_000);

fn catalog() -> Catalog {
    let mut catalog = Catalog::new("homeassistant");
    catalog.set_connected(true);
    catalog
}

fn say(catalog: &mut Catalog, topic: &str, payload: &str) -> Vec<Effect> {
    catalog.handle(topic, payload.as_bytes(), None, NOW)
}

fn announce(catalog: &mut Catalog, component: &str, id: &str, keys: &Value) -> Vec<Effect> {
    let mut payload = keys.clone();
    payload["unique_id"] = json!(id);
    payload["device"] = json!({"identifiers": ["dev1"], "name": "Climate box", "suggested_area": "Living Room"});
    say(
        catalog,
        &format!("homeassistant/{component}/{}/config", id.replace('.', "_")),
        &payload.to_string(),
    )
}

fn zigbee_sensor(catalog: &mut Catalog) {
    for (id, class) in [("t", "temperature"), ("h", "humidity")] {
        announce(
            catalog,
            "sensor",
            id,
            &json!({"state_topic": "z/box", "device_class": class, "value_template": format!("{{{{ value_json.{class} }}}}"),
                "availability_topic": "z/box/availability"}),
        );
    }
}

#[test]
fn entities_that_name_one_device_are_one_device() {
    let mut catalog = catalog();
    zigbee_sensor(&mut catalog);
    announce(
        &mut catalog,
        "switch",
        "s",
        &json!({"state_topic": "z/relay", "command_topic": "z/set"}),
    );
    assert_eq!(catalog.ids(), ["mqtt-dev1"]);
    let device = catalog.device("mqtt-dev1").unwrap();
    assert_eq!((device.name.as_str(), device.entities.len()), ("Climate box", 3));
    assert_eq!(device.suggested_area.unwrap().as_str(), "living_room");
    let ids: Vec<&str> = device.entities.iter().map(|entity| entity.id.as_str()).collect();
    assert_eq!(ids, ["sensor.h", "sensor.t", "switch.s"]);
}

#[test]
fn one_message_gives_one_event_with_all_its_values() {
    let mut catalog = catalog();
    zigbee_sensor(&mut catalog);
    let effects = say(
        &mut catalog,
        "z/box",
        r#"{"temperature": 27.4, "humidity": 51, "battery": 90}"#,
    );
    let values = vec![(Quantity::Humidity, 51.0), (Quantity::Temperature, 27.4)];
    let mut found = effects;
    let Some(Effect::Values { values: got, .. }) = found.iter_mut().find(|e| matches!(e, Effect::Values { .. })) else {
        panic!("no values");
    };
    got.sort_by_key(|(quantity, _)| quantity.name());
    assert!(found.contains(&Effect::Values {
        device: "mqtt-dev1".into(),
        values,
        at: NOW
    }));
    assert!(found.contains(&Effect::Changed("mqtt-dev1".into())), "it is online now");
}

#[test]
fn topics_are_subscribed_to_once_and_let_go_with_the_last_entity() {
    let mut catalog = catalog();
    let config = json!({"state_topic": "z/box", "device_class": "temperature"});
    let first = announce(&mut catalog, "sensor", "a", &config);
    assert!(first.contains(&Effect::Subscribe("z/box".into())));
    let second = announce(&mut catalog, "sensor", "b", &config);
    assert!(!second.iter().any(|effect| matches!(effect, Effect::Subscribe(_))));
    let gone = say(&mut catalog, "homeassistant/sensor/a/config", "");
    assert!(!gone.iter().any(|effect| matches!(effect, Effect::Unsubscribe(_))));
    let gone = say(&mut catalog, "homeassistant/sensor/b/config", "");
    assert!(gone.contains(&Effect::Unsubscribe("z/box".into())));
    assert!(gone.contains(&Effect::Forget {
        topic: "homeassistant/sensor/b/config".into()
    }));
    assert!(
        gone.iter()
            .any(|effect| matches!(effect, Effect::Gone(device) if device.availability == Availability::Offline))
    );
    assert!(catalog.ids().is_empty());
}

#[test]
fn the_same_announcement_again_changes_nothing() {
    let mut catalog = catalog();
    let config = json!({"state_topic": "z/box", "device_class": "temperature"});
    assert!(!announce(&mut catalog, "sensor", "a", &config).is_empty());
    assert!(announce(&mut catalog, "sensor", "a", &config).is_empty());
    let moved = announce(
        &mut catalog,
        "sensor",
        "a",
        &json!({"state_topic": "z/new", "device_class": "temperature"}),
    );
    assert!(moved.contains(&Effect::Unsubscribe("z/box".into())) && moved.contains(&Effect::Subscribe("z/new".into())));
}

#[test]
fn of_two_entities_that_measure_one_quantity_the_main_one_counts() {
    let mut catalog = catalog();
    announce(
        &mut catalog,
        "sensor",
        "a_chip",
        &json!({"state_topic": "chip", "device_class": "temperature", "entity_category": "diagnostic"}),
    );
    announce(
        &mut catalog,
        "sensor",
        "room",
        &json!({"state_topic": "room", "device_class": "temperature"}),
    );
    assert!(
        !say(&mut catalog, "chip", "55")
            .iter()
            .any(|effect| matches!(effect, Effect::Values { .. }))
    );
    assert!(
        say(&mut catalog, "room", "21")
            .iter()
            .any(|effect| matches!(effect, Effect::Values { .. }))
    );
    let device = catalog.device("mqtt-dev1").unwrap();
    assert_eq!(device.quantities().count(), 1);
    assert_eq!(device.told["sensor.a_chip"], "55.0 °C");
    assert!(matches!(&device.entities[0].kind, EntityKind::Told { reason, .. } if reason.contains("temperature")));
}

#[test]
fn a_device_is_online_and_offline_as_it_says() {
    let mut catalog = catalog();
    zigbee_sensor(&mut catalog);
    let availability = |catalog: &Catalog| catalog.device("mqtt-dev1").unwrap().availability;
    assert_eq!(availability(&catalog), Availability::Unknown);
    assert!(say(&mut catalog, "z/box/availability", "online").contains(&Effect::Changed("mqtt-dev1".into())));
    assert_eq!(availability(&catalog), Availability::Online);
    assert!(say(&mut catalog, "z/box/availability", "online").is_empty());
    say(&mut catalog, "z/box/availability", "offline");
    assert_eq!(availability(&catalog), Availability::Offline);
    say(&mut catalog, "z/box/availability", "online");
    assert_eq!(catalog.set_connected(false), ["mqtt-dev1"]);
    assert_eq!(availability(&catalog), Availability::Offline);
    catalog.set_connected(true);
    assert_eq!(availability(&catalog), Availability::Online);
}

#[test]
fn commands_go_to_the_actuator_that_is_meant() {
    let mut catalog = catalog();
    announce(
        &mut catalog,
        "climate",
        "ac.unit",
        &json!({"mode_command_topic": "ac/set", "mode_state_topic": "ac/mode", "modes": ["off", "cool", "heat"]}),
    );
    announce(&mut catalog, "fan", "f", &json!({"command_topic": "fan/set"}));
    let cool = catalog.command("mqtt-dev1", "climate.ac.unit.cool", true).unwrap();
    assert_eq!(
        (cool.messages[0].topic.as_str(), cool.messages[0].payload.as_str()),
        ("ac/set", "cool")
    );
    assert!(!cool.optimistic);
    assert!(catalog.command("mqtt-dev1", "fan.f", false).unwrap().optimistic);
    for (device, entity, sentence) in [
        ("mqtt-x", "fan.f", "there is no MQTT device mqtt-x"),
        ("mqtt-dev1", "fan.g", "Climate box has no actuator \"fan.g\""),
        (
            "mqtt-dev1",
            "climate.ac.unit.dry",
            "Climate box has no actuator \"climate.ac.unit.dry\"",
        ),
    ] {
        assert_eq!(catalog.command(device, entity, true).unwrap_err().to_string(), sentence);
    }
    let reported = say(&mut catalog, "ac/mode", "cool");
    let on: Vec<(String, bool)> = reported
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::State(report) => Some((report.entity, report.on)),
            _ => None,
        })
        .collect();
    assert_eq!(
        on,
        [
            ("climate.ac.unit.cool".to_owned(), true),
            ("climate.ac.unit.heat".to_owned(), false)
        ]
    );
    catalog.set_connected(false);
    let offline = catalog.command("mqtt-dev1", "fan.f", true).unwrap_err();
    assert_eq!(offline.to_string(), "Climate box cannot be reached");
}

#[test]
fn stopping_what_does_not_run_stops_nothing_else() {
    let mut catalog = catalog();
    announce(
        &mut catalog,
        "climate",
        "ac",
        &json!({"mode_command_topic": "ac/set", "mode_state_topic": "ac/mode", "modes": ["off", "cool", "heat"]}),
    );
    say(&mut catalog, "ac/mode", "cool");
    let heat_off = catalog.command("mqtt-dev1", "climate.ac.heat", false).unwrap();
    assert!(heat_off.messages.is_empty() && heat_off.optimistic);
    assert_eq!(
        catalog.command("mqtt-dev1", "climate.ac.cool", false).unwrap().messages[0].payload,
        "off"
    );
    assert_eq!(
        catalog.command("mqtt-dev1", "climate.ac.heat", true).unwrap().messages[0].payload,
        "heat"
    );
}

#[test]
fn a_sensor_that_only_says_on_goes_off_after_its_delay() {
    let mut catalog = catalog();
    announce(
        &mut catalog,
        "binary_sensor",
        "pir",
        &json!({"state_topic": "pir", "device_class": "motion", "off_delay": 30}),
    );
    say(&mut catalog, "pir", "ON");
    assert!(catalog.tick(NOW.after(Duration::from_secs(29))).is_empty());
    let later = NOW.after(Duration::from_secs(30));
    let off = Effect::Values {
        device: "mqtt-dev1".into(),
        values: vec![(Quantity::Motion, 0.0)],
        at: later,
    };
    assert_eq!(catalog.tick(later), [off]);
    assert!(catalog.tick(later).is_empty());
}

#[test]
fn a_kept_message_that_is_old_is_no_new_reading() {
    let mut catalog = catalog();
    zigbee_sensor(&mut catalog);
    let old = NOW.before(Duration::from_secs(3600));
    let payload = br#"{"temperature": 27.4}"#;
    let effects = catalog.handle("z/box", payload, Some(old), NOW);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Values { .. })));
    assert_eq!(
        catalog.latest_values("mqtt-dev1"),
        Some((vec![(Quantity::Temperature, 27.4)], old))
    );
}

#[test]
fn bad_payloads_are_told_with_device_and_topic_and_stop_nothing() {
    let mut catalog = catalog();
    zigbee_sensor(&mut catalog);
    let effects = say(&mut catalog, "z/box", r#"{"temperature": "hot", "humidity": 51}"#);
    assert!(effects.contains(&Effect::Fault {
        device: Some("mqtt-dev1".into()),
        sentence: "it said something on z/box that is not understood: \"hot\" is not a number".into(),
    }));
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Values { values, .. } if values.len() == 1))
    );
    let effects = say(&mut catalog, "homeassistant/sensor/t/config", "{\"state_topic\"");
    assert!(
        matches!(&effects[..], [Effect::Fault { sentence, .. }] if sentence.contains("is refused: it is not JSON"))
    );
    assert_eq!(
        catalog.device("mqtt-dev1").unwrap().entities.len(),
        2,
        "what was announced before still holds"
    );
}

#[test]
fn a_restored_device_keeps_its_id() {
    let mut catalog = catalog();
    let payload =
        json!({"state_topic": "s", "device_class": "humidity", "device": {"ids": ["second", "first"]}}).to_string();
    catalog.restore("homeassistant/sensor/x/config", payload.as_bytes(), "mqtt-first");
    assert_eq!(catalog.ids(), ["mqtt-first"]);
    // A new entity that shares an identifier joins it.
    let payload = json!({"state_topic": "t", "device_class": "battery", "device": {"ids": "second"}}).to_string();
    say(&mut catalog, "homeassistant/sensor/y/config", &payload);
    assert_eq!(catalog.device("mqtt-first").unwrap().entities.len(), 2);
}

proptest! {
    #[test]
    fn no_message_panics(messages in proptest::collection::vec(
        ("(homeassistant/(sensor|climate|device|fan)/x/config|z/box|z/box/availability|)",
         prop_oneof![
             proptest::collection::vec(any::<u8>(), 0..40),
             Just(br#"{"state_topic":"z/box","command_topic":"c","availability_topic":"z/box/availability"}"#.to_vec()),
             Just(br#"{"mode_state_topic":"z/box","mode_command_topic":"c","current_temperature_topic":"z/box"}"#.to_vec()),
             Just(br#"{"dev":{"ids":"a"},"cmps":{"a":{"p":"switch","cmd_t":"x","uniq_id":"x"}}}"#.to_vec()),
         ]), 0..12,
    )) {
        let mut catalog = catalog();
        for (topic, payload) in messages {
            catalog.handle(&topic, &payload, None, NOW);
            for id in catalog.ids() {
                prop_assert!(!catalog.device(&id).unwrap().entities.is_empty());
            }
        }
    }
}
