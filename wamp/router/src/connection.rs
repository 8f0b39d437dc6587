//! One connection: octets in, frames, messages to the session; and everything in its outbox out
//! again, as many messages as there are with one write.

mod looking;
mod reading;
mod transfer;
mod turns;
pub(crate) mod writing;

use std::collections::VecDeque;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};
use wamp_protocol::DecodeError;

pub(crate) use self::looking::{Look, at_once};
use self::looking::{Looked, look};
use self::reading::{Reading, Stop};
use self::transfer::{Transferred, transfer};
use self::turns::Turns;
pub(crate) use self::turns::Watch;
use self::writing::Writing;
use crate::config::{KeepAlive, Limits};
use crate::effects::Violation;
use crate::framing::Framing;
use crate::limit::Limit;
use crate::metrics::{Counters, Tally};
use crate::outbox::Outbox;
use crate::session::{Flow, Session};

/// Octets of answers to pings that may wait to be written.
const ANSWERS: usize = 16 * 1024;
/// How long a client may take to read its last messages and close.
pub(crate) const LINGER: Duration = Duration::from_secs(2);

/// What holds for all connections of a router.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) limits: Limits,
    pub(crate) keep_alive: KeepAlive,
}

/// Runs a connection to its end. `input` has come already.
pub(crate) async fn run<S, F>(mut stream: S, look: Look<S>, framing: F, session: Session, input: BytesMut, terms: Terms)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Framing,
{
    let now = Instant::now();
    match framing.frames() {
        Some(frames) => session.outbox().write_as(frames),
        None => session.outbox().write_in(framing.serializer()),
    }
    let mut connection = Connection {
        reading: Reading::new(framing),
        session,
        writing: Writing::default(),
        terms,
        last_heard: now,
        pinged: false,
        handshake_ends: now + terms.limits.handshake_time,
        turns: Turns::default(),
    };
    let ended = connection.converse(&mut stream, look, input).await;
    // The session is over now, however long the client takes to close its end.
    drop(connection);
    if ended == Ended::Orderly {
        let _ = timeout(LINGER, Box::pin(linger(&mut stream))).await;
    }
}

/// Says that nothing more comes, and reads until the client has closed too: closing with octets
/// unread would take back what was just sent.
async fn linger(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut octets = [0; 256];
    while stream.read(&mut octets).await.is_ok_and(|count| count > 0) {}
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Everything has been said.
    Orderly,
    /// The other end is gone, or does not listen.
    Lost,
}

/// What a connection has been waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There may be something in the outbox.
    Filled,
    Transferred(Transferred),
    Alarm,
    /// The router stops, and there is no session yet.
    Stopping,
}

struct Connection<F> {
    session: Session,
    reading: Reading<F>,
    writing: Writing,
    terms: Terms,
    /// When octets last came.
    last_heard: Instant,
    /// A ping has been sent since.
    pinged: bool,
    handshake_ends: Instant,
    turns: Turns,
}

