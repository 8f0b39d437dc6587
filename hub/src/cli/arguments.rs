//! WAMP arguments at the shell: JSON where they parse as JSON, text where they do not.

use serde_json::{Map, Value};

/// `args` and `kwargs` of a call or an event.
#[derive(Debug, clap::Args)]
pub(super) struct Payload {
    /// Positional arguments: JSON, or text where it is not JSON.
    #[arg(value_name = "ARG", allow_negative_numbers = true)]
    args: Vec<String>,
    /// A keyword argument; the value is JSON, or text where it is not JSON.
    #[arg(long = "kw", value_name = "KEY=VALUE", value_parser = key_value)]
    kwargs: Vec<(String, Value)>,
}

impl Payload {
    pub(super) fn args(&self) -> Vec<Value> {
        self.args.iter().map(|text| json_or_text(text)).collect()
    }

    pub(super) fn kwargs(&self) -> Map<String, Value> {
        self.kwargs.iter().cloned().collect()
    }
}

fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

fn key_value(text: &str) -> Result<(String, Value), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), json_or_text(value))),
        _ => Err("say key=value".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_json_where_they_can_be() {
        for (text, expected) in [
            ("27", json!(27)),
            ("true", json!(true)),
            ("27.5", json!(27.5)),
            ("{\"sensorId\": 25, \"temp\": 27}", json!({"sensorId": 25, "temp": 27})),
            ("\"27\"", json!("27")),
            ("living_room", json!("living_room")),
            ("Living room", json!("Living room")),
            ("", json!("")),
        ] {
            assert_eq!(json_or_text(text), expected, "{text}");
        }
    }

    #[test]
    fn keywords_have_a_name() {
        assert_eq!(key_value("area=living_room"), Ok(("area".into(), json!("living_room"))));
        assert_eq!(key_value("note=a=b"), Ok(("note".into(), json!("a=b"))));
        assert_eq!(key_value("for=60"), Ok(("for".into(), json!(60))));
        assert!(key_value("area").is_err());
        assert!(key_value("=1").is_err());
    }
}
