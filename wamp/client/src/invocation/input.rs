//! Arguments that come in pieces.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_channel::mpsc;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use wamp_protocol::Payload;

use crate::{ArgumentError, Error, encoding};

/// Pieces that wait for their handler before the call is given up.
const LIMIT: usize = 16_384;

/// A further piece of a call's arguments.
#[derive(Debug, Clone, PartialEq)]
pub struct Chunk {
    /// Whether it is the last one.
    pub last: bool,
    payload: Payload,
}

impl Chunk {
    /// The positional arguments, as any type that deserializes from a sequence.
    pub fn args<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.args()
    }

    /// The keyword arguments, as a struct or a map.
    pub fn kwargs<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        self.payload.kwargs()
    }

    /// The first positional argument.
    pub fn value<T: DeserializeOwned>(&self) -> Result<T, ArgumentError> {
        encoding::first(&self.payload)
    }

    /// The payload as it came.
    pub const fn payload(&self) -> &Payload {
        &self.payload
    }
}

/// The driver's end.
#[derive(Debug)]
pub(crate) struct InputSender {
    chunks: mpsc::UnboundedSender<Chunk>,
    waiting: Arc<AtomicUsize>,
}

/// The handler's end.
#[derive(Debug)]
pub(crate) struct InputReceiver {
    chunks: mpsc::UnboundedReceiver<Chunk>,
    waiting: Arc<AtomicUsize>,
    complete: bool,
}

pub(crate) fn channel() -> (InputSender, InputReceiver) {
    let (sender, receiver) = mpsc::unbounded();
    let waiting = Arc::new(AtomicUsize::new(0));
    let sender = InputSender {
        chunks: sender,
        waiting: waiting.clone(),
    };
    let receiver = InputReceiver {
        chunks: receiver,
        waiting,
        complete: false,
    };
    (sender, receiver)
}

impl InputSender {
    /// Hands over a piece; false when too many wait already.
    pub(crate) fn give(&self, payload: Payload, last: bool) -> bool {
        let room = self.waiting.fetch_add(1, Ordering::Relaxed) < LIMIT;
        if room {
            // The handler may take no more; that is its choice.
            let _ = self.chunks.unbounded_send(Chunk { last, payload });
        }
        room
    }
}

impl InputReceiver {
    pub(crate) async fn next(&mut self) -> Result<Option<Chunk>, Error> {
        if self.complete {
            return Ok(None);
        }
        let chunk = self.chunks.next().await.ok_or(Error::NotConnected)?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.complete = chunk.last;
        Ok(Some(chunk))
    }
}
