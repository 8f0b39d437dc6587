//! The published test vectors of the specification (wamp-proto, testsuite/), which lie beside the
//! project and are no part of it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use bytes::Bytes;
use serde_json::Value;
use wamp_protocol::Serializer;

/// Samples that must be rejected, as counted in the published files.
const MUST_REJECT: usize = 28;

fn folder() -> Option<PathBuf> {
    let vectors = std::env::var_os("DOMOVOI_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let folder = vectors.join("wamp/singlemessage");
    if !folder.is_dir() {
        println!("vectors absent: skipped");
        return None;
    }
    Some(folder)
}

/// Every sample of every file, with the file's name.
fn samples() -> Vec<(String, Value)> {
    let Some(folder) = folder() else { return Vec::new() };
    let mut samples = Vec::new();
    for part in ["basic", "advanced"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            for sample in file["samples"].as_array().unwrap() {
                samples.push((name.clone(), sample.clone()));
            }
        }
    }
    samples
}

fn variants(sample: &Value, serializer: Serializer) -> Vec<Bytes> {
    let variants = sample["serializers"][serializer.name()].as_array();
    let octets = |variant: &Value| hex::decode(variant["bytes_hex"].as_str().unwrap()).unwrap().into();
    variants
        .map(|variants| variants.iter().map(octets).collect())
        .unwrap_or_default()
}

#[test]
fn every_variant_is_read_and_written_as_stated() {
    let mut read = BTreeMap::new();
    for (file, sample) in samples() {
        if sample.get("serializers").is_none() {
            continue;
        }
        let name = format!("{file}: {}", sample["description"].as_str().unwrap());
        let mut messages = Vec::new();
        for serializer in Serializer::ALL {
            let variants = variants(&sample, serializer);
            assert!(!variants.is_empty(), "{name}: nothing in {serializer}");
            for variant in &variants {
                let message = serializer
                    .decode(variant.clone())
                    .unwrap_or_else(|e| panic!("{name}: {serializer}: {e}"));
                assert_eq!(
                    message.message_type().code(),
                    sample["expected_attributes"]["message_type"],
                    "{name}"
                );
                messages.push(message);
                *read.entry(serializer.name()).or_insert(0) += 1;
            }
        }
        // Whatever it was read from, it is written as one of the variants of each serializer.
        for message in &messages {
            for serializer in Serializer::ALL {
                let written = serializer.encode(message).unwrap();
                assert!(
                    variants(&sample, serializer).contains(&written),
                    "{name}: {message:?} became {serializer} {}",
                    String::from_utf8_lossy(&written),
                );
            }
        }
        attributes_are_as_expected(&name, &messages[0], &sample["expected_attributes"]);
    }
    println!("variants read: {read:?}");
}

/// Compares with the JSON form, in which each attribute has its place.
fn attributes_are_as_expected(name: &str, message: &wamp_protocol::Message, expected: &Value) {
    let json: Value = serde_json::from_slice(&Serializer::Json.encode(message).unwrap()).unwrap();
    let elements = json.as_array().unwrap();
    for (attribute, value) in expected.as_object().unwrap() {
        let empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
        let wanted = match (attribute.as_str(), value) {
            (_, _) if empty => continue,
            ("roles", roles) => {
                assert!(
                    elements.iter().any(|element| element.get("roles") == Some(roles)),
                    "{name}: roles"
                );
                continue;
            }
            ("payload", payload) => {
                let octets = hex::decode(payload.as_str().unwrap()).unwrap();
                Value::String(format!(
                    "\0{}",
                    base64::engine::general_purpose::STANDARD.encode(octets)
                ))
            }
            (_, value) => value.clone(),
        };
        assert!(
            elements.contains(&wanted),
            "{name}: {attribute} is not {wanted} in {json}"
        );
    }
}

/// The sample's message in JSON. Its encrypted payload is given in hexadecimal.
fn wire_message(sample: &Value) -> Option<Vec<Value>> {
    let mut elements = sample.get("wmsg")?.as_array().unwrap().clone();
    let encrypted = elements.iter().any(|element| element.get("enc_algo").is_some());
    if let (true, Some(Value::String(payload))) = (encrypted, elements.last_mut()) {
        let octets = hex::decode(&*payload).unwrap();
        *payload = format!("\0{}", base64::engine::general_purpose::STANDARD.encode(octets));
    }
    Some(elements)
}

#[test]
fn what_must_be_rejected_is_rejected_and_nothing_else() {
    let (mut accepted, mut rejected) = (0, 0);
    let samples = samples();
    for (file, sample) in &samples {
        let Some(elements) = wire_message(sample) else { continue };
        let name = format!("{file}: {}", sample["description"].as_str().unwrap());
        let octets = Bytes::from(serde_json::to_vec(&elements).unwrap());
        let decoded = Serializer::Json.decode(octets.clone());
        match sample.get("expected_error") {
            None => {
                let message = decoded.unwrap_or_else(|e| panic!("{name}: {e}"));
                accepted += 1;
                // And so it is in the other serializers.
                for serializer in [Serializer::MsgPack, Serializer::Cbor] {
                    let encoded = serializer.encode(&message).unwrap();
                    serializer
                        .decode(encoded)
                        .unwrap_or_else(|e| panic!("{name}: {serializer}: {e}"));
                }
            }
            Some(expected) => {
                let error = decoded.expect_err(&name).to_string();
                assert!(
                    error.contains(expected["contains"].as_str().unwrap()),
                    "{name}: {error}"
                );
                rejected += 1;
            }
        }
    }
    println!("accepted {accepted}, rejected {rejected}");
    assert!(
        samples.is_empty() || rejected == MUST_REJECT,
        "{rejected} samples were to be rejected"
    );
}
