//! Every template of the published corpora renders as Jinja2 itself renders it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use house::Timestamp;
use mqtt_bridge::abbreviation::expand_payload;
use mqtt_bridge::payload::Payload;
use mqtt_bridge::template::Template;
use serde_json::{Value, json};

fn vectors() -> Option<PathBuf> {
    let folder = std::env::var_os("DOMOVOI_VECTORS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let folder = folder.join("mqtt");
    folder.is_dir().then_some(folder)
}

/// Templates that read a value; those of commands have other variables.
fn collect(value: &Value, templates: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(text)
                        if key.ends_with("template") && !key.contains("command") && text.contains("value") =>
                    {
                        templates.insert(text.clone());
                    }
                    _ => collect(member, templates),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|member| collect(member, templates)),
        _ => {}
    }
}

/// Every word in the template, as a member with this value.
fn payload(template: &str, value: &Value) -> String {
    let words = template.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ' ');
    let words = words
        .flat_map(|word| [word, word.trim()])
        .filter(|word| !word.is_empty());
    let members = words.map(|word| (word.to_owned(), value.clone()));
    Value::Object(members.collect()).to_string()
}

#[test]
fn every_published_template_renders_as_jinja2_renders_it() {
    let Some(folder) = vectors() else {
        println!("vectors absent: skipped");
        return;
    };
    let python = Command::new("python3")
        .args(["-c", "import jinja2"])
        .stderr(Stdio::null())
        .status();
    if !python.is_ok_and(|status| status.success()) {
        println!("python3 with jinja2 absent: skipped");
        return;
    }
    let mut lines = std::fs::read_to_string(folder.join("shelly_gen2_discovery.jsonl")).unwrap();
    lines.push('\n');
    let file = std::fs::File::open(folder.join("z2m_discovery.jsonl.gz")).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut lines).unwrap();
    let mut templates = BTreeSet::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let mut message: Value = serde_json::from_str(line).unwrap();
        if let Some(payload) = message["payload"].as_object_mut() {
            expand_payload(payload);
        }
        collect(&message["payload"], &mut templates);
    }
    let samples = [
        json!("ON"),
        json!(21.5),
        json!(7),
        json!(true),
        json!(null),
        json!("idle"),
        json!("12.5"),
    ];
    let mut cases = Vec::new();
    for template in &templates {
        // A plain path does the same whatever it leads to.
        let is_plain = !template.contains(['|', '%', '(']) && !template.contains(" if ");
        let samples = if is_plain { &samples[..2] } else { &samples[..] };
        cases.extend(samples.iter().map(|value| (template.clone(), payload(template, value))));
    }
    let input: String = cases
        .iter()
        .map(|(template, payload)| json!({"template": template, "payload": payload}).to_string() + "\n")
        .collect();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/templates/render.py");
    let mut python = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    let writing = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let (mut same, mut refused, mut differing) = (0, 0, Vec::new());
    for ((template, payload), line) in cases.iter().zip(String::from_utf8(output.stdout).unwrap().lines()) {
        let theirs: Value = serde_json::from_str(line).unwrap();
        let ours = Template::parse(template)
            .map_err(|fault| fault.to_string())
            .and_then(|parsed| {
                let payload = Payload::new(payload.as_bytes(), Timestamp(0));
                let text = parsed.render(&payload).map(std::borrow::Cow::into_owned);
                text.map_err(|fault| fault.to_string())
            });
        match (theirs["text"].as_str(), ours) {
            (Some(theirs), Ok(ours)) if ours == theirs => same += 1,
            // What Jinja2 cannot render either.
            (None, _) => refused += 1,
            (Some(theirs), ours) => differing.push(format!("{template} on {payload}: {theirs:?}, ours {ours:?}")),
        }
    }
    println!(
        "{} templates, {same} renders alike, {refused} that Jinja2 refuses, {} differ",
        templates.len(),
        differing.len()
    );
    differing.iter().take(20).for_each(|case| println!("  {case}"));
    assert!(differing.is_empty(), "{} renders differ", differing.len());
    assert!(same * 2 > cases.len(), "too few renders: {same}");
}
