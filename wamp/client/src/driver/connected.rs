//! Moving messages while there is a session.

use std::future::poll_fn;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::StreamExt;
use wamp_protocol::error_uri;

use super::{Driver, Ended};
use crate::Error;
use crate::command::Command;
use crate::invocation::{self, Invocation};
use crate::runtime::{self, Sleep};
use crate::state::Received;
use crate::transport::{Link, SendError, TransportError};

/// How long the router has to answer GOODBYE, and the transport to close.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);

/// Commands are left waiting, and their senders with them, while this many messages are.
const OUTGOING_LIMIT: usize = 256;

/// Steps of one kind before the others have their turn.
const TURN: usize = 64;

impl Driver {
    /// Moves messages until the session ends, then closes the connection.
    pub(super) async fn connected(&mut self, mut link: Box<dyn Link>) -> Ended {
        let mut timer = Timer::default();
        let ended = poll_fn(|cx| self.poll_connected(&mut *link, &mut timer, cx)).await;
        if matches!(ended, Ended::Lost { .. }) {
            return ended;
        }
        // A last word (GOODBYE, ABORT) may still be waiting.
        let last_words = poll_fn(|cx| match self.poll_outgoing(&mut *link, cx) {
            Poll::Ready(Ok(())) => link.poll_close(cx),
            Poll::Ready(Err(_)) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        });
        let _ = runtime::within(Some(LEAVE_TIMEOUT), last_words).await;
        ended
    }

    fn poll_connected(&mut self, link: &mut dyn Link, timer: &mut Timer, cx: &mut Context<'_>) -> Poll<Ended> {
        let mut turns = 0;
        loop {
            let mut moved = false;
            moved |= self.take_commands(cx);
            match self.poll_incoming(link, cx) {
                Poll::Ready(Ok(more)) => moved |= more,
                Poll::Ready(Err(ended)) => return Poll::Ready(ended),
                Poll::Pending => {}
            }
            let was_full = self.state.outgoing() >= OUTGOING_LIMIT;
            if let Poll::Ready(Err(error)) = self.poll_outgoing(link, cx) {
                return Poll::Ready(lost(&error));
            }
            // Commands that were left waiting for room are not polled for, so nobody would wake
            // this task for them.
            moved |= was_full && self.state.outgoing() < OUTGOING_LIMIT;
            if timer.poll(self, cx).is_ready() {
                if self.state.is_leaving() {
                    return Poll::Ready(Ended::Left);
                }
                self.state.tick(runtime::now());
                moved = true;
            }
            if !moved {
                return Poll::Pending;
            }
            turns += 1;
            if turns == TURN {
                // Other tasks want to run too.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
    }

    /// Takes what handles ask for; whether there was anything.
    fn take_commands(&mut self, cx: &mut Context<'_>) -> bool {
        for taken in 0..TURN {
            if self.state.outgoing() >= OUTGOING_LIMIT {
                return taken > 0;
            }
            match self.commands.poll_next_unpin(cx) {
                Poll::Pending => return taken > 0,
                Poll::Ready(Some(Command::Leave { reason, done })) => {
                    self.leaving.push(done);
                    self.state.leave(reason);
                }
                Poll::Ready(Some(command)) => self.state.command(command),
                Poll::Ready(None) => {
                    // Nobody is left who could want anything.
                    let first = !self.state.is_leaving();
                    self.state.leave(error_uri::CLOSE_REALM.into());
                    return taken > 0 || first;
                }
            }
        }
        true
    }

    /// Takes what the router sent; whether there may be more.
    fn poll_incoming(&mut self, link: &mut dyn Link, cx: &mut Context<'_>) -> Poll<Result<bool, Ended>> {
        for _ in 0..TURN {
            let message = match link.poll_next(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(TransportError::Undecodable(sentence)))) => {
                    self.state.violated(sentence.clone());
                    let cause = TransportError::Undecodable(sentence).to_string();
                    return Poll::Ready(Err(Ended::Violated { cause }));
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(self.gone(&error))),
                Poll::Ready(None) => return Poll::Ready(Err(self.gone(&TransportError::Closed))),
            };
            let received = self.state.receive(message, runtime::now());
            self.start_handlers();
            match received {
                Received::Continues => {}
                Received::Left => return Poll::Ready(Err(Ended::Left)),
                Received::Ended { reason, message } => {
                    return Poll::Ready(Err(Ended::ByRouter {
                        reason: reason.as_str().to_owned(),
                        message,
                    }));
                }
                Received::Violated(cause) => return Poll::Ready(Err(Ended::Violated { cause })),
            }
        }
        Poll::Ready(Ok(true))
    }

    /// A connection that goes while we leave is as good as the answer to GOODBYE.
    fn gone(&self, error: &TransportError) -> Ended {
        if self.state.is_leaving() {
            Ended::Left
        } else {
            lost(error)
        }
    }

    fn start_handlers(&mut self) {
        for started in self.state.take_started() {
            // Without handles the session is about to end, and the call with it.
            let Some(session) = self.session.upgrade() else { return };
            let invocation = Invocation {
                key: started.key,
                procedure: started.procedure,
                details: started.details,
                payload: started.payload,
                commands: session.commands.clone(),
                interruption: started.interruption,
                input: started.input,
            };
            runtime::spawn(invocation::run(started.handler, invocation));
        }
    }

    /// Hands messages to the connection while it takes them, then flushes.
    fn poll_outgoing(&mut self, link: &mut dyn Link, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        while self.state.outgoing() > 0 {
            match link.poll_ready(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
            let Some(message) = self.state.next_outgoing() else {
                break;
            };
            match link.send(message) {
                Ok(()) => {}
                Err(SendError::Broken(error)) => return Poll::Ready(Err(error)),
                Err(SendError::Unsendable(message, error)) => {
                    self.state.unsendable(*message, Error::Unsendable(error));
                }
            }
        }
        link.poll_flush(cx)
    }
}

fn lost(error: &TransportError) -> Ended {
    Ended::Lost {
        cause: error.to_string(),
    }
}

/// Sleeps until the state's next retry, or until waiting for the answer to GOODBYE has an end.
#[derive(Default)]
struct Timer {
    sleep: Option<(Duration, Sleep)>,
    leave_by: Option<Duration>,
}

impl Timer {
    fn poll(&mut self, driver: &Driver, cx: &mut Context<'_>) -> Poll<()> {
        let wanted = if driver.state.is_leaving() {
            Some(*self.leave_by.get_or_insert_with(|| runtime::now() + LEAVE_TIMEOUT))
        } else {
            driver.state.next_retry()
        };
        let Some(wanted) = wanted else {
            self.sleep = None;
            return Poll::Pending;
        };
        if self.sleep.as_ref().is_none_or(|(at, _)| *at != wanted) {
            self.sleep = Some((wanted, runtime::sleep(wanted.saturating_sub(runtime::now()))));
        }
        let Some((_, sleep)) = &mut self.sleep else {
            return Poll::Pending;
        };
        ready!(sleep.as_mut().poll(cx));
        self.sleep = None;
        Poll::Ready(())
    }
}
