//! Sessions of this process: messages pass through channels, nothing is put into octets.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{FutureExt as _, Sink, Stream, StreamExt as _};
use wamp_protocol::{Message, Serializer};

use crate::outbox::Outbox;
use crate::session::{Flow, Session};

/// Messages taken from either side before the other is looked at.
const BATCH: usize = 64;
/// Octets taken from the outbox at once.
const TAKE: usize = 64 * 1024;

/// Runs a linked session until either end is dropped or it says goodbye.
pub(crate) async fn run<T, R>(mut session: Session, mut tx: T, mut rx: R)
where
    T: Sink<Message> + Unpin,
    R: Stream<Item = Message> + Unpin,
{
    let outbox = session.outbox().clone();
    outbox.write_in(Serializer::MsgPack);
    let mut incoming = VecDeque::new();
    let mut sending = Sending::default();
    let mut flow = Flow::Continue;
    loop {
        sending.fill(&outbox);
        if flow == Flow::Close && sending.waiting.is_empty() {
            break;
        }
        tokio::select! {
            sent = poll_fn(|context| sending.poll(&mut tx, context)), if !sending.waiting.is_empty() => {
                if sent.is_err() {
                    return;
                }
            }
            () = outbox.filled(), if sending.waiting.is_empty() => {}
            message = rx.next(), if flow == Flow::Continue => {
                let Some(message) = message else { return };
                incoming.push_back(message);
                while incoming.len() < BATCH
                    && let Some(Some(message)) = rx.next().now_or_never()
                {
                    incoming.push_back(message);
                }
                flow = session.handle(&mut incoming).await;
            }
        }
        if outbox.ended().is_some() {
            session.dismissed();
        }
    }
    poll_fn(|context| Pin::new(&mut tx).poll_close(context).map(drop)).await;
}

/// The other end has been dropped.
struct Gone;

#[derive(Default)]
struct Sending {
    taken: Vec<crate::effects::Outgoing>,
    waiting: VecDeque<Message>,
}

impl Sending {
    fn fill(&mut self, outbox: &Outbox) {
        if !self.waiting.is_empty() {
            return;
        }
        outbox.take(&mut self.taken, TAKE);
        for outgoing in self.taken.drain(..) {
            match outgoing.into_linked() {
                Ok(message) => self.waiting.push_back(message),
                Err(error) => tracing::warn!(%error, "a message cannot be converted for a linked session"),
            }
        }
    }

    /// Hands over all messages that the channel takes now; ready when it has taken all.
    fn poll<T: Sink<Message> + Unpin>(&mut self, tx: &mut T, context: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        while !self.waiting.is_empty() {
            match Pin::new(&mut *tx).poll_ready(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Gone)),
                Poll::Pending => return Poll::Pending,
            }
            if let Some(message) = self.waiting.pop_front() {
                Pin::new(&mut *tx).start_send(message).map_err(|_| Gone)?;
            }
        }
        Pin::new(tx).poll_flush(context).map_err(|_| Gone)
    }
}
