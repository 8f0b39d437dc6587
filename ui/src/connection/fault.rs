//! Why something was not done, for the person who asked for it.

use std::fmt;

/// What the hub refused or could not do, or why it was not heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    uri: Option<String>,
    sentence: String,
}

impl Fault {
    /// An error the hub sent: its own sentence counts, a known URI fills in when it has none.
    pub(crate) fn refused(uri: &str, message: Option<&str>) -> Self {
        let own = message.map(str::trim).filter(|text| !text.is_empty() && *text != uri);
        Self {
            uri: Some(uri.to_owned()),
            sentence: finished(own.unwrap_or_else(|| sentence_for(uri))),
        }
    }

    /// Something else, in words.
    pub(crate) fn other(sentence: &str) -> Self {
        Self {
            uri: None,
            sentence: finished(sentence),
        }
    }

    pub(crate) fn not_connected() -> Self {
        Self::other("The hub is not connected right now.")
    }

    /// The error's URI, when the hub sent one.
    pub(crate) fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }

    /// A sentence for people.
    pub(crate) fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// A sentence has a capital and an end.
fn finished(text: &str) -> String {
    let mut sentence = crate::wording::capitalized(text.trim());
    if !sentence.ends_with(['.', '!', '?', '…']) {
        sentence.push('.');
    }
    sentence
}

fn sentence_for(uri: &str) -> &str {
    match uri {
        "wamp.error.authentication_failed" | "wamp.error.not_authorized" | "wamp.error.authorization_denied" => {
            "you are not allowed to do that"
        }
        "wamp.error.no_such_procedure" => "the hub is not ready for that yet: the service is still starting",
        "wamp.error.canceled" | "wamp.error.timeout" => "the hub took too long to answer",
        "wamp.error.no_such_realm" => "this is not a Domovoi hub",
        house::uri::error::SETUP_CLOSED => "this set-up link has been used already",
        house::uri::error::DEVICE_UNAVAILABLE => "the device does not answer",
        house::uri::error::HARDWARE_NOT_FOUND => "there is no such device",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hubs_own_sentence_counts() {
        let fault = Fault::refused("wamp.error.invalid_argument", Some("low must be below high"));
        assert_eq!(fault.sentence(), "Low must be below high.");
        assert_eq!(fault.uri(), Some("wamp.error.invalid_argument"));
    }

    #[test]
    fn an_error_without_words_gets_some() {
        assert_eq!(
            Fault::refused(house::uri::error::SETUP_CLOSED, None).sentence(),
            "This set-up link has been used already."
        );
        assert_eq!(Fault::refused("com.other", Some("com.other")).sentence(), "Com.other.");
    }
}
