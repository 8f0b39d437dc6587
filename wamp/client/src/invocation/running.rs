//! A handler at work.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use wamp_protocol::error_uri;
use wamp_protocol::message::YieldOptions;

use super::{Handler, Invocation};
use crate::command::{Command, CommandSender, InvocationKey};
use crate::runtime::{self, Sleep};
use crate::{CallError, Reply};

/// Runs `handler` to its end and sends what it answers.
pub(crate) async fn run(handler: Arc<Handler>, invocation: Invocation) {
    let (key, commands) = (invocation.key, invocation.commands.clone());
    let mut unanswered = Unanswered(Some((key, commands.clone())));
    let interruption = invocation.interruption.clone();
    // Only where keeping the time was left to this side.
    let mut deadline = invocation.timeout().map(Deadline::new);
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
            match &mut deadline {
                Some(deadline) => deadline.poll(&interruption, cx).map(Err),
                None => Poll::Pending,
            }
        })
        .await
    };
    let command = match outcome {
        Ok(Reply { payload, passthru }) => Command::Yield {
            invocation: key,
            options: YieldOptions {
                progress: false,
                ppt: passthru,
            },
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

/// Ends a handler that neither answers nor makes progress in time.
struct Deadline {
    limit: Duration,
    sleep: Sleep,
    began: Duration,
}

impl Deadline {
    fn new(limit: Duration) -> Self {
        Self {
            limit,
            sleep: runtime::sleep(limit),
            began: runtime::now(),
        }
    }

    fn poll(&mut self, interruption: &Interruption, cx: &mut Context<'_>) -> Poll<CallError> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let since = interruption.last_progress().unwrap_or(self.began);
            let idle = runtime::now().saturating_sub(since);
            if idle >= self.limit {
                return Poll::Ready(CallError::new(error_uri::TIMEOUT, "the procedure took too long"));
            }
            self.sleep = runtime::sleep(self.limit - idle);
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
    last_progress: Option<Duration>,
    handler: Option<Waker>,
    task: Option<Waker>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Waiter {
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

    /// The handler made progress.
    pub(super) fn progressed(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).last_progress = Some(runtime::now());
    }

    fn last_progress(&self) -> Option<Duration> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).last_progress
    }

    /// The handler wants to know of the interruption, rather than be dropped.
    pub(super) fn ask(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    pub(super) fn poll(&self, cx: &Context<'_>, waiter: Waiter) -> Poll<()> {
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
