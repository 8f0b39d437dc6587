//! Calls in pieces: what the first one settles, and where the others go.

use wamp_protocol::message::{Call, Invocation as InvocationMessage, InvocationDetails, PassThru, Sparse};
use wamp_protocol::{MessageType, RegistrationId, RequestId, SessionId, Uri, error_uri};

use super::calling::{check_announced, is_passthru};
use super::invocation::InvocationKey;
use super::{Dealer, DealerSession};
use crate::effects::{Effects, Refusal, Violation};
use crate::member::Member;

/// Whether a call comes in pieces.
#[derive(Debug)]
pub(super) enum Chunks {
    /// It came whole.
    Whole,
    /// More pieces follow, of the same kind as the first.
    Open(Box<FirstChunk>),
    /// The last piece has come.
    Complete,
}

impl Chunks {
    /// The first piece of a call of which more may come.
    ///
    /// # Errors
    /// If none may: the caller broke the protocol with another one.
    pub(super) fn open(&mut self, call: RequestId) -> Result<&mut FirstChunk, Violation> {
        match self {
            Self::Open(first) => Ok(first),
            Self::Whole | Self::Complete => Err(Violation(format!("CALL {call} is open already, and complete"))),
        }
    }

    /// Whether the callee has been sent a further piece than the first.
    pub(super) const fn are_continued(&self) -> bool {
        match self {
            Self::Whole => false,
            Self::Open(first) => first.continued,
            Self::Complete => true,
        }
    }
}

/// What the first piece of a call settled for all of them.
#[derive(Debug)]
pub(super) struct FirstChunk {
    pub(super) registration: RegistrationId,
    pub(super) procedure: Uri,
    pub(super) details: Sparse<InvocationDetails>,
    /// Another piece has been sent after it.
    pub(super) continued: bool,
}

impl Dealer {
    /// A further chunk of an open call goes to the same callee. Its options, and with them the
    /// details of the invocation, were settled by the first one; only whether more follow is read.
    pub(super) fn next_chunk(
        &mut self,
        key: InvocationKey,
        message: &mut Call,
        effects: &mut Effects,
    ) -> Result<(), Violation> {
        let Some(invocation) = self.invocation_mut(key) else {
            return Ok(());
        };
        let first = invocation.chunks.open(message.request)?;
        if first.procedure != message.procedure {
            return Err(of_another_procedure(message.request));
        }
        // Its own options, which say that it may have such a payload, are not passed on.
        if message.payload.is_opaque() && !is_opaque(first.details.ppt.as_deref()) {
            return Err(Violation(format!(
                "CALL {} began with arguments, and goes on with octets in their place",
                message.request
            )));
        }
        first.continued = true;
        let (registration, mut details) = (first.registration, first.details.clone());
        details.progress = message.options.progress;
        if !message.options.progress {
            invocation.chunks = Chunks::Complete;
        }
        if invocation.killed {
            return Ok(());
        }
        let payload = std::mem::take(&mut message.payload);
        effects.send(
            key.callee,
            InvocationMessage {
                request: key.request,
                registration,
                details,
                payload,
            },
        );
        Ok(())
    }

    /// A CALL that is not done: ERROR, and of a call in pieces the others are discarded. If it was
    /// the next chunk of an open call, that one ends.
    pub(crate) fn refuse_call(
        &mut self,
        caller: &Member,
        message: &Call,
        refusal: Refusal,
        effects: &mut Effects,
    ) -> Result<(), Violation> {
        check_announced(caller, message)?;
        let session = self.sessions.entry(caller.id).or_default();
        if let Some(key) = session.invocation_by_call.get(message.request) {
            let key = *key;
            let Some(invocation) = self.invocation_mut(key) else {
                return Ok(());
            };
            if invocation.chunks.open(message.request)?.procedure != message.procedure {
                return Err(of_another_procedure(message.request));
            }
            if !message.options.progress {
                invocation.chunks = Chunks::Complete;
            }
            self.stop(key, refusal, effects);
        } else if !session.is_late_chunk(message) {
            self.refuse_first(caller, message, refusal, effects);
        }
        Ok(())
    }

    /// Whether a CALL of one of the router's own procedures is to be answered by it. They take no calls
    /// in pieces, and no payload that only the other end can read.
    pub(crate) fn is_for_the_router(
        &mut self,
        caller: &Member,
        message: &Call,
        effects: &mut Effects,
    ) -> Result<bool, Violation> {
        check_announced(caller, message)?;
        if let Some(session) = self.sessions.get_mut(&caller.id) {
            if session.invocation_by_call.get(message.request).is_some() {
                return Err(of_another_procedure(message.request));
            }
            if session.is_late_chunk(message) {
                return Ok(false);
            }
        }
        let sentence = if message.options.progress {
            "the router's own procedures do not take calls in several pieces"
        } else if is_passthru(message.options.ppt.as_deref()) {
            "the router's own procedures do not take payloads passed through"
        } else {
            return Ok(true);
        };
        let refusal = Refusal::new(error_uri::FEATURE_NOT_SUPPORTED, sentence);
        self.refuse_first(caller, message, refusal, effects);
        Ok(false)
    }

    /// A CALL that began nothing: of one in pieces the others are discarded.
    pub(super) fn refuse_first(&mut self, caller: &Member, message: &Call, refusal: Refusal, effects: &mut Effects) {
        if message.options.progress {
            let session = self.sessions.entry(caller.id).or_default();
            session.ended_chunked_calls.add(message.request, &message.procedure);
        }
        effects.refuse(caller.id, (MessageType::Call, message.request), refusal);
    }

    /// Whether the CALL has the id of a call that is open, or is a piece of one that has ended.
    pub(crate) fn knows_call(&self, caller: SessionId, message: &Call) -> bool {
        self.sessions.get(&caller).is_some_and(|session| {
            session.invocation_by_call.get(message.request).is_some()
                || session.ended_chunked_calls.are_continued_by(message)
        })
    }
}

impl DealerSession {
    /// Whether the CALL is a further chunk of a call that has ended: it is discarded.
    pub(super) fn is_late_chunk(&mut self, message: &Call) -> bool {
        self.ended_chunked_calls.take_piece(message)
    }
}

fn of_another_procedure(call: RequestId) -> Violation {
    Violation(format!("CALL {call} was of another procedure"))
}

/// Whether the payload may be octets that only the other end can read.
fn is_opaque(ppt: Option<&PassThru>) -> bool {
    ppt.is_some_and(|ppt| ppt.scheme.is_some() || ppt.enc_algo.is_some())
}
