//! Calling.

mod input;
mod progressive;
mod result;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures_channel::mpsc;
use serde::Serialize;
use wamp_protocol::feature::PROGRESSIVE_CALL_INVOCATIONS;
use wamp_protocol::message::{CallOptions, CancelMode, PassThru};
use wamp_protocol::{Payload, Uri, error_uri};

pub use self::input::{CallInput, ChunkRequest};
pub use self::progressive::ProgressiveCall;
pub use self::result::CallResult;
use crate::command::{CallAnswer, Command, LocalId, ProgressSender};
use crate::encoding::PayloadBuilder;
use crate::{CallError, Error, Session, runtime};

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

    /// Calls the callee of this part of a sharded procedure.
    pub fn shard(mut self, key: impl Into<String>) -> Self {
        self.options.rkey = Some(key.into());
        self
    }

    /// Says how the payload is encoded for the callee; the router only hands it on. The payload is
    /// one binary argument then.
    pub fn passthru(mut self, passthru: PassThru) -> Self {
        self.options.ppt = Some(Box::new(passthru));
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

    /// Calls with the first piece of the arguments; the others follow through the [`CallInput`], and
    /// results come meanwhile.
    ///
    /// Errors: as [`progressive`](Self::progressive), and [`Error::Rejected`] with
    /// `wamp.error.feature_not_supported` by a router that cannot do this.
    pub async fn chunked(mut self) -> Result<(CallInput, ProgressiveCall), Error> {
        self.session.check_connected()?;
        let dealer = self.session.info().and_then(|info| info.roles.dealer);
        if !dealer.is_some_and(|dealer| dealer.has(PROGRESSIVE_CALL_INVOCATIONS)) {
            let sentence = "the router does not take calls in pieces";
            return Err(CallError::new(error_uri::FEATURE_NOT_SUPPORTED, sentence).into());
        }
        self.options.progress = true;
        self.options.receive_progress = true;
        let (session, procedure, options) = (self.session.clone(), self.procedure.clone(), self.options.clone());
        let results = self.progressive().await?;
        let call = results.guard.local;
        let input = CallInput {
            session,
            call,
            procedure,
            options,
            finished: false,
        };
        Ok((input, results))
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
            local,
            armed: true,
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
    local: LocalId,
    armed: bool,
    mode: CancelMode,
}

impl CancelOnDrop {
    const fn disarm(&mut self) {
        self.armed = false;
    }

    fn cancel(&mut self) {
        if std::mem::take(&mut self.armed) {
            let (local, mode) = (self.local, self.mode);
            // An error means that the session is over, and the call with it.
            let _ = self.session.0.commands.post(Command::Cancel { local, mode });
        }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancel();
    }
}
