//! Calling.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wamp_protocol::message::{CallOptions, CancelMode, ResultDetails};
use wamp_protocol::{Payload, SessionId, Uri};

use crate::command::{CallAnswer, Command, LocalId, ProgressSender};
use crate::encoding::{self, PayloadBuilder};
use crate::{ArgumentError, Error, Session, runtime};

/// Progressive results that wait for their consumer before the call is given up.
const DEFAULT_LIMIT: usize = 16_384;

/// How long after the time given to the router this side gives up by itself: the router's own
/// answer should win where it keeps the time.
const TIMEOUT_GRACE: Duration = Duration::from_millis(500);

/// A call about to be made; [`send`](Self::send) or [`progressive`](Self::progressive) does it.
#[derive(Debug)]
#[must_use = "nothing is called until `send` or `progressive` is awaited"]
pub struct CallRequest {
    session: Session,
    procedure: Uri,
    options: CallOptions,
    payload: PayloadBuilder,
    cancel: CancelMode,
    limit: usize,
}

impl CallRequest {
    pub(crate) fn new(session: Session, procedure: Uri) -> Self {
        let payload = PayloadBuilder::new(session.0.serializer);
        let cancel = CancelMode::default();
        Self {
            session,
            procedure,
            options: CallOptions::default(),
            payload,
            cancel,
            limit: DEFAULT_LIMIT,
        }
    }

    /// The positional arguments: a tuple, a list, anything that serializes as a sequence.
    pub fn args<T: Serialize + ?Sized>(mut self, args: &T) -> Self {
        self.payload.args(args);
        self
    }

    /// The keyword arguments: a struct or a map.
    pub fn kwargs<T: Serialize + ?Sized>(mut self, kwargs: &T) -> Self {
        self.payload.kwargs(kwargs);
        self
    }

    /// A payload already encoded.
    pub fn payload(mut self, payload: Payload) -> Self {
        self.payload = PayloadBuilder::from(payload);
        self
    }

    /// Gives up after this time: [`Error::Timeout`], and the callee is told. For a progressive call
    /// it is the longest time between two results.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        // 0 on the wire would mean no limit at all.
        self.options.timeout = Some(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).max(1));
        self
    }

    /// Tells the callee who calls.
    pub fn disclose_me(mut self) -> Self {
        self.options.disclose_me = true;
        self
    }

    /// How the call is canceled when its future or stream is dropped; the caller waits for nothing
    /// then, and the callee is told, unless this says otherwise.
    pub fn cancel_mode(mut self, mode: CancelMode) -> Self {
        self.cancel = mode;
        self
    }

    /// How many progressive results may wait to be taken before the call is given up with
    /// [`Error::Overrun`].
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Calls, and waits for the result. Dropping the future cancels the call.
    ///
    /// Errors: [`Error::Rejected`] with what the callee or the router answered, [`Error::Timeout`],
    /// [`Error::NotConnected`] when there is no connection or it is lost before the answer,
    /// [`Error::Closed`], [`Error::Serialization`].
    pub async fn send(self) -> Result<CallResult, Error> {
        let limit = local_limit(&self.options);
        let mode = self.cancel;
        let (answer, answered) = futures_channel::oneshot::channel();
        let mut guard = self.start(CallAnswer::Single(answer), mode).await?;
        let result = runtime::within(limit, answered).await;
        if result.is_some() {
            guard.disarm();
        }
        match result {
            Some(answered) => answered.unwrap_or(Err(Error::Closed)),
            None => Err(Error::Timeout),
        }
    }

    /// Calls, and gives the results as they come. Dropping the stream cancels the call.
    ///
    /// Errors: [`Error::NotConnected`], [`Error::Closed`], [`Error::Serialization`]; everything
    /// else comes through the stream.
    pub async fn progressive(mut self) -> Result<ProgressiveCall, Error> {
        self.options.receive_progress = true;
        let timeout = local_limit(&self.options);
        let (sender, results) = mpsc::unbounded();
        let waiting = Arc::new(AtomicUsize::new(0));
        let answer = ProgressSender {
            results: sender,
            waiting: waiting.clone(),
            limit: self.limit,
        };
        let mode = self.cancel;
        let guard = self.start(CallAnswer::Progressive(answer), mode).await?;
        let deadline = timeout.map(runtime::sleep);
        Ok(ProgressiveCall {
            results,
            waiting,
            guard,
            timeout,
            deadline,
        })
    }

    async fn start(self, answer: CallAnswer, mode: CancelMode) -> Result<CancelOnDrop, Error> {
        let Self {
            session,
            procedure,
            options,
            payload,
            ..
        } = self;
        let payload = payload.finish()?;
        session.check_connected()?;
        let local = session.local_id();
        // Armed first: the command is in the queue as soon as sending begins.
        let guard = CancelOnDrop {
            session: session.clone(),
            call: Some(local),
            mode,
        };
        session
            .0
            .commands
            .send(Command::Call {
                local,
                procedure,
                options,
                payload,
                answer,
            })
            .await?;
        Ok(guard)
    }
}

