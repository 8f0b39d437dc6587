//! What handles ask of the driver.

use std::sync::Arc;

use futures_channel::{mpsc, oneshot};
use futures_util::SinkExt;
use wamp_protocol::message::{
    CallOptions, CancelMode, PublishOptions, RegisterOptions, SubscribeOptions, YieldOptions,
};
use wamp_protocol::{Payload, PublicationId, RequestId, SessionId, Uri};

use crate::event_queue::EventQueue;
use crate::invocation::Handler;
use crate::{CallError, CallResult, Error};

/// Names a call, a subscription or a registration within this client; the router never sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LocalId(pub(crate) u64);

/// Where an answer goes. The receiver may be gone; then nobody wants to know.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, Error>>;

/// What the results of a call go to.
#[derive(Debug)]
pub(crate) enum CallAnswer {
    /// One result.
    Single(Answer<CallResult>),
    /// Any number of progressive ones, then the final one or an error.
    Progressive(ProgressSender),
}

/// The driver's end of a progressive call's queue.
#[derive(Debug)]
pub(crate) struct ProgressSender {
    pub(crate) results: mpsc::UnboundedSender<Result<CallResult, Error>>,
    /// How many wait to be taken.
    pub(crate) waiting: Arc<std::sync::atomic::AtomicUsize>,
    /// How many may.
    pub(crate) limit: usize,
}

/// A request of a handle.
pub(crate) enum Command {
    Publish {
        topic: Uri,
        options: PublishOptions,
        payload: Payload,
        /// `None` when no acknowledgement was asked for.
        answer: Option<Answer<PublicationId>>,
    },
    Subscribe {
        local: LocalId,
        topic: Uri,
        options: SubscribeOptions,
        queue: Arc<EventQueue>,
        answer: Answer<()>,
    },
    Unsubscribe {
        local: LocalId,
        answer: Option<Answer<()>>,
    },
    Call {
        local: LocalId,
        procedure: Uri,
        options: CallOptions,
        payload: Payload,
        answer: CallAnswer,
    },
    /// A further piece of a call's arguments.
    Chunk {
        local: LocalId,
        procedure: Uri,
        options: CallOptions,
        payload: Payload,
        answer: Answer<()>,
    },
    /// A call to make again, whatever it gives, each time a session is joined.
    Keep {
        procedure: Uri,
        payload: Payload,
    },
    /// Makes none of those calls any more.
    Forget,
    Cancel {
        local: LocalId,
        mode: CancelMode,
    },
    Register {
        local: LocalId,
        procedure: Uri,
        options: RegisterOptions,
        handler: Arc<Handler>,
        answer: Answer<()>,
    },
    Unregister {
        local: LocalId,
        answer: Answer<()>,
    },
    /// An invocation's result, progressive or final.
    Yield {
        invocation: InvocationKey,
        options: YieldOptions,
        payload: Payload,
        answer: Option<Answer<()>>,
    },
    /// An invocation failed.
    Fail {
        invocation: InvocationKey,
        error: CallError,
    },
    Leave {
        reason: Uri,
        done: oneshot::Sender<()>,
    },
}

/// Names an invocation over reconnects: its request id counts within one joined session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvocationKey {
    pub(crate) session: SessionId,
    pub(crate) request: RequestId,
}

/// The way to the driver.
#[derive(Debug, Clone)]
pub(crate) struct CommandSender(mpsc::Sender<Command>);

impl CommandSender {
    pub(crate) fn channel(capacity: usize) -> (Self, mpsc::Receiver<Command>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self(sender), receiver)
    }

    /// Hands over `command`, then waits while more than the queue's capacity is waiting, so that
    /// a fast sender keeps step with the connection.
    pub(crate) async fn send(&self, command: Command) -> Result<(), Error> {
        // Every clone owns one place in the queue, so the command is in before the wait begins.
        self.0.clone().send(command).await.map_err(|_| Error::Closed)
    }

    /// Hands over `command` at once, whatever is waiting: for what ends something.
    pub(crate) fn post(&self, command: Command) -> Result<(), Error> {
        self.0.clone().try_send(command).map_err(|_| Error::Closed)
    }

    /// Sends a command that carries an [`Answer`] and waits for it.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        self.send(command(answer)).await?;
        answered.await.unwrap_or(Err(Error::Closed))
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Publish { .. } => "Publish",
            Self::Subscribe { .. } => "Subscribe",
            Self::Unsubscribe { .. } => "Unsubscribe",
            Self::Call { .. } => "Call",
            Self::Chunk { .. } => "Chunk",
            Self::Keep { .. } => "Keep",
            Self::Forget => "Forget",
            Self::Cancel { .. } => "Cancel",
            Self::Register { .. } => "Register",
            Self::Unregister { .. } => "Unregister",
            Self::Yield { .. } => "Yield",
            Self::Fail { .. } => "Fail",
            Self::Leave { .. } => "Leave",
        })
    }
}
