//! What this machine cannot do.

use wamp_client::CallError;

/// The machine does not let the hub do it; the sentence says why.
pub(crate) fn not_supported(sentence: &str) -> CallError {
    CallError::new(house::uri::error::NOT_SUPPORTED, sentence)
}
