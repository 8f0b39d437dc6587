//! What a handler gets and what it answers.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wamp_protocol::message::{InvocationDetails, YieldOptions};
use wamp_protocol::{Payload, Serializer, SessionId, Uri, error_uri};

use crate::command::{Command, CommandSender, InvocationKey};
use crate::runtime::BoxFuture;
use crate::{ArgumentError, CallError, EncodeError, Error, encoding};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Handler = dyn Fn(Invocation) -> BoxFuture<Result<Reply, CallError>> + Send + Sync;
#[cfg(target_arch = "wasm32")]
pub(crate) type Handler = dyn Fn(Invocation) -> BoxFuture<Result<Reply, CallError>>;

/// A call that has come in.
#[derive(Debug)]
pub struct Invocation {
    pub(crate) key: InvocationKey,
    pub(crate) procedure: Uri,
    pub(crate) details: InvocationDetails,
    pub(crate) payload: Payload,
    pub(crate) commands: CommandSender,
    pub(crate) interruption: Arc<Interruption>,
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
    pub const fn caller(&self) -> Option<SessionId> {
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
    pub const fn trustlevel(&self) -> Option<u64> {
        self.details.trustlevel
    }

    /// Whether the caller takes [progressive results](Self::progress).
    pub const fn receive_progress(&self) -> bool {
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
            ppt: None,
        };
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
        self.interruption.asked.store(true, Ordering::Relaxed);
        poll_fn(|cx| self.interruption.poll(cx, Waiter::Handler)).await;
    }

    /// Whether the call was interrupted.
    pub fn is_canceled(&self) -> bool {
        self.interruption.happened()
    }
}

/// Runs `handler` to its end and sends what it answers.
pub(crate) async fn run(handler: Arc<Handler>, invocation: Invocation) {
    let (key, commands) = (invocation.key, invocation.commands.clone());
    let mut unanswered = Unanswered(Some((key, commands.clone())));
    let interruption = invocation.interruption.clone();
    let outcome = {
        let mut running = pin!(handler(invocation));
        drop(handler);
        poll_fn(|cx| {
            if let Poll::Ready(outcome) = running.as_mut().poll(cx) {
                return Poll::Ready(outcome);
            }
            if interruption.poll(cx, Waiter::Task).is_ready() && !interruption.asked.load(Ordering::Relaxed) {
                let sentence = "the call was canceled";
                return Poll::Ready(Err(CallError::new(error_uri::CANCELED, sentence)));
            }
            Poll::Pending
        })
        .await
    };
    let command = match outcome {
        Ok(Reply { payload }) => Command::Yield {
            invocation: key,
            options: YieldOptions::default(),
            payload,
            answer: None,
        },
        Err(error) => Command::Fail { invocation: key, error },
    };
    unanswered.0 = None;
    // An error means that the session is over: nobody is left to be answered.
    let _ = commands.send(command).await;
}

/// Answers the caller of a handler that panics.
struct Unanswered(Option<(InvocationKey, CommandSender)>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        if let Some((invocation, commands)) = self.0.take() {
            let error = CallError::new(error_uri::RUNTIME_ERROR, "the procedure broke down");
            // An error means that the session is over: nobody is left to be answered.
            let _ = commands.post(Command::Fail { invocation, error });
        }
    }
}

/// Tells a running handler that its call was interrupted.
#[derive(Debug, Default)]
pub(crate) struct Interruption {
    /// Whether the handler wants to know, rather than be dropped.
    asked: AtomicBool,
    state: Mutex<InterruptionState>,
}

#[derive(Debug, Default)]
struct InterruptionState {
    happened: bool,
    handler: Option<Waker>,
    task: Option<Waker>,
}

#[derive(Debug, Clone, Copy)]
enum Waiter {
    Handler,
    Task,
}

impl Interruption {
    pub(crate) fn interrupt(&self) {
        let (handler, task) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.happened = true;
            (state.handler.take(), state.task.take())
        };
        handler.into_iter().chain(task).for_each(Waker::wake);
    }

    pub(crate) fn happened(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).happened
    }

    fn poll(&self, cx: &Context<'_>, waiter: Waiter) -> Poll<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.happened {
            return Poll::Ready(());
        }
        let waker = Some(cx.waker().clone());
        match waiter {
            Waiter::Handler => state.handler = waker,
            Waiter::Task => state.task = waker,
        }
        Poll::Pending
    }
}

/// What a handler answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub(crate) payload: Payload,
}

impl Reply {
    /// Nothing but that it is done.
    pub const fn empty() -> Self {
        Self {
            payload: Payload::EMPTY,
        }
    }

    /// One positional result.
    pub fn value<T: Serialize + ?Sized>(value: &T) -> Result<Self, EncodeError> {
        Self::args(&(value,))
    }

    /// Positional results: a tuple, a list, anything that serializes as a sequence.
    pub fn args<T: Serialize + ?Sized>(args: &T) -> Result<Self, EncodeError> {
        let serializer = Serializer::MsgPack;
        let args = encoding::args(serializer, args)?;
        Ok(Self {
            payload: Payload {
                serializer,
                args,
                ..Payload::EMPTY
            },
        })
    }

    /// Keyword results: a struct or a map.
    pub fn kwargs<T: Serialize + ?Sized>(kwargs: &T) -> Result<Self, EncodeError> {
        Self::empty().with_kwargs(kwargs)
    }

    /// Keyword results beside the positional ones.
    pub fn with_kwargs<T: Serialize + ?Sized>(mut self, kwargs: &T) -> Result<Self, EncodeError> {
        self.payload.kwargs = encoding::kwargs(self.payload.serializer, kwargs)?;
        Ok(self)
    }

    /// A payload already encoded.
    pub const fn payload(payload: Payload) -> Self {
        Self { payload }
    }
}
