//! Events of the past beyond this process: what a realm may be given to keep them in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wamp_protocol::message::{PassThru, Recipients};
use wamp_protocol::{Payload, PublicationId, SessionId, Uri};

/// An event of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct PastEvent {
    /// Where it was published.
    pub topic: Uri,
    /// The publication.
    pub publication: PublicationId,
    /// When, since 1970-01-01T00:00:00Z, in whole milliseconds.
    pub at: Duration,
    /// Who published it, where that is disclosed.
    pub publisher: Option<Publisher>,
    /// The names and roles that it was and was not for. Events for particular sessions are not
    /// kept.
    pub recipients: Recipients,
    /// How far the publisher's role was trusted, where the realm says that.
    pub trustlevel: Option<u64>,
    /// What the publisher said of a payload that only the two ends understand.
    pub passthru: Option<Box<PassThru>>,
    /// What was published.
    pub payload: Payload,
}

/// Who published an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher {
    /// Its session then.
    pub session: SessionId,
    /// Its name.
    pub authid: String,
    /// Its role.
    pub authrole: String,
}

/// Keeps a realm's event history beyond the router's own memory.
pub trait HistoryStore: fmt::Debug + Send + Sync + 'static {
    /// What was kept, oldest first. Asked once, when the realm begins.
    fn load(&self) -> Vec<PastEvent>;

    /// One event more. Called while the realm is locked: it returns at once and stores later.
    fn keep(&self, event: &Arc<PastEvent>);
}
