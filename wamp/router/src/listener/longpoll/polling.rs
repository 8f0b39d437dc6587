//! One long-poll transport and its session.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use bytes::{Bytes, BytesMut};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use wamp_protocol::framing::Subprotocol;
use wamp_protocol::{DecodeError, Message, Serializer};

use crate::connection::writing::Writing;
use crate::effects::Violation;
use crate::framing::{Batch, Found, Frame, Frames, Framing, FramingError};
use crate::limit::Limit;
use crate::member::Transport;
use crate::metrics::{Counters, Tally};
use crate::outbox::Outbox;
use crate::router::Core;
use crate::session::{Decided, Flow, Session};

/// Octets of a batch that a client receives at once, about.
const BATCH: usize = 256 * 1024;

/// A session whose messages come and go in the bodies of HTTP requests.
#[derive(Debug)]
pub(super) struct LongPoll {
    session: Mutex<Session>,
    outbox: Arc<Outbox>,
    framing: Bodies,
    batch: Option<StdMutex<Batch>>,
    /// Held by the request that receives.
    receiving: Mutex<()>,
    /// No more is taken; what waits may still be received.
    closing: AtomicBool,
    last_heard: StdMutex<Instant>,
    handshake_ends: Instant,
}

/// Why a body is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    /// It is no batch.
    #[error(transparent)]
    Batch(#[from] FramingError),
    /// It is no message.
    #[error(transparent)]
    Message(#[from] DecodeError),
}

/// What became of what the client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Taken,
    Refused,
}

impl LongPoll {
    pub(super) fn new(core: Arc<Core>, subprotocol: Subprotocol, transport: Transport) -> Self {
        let Subprotocol { serializer, batched } = subprotocol;
        let now = Instant::now();
        let handshake_ends = now + core.limits.handshake_time;
        let session = Session::new(core, transport);
        session.outbox().write_in(serializer);
        Self {
            outbox: Arc::clone(session.outbox()),
            session: Mutex::new(session),
            framing: Bodies { serializer },
            batch: batched.then(|| StdMutex::new(Batch::new(serializer))),
            receiving: Mutex::new(()),
            closing: AtomicBool::new(false),
            last_heard: StdMutex::new(now),
            handshake_ends,
        }
    }

