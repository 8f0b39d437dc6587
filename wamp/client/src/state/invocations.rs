//! Invocations that run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use wamp_protocol::message::{
    Error as ErrorMessage, Invocation as InvocationMessage, InvocationDetails, Sparse, Yield, YieldOptions,
};
use wamp_protocol::{Dict, MessageType, Payload, RequestId, SessionId, Uri, error_uri};

use super::outbox::Outbox;
use super::{SharedHandler, tell};
use crate::command::{Answer, InvocationKey};
use crate::invocation::{self, InputReceiver, InputSender, Interruption};
use crate::{CallError, Error};

#[derive(Debug, Default)]
pub(super) struct Invocations {
    /// The session they belong to; another after each reconnect.
    session: Option<SessionId>,
    running: HashMap<RequestId, Running>,
    /// Finished before the last piece of their arguments came: what comes late is dropped.
    finished_early: HashSet<RequestId>,
    started: Vec<Started>,
}

#[derive(Debug)]
struct Running {
    interruption: Arc<Interruption>,
    /// Until the last piece of the arguments has come.
    input: Option<InputSender>,
}

/// A handler to start.
pub(crate) struct Started {
    pub(crate) handler: SharedHandler,
    pub(crate) key: InvocationKey,
    pub(crate) procedure: Uri,
    pub(crate) details: Sparse<InvocationDetails>,
    pub(crate) payload: Payload,
    pub(crate) interruption: Arc<Interruption>,
    pub(crate) input: Option<InputReceiver>,
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
        self.finished_early.clear();
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
        let (sender, input) = details.progress.then(invocation::input_channel).unzip();
        let running = Running {
            interruption: interruption.clone(),
            input: sender,
        };
        self.running.insert(request, running);
        let procedure = details.procedure.clone().unwrap_or(registered);
        let key = InvocationKey { session, request };
        self.started.push(Started {
            handler,
            key,
            procedure,
            details,
            payload,
            interruption,
            input,
        });
    }

    /// Takes a further piece of the arguments of an invocation that is known already; gives the
    /// message back when it is none.
    pub(super) fn continued(&mut self, message: InvocationMessage, outbox: &mut Outbox) -> Option<InvocationMessage> {
        let (request, last) = (message.request, !message.details.progress);
        if self.finished_early.contains(&request) {
            if last {
                self.finished_early.remove(&request);
            }
            return None;
        }
        let Some(input) = self.running.get_mut(&request).map(|running| &mut running.input) else {
            return Some(message);
        };
        match input {
            Some(sender) if sender.give(message.payload, last) => {
                if last {
                    *input = None;
                }
            }
            Some(_) => {
                let error = CallError::new(error_uri::UNAVAILABLE, "the arguments come faster than they are taken");
                self.unsendable(request, error, outbox);
            }
            // All its arguments are there: the router repeats itself.
            None => tracing::debug!(wamp.request = %request, "an INVOCATION came twice"),
        }
        None
    }

    /// It has its final answer.
    fn finish(&mut self, request: RequestId) -> Option<Running> {
        let running = self.running.remove(&request)?;
        if running.input.is_some() {
            self.finished_early.insert(request);
        }
        Some(running)
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
        if let Some(running) = self.running.get(&request) {
            running.interruption.interrupt();
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
            self.finish(key.request);
        }
        let outcome = match outbox {
            Some(outbox) if runs => {
                outbox.push(Yield {
                    request: key.request,
                    options: options.into(),
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
            self.finish(key.request);
            outbox.push(error_message(key.request, error));
        }
    }

    /// A result could not be sent: the caller gets an error in its place, and progress ends.
    pub(super) fn unsendable(&mut self, request: RequestId, error: CallError, outbox: &mut Outbox) {
        if let Some(running) = self.finish(request) {
            running.interruption.interrupt();
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
        details: Dict::default().into(),
        error: uri,
        payload,
    }
}