impl<F: Framing> Connection<F> {
    async fn converse<S>(&mut self, stream: &mut S, look: Look<S>, mut input: BytesMut) -> Ended
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let outbox = self.session.outbox().clone();
        let stopping = self.session.stopping();
        let alarm = sleep_until(self.handshake_ends);
        tokio::pin!(alarm);
        let mut closing: Option<Instant> = None;
        loop {
            let joined = self.session.is_joined();
            if closing.is_none() && (self.take_in(&mut input).await == Flow::Close || self.go_on().await == Flow::Close)
            {
                closing = Some(Instant::now() + LINGER);
                rearm(alarm.as_mut(), closing);
            }
            // A connection that never ends to send would hold up on this thread those it sends to.
            for _ in 0..self.session.take_turns() {
                tokio::task::yield_now().await;
            }
            if self.session.is_joined() != joined {
                let next = if joined {
                    self.handshake_ends
                } else {
                    self.last_heard + self.terms.keep_alive.interval
                };
                rearm(alarm.as_mut(), Some(next));
            }
            let batch = self.reading.batch.as_ref();
            self.writing
                .fill(&outbox, &self.reading.framing, batch, self.session.counters());
            if outbox.ended().is_some() && closing.is_none() && self.writing.grace.is_none() {
                self.session.dismissed();
                self.writing.grace = Some(Instant::now() + LINGER);
                rearm(alarm.as_mut(), self.writing.grace);
            }
            if closing.is_some() && outbox.is_empty() && !self.writing.say_close(&self.reading.framing) {
                return Ended::Orderly;
            }
            // Whoever asks for answers and does not read them is not listened to meanwhile.
            let listening = closing.is_none()
                && self.session.waits_for().is_none()
                && self.reading.unread_answers(&self.writing.output) <= ANSWERS;
            let stays = self.session.is_joined() || closing.is_some();
            let next = self.next(stream, look, listening.then_some(&mut input), &outbox, alarm.as_mut());
            let next = if stays {
                next.await
            } else {
                tokio::select! {
                    biased;
                    next = next => next,
                    () = stopping.cancelled() => Next::Stopping,
                }
            };
            let mut alarmed = false;
            match next {
                Next::Filled => {}
                Next::Transferred(Transferred::Lost) => return Ended::Lost,
                Next::Transferred(Transferred::Written) => {
                    if self.writing.output.is_empty() {
                        self.turns.sent(std::time::Instant::now);
                    }
                }
                Next::Transferred(Transferred::Read) => {
                    self.last_heard = Instant::now();
                    self.pinged = false;
                    // Whoever never stops sending does not keep it from going off.
                    alarmed = self.last_heard >= alarm.deadline();
                }
                Next::Stopping => {
                    closing = Some(Instant::now() + LINGER);
                    rearm(alarm.as_mut(), closing);
                }
                Next::Alarm => alarmed = true,
            }
            if alarmed {
                // What a burst needed is given back when there has been time to see its end.
                if input.is_empty() {
                    input = BytesMut::new();
                }
                self.writing.output.shrink();
                outbox.shrink();
                match self.on_alarm(closing.or(self.writing.grace)) {
                    Some(next) => alarm.as_mut().reset(next),
                    None => return Ended::Lost,
                }
            }
        }
    }

    /// Writes and reads, until something has come of it or something else is due.
    async fn next<S>(
        &mut self,
        stream: &mut S,
        at_once: Look<S>,
        mut input: Option<&mut BytesMut>,
        outbox: &Outbox,
        mut alarm: Pin<&mut Sleep>,
    ) -> Next
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let Self {
            session,
            writing,
            turns,
            ..
        } = self;
        let watch = session.watch();
        let mut again = false;
        poll_fn(|context| {
            if std::mem::replace(&mut again, true) {
                turns.others_had_theirs();
            }
            if outbox.poll_filled(context).is_ready() {
                return Poll::Ready(Next::Filled);
            }
            if let Poll::Ready(transferred) = transfer(stream, &mut writing.output, input.as_deref_mut(), context) {
                return Poll::Ready(Next::Transferred(transferred));
            }
            if alarm.as_mut().poll(context).is_ready() {
                return Poll::Ready(Next::Alarm);
            }
            if let (Some(until), Some(at_once), Some(input)) = (turns.watch_until(), at_once, input.as_deref_mut())
                && let Some(_watching) = watch.begin()
            {
                match look(stream, at_once, input, turns.watch(), until) {
                    Looked::Read => return Poll::Ready(Next::Transferred(Transferred::Read)),
                    // The runtime finds it, with whatever else has come, and does not fall asleep.
                    Looked::Waits => {}
                    Looked::Missed => turns.missed(),
                }
            }
            Poll::Pending
        })
        .await
    }
    /// Gives the session every message that has come wholly.
    async fn take_in(&mut self, input: &mut BytesMut) -> Flow {
        if input.is_empty() {
            return Flow::Continue;
        }
        let mut tally = Tally::new();
        let read = self.reading.read(input, self.writing.output.end(), &mut tally);
        tally.add_in(self.session.counters());
        if !self.reading.messages.is_empty() {
            let count = self.session.watch().heard();
            self.turns
                .heard(self.reading.messages.len(), count, std::time::Instant::now);
            let joined = self.session.is_joined();
            let handling = self.session.handle(&mut self.reading.messages);
            let flow = if joined {
                handling.await
            } else if let Ok(flow) = Box::pin(timeout_at(self.handshake_ends, handling)).await {
                flow
            } else {
                Counters::add(&self.session.counters().handshakes_timed_out, 1);
                Flow::Close
            };
            self.reading.handled();
            if self.session.take_woken() {
                self.turns.others_are_woken();
            }
            if flow == Flow::Close {
                return flow;
            }
            if joined && !self.session.is_joined() {
                // GOODBYE both ways: another session may follow, and has its own time to begin.
                self.handshake_ends = Instant::now() + self.terms.limits.handshake_time;
            }
        }
        match read {
            Ok(()) => Flow::Continue,
            Err(Stop::Closed) => {
                self.session.end();
                self.writing.close_with(None);
                Flow::Close
            }
            Err(Stop::Framing(error)) => {
                tracing::info!(%error, "a client broke the transport's protocol");
                Counters::add(&self.session.counters().violations, 1);
                if error.is_size() {
                    self.session.counters().hit(Limit::MessageSize);
                }
                self.session.end();
                self.writing.close_with(Some(error));
                Flow::Close
            }
            Err(Stop::Message(error)) => {
                if error == DecodeError::TooDeep {
                    self.session.counters().hit(Limit::Depth);
                }
                self.session.violation(&Violation(error.to_string()))
            }
        }
    }

    /// Messages that waited for an authorizer's decision, once it is there.
    async fn go_on(&mut self) -> Flow {
        if !self.session.can_go_on() {
            return Flow::Continue;
        }
        let joined = self.session.is_joined();
        let flow = self.session.handle(&mut VecDeque::new()).await;
        if joined && !self.session.is_joined() {
            self.handshake_ends = Instant::now() + self.terms.limits.handshake_time;
        }
        flow
    }

    /// What is due now; when to look again, or `None` if the connection has to end.
    fn on_alarm(&mut self, ends: Option<Instant>) -> Option<Instant> {
        let now = Instant::now();
        if let Some(ends) = ends {
            return (now < ends).then_some(ends);
        }
        if !self.session.is_joined() {
            if now < self.handshake_ends {
                return Some(self.handshake_ends);
            }
            Counters::add(&self.session.counters().handshakes_timed_out, 1);
            return None;
        }
        let KeepAlive { interval, timeout } = self.terms.keep_alive;
        if self.session.waits_for().is_some() {
            // Nobody listens to this client, so its silence says nothing.
            self.last_heard = now;
            self.pinged = false;
        }
        let ping_due = self.last_heard + interval;
        if now < ping_due {
            return Some(ping_due);
        }
        let dead = ping_due + timeout;
        if now < dead {
            if !self.pinged {
                self.pinged = true;
                self.reading.framing.ping(self.writing.output.end());
            }
            return Some(dead);
        }
        Counters::add(&self.session.counters().silent, 1);
        None
    }
}

/// Lets an alarm go off no later than `at`.
fn rearm(alarm: Pin<&mut Sleep>, at: Option<Instant>) {
    if let Some(at) = at.filter(|at| *at < alarm.deadline()) {
        alarm.reset(at);
    }
}
