//! In-process: a pair of queues.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, Stream};
use wamp_protocol::Message;

use super::{Link, SendError, TransportError};
use crate::linked::LinkedPeer;

/// A [`LinkedPeer`] as a [`Link`].
pub(super) struct Linked(LinkedPeer);

impl Linked {
    pub(super) const fn new(peer: LinkedPeer) -> Self {
        Self(peer)
    }
}

impl Link for Linked {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        self.0.tx.poll_ready(cx).map_err(|_| TransportError::Closed)
    }

    fn send(&mut self, message: Message) -> Result<(), SendError> {
        self.0
            .tx
            .start_send(message)
            .map_err(|_| SendError::Broken(TransportError::Closed))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        // What was taken is with the other end already.
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, TransportError>>> {
        Pin::new(&mut self.0.rx).poll_next(cx).map(|next| next.map(Ok))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0.tx).poll_close(cx).map(drop)
    }
}
