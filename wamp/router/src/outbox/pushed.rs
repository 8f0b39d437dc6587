//! What becomes of a message that is added, and how an outbox ends.

use crate::effects::Refusal;

/// Why nothing more is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was full.
    TooSlow,
    /// The router ended the session with a GOODBYE.
    Dismissed,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits, and the session's task has yet to be told.
    First,
    /// It waits behind others.
    Behind,
    /// It waits in the place of so many older events, which gave way.
    Instead { dropped: usize },
    /// It did not fit: it and so many others were dropped, and the session ends.
    Full { dropped: usize },
    /// The session is ending: it was dropped.
    Late,
    /// It cannot be sent, or the receiver takes none of that size.
    Undeliverable(Refusal),
}
