//! What a handler gets and what it answers.

mod input;
mod reply;
mod running;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use wamp_protocol::message::{InvocationDetails, PassThru, Sparse, YieldOptions};
use wamp_protocol::{Payload, SessionId, Uri};

pub use self::input::Chunk;
pub(crate) use self::input::{InputReceiver, InputSender, channel as input_channel};
pub use self::reply::Reply;
use self::running::Waiter;
pub(crate) use self::running::{Interruption, run};
use crate::command::{Command, CommandSender, InvocationKey};
use crate::runtime::BoxFuture;
use crate::{ArgumentError, CallError, Error};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Handler = dyn Fn(Invocation) -> BoxFuture<Result<Reply, CallError>> + Send + Sync;
#[cfg(target_arch = "wasm32")]
pub(crate) type Handler = dyn Fn(Invocation) -> BoxFuture<Result<Reply, CallError>>;

/// A call that has come in.
#[derive(Debug)]
pub struct Invocation {
    pub(crate) key: InvocationKey,
    pub(crate) procedure: Uri,
    pub(crate) details: Sparse<InvocationDetails>,
    pub(crate) payload: Payload,
    pub(crate) commands: CommandSender,
    pub(crate) interruption: Arc<Interruption>,
    /// Where further pieces of the arguments come from.
    pub(crate) input: Option<InputReceiver>,
}

impl Invocation {
    /// The positional arguments, as any type that deserializes from a sequence. The error turns
    /// into `wamp.error.invalid_argument` with `?`.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.args()
    }

    /// The keyword arguments, as a struct or a map. The error turns into
    /// `wamp.error.invalid_argument` with `?`.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.kwargs()
    }

    /// The payload as it came.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The procedure that was called; for a pattern registration not the pattern.
    pub fn procedure(&self) -> &str {
        self.procedure.as_str()
    }

    /// The caller's session, when disclosed.
    pub fn caller(&self) -> Option<SessionId> {
        self.details.caller
    }

    /// The caller's name, when disclosed.
    pub fn caller_authid(&self) -> Option<&str> {
        self.details.caller_authid.as_deref()
    }

    /// The caller's role, when disclosed.
    pub fn caller_authrole(&self) -> Option<&str> {
        self.details.caller_authrole.as_deref()
    }

    /// How far the router trusts the caller, where it says.
    pub fn trustlevel(&self) -> Option<u64> {
        self.details.trustlevel
    }

    /// The part of a sharded procedure that was called.
    pub fn shard(&self) -> Option<&str> {
        self.details.rkey.as_deref()
    }

    /// How the payload is encoded, when it is for the two ends only.
    pub fn passthru(&self) -> Option<&PassThru> {
        self.details.ppt.as_deref()
    }

    /// Whether further pieces of the arguments follow.
    pub fn has_input(&self) -> bool {
        self.details.progress
    }

    /// The next piece of the arguments; `None` after the last one, or when there are none but those
    /// that came at first.
    ///
    /// Errors: [`Error::NotConnected`] when the connection was lost before the last piece.
    pub async fn next_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        match &mut self.input {
            Some(input) => input.next().await,
            None => Ok(None),
        }
    }

    /// Whether the caller takes [progressive results](Self::progress).
    pub fn receive_progress(&self) -> bool {
        self.details.receive_progress
    }

    /// How long the caller waits, where keeping the time was left to this side.
    pub fn timeout(&self) -> Option<Duration> {
        self.details
            .timeout
            .filter(|&milliseconds| milliseconds > 0)
            .map(Duration::from_millis)
    }

    /// Sends a progressive result. A caller that takes none gets none, and that is no error.
    ///
    /// Errors: [`Error::NotConnected`] when the caller cannot be reached any more,
    /// [`Error::Closed`].
    pub async fn progress(&self, reply: Reply) -> Result<(), Error> {
        if !self.details.receive_progress {
            return Ok(());
        }
        let options = YieldOptions {
            progress: true,
            ppt: reply.passthru,
        };
        self.interruption.progressed();
        let invocation = self.key;
        let payload = reply.payload;
        self.commands
            .ask(|answer| Command::Yield {
                invocation,
                options,
                payload,
                answer: Some(answer),
            })
            .await
    }

    /// Resolves when the call is interrupted: the caller canceled it or left, or its time ran out.
    /// A handler that has asked runs on and may clean up; one that has not is dropped.
    pub async fn canceled(&self) {
        self.interruption.ask();
        poll_fn(|cx| self.interruption.poll(cx, Waiter::Handler)).await;
    }

    /// Whether the call was interrupted.
    pub fn is_canceled(&self) -> bool {
        self.interruption.happened()
    }
}
