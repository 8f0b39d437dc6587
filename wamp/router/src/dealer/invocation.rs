//! An open call, from the side of its callee.

use std::time::Duration;

use wamp_protocol::{RequestId, SessionId};

use super::chunks::Chunks;
use super::rerouting::Reroute;

/// Which invocation: the callee, and the id in its session's scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct InvocationKey {
    pub(super) callee: SessionId,
    pub(super) request: RequestId,
}

/// An invocation that the callee has not answered finally. There may be many: what only some calls
/// need is beside it.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) caller: SessionId,
    /// CALL.Request
    pub(super) call: RequestId,
    /// The caller takes progressive results.
    pub(super) receive_progress: bool,
    /// The caller takes payloads that are passed through.
    pub(super) takes_passthru: bool,
    /// The callee announced that it can be canceled.
    pub(super) stoppable: bool,
    /// The caller canceled with mode `kill` and waits for what the callee says.
    pub(super) killed: bool,
    pub(super) chunks: Chunks,
    pub(super) timeout: Option<Box<Timeout>>,
    /// What it takes to ask another callee, where this one may say that it is unavailable.
    pub(super) reroute: Option<Box<Reroute>>,
}

/// How long the callee may take: from the call, and from each progressive result, to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeout {
    pub(super) after: Duration,
    pub(super) deadline: Duration,
    /// Where it stands among the deadlines: never later than `deadline`.
    pub(super) queued: Duration,
}
