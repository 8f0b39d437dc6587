use house::{ActuatorKind, Quantity, SettingValue, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::catalog::{Catalog, Effect};

const NOW: Timestamp = Timestamp(1_777_793_400_000);

fn catalog() -> Catalog {
    let mut catalog = Catalog::new("homeassistant");
    catalog.set_connected(true);
    catalog
}

fn say(catalog: &mut Catalog, topic: &str, payload: &Value) -> Vec<Effect> {
    let payload = payload.as_str().map_or_else(|| payload.to_string(), str::to_owned);
    catalog.handle(topic, payload.as_bytes(), None, NOW)
}

fn values(effects: &[Effect]) -> Vec<(Quantity, f64)> {
    let values = effects.iter().filter_map(|effect| match effect {
        Effect::Values { values, .. } => Some(values.clone()),
        _ => None,
    });
    values.flatten().collect()
}

fn on(effects: &[Effect]) -> Vec<bool> {
    let states = effects.iter().filter_map(|effect| match effect {
        Effect::State(report) => Some(report.on),
        _ => None,
    });
    states.collect()
}

fn asked(effects: &[Effect]) -> Vec<String> {
    let sent = effects.iter().filter_map(|effect| match effect {
        Effect::Send(message) => Some(format!("{} {}", message.topic, message.payload)),
        _ => None,
    });
    sent.collect()
}

/// As Home Assistant's own tests of Tasmota have it, with two relays.
fn tasmota(catalog: &mut Catalog) {
    say(
        catalog,
        "tasmota/discovery/00000049A3BC/config",
        &json!({"ip": "192.168.15.10", "dn": "Tasmota", "fn": ["Pump", "Lamp"], "hn": "tasmota_0954",
            "mac": "00000049A3BC", "md": "Sonoff Basic", "ofln": "Offline", "onln": "Online",
            "state": ["OFF", "ON", "TOGGLE", "HOLD"], "sw": "8.4.0.2", "t": "tasmota_49A3BC",
            "ft": "%topic%/%prefix%/", "tp": ["cmnd", "stat", "tele"], "rl": [1, 2, 0], "lt_st": 1, "so": {}, "ver": 1}),
    );
    say(
        catalog,
        "tasmota/discovery/00000049A3BC/sensors",
        &json!({"sn": {"Time": "2020-09-25T12:47:15", "DHT11": {"Temperature": null, "Humidity": null},
            "ENERGY": {"Total": [1.0, 2.0], "Power": 5}, "TempUnit": "C"}, "ver": 1}),
    );
}

#[test]
fn a_tasmota_is_found_measured_and_switched() {
    let mut catalog = catalog();
    tasmota(&mut catalog);
    let id = "mqtt-tasmota_00000049a3bc";
    let device = catalog.device(id).unwrap();
    assert_eq!(
        (device.name.as_str(), device.model.as_deref()),
        ("Tasmota", Some("Sonoff Basic"))
    );
    let kinds: Vec<ActuatorKind> = device.actuators().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, [ActuatorKind::Light, ActuatorKind::Switch]);
    let asked = asked(&say(&mut catalog, "tasmota_49A3BC/tele/LWT", &json!("Online")));
    assert_eq!(asked, ["tasmota_49A3BC/cmnd/STATE ", "tasmota_49A3BC/cmnd/STATUS 10"]);
    let state = say(&mut catalog, "tasmota_49A3BC/stat/RESULT", &json!({"POWER1": "ON"}));
    assert_eq!(on(&state), [true]);
    let state = say(
        &mut catalog,
        "tasmota_49A3BC/tele/STATE",
        &json!({"POWER1": "OFF", "POWER2": "ON", "Dimmer": 40}),
    );
    assert_eq!(on(&state), [true, false]);
    let measured = say(
        &mut catalog,
        "tasmota_49A3BC/stat/STATUS10",
        &json!({"StatusSNS": {"DHT11": {"Temperature": 20.5, "Humidity": 51}, "ENERGY": {"Total": [1.5, 2.5]}}}),
    );
    let mut measured = values(&measured);
    measured.sort_by_key(|(quantity, _)| quantity.name());
    assert_eq!(
        measured,
        [
            (Quantity::Energy, 1.5),
            (Quantity::Humidity, 51.0),
            (Quantity::Temperature, 20.5)
        ]
    );
    let command = catalog.command(id, "switch.00000049A3BC_relay_1", true).unwrap();
    let sent = &command.messages[0];
    assert_eq!(
        (sent.topic.as_str(), sent.payload.as_str()),
        ("tasmota_49A3BC/cmnd/POWER1", "ON")
    );
    let gone = catalog.handle("tasmota/discovery/00000049A3BC/config", b"", None, NOW);
    assert!(gone.iter().any(|effect| matches!(effect, Effect::Gone(_))));
}

