//! The limits that refuse one message or request, as the metrics name them.

/// What was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Octets of one message.
    MessageSize,
    /// Levels of lists and dicts in one another.
    Depth,
    /// Subscriptions of a session.
    Subscriptions,
    /// Registrations of a session.
    Registrations,
    /// Open calls of a session.
    Calls,
    /// Testaments of a session.
    Testaments,
    /// Definitions for reflection of a session.
    Definitions,
    /// Ways in which the wildcards of a session's patterns stand.
    WildcardShapes,
}

impl Limit {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::MessageSize,
        Self::Depth,
        Self::Subscriptions,
        Self::Registrations,
        Self::Calls,
        Self::Testaments,
        Self::Definitions,
        Self::WildcardShapes,
    ];

    /// The name in the metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MessageSize => "message_size",
            Self::Depth => "depth",
            Self::Subscriptions => "subscriptions",
            Self::Registrations => "registrations",
            Self::Calls => "calls",
            Self::Testaments => "testaments",
            Self::Definitions => "definitions",
            Self::WildcardShapes => "wildcard_shapes",
        }
    }
}