    pub(super) const fn content_type(&self) -> &'static str {
        if self.framing.serializer.is_binary() {
            "application/octet-stream"
        } else {
            "application/json"
        }
    }

    /// Takes the messages in `body`.
    pub(super) async fn send(&self, body: Bytes) -> Sent {
        self.heard();
        let sent = self.take_in(body).await;
        // The request is answered when its messages have been dealt with; meanwhile others receive.
        while let Some(decided) = self.waits_for().await {
            decided.wait().await;
            let mut session = self.session.lock().await;
            if session.can_go_on() && session.handle(&mut VecDeque::new()).await == Flow::Close {
                self.closing.store(true, Ordering::Release);
            }
        }
        sent
    }

    async fn waits_for(&self) -> Option<Decided> {
        self.session.lock().await.waits_for()
    }

    async fn take_in(&self, body: Bytes) -> Sent {
        let mut session = self.session.lock().await;
        if self.closing.load(Ordering::Acquire) {
            return Sent::Refused;
        }
        let mut tally = Tally::new();
        let decoded = self.decode(body, &mut tally);
        tally.add_in(session.counters());
        let (flow, sent) = match decoded {
            Ok(mut messages) => {
                let joined = session.is_joined();
                let handling = session.handle(&mut messages);
                let flow = if joined {
                    handling.await
                } else {
                    timeout_at(self.handshake_ends, handling).await.unwrap_or(Flow::Close)
                };
                (flow, Sent::Taken)
            }
            Err(fault) => {
                if fault == Fault::Message(DecodeError::TooDeep) {
                    session.counters().hit(Limit::Depth);
                }
                (session.violation(&Violation(fault.to_string())), Sent::Refused)
            }
        };
        if flow == Flow::Close {
            self.closing.store(true, Ordering::Release);
        }
        // What was put into the outbox before the session joined woke nobody.
        self.outbox.wake();
        sent
    }

    fn decode(&self, body: Bytes, tally: &mut Tally) -> Result<VecDeque<Message>, Fault> {
        let bodies = match &self.batch {
            None => vec![body],
            Some(batch) => {
                let mut batch = batch.lock().unwrap_or_else(PoisonError::into_inner);
                batch.split(body)?
            }
        };
        let decode = |body: Bytes| {
            let size = body.len();
            let message = self.framing.serializer.decode(body)?;
            tally.count(message.message_type(), size);
            Ok(message)
        };
        bodies.into_iter().map(decode).collect()
    }

    /// Waits for messages: one of them, or in a batched protocol all that there are. `None` when
    /// the session is over, or another request waits already.
    pub(super) async fn receive(&self) -> Option<Bytes> {
        self.heard();
        let _receiving = self.receiving.try_lock().ok()?;
        loop {
            let messages = self.take().await;
            if !messages.is_empty() {
                self.heard();
                return Some(messages);
            }
            if self.closing.load(Ordering::Acquire) {
                return None;
            }
            self.outbox.filled().await;
        }
    }

    async fn take(&self) -> Bytes {
        let mut session = self.session.lock().await;
        let mut writing = Writing::default();
        let batch = self
            .batch
            .as_ref()
            .map(|batch| *batch.lock().unwrap_or_else(PoisonError::into_inner));
        // An octet's worth is one message.
        let octets = if batch.is_some() { BATCH } else { 1 };
        while writing.output.is_empty() && !self.outbox.is_empty() {
            writing.fill_up(&self.outbox, &self.framing, batch.as_ref(), session.counters(), octets);
        }
        if self.outbox.ended().is_some() {
            session.dismissed();
        }
        writing.output.freeze()
    }

    /// The client closes, or is gone.
    pub(super) async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.session.lock().await.end();
        self.outbox.wake();
    }

    fn heard(&self) {
        *self.last_heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// When to look again whether the client is there; `None` if it is gone. A request that
    /// waits to receive is a sign of life: it ends when its connection breaks.
    pub(super) async fn next_look(&self, core: &Core) -> Option<Instant> {
        let now = Instant::now();
        if now >= self.handshake_ends && !self.session.lock().await.is_joined() {
            Counters::add(&core.counters.handshakes_timed_out, 1);
            return None;
        }
        if self.receiving.try_lock().is_err() {
            self.heard();
        }
        let patience = core.keep_alive.interval + core.keep_alive.timeout;
        let gone = *self.last_heard.lock().unwrap_or_else(PoisonError::into_inner) + patience;
        if now >= gone {
            Counters::add(&core.counters.silent, 1);
            return None;
        }
        Some(if now < self.handshake_ends {
            gone.min(self.handshake_ends)
        } else {
            gone
        })
    }
}

/// Bodies of HTTP have no frames of their own.
#[derive(Debug, Clone, Copy)]
struct Bodies {
    serializer: Serializer,
}

impl Framing for Bodies {
    fn serializer(&self) -> Serializer {
        self.serializer
    }

    fn largest_outgoing(&self) -> usize {
        usize::MAX
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Found, FramingError> {
        Ok(match input.len() {
            0 => Found::Incomplete(0),
            size => Found::Frame(size, Frame::Message(0..size)),
        })
    }

    /// A response holds one message, or as many as there are in a batched protocol.
    fn frames(&self) -> Option<Frames> {
        None
    }

    fn message(&self, body: &[u8], output: &mut BytesMut) {
        output.extend_from_slice(body);
    }

    fn ping(&self, _: &mut BytesMut) {}

    fn pong(&self, _: &[u8], _: &mut BytesMut) {}

    fn close(&self, _: Option<&FramingError>, _: &mut BytesMut) {}
}
