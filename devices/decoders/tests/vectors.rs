//! The published adverts of other projects' decoders, where they lie beside this project.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use decoders::{Address, Advert, DecodeError, Decoded, Key, Memory, Value, decode, identify};
use house::Timestamp;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    test: String,
    dev: u32,
    bindkey: Option<String>,
    address: String,
    name: String,
    time: Option<f64>,
    manufacturer_data: BTreeMap<String, String>,
    service_data: BTreeMap<String, String>,
    devices: Vec<Device>,
    sensors: BTreeMap<String, Expected>,
    binary: BTreeMap<String, Option<serde_json::Value>>,
    events: BTreeMap<String, (String, Option<BTreeMap<String, u8>>)>,
    bindkey_verified: Option<bool>,
}

#[derive(Deserialize)]
struct Device {
    manufacturer: Option<String>,
    model: Option<String>,
}

#[derive(Deserialize)]
struct Expected {
    value: serde_json::Value,
}

impl Vector {
    fn advert(&self) -> Advert {
        let octets = |hex: &String| hex::decode(hex).expect("hex");
        Advert {
            address: Address::parse(&self.address).expect("an address"),
            local_name: Some(self.name.clone()).filter(|name| !name.is_empty()),
            service_data: self
                .service_data
                .iter()
                .map(|(uuid, data)| (u16::from_str_radix(&uuid[4..8], 16).expect("a UUID"), octets(data)))
                .collect(),
            manufacturer_data: self
                .manufacturer_data
                .iter()
                .map(|(id, data)| (id.parse().expect("a company"), octets(data)))
                .collect(),
        }
    }

    fn memory(&self) -> Memory {
        match &self.bindkey {
            Some(key) => Memory::with_key(Key::parse(key).expect("a key")),
            None => Memory::default(),
        }
    }

