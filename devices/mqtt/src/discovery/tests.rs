use std::io::Read as _;
use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::topic;

fn announce(topic: &str, payload: &Value) -> Result<Announcement, String> {
    let topic = topic::parse("homeassistant", topic).unwrap();
    match parse(&topic, payload.to_string().as_bytes()) {
        Ok(Discovery::Announced(announcement)) => Ok(announcement),
        Ok(Discovery::Removed | Discovery::Migrating) => Err("removed".to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}

#[test]
fn an_entity_announcement_with_short_keys_and_a_base_topic_is_read() {
    let announcement = announce(
        "homeassistant/sensor/node/temp/config",
        &json!({
            "~": "esp/node", "stat_t": "~/sensor/temp/state", "dev_cla": "temperature", "unit_of_meas": "°C",
            "uniq_id": "abc", "name": "Temperature", "avty": [{"t": "~/status"}],
            "dev": {"ids": "node1", "cns": [["mac", "AA:BB:CC:00:11:22"]], "name": "Node", "mf": "Maker",
                "mdl": "M1", "sa": "Kitchen"},
        }),
    )
    .unwrap();
    assert_eq!(announcement.device.identifiers, ["node1", "mac:aa:bb:cc:00:11:22"]);
    assert_eq!(announcement.device.hardware_id(), "node1");
    assert_eq!(announcement.device.suggested_area.as_deref(), Some("Kitchen"));
    let entity = &announcement.entities[0];
    assert_eq!(
        (entity.id.as_str(), entity.name.as_deref()),
        ("abc", Some("Temperature"))
    );
    assert_eq!(entity.role.state_topics(), ["esp/node/sensor/temp/state"]);
    assert_eq!(entity.availability.sources[0].topic, "esp/node/status");
}

#[test]
fn a_base_topic_is_put_in_at_the_start_or_the_end_of_topics_only() {
    let announcement = announce(
        "homeassistant/switch/x/config",
        &json!({"~": "base", "state_topic": "~/s", "command_topic": "set/~", "payload_on": "~on"}),
    )
    .unwrap();
    let role = &announcement.entities[0].role;
    assert_eq!(role.state_topics(), ["base/s"]);
    let command = &role.command("", true).unwrap()[0];
    assert_eq!((command.topic.as_str(), command.payload.as_str()), ("set/base", "~on"));
}

#[test]
fn a_device_announcement_gives_its_components_what_they_do_not_say() {
    let announcement = announce(
        "homeassistant/device/plug1/config",
        &json!({
            "dev": {"ids": ["plug1"], "name": "Plug"}, "o": {"name": "maker"}, "state_topic": "plug1/state",
            "avty_t": "plug1/online", "qos": 1,
            "cmps": {
                "power": {"p": "sensor", "device_class": "power", "unit_of_measurement": "W",
                    "unique_id": "plug1_power", "value_template": "{{ value_json.power }}"},
                "relay": {"p": "switch", "command_topic": "plug1/set", "unique_id": "plug1_relay",
                    "state_topic": "plug1/relay"},
                "gone": {"p": "sensor"},
                "bad": {"p": "sensor", "state_topic": 5.5, "value_template": "{{ x", "unique_id": "b"},
            },
        }),
    )
    .unwrap();
    let ids: Vec<&str> = announcement.entities.iter().map(|entity| entity.id.as_str()).collect();
    assert_eq!(ids, ["plug1_power", "plug1_relay"]);
    assert_eq!(announcement.entities[0].role.state_topics(), ["plug1/state"]);
    assert_eq!(announcement.entities[1].role.state_topics(), ["plug1/relay"]);
    assert!(
        announcement
            .entities
            .iter()
            .all(|e| e.availability.sources[0].topic == "plug1/online")
    );
    assert_eq!(announcement.entities[1].role.command("", true).unwrap()[0].qos, 1);
    assert_eq!(announcement.refused.len(), 1);
    assert!(
        announcement.refused[0]
            .to_string()
            .starts_with("component \"bad\": value_template: template")
    );
}

#[test]
fn an_entity_without_a_device_is_one_of_its_own() {
    let announcement = announce(
        "homeassistant/switch/a/lamp/config",
        &json!({"command_topic": "c", "name": "Lamp"}),
    )
    .unwrap();
    assert_eq!(announcement.device.identifiers, ["switch_a_lamp"]);
    assert_eq!(announcement.device.name.as_deref(), Some("Lamp"));
}

#[test]
fn ids_are_plain_and_do_not_meet() {
    let id = |identifier: &str| {
        DeviceInfo {
            identifiers: vec![identifier.to_owned()],
            ..DeviceInfo::default()
        }
        .hardware_id()
    };
    assert_eq!(id("0x00158d0001"), "0x00158d0001");
    assert!(id("My Plug").starts_with("my_plug-"));
    assert_ne!(id("My Plug"), id("my plug"));
    assert_ne!(id(&"x".repeat(200)), id(&"x".repeat(201)));
}

#[test]
fn empty_payloads_and_migrations_take_an_announcement_back() {
    let topic = topic::parse("homeassistant", "homeassistant/sensor/x/config").unwrap();
    for payload in ["", "{}"] {
        assert_eq!(parse(&topic, payload.as_bytes()), Ok(Discovery::Removed));
    }
    let migrating = br#"{"migr_discvry": true}"#;
    assert_eq!(parse(&topic, migrating), Ok(Discovery::Migrating));
}

#[test]
fn bad_announcements_say_what_is_wrong() {
    for (payload, sentence) in [
        (json!([]), "it is not a JSON object"),
        (json!({"name": "x"}), "state_topic is missing"),
        (json!({"state_topic": ["x"]}), "state_topic must be text"),
        (
            json!({"state_topic": "a/#"}),
            "state_topic must be a topic without + and #",
        ),
        (json!({"state_topic": "a", "device": "x"}), "device must be an object"),
        (
            json!({"state_topic": "a", "device": {"name": "x"}}),
            "device.identifiers is missing",
        ),
        (
            json!({"state_topic": "a", "enabled_by_default": "perhaps"}),
            "enabled_by_default must be true or false",
        ),
    ] {
        assert_eq!(
            announce("homeassistant/sensor/x/config", &payload),
            Err(sentence.to_owned())
        );
    }
    let topic = topic::parse("homeassistant", "homeassistant/sensor/x/config").unwrap();
    let fault = parse(&topic, b"{\"state_topic\": ").unwrap_err();
    assert!(fault.to_string().starts_with("it is not JSON"));
}

fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("DOMOVOI_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let folder = folder.join("mqtt");
    folder.is_dir().then_some(folder)
}

/// Understood (measured, driven, read or set), shown only, refused; and the refused ones' sentences.
fn read_corpus(lines: &str) -> ([usize; 4], usize, Vec<String>) {
    let (mut understood, mut shown, mut refused) = ([0; 4], 0, Vec::new());
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let message: Value = serde_json::from_str(line).unwrap();
        let name = message["topic"].as_str().unwrap().trim_start_matches("homeassistant/");
        let name = format!("homeassistant/{name}");
        let payload = message["payload"].to_string();
        let Some(topic) = topic::parse("homeassistant", &name) else {
            refused.push(format!("{name}: not a discovery topic"));
            continue;
        };
        match parse(&topic, payload.as_bytes()) {
            Ok(Discovery::Announced(announcement)) => {
                refused.extend(announcement.refused.iter().map(|fault| format!("{name}: {fault}")));
                for entity in announcement.entities {
                    match entity.role {
                        Role::Sensor(_) | Role::BinarySensor(_) => understood[0] += 1,
                        Role::OnOff(_) | Role::Openable(_) | Role::Climate(_) => understood[1] += 1,
                        Role::Shown { .. } if entity.details.are_said() => understood[2] += 1,
                        Role::Shown { .. } if entity.details.are_settable() => understood[3] += 1,
                        Role::Shown { .. } => shown += 1,
                    }
                }
            }
            Ok(Discovery::Removed | Discovery::Migrating) => shown += 1,
            Err(fault) => refused.push(format!("{name}: {fault}")),
        }
    }
    (understood, shown, refused)
}

#[test]
fn announcements_that_others_publish_are_understood() {
    let Some(folder) = vectors() else {
        println!("vectors absent: skipped");
        return;
    };
    let mut zigbee = String::new();
    let file = std::fs::File::open(folder.join("z2m_discovery.jsonl.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut zigbee).unwrap();
    let shelly = std::fs::read_to_string(folder.join("shelly_gen2_discovery.jsonl")).unwrap();
    for (name, lines) in [("Zigbee2MQTT", zigbee), ("Shelly", shelly)] {
        let (understood, shown, refused) = read_corpus(&lines);
        let [measured, driven, read, set] = understood;
        let understood: usize = understood.iter().sum();
        println!(
            "{name}: {understood} understood ({measured} measured, {driven} driven, {read} read, {set} only set), \
             {shown} shown only, {} refused",
            refused.len()
        );
        assert!(shown * 5 <= understood, "{name}: {shown} shown only");
        refused.iter().take(10).for_each(|sentence| println!("  {sentence}"));
        assert!(
            refused.len() * 200 <= understood + shown,
            "{name}: {} refused",
            refused.len()
        );
    }
}

#[test]
fn every_published_abbreviation_is_known() {
    let Some(folder) = vectors() else {
        println!("vectors absent: skipped");
        return;
    };
    let text = std::fs::read_to_string(folder.join("ha_abbreviations_2026.11.json")).unwrap();
    let tables: Value = serde_json::from_str(&text).unwrap();
    for (short, long) in tables["abbreviations"].as_object().unwrap() {
        let mut object = Map::from_iter([(short.clone(), json!("x"))]);
        expand_payload(&mut object);
        assert!(object.contains_key(long.as_str().unwrap()), "{short}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
        let topic = topic::parse("homeassistant", "homeassistant/device/x/config").unwrap();
        let _ = parse(&topic, &payload);
    }

    #[test]
    fn no_json_of_wrong_types_panics(
        key in "(state_topic|command_topic|availability|device|components|modes|~|qos|value_template|payload_on)",
        value in "(1|-1.5|true|null|\"~\"|\"\\{\\{ x \\}\\}\"|\\[\\]|\\[1\\]|\\{\\}|\\{\"topic\":1\\}|\\[\\[\"mac\"\\]\\])",
        component in "(sensor|binary_sensor|switch|fan|climate|light|cover|valve|lock|humidifier|number|update|device)",
    ) {
        let name = format!("homeassistant/{component}/x/config");
        let topic = topic::parse("homeassistant", &name).unwrap();
        let payload = format!(r#"{{"state_topic":"s","command_topic":"c","device":{{"ids":"x"}},"{key}":{value}}}"#);
        let _ = parse(&topic, payload.as_bytes());
    }
}
