//! What a client sends: the messages in the bodies of its requests, one request after another.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};
use wamp_protocol::{DecodeError, Message};

use super::LongPoll;
use crate::effects::Violation;
use crate::framing::FramingError;
use crate::limit::Limit;
use crate::metrics::Tally;
use crate::session::{Flow, Session};

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
pub(crate) enum Sent {
    Taken,
    Refused,
}

impl LongPoll {
    /// Takes the messages in `body`, once those of the requests before it have been dealt with.
    /// Meanwhile others receive.
    pub(in crate::listener::longpoll) async fn send(self: &Arc<Self>, body: Bytes) -> Sent {
        self.heard();
        // As a connection is not read while an authorizer decides: what is sent and given up at once
        // would pile up behind the decision.
        let turn = Arc::clone(&self.sending).lock_owned().await;
        self.heard();
        let (sent, undecided) = self.take_in(body).await;
        if undecided {
            let transport = Arc::clone(self);
            let going_on = async move {
                transport.go_on().await;
                drop(turn);
            };
            // Apart from the request: who gives it up now has sent its messages all the same.
            let task = tokio::spawn(self.stopping.clone().run_until_cancelled_owned(going_on));
            // The router stops otherwise.
            let _ = task.await;
        }
        sent
    }

    /// Deals with the messages that wait for an authorizer's decision.
    async fn go_on(&self) {
        loop {
            let decided = {
                let mut session = self.session.lock().await;
                if session.can_go_on() {
                    let joined = session.is_joined();
                    let flow = session.handle(&mut VecDeque::new()).await;
                    self.dealt_with(&session, joined, flow);
                    continue;
                }
                session.waits_for()
            };
            let Some(decided) = decided else {
                return;
            };
            tokio::select! {
                () = decided.wait() => {}
                () = self.over.cancelled() => {}
            }
        }
    }

    /// The session, which was joined or not, has taken messages.
    fn dealt_with(&self, session: &Session, joined: bool, flow: Flow) {
        if flow == Flow::Close {
            self.closing.store(true, Ordering::Release);
        } else if joined && !session.is_joined() {
            self.begin_anew();
        }
        // What was put into the outbox before the session joined woke nobody.
        self.outbox.wake();
    }

    /// What became of the messages in `body`, and whether some of them wait for a decision.
    async fn take_in(&self, body: Bytes) -> (Sent, bool) {
        let mut session = self.session.lock().await;
        if self.closing.load(Ordering::Acquire) {
            return (Sent::Refused, false);
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
        self.dealt_with(&session, joined, flow);
        (sent, session.waits_for().is_some() || session.can_go_on())
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
}
