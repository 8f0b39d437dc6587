//! One long-poll transport and its session.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, sleep_until, timeout_at};
use wamp_protocol::framing::Subprotocol;
use wamp_protocol::{DecodeError, Message};

use super::bodies::Bodies;
use crate::config::KeepAlive;
use crate::connection::LINGER;
use crate::connection::writing::Writing;
use crate::effects::Violation;
use crate::framing::{Batch, FramingError};
use crate::limit::Limit;
use crate::member::Transport;
use crate::metrics::{Counters, Tally};
use crate::outbox::Outbox;
use crate::router::Core;
use crate::session::{Decided, Flow, Session};

/// Octets of a batch that a client receives at once, about.
const BATCH: usize = 256 * 1024;

/// The shortest time that a timer knows.
const A_MOMENT: Duration = Duration::from_millis(1);

/// So many messages may take a moment each.
const FEW: usize = 16;

/// A session whose messages come and go in the bodies of HTTP requests.
#[derive(Debug)]
pub(super) struct LongPoll {
    session: Mutex<Session>,
    outbox: Arc<Outbox>,
    framing: Bodies,
    batch: Option<StdMutex<Batch>>,
    /// Counts the requests that receive; only the newest may.
    turns: watch::Sender<u64>,
    /// What was taken for the request of this turn, and has not been written to its connection.
    unwritten: StdMutex<Option<(u64, Bytes)>>,
    /// No more is taken; what waits may still be received.
    closing: AtomicBool,
    last_heard: StdMutex<Instant>,
    /// When a session must have begun.
    handshake_ends: StdMutex<Instant>,
    handshake_time: Duration,
    keep_alive: KeepAlive,
    /// Until when a client that the router dismissed may answer.
    grace: StdMutex<Option<Instant>>,
    /// Wakes whoever watches over the transport: there is less time than was thought.
    hurry: Notify,
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

/// Messages that were taken for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    turn: u64,
    pub(super) octets: usize,
}

/// What there is for a request that receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Received {
    /// One message, or in a batched protocol all that there are.
    Messages(Taken),
    /// Nothing in all the time that it may wait: the client is to show that it is still there.
    Nothing,
    /// Another request receives since.
    Replaced,
    /// The session is over, and everything has been received.
    Over,
}