#[test]
fn a_shelly_is_asked_what_it_is_and_driven() {
    let mut catalog = catalog();
    let prefix = "shellyplus1pm-a8032abe54dc";
    let effects = say(&mut catalog, &format!("{prefix}/online"), &json!("true"));
    assert!(effects.contains(&Effect::Subscribe(format!("domovoi-{prefix}/rpc"))));
    assert_eq!(asked(&effects).len(), 3);
    let answers = format!("domovoi-{prefix}/rpc");
    let info = json!({"id": prefix, "mac": "A8032ABE54DC", "app": "Plus1PM", "name": "Boiler"});
    say(&mut catalog, &answers, &json!({"id": 1, "src": prefix, "result": info}));
    say(
        &mut catalog,
        &answers,
        &json!({"id": 2, "src": prefix, "result": {"switch:0": {"name": "Pump"}}}),
    );
    let status = json!({"switch:0": {"output": false, "apower": 12.5, "temperature": {"tC": 47.2}}, "wifi": {"rssi": -60},
        "input:0": {"state": true}});
    let first = say(
        &mut catalog,
        &answers,
        &json!({"id": 3, "src": prefix, "result": status}),
    );
    assert_eq!(on(&first), [false]);
    assert!(values(&first).contains(&(Quantity::Power, 12.5)), "{first:?}");
    let id = format!("mqtt-{prefix}");
    let device = catalog.device(&id).unwrap();
    assert_eq!(
        (device.name.as_str(), device.model.as_deref()),
        ("Boiler", Some("Plus1PM"))
    );
    let entity = format!("switch.{prefix}-switch-0");
    let command = catalog.command(&id, &entity, true).unwrap();
    let sent: Value = serde_json::from_str(&command.messages[0].payload).unwrap();
    assert_eq!(
        (&sent["method"], &sent["params"]),
        (&json!("Switch.Set"), &json!({"id": 0, "on": true}))
    );
    let event =
        json!({"src": prefix, "method": "NotifyStatus", "params": {"ts": 1, "switch:0": {"id": 0, "output": true}}});
    assert_eq!(on(&say(&mut catalog, &format!("{prefix}/events/rpc"), &event)), [true]);
    say(&mut catalog, &format!("{prefix}/online"), &json!("false"));
    assert_eq!(catalog.device(&id).unwrap().availability, house::Availability::Offline);
}

