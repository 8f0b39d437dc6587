//! What is wrong with arguments, said so that the person who sent them understands it.

use serde_path_to_error::{Path, Segment};

/// Arguments are not what the receiver takes. The text is a sentence that names the argument
/// where that is known: `high must be a number`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct ArgumentError {
    sentence: String,
}

impl ArgumentError {
    /// With a sentence of one's own.
    pub const fn new(sentence: String) -> Self {
        Self { sentence }
    }

    /// From where serde stood and what it said.
    pub(super) fn of(path: &Path, message: &str) -> Self {
        Self::new(sentence(argument(path).as_deref(), message))
    }
}

/// The argument at the path: `high`, `argument 2`, `name in devices`.
fn argument(path: &Path) -> Option<String> {
    let mut argument: Option<String> = None;
    for segment in path {
        argument = match (segment, argument) {
            (Segment::Seq { index }, None) => Some(format!("argument {}", index + 1)),
            (Segment::Seq { index }, Some(of)) => Some(format!("item {} of {of}", index + 1)),
            (Segment::Map { key }, None) => Some(key.clone()),
            (Segment::Map { key }, Some(of)) => Some(format!("{key} in {of}")),
            (Segment::Enum { .. } | Segment::Unknown, argument) => argument,
        };
    }
    argument
}

fn sentence(argument: Option<&str>, message: &str) -> String {
    if let Some(field) = quoted(message, "missing field `") {
        return match argument {
            Some(of) => format!("{field} is missing in {of}"),
            None => format!("{field} is missing"),
        };
    }
    if let Some(field) = quoted(message, "unknown field `") {
        return match message.split_once("expected ") {
            Some((_, known)) => format!("there is no argument {field}; known: {}", names(known)),
            None => format!("there is no argument {field}"),
        };
    }
    if let Some(field) = quoted(message, "duplicate field `") {
        return format!("{field} is given twice");
    }
    let subject = argument.unwrap_or("an argument");
    if let Some((problem, wanted)) = message.rsplit_once(", expected ") {
        if let Some(given) = problem.strip_prefix("invalid length ") {
            return format!("{} expected, and {given} given", wanted_length(wanted));
        }
        if problem.starts_with("invalid type") || problem.starts_with("invalid value") {
            return format!("{subject} must be {}", plain(wanted));
        }
        if let Some(variant) = quoted(problem, "unknown variant `") {
            return format!("{subject} must be {}, not {variant}", names(wanted));
        }
    }
    match message {
        "numeric cast found out of range" => format!("{subject} is out of range"),
        _ if message.starts_with("wrong msgpack marker") => format!("{subject} is of a wrong type"),
        _ if argument.is_some() => format!("{subject}: {message}"),
        _ => message.to_owned(),
    }
}

/// The name after `before`, up to the next backquote.
fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.split('`').next()
}

/// serde's `one of `a`, `b`` and the like without quotes.
fn names(list: &str) -> String {
    list.trim_start_matches("one of ").replace('`', "")
}

fn wanted_length(wanted: &str) -> String {
    match wanted.rsplit_once(' ').and_then(|(_, last)| last.parse::<usize>().ok()) {
        Some(1) => "one argument".to_owned(),
        Some(count) => format!("{count} arguments"),
        None => plain(wanted).to_owned(),
    }
}

