//! One MQTT message's payload, read as text or JSON at most once however many entities look at it.

use std::cell::OnceCell;

use house::Timestamp;
use serde_json::Value;

/// A payload and when it was received.
#[derive(Debug)]
pub struct Payload<'a> {
    text: Option<&'a str>,
    json: OnceCell<Option<Value>>,
    /// When it was received.
    pub at: Timestamp,
}

impl<'a> Payload<'a> {
    /// Wraps the bytes of a message.
    pub fn new(bytes: &'a [u8], at: Timestamp) -> Self {
        Self {
            text: std::str::from_utf8(bytes).ok(),
            json: OnceCell::new(),
            at,
        }
    }

    /// The payload as text, unless it is not UTF-8.
    pub fn text(&self) -> Option<&'a str> {
        self.text
    }

    /// The payload as JSON, unless it is none.
    pub fn json(&self) -> Option<&Value> {
        self.json
            .get_or_init(|| self.text.and_then(|text| serde_json::from_str(text).ok()))
            .as_ref()
    }
}
