//! One long-poll transport and its session.

mod sending;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{Mutex, Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use wamp_protocol::framing::Subprotocol;

pub(super) use self::sending::Sent;
use super::bodies::Bodies;
use crate::config::KeepAlive;
use crate::connection::LINGER;
use crate::connection::writing::Writing;
use crate::framing::Batch;
use crate::member::Transport;
use crate::metrics::Counters;
use crate::outbox::Outbox;
use crate::router::Core;
use crate::session::Session;

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
    /// Held while messages of a request that sends are dealt with; others wait with theirs.
    sending: Arc<Mutex<()>>,
    /// Counts the requests that receive; only the newest may.
    turns: watch::Sender<u64>,
    /// What was taken for the request of this turn, and has not been written to its connection.
    unwritten: StdMutex<Option<(u64, Bytes)>>,
    /// No more is taken; what waits may still be received.
    closing: AtomicBool,
    /// Canceled when no decision of an authorizer matters any more: the client has closed, or has
    /// the router's GOODBYE.
    over: CancellationToken,
    /// Canceled when the router stops.
    stopping: CancellationToken,
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
            stopping: session.stopping(),
            session: Mutex::new(session),
            framing: Bodies { serializer },
            batch: batched.then(|| StdMutex::new(Batch::new(serializer))),
            sending: Arc::default(),
            turns: watch::Sender::new(0),
            unwritten: StdMutex::default(),
            closing: AtomicBool::new(false),
            over: CancellationToken::new(),
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

    fn handshake_ends(&self) -> Instant {
        *self.handshake_ends.lock().unwrap_or_else(PoisonError::into_inner)
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
            self.over.cancel();
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
        self.over.cancel();
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
