//! The body of an answer that brings messages.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use super::polling::{LongPoll, Taken};

/// Messages on their way to a client. Until they are written to its connection they are the
/// transport's: should the connection end before, the next request has them.
#[derive(Debug)]
pub(super) struct Delivery {
    transport: Arc<LongPoll>,
    /// `None` when it has been asked for them.
    taken: Option<Taken>,
}

impl Delivery {
    pub(super) const fn new(transport: Arc<LongPoll>, taken: Taken) -> Self {
        Self {
            transport,
            taken: Some(taken),
        }
    }
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let Some(taken) = self.taken.take() else {
            return Poll::Ready(None);
        };
        Poll::Ready(Some(match self.transport.hand_over(taken) {
            Some(messages) => Ok(Frame::data(messages)),
            None => Err("another request receives since".into()),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.taken.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.taken.map_or(0, |taken| taken.octets as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use wamp_protocol::Serializer;
    use wamp_protocol::framing::Subprotocol;

    use super::super::polling::Received;
    use super::*;
    use crate::member::{Transport, TransportKind};
    use crate::{Router, RouterConfig};

    async fn received(transport: &Arc<LongPoll>) -> Delivery {
        match transport.receive().await {
            Received::Messages(taken) => Delivery::new(Arc::clone(transport), taken),
            other => panic!("{other:?}"),
        }
    }

    async fn written(delivery: &mut Delivery) -> Option<Bytes> {
        let frame = poll_fn(|context| Pin::new(&mut *delivery).poll_frame(context)).await;
        frame.unwrap().ok().map(|frame| frame.into_data().unwrap())
    }

    #[tokio::test]
    async fn what_is_not_written_is_the_next_requests_and_in_its_order() {
        let core = Router::new(RouterConfig::default()).core();
        let subprotocol = Subprotocol {
            serializer: Serializer::Json,
            batched: false,
        };
        let transport = LongPoll::new(core, subprotocol, Transport::plain(TransportKind::LongPoll, None));
        let transport = Arc::new(transport);
        // What it answers to is a breach, and what comes after that is nothing.
        transport.send(Bytes::from_static(b"[]")).await;
        let unwritten = received(&transport).await;
        let mut late = received(&transport).await;
        let mut second = received(&transport).await;
        drop(unwritten);
        let abort = written(&mut second).await.unwrap();
        assert!(abort.starts_with(b"[3,"), "{abort:?}");
        assert_eq!(abort.len() as u64, late.size_hint().exact().unwrap());
        assert_eq!(written(&mut late).await, None, "it has gone to another request");
        assert_eq!(transport.receive().await, Received::Over);
    }
}
