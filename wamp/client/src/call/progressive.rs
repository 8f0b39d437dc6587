//! A call with any number of results.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::{Stream, StreamExt};

use super::CancelOnDrop;
use crate::{CallResult, Error, runtime};

/// A call that gives any number of progressive results and then the final one, or an error.
/// Dropping it before that cancels the call.
pub struct ProgressiveCall {
    pub(super) results: mpsc::UnboundedReceiver<Result<CallResult, Error>>,
    pub(super) waiting: Arc<AtomicUsize>,
    pub(super) guard: CancelOnDrop,
    pub(super) timeout: Option<Duration>,
    pub(super) deadline: Option<runtime::Sleep>,
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
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}