/// What serde calls a type, in plain words.
fn plain(wanted: &str) -> &str {
    match wanted {
        "f64" | "f32" => "a number",
        "i8" => "a whole number from -128 to 127",
        "i16" => "a whole number from -32768 to 32767",
        "i32" | "i64" | "i128" | "isize" => "a whole number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "u128" | "usize" => "a whole number that is not negative",
        "a boolean" => "true or false",
        "a string" | "a borrowed string" => "text",
        "a character" => "one character",
        "a sequence" => "a list",
        "a byte array" | "byte array" | "a borrowed byte array" => "binary",
        "a map" => "a dict",
        "unit" => "null",
        _ if wanted.starts_with("struct ") || wanted.starts_with("map ") => "a dict",
        _ if wanted.starts_with("a tuple") || wanted.starts_with("an array") || wanted.starts_with("tuple struct") => {
            "a list"
        }
        _ if wanted.starts_with("enum ") || wanted.starts_with("string or map") => "one of the known names",
        _ => wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::{ArgumentError, Payload, Serializer, Value};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only what it refuses is looked at")]
    struct Threshold {
        area: String,
        high: f64,
        #[serde(default)]
        mode: Option<Mode>,
        #[serde(default)]
        devices: Vec<Device>,
        #[serde(default)]
        level: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Mode {
        Cool,
        Heat,
    }

    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only what it refuses is looked at")]
    struct Device {
        name: String,
    }

    fn refusal(json: &str) -> [String; 3] {
        let payload = Payload {
            serializer: Serializer::Json,
            kwargs: json.to_owned().into(),
            ..Payload::EMPTY
        };
        Serializer::ALL.map(|serializer| {
            payload
                .transcode(serializer)
                .unwrap()
                .kwargs::<Threshold>()
                .map(drop)
                .unwrap_err()
                .to_string()
        })
    }

    #[test]
    fn a_wrong_keyword_argument_is_named_in_every_serializer() {
        for (json, sentence) in [
            (r#"{"area":"a","high":"x"}"#, "high must be a number"),
            (r#"{"area":"a"}"#, "high is missing"),
            (r#"{"area":7,"high":1.5}"#, "area must be text"),
            (
                r#"{"area":"a","high":1,"hihg":2}"#,
                "there is no argument hihg; known: area, high, mode, devices, level",
            ),
            (
                r#"{"area":"a","high":1,"mode":"dry"}"#,
                "mode must be cool or heat, not dry",
            ),
            (
                r#"{"area":"a","high":1,"level":300}"#,
                "level must be a whole number from 0 to 255",
            ),
            (
                r#"{"area":"a","high":1,"level":-1}"#,
                "level must be a whole number from 0 to 255",
            ),
            (r#"{"area":"a","high":1,"devices":{}}"#, "devices must be a list"),
            (
                r#"{"area":"a","high":1,"devices":[{"name":"n"},{"name":1}]}"#,
                "name in item 2 of devices must be text",
            ),
            (
                r#"{"area":"a","high":1,"devices":[{}]}"#,
                "name is missing in item 1 of devices",
            ),
            (r#"{"area":"a","high":1,"high":1}"#, "high is given twice"),
        ] {
            assert_eq!(refusal(json), [sentence; 3], "{json}");
        }
    }

    #[test]
    fn a_wrong_positional_argument_is_counted_from_one() {
        let refused = |json: &str| -> ArgumentError {
            let payload = Payload {
                serializer: Serializer::Json,
                args: json.to_owned().into(),
                ..Payload::EMPTY
            };
            let [json, msgpack, cbor] =
                Serializer::ALL.map(|to| payload.transcode(to).unwrap().args::<(bool, String)>().unwrap_err());
            assert_eq!((&json, &json), (&msgpack, &cbor));
            json
        };
        assert_eq!(refused("[true,5]").to_string(), "argument 2 must be text");
        assert_eq!(refused(r#"["on","x"]"#).to_string(), "argument 1 must be true or false");
        assert_eq!(refused("[true]").to_string(), "2 arguments expected, and 1 given");
    }

    #[test]
    fn no_arguments_are_an_empty_list_and_dict() {
        assert_eq!(Payload::EMPTY.args::<Vec<Value>>(), Ok(Vec::new()));
        let json = Payload {
            serializer: Serializer::Json,
            ..Payload::EMPTY
        };
        assert_eq!(json.args::<Vec<Value>>(), Ok(Vec::new()));
        let missing = Payload::EMPTY.args::<(bool,)>().unwrap_err();
        assert_eq!(missing.to_string(), "one argument expected, and 0 given");
        let missing = Payload::EMPTY.kwargs::<Threshold>().unwrap_err();
        assert_eq!(missing.to_string(), "area is missing");
    }
}
