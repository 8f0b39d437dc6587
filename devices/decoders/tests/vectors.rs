//! The published adverts of other projects' decoders, where they lie beside this project.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use decoders::{Address, Advert, Key, Memory, Value, decode};
use house::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    test: String,
    bindkey: Option<String>,
    address: String,
    service_data: BTreeMap<String, String>,
    sensors: BTreeMap<String, Expected>,
    binary: BTreeMap<String, Option<bool>>,
    bindkey_verified: bool,
}

#[derive(Deserialize)]
struct Expected {
    value: serde_json::Value,
}

fn vectors(name: &str) -> Option<Vec<Vector>> {
    let folder = std::env::var_os("DOMOVOI_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let Ok(text) = std::fs::read_to_string(folder.join("ble").join(name)) else {
        println!("vectors absent: {name} not found; skipped");
        return None;
    };
    Some(serde_json::from_str(&text).expect("the vectors are JSON"))
}

/// The property as the vectors name it.
fn key(property: &str, index: u8) -> String {
    let property = match property {
        "speed_signed" => "speed",
        "acceleration_signed" => "acceleration",
        "power_on" => "power",
        other => other,
    };
    if index == 0 {
        property.to_owned()
    } else {
        format!("{property}_{index}")
    }
}

#[test]
fn every_published_bthome_v2_advert_decodes_as_stated() {
    let Some(vectors) = vectors("bthome-ble.json") else {
        return;
    };
    let mut checked = 0;
    for vector in vectors.iter().filter(|vector| vector.test.contains("v2")) {
        let Some(data) = vector.service_data.get("0000fcd2-0000-1000-8000-00805f9b34fb") else {
            continue;
        };
        let advert = Advert {
            address: Address::parse(&vector.address).expect("an address"),
            local_name: None,
            service_data: vec![(0xFCD2, hex::decode(data).expect("hex"))],
            manufacturer_data: vec![],
        };
        let mut memory = vector
            .bindkey
            .as_deref()
            .and_then(Key::parse)
            .map_or_else(Memory::default, Memory::with_key);
        let decoded = decode(&advert, &mut memory, Timestamp(0));
        let values: BTreeMap<String, Value> = match &decoded {
            Ok(Some(decoded)) => decoded
                .measurements
                .iter()
                .map(|m| (key(m.property, m.index), m.value.clone()))
                .collect(),
            Ok(None) => panic!("{}: not taken for BTHome", vector.test),
            Err(_) => BTreeMap::new(),
        };
        if vector.bindkey.is_some() && !vector.bindkey_verified {
            assert!(decoded.is_err(), "{}: opened with a key that does not fit", vector.test);
        }
        for (name, expected) in vector
            .sensors
            .iter()
            .filter(|(name, _)| !["signal_strength", "packet_id"].contains(&name.as_str()))
        {
            let Some(value) = values.get(name) else {
                panic!("{}: {name} is missing from {decoded:?}", vector.test)
            };
            match value {
                Value::Number(number) => {
                    let expected = expected.value.as_f64().expect("a number");
                    assert!(
                        (number - expected).abs() <= 0.006_f64.max(expected.abs() * 1e-6),
                        "{}: {name} is {number}, not {expected}",
                        vector.test
                    );
                }
                Value::Text(text) => {
                    let expected = expected
                        .value
                        .as_str()
                        .expect("text")
                        .replace(' ', "T")
                        .replace("+00:00", ".000Z");
                    assert_eq!(text.replace(' ', "T"), expected, "{}: {name}", vector.test);
                }
                Value::Raw(octets) => assert_eq!(
                    Some(hex::encode(octets).as_str()),
                    expected.value.as_str(),
                    "{}: {name}",
                    vector.test
                ),
                Value::Bool(_) => panic!("{}: {name} came as yes/no", vector.test),
            }
        }
        for (name, expected) in &vector.binary {
            let value = values.get(name);
            assert_eq!(
                value,
                expected.map(Value::Bool).as_ref(),
                "{}: {name} in {decoded:?}",
                vector.test
            );
        }
        checked += 1;
    }
    println!("{checked} BTHome v2 adverts checked");
    assert!(checked > 60);
}
