//! Calls that wait for their results.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use wamp_protocol::feature::CALL_CANCELING;
use wamp_protocol::message::{Call, CallOptions, Cancel, CancelMode, ResultMessage, RouterRoles};
use wamp_protocol::{Payload, RequestId, Uri};

use super::outbox::Outbox;
use super::tell;
use crate::command::{Answer, CallAnswer, LocalId};
use crate::{CallResult, Error};

#[derive(Debug, Default)]
pub(super) struct Calls {
    /// `None` when nobody wants the result any more; the router still answers.
    waiting: HashMap<RequestId, Option<Waiting>>,
    requests: HashMap<LocalId, RequestId>,
    /// Whether the router takes CANCEL.
    cancelable: bool,
    /// Made again in each session: what the router holds for a session only.
    kept: Vec<(Uri, Payload)>,
}

#[derive(Debug)]
struct Waiting {
    local: LocalId,
    answer: CallAnswer,
}

impl Calls {
    pub(super) fn keep(&mut self, procedure: Uri, payload: Payload) {
        self.kept.push((procedure, payload));
    }

    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    pub(super) fn joined(&mut self, roles: &RouterRoles, outbox: &mut Outbox) {
        for (procedure, payload) in self.kept.clone() {
            let options = CallOptions::default();
            let request = outbox.request(|request| Call {
                request,
                options: options.into(),
                procedure,
                payload,
            });
            self.waiting.insert(request, None);
        }
        self.cancelable = roles.dealer.as_ref().is_some_and(|dealer| dealer.has(CALL_CANCELING));
    }

    pub(super) fn call(
        &mut self,
        local: LocalId,
        procedure: Uri,
        options: CallOptions,
        payload: Payload,
        answer: CallAnswer,
        outbox: Option<&mut Outbox>,
    ) {
        let Some(outbox) = outbox else {
            return answer.fail(Error::NotConnected);
        };
        let request = outbox.request(|request| Call {
            request,
            options: options.into(),
            procedure,
            payload,
        });
        self.waiting.insert(request, Some(Waiting { local, answer }));
        self.requests.insert(local, request);
    }

    /// Sends a further piece of a call's arguments.
    pub(super) fn chunk(
        &self,
        local: LocalId,
        procedure: Uri,
        options: CallOptions,
        payload: Payload,
        answer: Answer<()>,
        outbox: Option<&mut Outbox>,
    ) {
        let Some(outbox) = outbox else {
            return tell(answer, Err(Error::NotConnected));
        };
        let Some(&request) = self.requests.get(&local) else {
            return tell(answer, Err(Error::Ended));
        };
        outbox.push(Call {
            request,
            options: options.into(),
            procedure,
            payload,
        });
        tell(answer, Ok(()));
    }

    pub(super) fn cancel(&mut self, local: LocalId, mode: CancelMode, outbox: Option<&mut Outbox>) {
        let Some(request) = self.requests.remove(&local) else {
            return;
        };
        if let Some(waiting) = self.waiting.get_mut(&request) {
            *waiting = None;
        }
        if let Some(outbox) = outbox
            && self.cancelable
        {
            outbox.push(Cancel {
                request,
                mode: Some(Ok(mode)),
            });
        }
    }

    pub(super) fn result(&mut self, result: ResultMessage, outbox: &mut Outbox) {
        let request = result.request;
        if !result.details.progress {
            if let Some(waiting) = self.finish(request) {
                waiting.answer.finish(CallResult::new(result.details, result.payload));
            }
            return;
        }
        // A progressive result of a canceled call, or one that nobody asked for, is dropped.
        let Some(Some(Waiting {
            local,
            answer: CallAnswer::Progressive(sender),
        })) = self.waiting.get(&request)
        else {
            return;
        };
        let limit = sender.limit;
        if sender.waiting.fetch_add(1, Ordering::Relaxed) < limit {
            let _ = sender
                .results
                .unbounded_send(Ok(CallResult::new(result.details, result.payload)));
        } else {
            let _ = sender.results.unbounded_send(Err(Error::Overrun { limit }));
            let local = *local;
            self.cancel(local, CancelMode::default(), Some(outbox));
        }
    }

    pub(super) fn failed(&mut self, request: RequestId, error: Error) {
        if let Some(waiting) = self.finish(request) {
            waiting.answer.fail(error);
        }
    }

    fn finish(&mut self, request: RequestId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&request).flatten()?;
        self.requests.remove(&waiting.local);
        Some(waiting)
    }

    pub(super) fn fail_all(&mut self, error: &Error) {
        self.requests.clear();
        for waiting in self.waiting.drain().filter_map(|(_, waiting)| waiting) {
            waiting.answer.fail(error.clone());
        }
    }
}

impl CallAnswer {
    fn finish(self, result: CallResult) {
        match self {
            Self::Single(answer) => tell(answer, Ok(result)),
            // The receiver may be gone, and then nobody wants to know.
            Self::Progressive(sender) => drop(sender.results.unbounded_send(Ok(result))),
        }
    }

    fn fail(self, error: Error) {
        match self {
            Self::Single(answer) => tell(answer, Err(error)),
            Self::Progressive(sender) => drop(sender.results.unbounded_send(Err(error))),
        }
    }
}
