//! A [`Keepalive`] with a clock and a timer.

use std::task::{Context, Poll};
use std::time::Duration;

use super::TransportError;
use super::keepalive::{Due, Keepalive};
use crate::runtime::{self, Sleep};

pub(super) struct SignOfLife {
    keepalive: Keepalive,
    timer: Option<Sleep>,
}

impl SignOfLife {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            keepalive: Keepalive::new(interval, runtime::now()),
            timer: None,
        }
    }

    /// Something came.
    pub(super) fn heard(&mut self) {
        self.keepalive.heard(runtime::now());
    }

    /// Ready when a ping is to be sent, or with the error when the other side is gone.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        loop {
            match self.keepalive.due(runtime::now()) {
                Due::Ping => return Poll::Ready(Ok(())),
                Due::Dead => return Poll::Ready(Err(TransportError::Silent(self.keepalive.limit()))),
                Due::At(at) => {
                    // The timer is set rarely: one that rings early looks again.
                    let sleep = self
                        .timer
                        .get_or_insert_with(|| runtime::sleep(at.saturating_sub(runtime::now())));
                    if sleep.as_mut().poll(cx).is_pending() {
                        return Poll::Pending;
                    }
                    self.timer = None;
                }
            }
        }
    }
}
