//! Typed reading of an announcement's keys, forgiving where firmware is known to be loose.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::template::{Template, TemplateFault};
use crate::topic;

/// Why an announcement is refused, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryFault {
    /// Not JSON.
    #[error("it is not JSON: {detail}")]
    NotJson {
        /// The parser's words.
        detail: String,
    },
    /// JSON, but no object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// A key that must be there is not.
    #[error("{key} is missing")]
    Missing {
        /// Which.
        key: &'static str,
    },
    /// A key holds what it cannot.
    #[error("{key} must be {wanted}")]
    WrongType {
        /// Which.
        key: &'static str,
        /// What it must be.
        wanted: &'static str,
    },
    /// A template does not compile.
    #[error("{key}: {fault}")]
    Template {
        /// Which key.
        key: &'static str,
        /// What is wrong with it.
        fault: TemplateFault,
    },
    /// A part of a device announcement is refused.
    #[error("component {id:?}: {fault}")]
    Component {
        /// Its id.
        id: String,
        /// What is wrong with it.
        fault: Box<Self>,
    },
}

/// One JSON object of an announcement, abbreviations already expanded.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(pub &'a Map<String, Value>);

impl Fields<'_> {
    fn value(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there, null included.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Text; numbers and truth values as Python prints them, since firmware sends those too.
    pub fn text(&self, key: &'static str) -> Result<Option<String>, DiscoveryFault> {
        match self.value(key) {
            None => Ok(None),
            Some(value) => text_of(value)
                .map(Some)
                .ok_or(DiscoveryFault::WrongType { key, wanted: "text" }),
        }
    }

    /// Text, or `default`.
    pub fn text_or(&self, key: &'static str, default: &str) -> Result<String, DiscoveryFault> {
        Ok(self.text(key)?.unwrap_or_else(|| default.to_owned()))
    }

    /// A truth value, also as the words that Home Assistant takes for one.
    pub fn truth_or(&self, key: &'static str, default: bool) -> Result<bool, DiscoveryFault> {
        let word = match self.value(key) {
            None => return Ok(default),
            Some(Value::Bool(truth)) => return Ok(*truth),
            Some(Value::Number(number)) => return Ok(number.as_f64() != Some(0.0)),
            Some(Value::String(word)) => word.trim().to_ascii_lowercase(),
            Some(Value::Array(_) | Value::Object(_) | Value::Null) => String::new(),
        };
        match word.as_str() {
            "1" | "true" | "yes" | "on" | "enable" => Ok(true),
            "0" | "false" | "no" | "off" | "disable" => Ok(false),
            _ => Err(DiscoveryFault::WrongType {
                key,
                wanted: "true or false",
            }),
        }
    }

    /// A duration of more than zero seconds, at most a year.
    pub fn seconds(&self, key: &'static str) -> Result<Option<Duration>, DiscoveryFault> {
        let wanted = "a number of seconds";
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        match text.trim().parse::<f64>() {
            Ok(seconds) if (0.0..=31_536_000.0).contains(&seconds) => {
                Ok((seconds > 0.0).then(|| Duration::from_secs_f64(seconds)))
            }
            _ => Err(DiscoveryFault::WrongType { key, wanted }),
        }
    }

    /// A finite number, also as text.
    pub fn number(&self, key: &'static str) -> Result<Option<f64>, DiscoveryFault> {
        let wanted = "a number";
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(DiscoveryFault::WrongType { key, wanted }),
        }
    }

    /// A quality of service: 0, 1 or 2.
    pub fn qos(&self) -> Result<u8, DiscoveryFault> {
        let fault = DiscoveryFault::WrongType {
            key: "qos",
            wanted: "0, 1 or 2",
        };
        match self.text("qos")?.as_deref() {
            None | Some("0") => Ok(0),
            Some("1") => Ok(1),
            Some("2") => Ok(2),
            Some(_) => Err(fault),
        }
    }

    /// A topic that can be published to.
    pub fn topic(&self, key: &'static str) -> Result<Option<String>, DiscoveryFault> {
        match self.text(key)? {
            None => Ok(None),
            Some(name) if topic::is_valid_name(&name) => Ok(Some(name)),
            Some(_) => Err(DiscoveryFault::WrongType {
                key,
                wanted: "a topic without + and #",
            }),
        }
    }

    /// A topic that must be there.
    pub fn required_topic(&self, key: &'static str) -> Result<String, DiscoveryFault> {
        self.topic(key)?.ok_or(DiscoveryFault::Missing { key })
    }

    /// A template; without one, the payload as it is.
    pub fn template(&self, key: &'static str) -> Result<Template, DiscoveryFault> {
        match self.text(key)? {
            None => Ok(Template::WHOLE),
            Some(source) => Template::parse(&source).map_err(|fault| DiscoveryFault::Template { key, fault }),
        }
    }

    /// A list of texts; one text is a list of one.
    pub fn texts(&self, key: &'static str) -> Result<Option<Vec<String>>, DiscoveryFault> {
        let fault = DiscoveryFault::WrongType {
            key,
            wanted: "a list of text",
        };
        match self.value(key) {
            None => Ok(None),
            Some(Value::Array(list)) => list.iter().map(text_of).collect::<Option<_>>().map(Some).ok_or(fault),
            Some(value) => text_of(value).map(|text| Some(vec![text])).ok_or(fault),
        }
    }
}

pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(true) => Some("True".to_owned()),
        Value::Bool(false) => Some("False".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Whether a payload is the one that an announcement names (`true`, `True` and JSON's true are
/// one).
pub fn is_same(payload: &str, named: &str) -> bool {
    payload == named
        || (payload.eq_ignore_ascii_case(named)
            && (named.eq_ignore_ascii_case("true") || named.eq_ignore_ascii_case("false")))
}
