//! URIs and how patterns match them.

use std::fmt;
use std::sync::Arc;

/// A realm, topic, procedure, error or reason URI, or a pattern of one. Cheap to clone.
///
/// Whether it is well formed for its use is a check of its own: a bad URI is answered with
/// `wamp.error.invalid_uri`, not taken for a broken message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uri(Arc<str>);

impl Uri {
    /// The URI as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Uri {
    fn from(uri: &str) -> Self {
        Self(uri.into())
    }
}

impl From<String> for Uri {
    fn from(uri: String) -> Self {
        Self(uri.into())
    }
}

impl AsRef<str> for Uri {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Uri {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// How a subscription or registration matches URIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MatchPolicy {
    /// The same URI.
    #[default]
    Exact,
    /// URIs that begin with this text.
    Prefix,
    /// URIs with any component where this one has an empty one.
    Wildcard,
}

impl MatchPolicy {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Wildcard => "wildcard",
        }
    }
}
