//! What the hub tells of itself, laid out for people whatever it tells.

use serde_json::Value;

use crate::wording::{capitalized, span};

/// A name with a value, or with more facts below it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    Line {
        name: String,
        value: String,
        /// Whether the value is good or bad news, where it is either.
        is_good: Option<bool>,
    },
    Group {
        name: String,
        facts: Vec<Self>,
    },
}

/// Lays out an object's fields in their order; lists of named things become their names' groups.
pub(crate) fn facts(value: &Value) -> Vec<Fact> {
    match value {
        Value::Object(fields) => fields.iter().filter_map(|(name, value)| fact(name, value)).collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .filter_map(|(index, item)| listed(index, item))
            .collect(),
        _ => Vec::new(),
    }
}

fn fact(name: &str, value: &Value) -> Option<Fact> {
    let bare = ["_seconds", "_bytes", "_ms"]
        .iter()
        .find_map(|unit| name.strip_suffix(unit))
        .unwrap_or(name);
    let label = capitalized(&bare.replace(['_', '-'], " "));
    let line = |value: String, is_good| {
        Some(Fact::Line {
            name: label.clone(),
            value,
            is_good,
        })
    };
    match value {
        Value::Null => None,
        Value::Bool(yes) => line(if *yes { "yes" } else { "no" }.to_owned(), None),
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => line(text.clone(), judged(text)),
        Value::Number(number) => line(number_text(name, number.as_f64()?), None),
        Value::Array(items) if items.iter().all(|item| !item.is_object() && !item.is_array()) => {
            let words: Vec<String> = items
                .iter()
                .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
                .filter(|word| !word.is_empty())
                .collect();
            (!words.is_empty())
                .then(|| words.join(", "))
                .and_then(|words| line(words, None))
        }
        Value::Array(_) | Value::Object(_) => {
            let facts = facts(value);
            (!facts.is_empty()).then_some(Fact::Group { name: label, facts })
        }
    }
}

/// One thing of a list: by its name when it has one, and on one line when its state is all there is.
fn listed(index: usize, item: &Value) -> Option<Fact> {
    const NAMES: [&str; 4] = ["name", "component", "interface", "id"];
    const STATES: [&str; 3] = ["status", "state", "address"];
    let Value::Object(fields) = item else {
        return fact(&(index + 1).to_string(), item);
    };
    let named = NAMES
        .iter()
        .find_map(|name| Some((*name, fields.get(*name)?.as_str()?)));
    let (key, name) = named.unwrap_or(("", "Entry"));
    let mut rest = fields.clone();
    rest.remove(key);
    let has_only_state = rest.values().filter(|value| !value.is_null()).count() == 1;
    if let Some(state) = STATES
        .iter()
        .find_map(|state| fields.get(*state)?.as_str())
        .filter(|_| has_only_state)
    {
        return Some(Fact::Line {
            name: name.to_owned(),
            value: state.to_owned(),
            is_good: judged(state),
        });
    }
    let facts = facts(&Value::Object(rest));
    (!facts.is_empty()).then(|| Fact::Group {
        name: name.to_owned(),
        facts,
    })
}

fn judged(text: &str) -> Option<bool> {
    match text {
        "ok" | "ready" | "running" | "up" | "online" | "joined" | "connected" | "healthy" | "started" => Some(true),
        "failed" | "down" | "offline" | "stopped" | "error" | "restarting" | "degraded" => Some(false),
        _ => None,
    }
}

/// Names tell units: `uptime_seconds`, `memory_bytes`.
fn number_text(name: &str, value: f64) -> String {
    if name.ends_with("bytes") || name.contains("memory") || name.ends_with("_size") {
        return bytes_text(value);
    }
    if name.contains("uptime") || name.ends_with("seconds") {
        return span(value.round());
    }
    if value.fract() == 0.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn bytes_text(bytes: f64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    units.iter().find(|(_, size)| bytes >= *size).map_or_else(
        || format!("{bytes:.0} B"),
        |(unit, size)| format!("{:.1} {unit}", bytes / size),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(name: &str, value: &str, is_good: Option<bool>) -> Fact {
        Fact::Line {
            name: name.into(),
            value: value.into(),
            is_good,
        }
    }

    #[test]
    fn fields_become_lines_with_units() {
        let value = json!({"uptime_seconds": 7200, "memory_bytes": 31_500_000, "version": "0.1.0", "note": null});
        let mut laid_out = facts(&value);
        laid_out.sort_by_key(|fact| match fact {
            Fact::Line { name, .. } | Fact::Group { name, .. } => name.clone(),
        });
        assert_eq!(
            laid_out,
            [
                line("Memory", "31.5 MB", None),
                line("Uptime", "2 h", None),
                line("Version", "0.1.0", None),
            ]
        );
    }

    #[test]
    fn a_list_of_services_is_one_line_each() {
        let value = json!({"services": [{"name": "logger", "status": "ok"}, {"name": "ble", "status": "failed", "detail": "no adapter"}]});
        let Fact::Group { name, facts } = &facts(&value)[0] else {
            panic!("a group")
        };
        assert_eq!(name, "Services");
        assert_eq!(facts[0], line("logger", "ok", Some(true)));
        assert!(matches!(&facts[1], Fact::Group { name, facts } if name == "ble" && facts.len() == 2));
    }

    #[test]
    fn what_is_no_object_tells_nothing() {
        assert!(facts(&json!("x")).is_empty());
        assert!(facts(&json!({"empty": {}, "list": []})).is_empty());
    }
}