/// When this side gives up by itself.
fn local_limit(options: &CallOptions) -> Option<Duration> {
    options
        .timeout
        .map(|milliseconds| Duration::from_millis(milliseconds).saturating_add(TIMEOUT_GRACE))
}

/// Cancels the call unless it has its answer.
#[derive(Debug)]
struct CancelOnDrop {
    session: Session,
    call: Option<LocalId>,
    mode: CancelMode,
}

impl CancelOnDrop {
    const fn disarm(&mut self) {
        self.call = None;
    }

    fn cancel(&mut self) {
        if let Some(local) = self.call.take() {
            // An error means that the session is over, and the call with it.
            let _ = self.session.0.commands.post(Command::Cancel { local, mode: self.mode });
        }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// A call that gives any number of progressive results and then the final one, or an error.
/// Dropping it before that cancels the call.
pub struct ProgressiveCall {
    results: mpsc::UnboundedReceiver<Result<CallResult, Error>>,
    waiting: Arc<AtomicUsize>,
    guard: CancelOnDrop,
    timeout: Option<Duration>,
    deadline: Option<runtime::Sleep>,
}

impl ProgressiveCall {
    /// The next result; `None` after the final one ([`CallResult::progress`] is false) or an error.
    pub async fn next(&mut self) -> Option<Result<CallResult, Error>> {
        StreamExt::next(self).await
    }
}

impl Stream for ProgressiveCall {
    type Item = Result<CallResult, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Poll::Ready(next) = this.results.poll_next_unpin(cx) {
            match &next {
                Some(Ok(result)) if result.progress => {
                    this.waiting.fetch_sub(1, Ordering::Relaxed);
                    this.deadline = this.timeout.map(runtime::sleep);
                }
                _ => {
                    this.guard.disarm();
                    this.deadline = None;
                    this.timeout = None;
                }
            }
            return Poll::Ready(next);
        }
        let Some(deadline) = &mut this.deadline else {
            return Poll::Pending;
        };
        ready!(deadline.as_mut().poll(cx));
        this.deadline = None;
        this.results.close();
        this.guard.cancel();
        Poll::Ready(Some(Err(Error::Timeout)))
    }
}

impl std::fmt::Debug for ProgressiveCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProgressiveCall")
            .field("call", &self.guard.call)
            .finish_non_exhaustive()
    }
}

/// What a call gave.
#[derive(Debug, Clone, PartialEq)]
pub struct CallResult {
    /// Whether more results of this call follow.
    pub progress: bool,
    details: ResultDetails,
    payload: Payload,
}

impl CallResult {
    pub(crate) const fn new(details: ResultDetails, payload: Payload) -> Self {
        Self {
            progress: details.progress,
            details,
            payload,
        }
    }

    /// The positional results, as any type that deserializes from a sequence.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.args()
    }

    /// The keyword results, as a struct or a map.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.kwargs()
    }

    /// The first positional result.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        encoding::first(&self.payload)
    }

    /// The payload as it came.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The callee's session, when disclosed.
    pub const fn callee(&self) -> Option<SessionId> {
        self.details.callee
    }

    /// The callee's name, when disclosed.
    pub fn callee_authid(&self) -> Option<&str> {
        self.details.callee_authid.as_deref()
    }

    /// The callee's role, when disclosed.
    pub fn callee_authrole(&self) -> Option<&str> {
        self.details.callee_authrole.as_deref()
    }
}