#[test]
fn a_homie_device_is_found_measured_set_and_forgotten() {
    let mut catalog = catalog();
    let description = json!({"homie": "5.0", "version": 7, "name": "Greenhouse", "nodes": {
        "air": {"name": "Air", "properties": {
            "temperature": {"datatype": "float", "unit": "°C"},
            "humidity": {"datatype": "integer", "unit": "%"},
            "target": {"datatype": "float", "unit": "°C", "settable": true, "format": "5:30:0.5"}}},
        "vent": {"properties": {
            "power": {"datatype": "boolean", "settable": true},
            "mode": {"datatype": "enum", "settable": true, "format": "auto,open,shut"},
            "window": {"datatype": "boolean"}}},
        "Not an id": {"properties": {"x": {"datatype": "float", "unit": "V"}}}}});
    let found = say(&mut catalog, "homie/5/greenhouse/$description", &description);
    for topic in ["homie/5/greenhouse/$state", "homie/5/greenhouse/air/temperature"] {
        assert!(
            found.contains(&Effect::Subscribe(topic.to_owned())),
            "{topic}: {found:?}"
        );
    }
    assert!(
        !found.iter().any(|effect| matches!(effect, Effect::Fault { .. })),
        "{found:?}"
    );
    let id = "mqtt-homie_greenhouse";
    say(&mut catalog, "homie/5/greenhouse/$state", &json!("ready"));
    let device = catalog.device(id).unwrap();
    assert_eq!(
        (device.name.as_str(), device.availability),
        ("Greenhouse", house::Availability::Online)
    );
    assert_eq!(device.entities.len(), 6);
    let kinds: Vec<ActuatorKind> = device.actuators().map(|(_, kind)| kind).collect();
    assert_eq!(kinds, [ActuatorKind::Switch]);

    let heard = say(&mut catalog, "homie/5/greenhouse/air/temperature", &json!("21.5"));
    assert_eq!(values(&heard), [(Quantity::Temperature, 21.5)]);
    let heard = say(&mut catalog, "homie/5/greenhouse/air/humidity", &json!("64"));
    assert_eq!(values(&heard), [(Quantity::Humidity, 64.0)]);
    let heard = say(&mut catalog, "homie/5/greenhouse/vent/window", &json!("true"));
    assert_eq!(values(&heard), [(Quantity::Opening, 1.0)]);
    assert_eq!(
        on(&say(&mut catalog, "homie/5/greenhouse/vent/power", &json!("true"))),
        [true]
    );
    let command = catalog.command(id, "switch.greenhouse-vent-power", false).unwrap();
    assert_eq!(
        (command.messages[0].topic.as_str(), command.messages[0].payload.as_str()),
        ("homie/5/greenhouse/vent/power/set", "false")
    );
    let set = |entity: &str, value: SettingValue| {
        let (device, entity) = (id.to_owned(), entity.to_owned());
        let setting = house::BridgeSetting {
            device,
            entity,
            what: None,
            value,
        };
        catalog
            .set(&setting)
            .map(|message| format!("{} {}", message.topic, message.payload))
            .ok()
    };
    assert_eq!(
        set("number.greenhouse-air-target", SettingValue::Number(19.5)).as_deref(),
        Some("homie/5/greenhouse/air/target/set 19.5")
    );
    assert_eq!(set("number.greenhouse-air-target", SettingValue::Number(31.0)), None);
    assert_eq!(
        set("select.greenhouse-vent-mode", SettingValue::Text("shut".into())).as_deref(),
        Some("homie/5/greenhouse/vent/mode/set shut")
    );
    say(&mut catalog, "homie/5/greenhouse/$state", &json!("lost"));
    assert_eq!(catalog.device(id).unwrap().availability, house::Availability::Offline);
    let gone = catalog.handle("homie/5/greenhouse/$description", b"", None, NOW);
    assert!(gone.iter().any(|effect| matches!(effect, Effect::Gone(_))));
}

proptest! {
    #[test]
    fn no_message_panics(messages in proptest::collection::vec((
        "(tasmota/discovery/00000049A3BC/(config|sensors)|x/tele/(LWT|STATE)|x/stat/(RESULT|STATUS10)|shelly1/online|shelly1/events/rpc|domovoi-shelly1/rpc|homie/5/a/[$]description)",
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..30),
            Just(b"true".to_vec()),
            Just(br#"{"ft":"%topic%/%prefix%/","t":"x","tp":["cmnd","stat","tele"],"rl":[3,3,1,"a"],"state":5}"#.to_vec()),
            Just(br#"{"sn":{"A":{"B":{"C":{"D":{"E":1}}}},"L":[],"Temperature":[1,2]}}"#.to_vec()),
            Just(br#"{"name":5,"nodes":{"a":{"properties":{"b":{"datatype":"float","settable":true,"format":"x:nan"},"c":1}},"d":[]}}"#.to_vec()),
            Just(br#"{"id":1,"result":{"id":"shelly1","mac":"zz"}}"#.to_vec()),
            Just(br#"{"id":3,"result":{"switch:x":1,"cover:0":{"current_pos":5},"light:0":{"brightness":[]}}}"#.to_vec()),
        ]), 0..12)) {
        let mut catalog = catalog();
        for (topic, payload) in messages {
            catalog.handle(&topic, &payload, None, NOW);
        }
    }
}
