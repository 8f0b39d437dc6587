//! What came of a test message, whatever channels there are.

use serde_json::Value;

/// One channel's outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) channel: String,
    pub(crate) is_ok: bool,
    pub(crate) text: String,
}

/// Reads what `notifier.test` gives: a list of `{channel, ok, detail}`, or one of them.
pub(crate) fn outcomes(value: &Value) -> Vec<Outcome> {
    match value {
        Value::Array(items) => items.iter().filter_map(outcome).collect(),
        Value::Object(fields) => match fields.get("channels").or_else(|| fields.get("outcomes")) {
            Some(items) => outcomes(items),
            None => outcome(value).into_iter().collect(),
        },
        _ => Vec::new(),
    }
}

fn outcome(value: &Value) -> Option<Outcome> {
    let text = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| value.get(name)?.as_str().map(str::to_owned))
    };
    let is_ok = ["ok", "delivered", "sent"]
        .iter()
        .find_map(|name| value.get(name)?.as_bool());
    let detail = text(&["detail", "error", "message", "outcome", "text"]);
    let is_ok = is_ok.unwrap_or_else(|| value.get("error").is_none_or(Value::is_null));
    let channel = text(&["channel", "name"])?;
    let text = detail.unwrap_or_else(|| if is_ok { "delivered".into() } else { "failed".into() });
    Some(Outcome { channel, is_ok, text })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_channel_says_how_it_went() {
        let value = json!([
            {"channel": "ntfy", "ok": true, "detail": "delivered"},
            {"channel": "mail", "ok": false, "detail": "connection refused"},
        ]);
        let outcomes = outcomes(&value);
        assert_eq!((outcomes[0].is_ok, outcomes[1].is_ok), (true, false));
        assert_eq!(outcomes[1].text, "connection refused");
    }

    #[test]
    fn no_channel_is_no_outcome() {
        assert!(outcomes(&json!([])).is_empty());
        assert!(outcomes(&Value::Null).is_empty());
        assert!(outcomes(&json!({"channels": []})).is_empty());
    }
}
