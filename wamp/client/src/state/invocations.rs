//! Invocations that run.

use std::collections::HashMap;
use std::sync::Arc;

use wamp_protocol::message::{
    Error as ErrorMessage, Invocation as InvocationMessage, InvocationDetails, Yield, YieldOptions,
};
use wamp_protocol::{Dict, MessageType, Payload, RequestId, SessionId, Uri, error_uri};

use super::outbox::Outbox;
use super::{SharedHandler, tell};
use crate::command::{Answer, InvocationKey};
use crate::invocation::Interruption;
use crate::{CallError, Error};

#[derive(Debug, Default)]
pub(super) struct Invocations {
    /// The session they belong to; another after each reconnect.
    session: Option<SessionId>,
    running: HashMap<RequestId, Arc<Interruption>>,
    started: Vec<Started>,
}

/// A handler to start.
pub(crate) struct Started {
    pub(crate) handler: SharedHandler,
    pub(crate) key: InvocationKey,
    pub(crate) procedure: Uri,
    pub(crate) details: InvocationDetails,
    pub(crate) payload: Payload,
    pub(crate) interruption: Arc<Interruption>,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Started")
            .field("key", &self.key)
            .field("procedure", &self.procedure)
            .finish_non_exhaustive()
    }
}

impl Invocations {
    pub(super) fn joined(&mut self, session: SessionId) {
        self.session = Some(session);
    }

    /// Handlers run on, but what they answer goes nowhere.
    pub(super) fn lost(&mut self) {
        self.session = None;
        self.running.clear();
        self.started.clear();
    }

    pub(super) fn start(&mut self, message: InvocationMessage, registered: Uri, handler: SharedHandler) {
        let Some(session) = self.session else { return };
        let InvocationMessage {
            request,
            details,
            payload,
            ..
        } = message;
        let interruption = Arc::new(Interruption::default());
        self.running.insert(request, interruption.clone());
        let procedure = details.procedure.clone().unwrap_or(registered);
        let key = InvocationKey { session, request };
        self.started.push(Started {
            handler,
            key,
            procedure,
            details,
            payload,
            interruption,
        });
    }

    /// The registration is not there (any more): its end crossed the call.
    pub(super) fn refuse(message: &InvocationMessage, outbox: &mut Outbox) {
        let error = CallError::new(
            error_uri::NO_SUCH_PROCEDURE,
            "the procedure is not registered here any more",
        );
        outbox.push(error_message(message.request, error));
    }

    pub(super) fn interrupt(&self, request: RequestId) {
        // Unknown when the interruption crossed the answer.
        if let Some(interruption) = self.running.get(&request) {
            interruption.interrupt();
        }
    }

    pub(super) fn give(
        &mut self,
        key: InvocationKey,
        options: YieldOptions,
        payload: Payload,
        answer: Option<Answer<()>>,
        outbox: Option<&mut Outbox>,
    ) {
        let runs = self.runs(key);
        if !options.progress && runs {
            self.running.remove(&key.request);
        }
        let outcome = match outbox {
            Some(outbox) if runs => {
                outbox.push(Yield {
                    request: key.request,
                    options,
                    payload,
                });
                Ok(())
            }
            _ => Err(Error::NotConnected),
        };
        if let Some(answer) = answer {
            tell(answer, outcome);
        }
    }

    pub(super) fn fail(&mut self, key: InvocationKey, error: CallError, outbox: Option<&mut Outbox>) {
        if let Some(outbox) = outbox
            && self.runs(key)
        {
            self.running.remove(&key.request);
            outbox.push(error_message(key.request, error));
        }
    }

    /// A result could not be sent: the caller gets an error in its place, and progress ends.
    pub(super) fn unsendable(&mut self, request: RequestId, error: CallError, outbox: &mut Outbox) {
        if let Some(interruption) = self.running.remove(&request) {
            interruption.interrupt();
        }
        outbox.push(error_message(request, error));
    }

    fn runs(&self, key: InvocationKey) -> bool {
        self.session == Some(key.session) && self.running.contains_key(&key.request)
    }

    pub(super) fn take_started(&mut self) -> Vec<Started> {
        std::mem::take(&mut self.started)
    }
}

fn error_message(request: RequestId, error: CallError) -> ErrorMessage {
    let CallError { uri, payload } = error;
    ErrorMessage {
        request_type: MessageType::Invocation,
        request,
        details: Dict::default(),
        error: uri,
        payload,
    }
}
