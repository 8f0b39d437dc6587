//! Messages on their way out, and the numbers of requests.

use std::collections::VecDeque;

use wamp_protocol::{Message, RequestId};

/// In the order they go out.
#[derive(Debug)]
pub(super) struct Outbox {
    messages: VecDeque<Message>,
    /// One sequence for all requests of a session, from 1.
    next: RequestId,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            messages: VecDeque::new(),
            next: RequestId::FIRST,
        }
    }
}

impl Outbox {
    pub(super) fn push(&mut self, message: impl Into<Message>) {
        self.messages.push_back(message.into());
    }

    /// Sends what `build` makes of the next request id, and gives the id.
    pub(super) fn request<M: Into<Message>>(&mut self, build: impl FnOnce(RequestId) -> M) -> RequestId {
        let request = self.next;
        self.next = request.next();
        self.push(build(request));
        request
    }

    pub(super) fn pop(&mut self) -> Option<Message> {
        self.messages.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }
}
