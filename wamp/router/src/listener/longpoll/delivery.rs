//! The body of an answer that brings messages.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::polling::LongPoll;

/// Messages on their way to a client; where the connection ends before they have been written to
/// it, they go back.
pub(super) struct Delivery {
    transport: Arc<LongPoll>,
    messages: Bytes,
}

impl Delivery {
    pub(super) const fn new(transport: Arc<LongPoll>, messages: Bytes) -> Self {
        Self { transport, messages }
    }
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let messages = std::mem::take(&mut self.messages);
        Poll::Ready((!messages.is_empty()).then(|| Ok(Frame::data(messages))))
    }

    fn is_end_stream(&self) -> bool {
        self.messages.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.messages.len() as u64)
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        let messages = std::mem::take(&mut self.messages);
        if !messages.is_empty() {
            self.transport.give_back(messages);
        }
    }
}