impl LongPoll {
    pub(super) fn new(core: Arc<Core>, subprotocol: Subprotocol, transport: Transport) -> Self {
        let Subprotocol { serializer, batched } = subprotocol;
        let now = Instant::now();
        let handshake_time = core.limits.handshake_time;
        let keep_alive = core.keep_alive;
        let session = Session::new(core, transport);
        session.outbox().write_in(serializer);
        Self {
            outbox: Arc::clone(session.outbox()),
            session: Mutex::new(session),
            framing: Bodies { serializer },
            batch: batched.then(|| StdMutex::new(Batch::new(serializer))),
            turns: watch::Sender::new(0),
            unwritten: StdMutex::default(),
            closing: AtomicBool::new(false),
            last_heard: StdMutex::new(now),
            handshake_ends: StdMutex::new(now + handshake_time),
            handshake_time,
            keep_alive,
            grace: StdMutex::default(),
            hurry: Notify::new(),
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
            if !session.can_go_on() {
                continue;
            }
            let joined = session.is_joined();
            if session.handle(&mut VecDeque::new()).await == Flow::Close {
                self.closing.store(true, Ordering::Release);
            } else if joined && !session.is_joined() {
                self.begin_anew();
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
        let joined = session.is_joined();
        let mut tally = Tally::new();
        let decoded = self.decode(body, &mut tally);
        tally.add_in(session.counters());
        let (flow, sent) = match decoded {
            Ok(mut messages) => {
                let handling = session.handle(&mut messages);
                let flow = if joined {
                    handling.await
                } else {
                    timeout_at(self.handshake_ends(), handling).await.unwrap_or(Flow::Close)
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
        } else if joined && !session.is_joined() {
            self.begin_anew();
        }
        // What was put into the outbox before the session joined woke nobody.
        self.outbox.wake();
        sent
    }

    fn handshake_ends(&self) -> Instant {
        *self.handshake_ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// GOODBYE both ways: another session may follow, and has its own time to begin.
    fn begin_anew(&self) {
        let ends = Instant::now() + self.handshake_time;
        *self.handshake_ends.lock().unwrap_or_else(PoisonError::into_inner) = ends;
        self.hurry.notify_one();
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

    /// Waits for messages, in the place of a request that waits already: a client that comes again
    /// has given that one up.
    pub(super) async fn receive(&self) -> Received {
        self.heard();
        // Whose connection is closed already ends here, and takes nobody's place and no message.
        self.let_closing_be_heard().await;
        let mut turn = 0;
        self.turns.send_modify(|newest| {
            *newest += 1;
            turn = *newest;
        });
        let mut turns = self.turns.subscribe();
        let until = Instant::now() + self.keep_alive.interval;
        tokio::select! {
            biased;
            _ = turns.wait_for(|newest| *newest != turn) => Received::Replaced,
            received = self.next(turn) => received,
            () = sleep_until(until) => Received::Nothing,
        }
    }

    /// What the system knows of a connection's end is heard of before a timer goes off; the request
    /// is dropped then. Where many messages wait they would take too long so, one by one.
    async fn let_closing_be_heard(&self) {
        if self.batch.is_some() || self.outbox.waiting() <= FEW {
            tokio::time::sleep(A_MOMENT).await;
        } else {
            tokio::task::yield_now().await;
        }
    }

    async fn next(&self, turn: u64) -> Received {
        loop {
            match self.take(turn).await {
                Received::Nothing if self.closing.load(Ordering::Acquire) => return Received::Over,
                Received::Nothing => {
                    self.outbox.filled().await;
                    self.let_closing_be_heard().await;
                }
                received => return received,
            }
        }
    }

    /// What there is now. Nothing is waited for once something has been taken, which would be lost
    /// with the request.
    async fn take(&self, turn: u64) -> Received {
        let mut session = self.session.lock().await;
        if *self.turns.borrow() != turn {
            return Received::Replaced;
        }
        let mut unwritten = self.unwritten();
        if let Some((of_turn, messages)) = &mut *unwritten {
            *of_turn = turn;
            let octets = messages.len();
            return Received::Messages(Taken { turn, octets });
        }
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
        if self.outbox.ended().is_some() && self.outbox.is_empty() {
            session.dismissed();
            self.hurry(Instant::now() + LINGER);
        }
        let messages = writing.output.freeze();
        let octets = messages.len();
        if octets == 0 {
            return Received::Nothing;
        }
        *unwritten = Some((turn, messages));
        Received::Messages(Taken { turn, octets })
    }

    fn unwritten(&self) -> MutexGuard<'_, Option<(u64, Bytes)>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was taken for a request, to be written now; `None` if another has it.
    pub(super) fn hand_over(&self, taken: Taken) -> Option<Bytes> {
        let mut unwritten = self.unwritten();
        let messages = unwritten.take_if(|(turn, _)| *turn == taken.turn);
        messages.map(|(_, messages)| messages)
    }

    /// The session has been ended by the router; the transport ends then.
    fn hurry(&self, ends: Instant) {
        let mut grace = self.grace.lock().unwrap_or_else(PoisonError::into_inner);
        if grace.is_none_or(|grace| ends < grace) {
            *grace = Some(ends);
            self.hurry.notify_one();
        }
    }

    /// Waits until [`Self::next_look`] has to be asked earlier than it said.
    pub(super) async fn hurried(&self) {
        self.hurry.notified().await;
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
    /// waits to receive is no sign of life: it ends after a while, for the client to come again.
    pub(super) async fn next_look(&self, core: &Core) -> Option<Instant> {
        let now = Instant::now();
        let handshake_ends = self.handshake_ends();
        if now >= handshake_ends && !self.session.lock().await.is_joined() {
            Counters::add(&core.counters.handshakes_timed_out, 1);
            return None;
        }
        let patience = self.keep_alive.interval + self.keep_alive.timeout;
        if self.outbox.ended().is_some() {
            // Also who does not come for the GOODBYE, and only goes on sending.
            self.hurry(now + patience);
        }
        let grace = *self.grace.lock().unwrap_or_else(PoisonError::into_inner);
        if grace.is_some_and(|grace| now >= grace) {
            return None;
        }
        let gone = *self.last_heard.lock().unwrap_or_else(PoisonError::into_inner) + patience;
        if now >= gone {
            Counters::add(&core.counters.silent, 1);
            return None;
        }
        let joining = Some(handshake_ends).filter(|ends| now < *ends);
        [Some(gone), grace, joining].into_iter().flatten().min()
    }
}
