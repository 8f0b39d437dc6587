//! A call whose arguments come in pieces.

use serde::Serialize;
use wamp_protocol::message::CallOptions;
use wamp_protocol::{Payload, Uri};

use crate::command::{Command, LocalId};
use crate::encoding::PayloadBuilder;
use crate::{Error, Session};

/// The way to send further pieces of a call's arguments. The call's results come beside it; when
/// those are dropped the call is canceled.
#[derive(Debug)]
pub struct CallInput {
    pub(super) session: Session,
    pub(super) call: LocalId,
    pub(super) procedure: Uri,
    pub(super) options: CallOptions,
    pub(super) finished: bool,
}

impl CallInput {
    /// The next piece; it goes with [`send`](ChunkRequest::send) or, as the last one, with
    /// [`finish`](ChunkRequest::finish).
    pub fn chunk(&mut self) -> ChunkRequest<'_> {
        let payload = PayloadBuilder::new(self.session.0.serializer);
        ChunkRequest { input: self, payload }
    }
}

/// A piece of a call's arguments about to be sent.
#[derive(Debug)]
#[must_use = "nothing is sent until `send` or `finish` is awaited"]
pub struct ChunkRequest<'a> {
    input: &'a mut CallInput,
    payload: PayloadBuilder,
}

impl ChunkRequest<'_> {
    /// The positional arguments: a tuple, a list, anything that serializes as a sequence.
    pub fn args<T: Serialize + ?Sized>(mut self, args: &T) -> Self {
        self.payload.args(args);
        self
    }

    /// The keyword arguments: a struct or a map.
    pub fn kwargs<T: Serialize + ?Sized>(mut self, kwargs: &T) -> Self {
        self.payload.kwargs(kwargs);
        self
    }

    /// A payload already encoded.
    pub fn payload(mut self, payload: Payload) -> Self {
        self.payload = PayloadBuilder::from(payload);
        self
    }

    /// Sends it; more will follow.
    ///
    /// Errors: [`Error::Ended`] when the call has its final result already or the last piece was
    /// sent, [`Error::NotConnected`], [`Error::Closed`], [`Error::Serialization`].
    pub async fn send(self) -> Result<(), Error> {
        self.give(true).await
    }

    /// Sends it as the last one.
    ///
    /// Errors: as [`send`](Self::send).
    pub async fn finish(self) -> Result<(), Error> {
        self.give(false).await
    }

    async fn give(self, more: bool) -> Result<(), Error> {
        let Self { input, payload } = self;
        let payload = payload.finish()?;
        if input.finished {
            return Err(Error::Ended);
        }
        input.finished = !more;
        let options = CallOptions {
            progress: more,
            ..input.options.clone()
        };
        let (local, procedure) = (input.call, input.procedure.clone());
        let chunk = |answer| Command::Chunk {
            local,
            procedure,
            options,
            payload,
            answer,
        };
        input.session.0.commands.ask(chunk).await
    }
}
