//! What this browser remembers of who signed in: a name and a ticket, never a password.

use serde::{Deserialize, Serialize};

use crate::browser;

const KEY: &str = "domovoi.remembered";

/// What `account.remember` gives, kept in local storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    pub(crate) authid: String,
    pub(crate) token: String,
}

pub(crate) fn read() -> Option<Remembered> {
    serde_json::from_str(&browser::stored(KEY)?).ok()
}

pub(crate) fn write(remembered: &Remembered) {
    if let Ok(text) = serde_json::to_string(remembered) {
        browser::store(KEY, &text);
    }
}

pub(crate) fn clear() {
    browser::unstore(KEY);
}