    fn heard_at(&self) -> Timestamp {
        Timestamp((self.time.unwrap_or_default() * 1000.0) as i64)
    }
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

/// What a device has said so far, by the names the vectors have.
#[derive(Default)]
struct Said {
    values: BTreeMap<String, Value>,
    events: BTreeMap<String, (String, Option<u8>)>,
}

impl Said {
    fn take(&mut self, decoded: &Decoded) {
        for measurement in &decoded.measurements {
            let property = match measurement.property {
                "speed_signed" => "speed",
                "acceleration_signed" => "acceleration",
                "power_on" => "power",
                "moisture_detected" => "moisture",
                other => other,
            };
            let key = match measurement.index {
                0 => property.to_owned(),
                index => format!("{property}_{index}"),
            };
            self.values.insert(key, measurement.value.clone());
        }
        // An event is of its moment. The first of several buttons is not numbered there.
        self.events.clear();
        for event in &decoded.events {
            let key = match event.index {
                0 | 1 => event.source.to_owned(),
                index => format!("{}_{index}", event.source),
            };
            self.events.insert(key, (event.kind.to_owned(), event.amount));
        }
    }
}

fn check_sensors(vector: &Vector, said: &Said) {
    let test = &vector.test;
    for (name, expected) in &vector.sensors {
        // The signal is not in the advert; the packet's number is no measurement.
        if ["signal_strength", "packet_id"].contains(&name.as_str()) {
            continue;
        }
        let value = said.values.get(name);
        match (value, &expected.value) {
            (None, serde_json::Value::Null) => {}
            (Some(Value::Number(number)), expected) => {
                let expected = expected.as_f64().expect("a number");
                assert!(
                    (number - expected).abs() <= 0.006_f64.max(expected.abs() * 1e-6),
                    "{test}: {name} is {number}, not {expected}"
                );
            }
            (Some(Value::Text(text)), expected) => {
                let expected = expected.as_str().expect("text");
                let is_same_time = *text == expected.replace(' ', "T").replace("+00:00", ".000Z");
                assert!(
                    text == expected || is_same_time,
                    "{test}: {name} is {text}, not {expected}"
                );
            }
            (Some(Value::Raw(octets)), expected) => {
                assert_eq!(Some(hex::encode(octets).as_str()), expected.as_str(), "{test}: {name}");
            }
            (value, expected) => panic!("{test}: {name} is {value:?}, not {expected}"),
        }
    }
    for (name, expected) in &vector.binary {
        let expected = expected
            .as_ref()
            .map(|value| Value::Bool(value == &serde_json::json!(true) || value == &serde_json::json!(1)));
        assert_eq!(said.values.get(name), expected.as_ref(), "{test}: {name}");
    }
}

fn check_events(vector: &Vector, said: &Said) {
    let expected: BTreeMap<String, (String, Option<u8>)> = vector
        .events
        .iter()
        .map(|(source, (kind, amounts))| {
            let amount = amounts.as_ref().and_then(|amounts| amounts.values().next().copied());
            (source.clone(), (kind.clone(), amount))
        })
        .collect();
    assert_eq!(said.events, expected, "{}", vector.test);
}

fn check_about(vector: &Vector, advert: &Advert, memory: &Memory) {
    let about = identify(advert, memory).unwrap_or_else(|| panic!("{}: nobody knows it", vector.test));
    let Some(device) = vector.devices.first() else {
        return;
    };
    if let (Some(model), Some(expected)) = (about.model, &device.model) {
        let is_same = model == *expected || (expected == "RuuviTag" && model == "Ruuvi Air");
        assert!(is_same, "{}: model {model}, not {expected}", vector.test);
    }
    if let (Some(maker), Some(expected)) = (about.maker, &device.manufacturer) {
        assert!(
            expected.starts_with(maker),
            "{}: maker {maker}, not {expected}",
            vector.test
        );
    }
}

/// Every advert decodes to what is stated; those with a key that does not fit, to nothing.
fn check_all(file: &str, expected_count: usize) {
    let Some(vectors) = vectors(file) else { return };
    let mut memories: BTreeMap<(String, u32, String), (Memory, Said)> = BTreeMap::new();
    let mut by_format: BTreeMap<&str, usize> = BTreeMap::new();
    for vector in &vectors {
        let advert = vector.advert();
        let (memory, said) = memories
            .entry((vector.test.clone(), vector.dev, vector.address.clone()))
            .or_insert_with(|| (vector.memory(), Said::default()));
        check_about(vector, &advert, memory);
        let decoded = decode(&advert, memory, vector.heard_at());
        match &decoded {
            Ok(Some(decoded)) => said.take(decoded),
            Ok(None) => panic!("{}: nobody understands it", vector.test),
            Err(_) => said.events.clear(),
        }
        if vector.bindkey.is_some() && vector.bindkey_verified == Some(false) {
            assert!(decoded.is_err(), "{}: opened with a key that does not fit", vector.test);
        }
        check_sensors(vector, said);
        check_events(vector, said);
        let about = identify(&advert, memory).expect("known above");
        *by_format.entry(about.format).or_default() += 1;
    }
    println!(
        "{file}: {} of {} adverts as stated: {by_format:?}",
        vectors.len(),
        vectors.len()
    );
    assert!(vectors.len() >= expected_count, "{file} has only {}", vectors.len());
}

#[test]
fn every_published_bthome_advert_decodes_as_stated() {
    check_all("bthome-ble.json", 124);
}

#[test]
fn every_published_xiaomi_advert_decodes_as_stated() {
    check_all("xiaomi-ble.json", 136);
}

#[test]
fn every_published_ruuvi_advert_decodes_as_stated() {
    check_all("ruuvitag-ble.json", 9);
}

const FILES: [&str; 3] = ["bthome-ble.json", "xiaomi-ble.json", "ruuvitag-ble.json"];

fn encrypted() -> impl Iterator<Item = Vector> {
    FILES
        .into_iter()
        .filter_map(vectors)
        .flatten()
        .filter(|vector| vector.bindkey_verified == Some(true))
        .filter(|vector| matches!(decode(&vector.advert(), &mut vector.memory(), vector.heard_at()), Ok(Some(d)) if d.encrypted))
}

#[test]
fn encrypted_adverts_open_once_and_with_no_other_key() {
    let mut count = 0;
    for vector in encrypted() {
        let (advert, at) = (vector.advert(), vector.heard_at());
        let mut memory = vector.memory();
        assert!(decode(&advert, &mut memory, at).is_ok());
        for later in [0, 1, 60, 3600] {
            let again = decode(&advert, &mut memory, at.after(std::time::Duration::from_secs(later)));
            assert_eq!(
                again,
                Err(DecodeError::Repeated),
                "{} replayed {later} s later",
                vector.test
            );
        }
        let without = decode(&advert, &mut Memory::default(), at);
        assert_eq!(without, Err(DecodeError::KeyNeeded), "{}", vector.test);
        let key = vector.bindkey.as_deref().expect("a key");
        for bit in 0..128 {
            let mut octets: [u8; 16] = hex::decode(key).expect("hex").try_into().expect("16 octets");
            octets[bit / 8] ^= 1 << (bit % 8);
            let mut memory = Memory::with_key(Key::from_octets(octets));
            let opened = decode(&advert, &mut memory, at);
            assert_eq!(
                opened,
                Err(DecodeError::WrongKey),
                "{} with bit {bit} wrong",
                vector.test
            );
        }
        count += 1;
    }
    println!("{count} encrypted adverts: replayed, without key, and with 128 wrong keys each");
}

#[test]
fn encrypted_adverts_cut_or_tampered_with_give_no_other_reading() {
    let mut count = 0;
    for vector in encrypted() {
        let whole = vector.advert();
        let sound = decode(&whole, &mut vector.memory(), vector.heard_at());
        for (at, (_, data)) in whole.service_data.iter().enumerate() {
            for length in 0..data.len() {
                let mut cut = whole.clone();
                cut.service_data[at].1.truncate(length);
                let said = decode(&cut, &mut vector.memory(), vector.heard_at());
                assert!(!has_reading(&said), "{} cut to {length}: {said:?}", vector.test);
                count += 1;
            }
            for bit in 0..data.len() * 8 {
                let mut tampered = whole.clone();
                tampered.service_data[at].1[bit / 8] ^= 1 << (bit % 8);
                let said = decode(&tampered, &mut vector.memory(), vector.heard_at());
                // Of a MiBeacon frame, flags that change nothing are not under the seal.
                let is_flag = vector.service_data.keys().any(|uuid| uuid.starts_with("0000fe95")) && bit < 16;
                assert!(
                    !has_reading(&said) || (is_flag && said == sound),
                    "{} with bit {bit} changed: {said:?}",
                    vector.test
                );
                count += 1;
            }
        }
    }
    println!("{count} encrypted adverts cut or tampered with");
}

fn has_reading(said: &Result<Option<Decoded>, DecodeError>) -> bool {
    matches!(said, Ok(Some(decoded)) if !decoded.measurements.is_empty() || !decoded.events.is_empty())
}

#[test]
fn plain_adverts_cut_anywhere_give_no_value_that_was_not_in_them() {
    let mut count = 0;
    for vector in FILES
        .into_iter()
        .filter_map(vectors)
        .flatten()
        .filter(|v| v.bindkey.is_none())
    {
        let whole = vector.advert();
        let Ok(Some(all)) = decode(&whole, &mut Memory::default(), vector.heard_at()) else {
            continue;
        };
        let all_values: Vec<_> = all.measurements.iter().map(|m| (m.property, &m.value)).collect();
        let parts = whole.service_data.len() + whole.manufacturer_data.len();
        if parts != 1 {
            continue;
        }
        let length = whole
            .service_data
            .iter()
            .chain(&whole.manufacturer_data)
            .map(|(_, d)| d.len())
            .sum();
        for length in 0..length {
            let mut cut = whole.clone();
            for (_, data) in cut.service_data.iter_mut().chain(&mut cut.manufacturer_data) {
                data.truncate(length);
            }
            if let Ok(Some(decoded)) = decode(&cut, &mut Memory::default(), vector.heard_at()) {
                for measurement in &decoded.measurements {
                    let said = (measurement.property, &measurement.value);
                    assert!(all_values.contains(&said), "{} cut to {length}: {said:?}", vector.test);
                }
            }
            count += 1;
        }
    }
    println!("{count} plain adverts cut");
}
