//! Procedures this client offers, and which of them are registered now.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use wamp_protocol::message::{Register, RegisterOptions, Unregister, Unregistered};
use wamp_protocol::{RegistrationId, RequestId, Uri};

use super::outbox::Outbox;
use super::{SharedHandler, retry_delay, tell};
use crate::Error;
use crate::command::{Answer, LocalId};

#[derive(Debug, Default)]
pub(super) struct Registrations {
    /// What is wished for, in the order it was.
    wishes: BTreeMap<LocalId, Wish>,
    registered: HashMap<RegistrationId, LocalId>,
    registering: HashMap<RequestId, LocalId>,
    unregistering: HashMap<RequestId, (LocalId, Answer<()>)>,
}

struct Wish {
    procedure: Uri,
    options: RegisterOptions,
    handler: SharedHandler,
    /// Who waits for the first registration.
    answer: Option<Answer<()>>,
    registration: Option<RegistrationId>,
    /// How often the router has refused to restore it since the last reconnect.
    refusals: u32,
    retry_at: Option<Duration>,
}

impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wish")
            .field("procedure", &self.procedure)
            .finish_non_exhaustive()
    }
}

impl Registrations {
    pub(super) fn register(
        &mut self,
        local: LocalId,
        procedure: Uri,
        options: RegisterOptions,
        handler: SharedHandler,
        answer: Answer<()>,
        outbox: Option<&mut Outbox>,
    ) {
        let answer = Some(answer);
        let wish = Wish {
            procedure,
            options,
            handler,
            answer,
            registration: None,
            refusals: 0,
            retry_at: None,
        };
        self.wishes.insert(local, wish);
        if let Some(outbox) = outbox {
            self.ask(local, outbox);
        }
    }

    fn ask(&mut self, local: LocalId, outbox: &mut Outbox) {
        let Some(wish) = self.wishes.get_mut(&local) else {
            return;
        };
        wish.retry_at = None;
        let (options, procedure) = (wish.options.clone(), wish.procedure.clone());
        let request = outbox.request(|request| Register {
            request,
            options,
            procedure,
        });
        self.registering.insert(request, local);
    }

    pub(super) fn registered(&mut self, request: RequestId, registration: RegistrationId, outbox: &mut Outbox) {
        let Some(local) = self.registering.remove(&request) else {
            return;
        };
        match self.wishes.get_mut(&local) {
            Some(wish) => {
                wish.registration = Some(registration);
                wish.refusals = 0;
                if let Some(answer) = wish.answer.take() {
                    tell(answer, Ok(()));
                }
                self.registered.insert(registration, local);
            }
            // Taken back meanwhile.
            None => drop(outbox.request(|request| Unregister { request, registration })),
        }
    }

    pub(super) fn refused(&mut self, request: RequestId, error: Error, now: Duration) {
        let Some(local) = self.registering.remove(&request) else {
            return;
        };
        let Some(wish) = self.wishes.get_mut(&local) else {
            return;
        };
        if let Some(answer) = wish.answer.take() {
            self.wishes.remove(&local);
            return tell(answer, Err(error));
        }
        if wish.refusals == 0 {
            let procedure = &wish.procedure;
            tracing::warn!(wamp.procedure = %procedure, "{procedure} could not be registered again, will retry: {error}");
        }
        wish.retry_at = Some(now.saturating_add(retry_delay(wish.refusals)));
        wish.refusals = wish.refusals.saturating_add(1);
    }

    pub(super) fn unregister(&mut self, local: LocalId, answer: Answer<()>, outbox: Option<&mut Outbox>) {
        let registration = self.wishes.get(&local).and_then(|wish| wish.registration);
        match (registration, outbox) {
            // The handler stays until the answer is there: calls may be on their way.
            (Some(registration), Some(outbox)) => {
                let request = outbox.request(|request| Unregister { request, registration });
                self.unregistering.insert(request, (local, answer));
            }
            _ => {
                self.wishes.remove(&local);
                tell(answer, Ok(()));
            }
        }
    }

    pub(super) fn unregistered(&mut self, message: Unregistered) {
        if let Some(request) = message.request {
            if let Some((local, answer)) = self.unregistering.remove(&request) {
                self.remove(local);
                tell(answer, Ok(()));
            }
        } else if let Some(details) = message.details
            && let Some(local) = self.registered.get(&details.registration).copied()
            && let Some(wish) = self.remove(local)
        {
            let (procedure, reason) = (&wish.procedure, details.reason.as_deref().unwrap_or("no reason given"));
            tracing::warn!(wamp.procedure = %procedure, "the router revoked the registration of {procedure}: {reason}");
        }
    }

    pub(super) fn unregister_refused(&mut self, request: RequestId, error: Error) {
        if let Some((local, answer)) = self.unregistering.remove(&request) {
            // Whatever the router thinks it holds, this side wants it no more.
            self.remove(local);
            tell(answer, Err(error));
        }
    }

    fn remove(&mut self, local: LocalId) -> Option<Wish> {
        let wish = self.wishes.remove(&local)?;
        if let Some(registration) = wish.registration {
            self.registered.remove(&registration);
        }
        Some(wish)
    }

    /// The procedure and handler of a registration.
    pub(super) fn handler(&self, registration: RegistrationId) -> Option<(Uri, SharedHandler)> {
        let wish = self.wishes.get(self.registered.get(&registration)?)?;
        Some((wish.procedure.clone(), wish.handler.clone()))
    }

    pub(super) fn joined(&mut self, outbox: &mut Outbox) {
        for local in self.wishes.keys().copied().collect::<Vec<_>>() {
            self.ask(local, outbox);
        }
    }

    pub(super) fn lost(&mut self) {
        self.registered.clear();
        self.registering.clear();
        for (_, (local, answer)) in self.unregistering.drain() {
            self.wishes.remove(&local);
            tell(answer, Ok(()));
        }
        for wish in self.wishes.values_mut() {
            wish.registration = None;
            wish.refusals = 0;
            wish.retry_at = None;
        }
    }

    pub(super) fn close(&mut self) {
        self.lost();
        for (_, wish) in std::mem::take(&mut self.wishes) {
            if let Some(answer) = wish.answer {
                tell(answer, Err(Error::Closed));
            }
        }
    }

    pub(super) fn next_retry(&self) -> Option<Duration> {
        self.wishes.values().filter_map(|wish| wish.retry_at).min()
    }

    pub(super) fn retry(&mut self, now: Duration, outbox: &mut Outbox) {
        let due = |wish: &Wish| wish.retry_at.is_some_and(|at| at <= now);
        let locals: Vec<_> = self
            .wishes
            .iter()
            .filter(|(_, wish)| due(wish))
            .map(|(local, _)| *local)
            .collect();
        for local in locals {
            self.ask(local, outbox);
        }
    }
}
