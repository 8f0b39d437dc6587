//! Offering procedures.

use std::sync::Arc;

use wamp_protocol::message::{InvocationPolicy, RegisterOptions};
use wamp_protocol::{MatchPolicy, Uri};

use crate::command::{Command, LocalId};
use crate::invocation::Handler;
use crate::runtime::{MaybeSend, MaybeSync};
use crate::{CallError, Error, Invocation, Reply, Session};

/// A registration about to be made; [`handler`](Self::handler) does it.
#[derive(Debug)]
#[must_use = "nothing is registered until `handler` is awaited"]
pub struct RegisterRequest {
    session: Session,
    procedure: Uri,
    options: RegisterOptions,
}

impl RegisterRequest {
    pub(crate) fn new(session: Session, procedure: Uri) -> Self {
        let options = RegisterOptions {
            disclose_caller: Some(true),
            ..RegisterOptions::default()
        };
        Self {
            session,
            procedure,
            options,
        }
    }

    /// How the procedure matches; exactly unless told.
    pub fn match_policy(mut self, policy: MatchPolicy) -> Self {
        self.options.match_policy = Some(policy);
        self
    }

    /// Whether other callees may register it too, and which of them gets a call.
    pub fn invoke(mut self, policy: InvocationPolicy) -> Self {
        self.options.invoke = Some(policy);
        self
    }

    /// Takes only calls of this part of the procedure.
    pub fn shard(mut self, key: impl Into<String>) -> Self {
        self.options.rkey = Some(key.into());
        self
    }

    /// Keeps the time that callers give here, rather than at the router: a handler that neither
    /// answers nor makes progress in time is dropped.
    pub fn forward_timeout(mut self) -> Self {
        self.options.forward_timeout = Some(true);
        self
    }

    /// Takes the procedure from callees that registered it by force too, and lets later ones take it
    /// from this one: a program that was started anew does not wait for the session of the one
    /// before to be found dead. See docs/wamp.md.
    pub fn force(mut self) -> Self {
        self.options.force_reregister = Some(true);
        self
    }

    /// Whether the router shall say who calls; it is asked to unless told otherwise.
    pub fn disclose_caller(mut self, disclose: bool) -> Self {
        self.options.disclose_caller = Some(disclose);
        self
    }

    /// Registers it. Each invocation runs as a task of its own. While there is no connection this
    /// waits for the next one.
    ///
    /// A caller that cancels, or leaves, [interrupts](Invocation::canceled) the handler. When the
    /// connection is lost, handlers run on; what they answer is dropped.
    ///
    /// Errors: [`Error::Rejected`], [`Error::Closed`].
    pub async fn handler<H, F>(self, handler: H) -> Result<Registration, Error>
    where
        H: Fn(Invocation) -> F + MaybeSend + MaybeSync + 'static,
        F: Future<Output = Result<Reply, CallError>> + MaybeSend + 'static,
    {
        let Self {
            session,
            procedure,
            options,
        } = self;
        let local = session.local_id();
        let handler: Arc<Handler> = Arc::new(move |invocation| Box::pin(handler(invocation)));
        let register = {
            let procedure = procedure.clone();
            |answer| Command::Register {
                local,
                procedure,
                options,
                handler,
                answer,
            }
        };
        session.0.commands.ask(register).await?;
        Ok(Registration {
            session,
            local,
            procedure,
        })
    }
}

/// A registered procedure. It stays registered when this is dropped, and is registered again after
/// a reconnect; [`unregister`](Self::unregister) ends it.
#[derive(Debug, Clone)]
pub struct Registration {
    session: Session,
    local: LocalId,
    procedure: Uri,
}

impl Registration {
    /// The procedure or pattern.
    pub fn procedure(&self) -> &str {
        self.procedure.as_str()
    }

    /// Unregisters it. Invocations that run are finished.
    ///
    /// Errors: [`Error::Rejected`], [`Error::Closed`].
    pub async fn unregister(self) -> Result<(), Error> {
        let local = self.local;
        self.session
            .0
            .commands
            .ask(|answer| Command::Unregister { local, answer })
            .await
    }
}
