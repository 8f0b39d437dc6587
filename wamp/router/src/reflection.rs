//! What is said about procedures, topics and errors, for `wamp.reflection.…`.

use wamp_protocol::{Dict, Uri, Value};

/// What a description is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// A procedure.
    Procedure,
    /// A topic.
    Topic,
    /// An error URI.
    Error,
}

impl DefinitionKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Procedure, Self::Topic, Self::Error];

    /// Its name in the URIs of the procedures for reflection.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Procedure => "procedure",
            Self::Topic => "topic",
            Self::Error => "error",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A description of one procedure, topic or error.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub(crate) kind: DefinitionKind,
    pub(crate) uri: Uri,
    pub(crate) description: Dict,
}

impl Definition {
    /// One that says `doc` about `uri`.
    pub fn new(kind: DefinitionKind, uri: impl Into<String>, doc: impl Into<String>) -> Self {
        let mut description = Dict::default();
        description.insert("doc", doc.into());
        Self {
            kind,
            uri: Uri::from(uri.into()),
            description,
        }
    }

    /// What it is about.
    pub fn uri(&self) -> &str {
        self.uri.as_str()
    }

    /// Says one more thing.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.description.insert(key, value);
        self
    }

    /// As `describe` answers it: type and URI, and then what is said.
    pub(crate) fn as_dict(&self) -> Dict {
        let mut dict = Dict::default();
        dict.insert("type", self.kind.name());
        dict.insert("uri", self.uri.as_str());
        for (key, value) in &self.description.0 {
            if key != "type" && key != "uri" {
                dict.0.push((key.clone(), value.clone()));
            }
        }
        dict
    }
}
