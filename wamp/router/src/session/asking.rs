//! A procedure is asked who wants to sign in.

use std::sync::Arc;

use wamp_protocol::{SessionId, Value};

use crate::authentication::dynamic::{Nonsense, credential, principal, question};
use crate::authentication::{Credential, DynamicAuthenticator, Principal, SignIn, SignInError};
use crate::handshake::TicketQuestion;
use crate::inside::Failure;
use crate::member::Transport;
use crate::router::Core;

/// A question about one sign-in.
pub(super) struct Asking {
    core: Arc<Core>,
    authenticator: DynamicAuthenticator,
    sign_in: SignIn,
    session: SessionId,
    transport: Transport,
}

impl Asking {
    pub(super) fn new(
        core: Arc<Core>,
        authenticator: DynamicAuthenticator,
        sign_in: SignIn,
        session: SessionId,
        transport: &Transport,
    ) -> Self {
        Self {
            core,
            authenticator,
            sign_in,
            session,
            transport: transport.clone(),
        }
    }

    /// Who it is and what proves it.
    pub(super) async fn before_the_challenge(&self) -> Result<(Principal, Credential), SignInError> {
        let answer = self.ask(None).await?;
        let principal = self.principal(&answer)?;
        let credential = credential(&self.sign_in, &answer).map_err(unavailable)?;
        Ok((principal, credential))
    }

    /// Asks with the ticket, once it is there.
    pub(super) fn by_ticket(self) -> TicketQuestion {
        TicketQuestion(Box::new(move |ticket| {
            Box::pin(async move {
                let answer = self.ask(Some(ticket)).await;
                match answer.and_then(|answer| self.principal(&answer)) {
                    Ok(principal) => Some(principal),
                    Err(SignInError::Unavailable(sentence)) => {
                        tracing::error!(realm = self.sign_in.realm, "a sign-in cannot be decided: {sentence}");
                        None
                    }
                    Err(SignInError::NoSuchPrincipal | SignInError::Denied(_)) => None,
                }
            })
        }))
    }

    async fn ask(&self, ticket: Option<String>) -> Result<Value, SignInError> {
        let DynamicAuthenticator {
            procedure,
            realm,
            timeout,
            ..
        } = &self.authenticator;
        let home = realm.as_ref().unwrap_or(&self.sign_in.realm);
        let inside = self
            .core
            .inside(home)
            .ok_or_else(|| SignInError::Unavailable(format!("there is no realm {home:?} to ask in")))?;
        let args = question(&self.sign_in, self.session, &self.transport, ticket);
        inside
            .ask(procedure, args, *timeout)
            .await
            .map_err(|failure| match failure {
                Failure::Refused { uri, sentence } => {
                    tracing::debug!(
                        procedure,
                        uri,
                        sentence,
                        authid = self.sign_in.name(),
                        "an authenticator refuses"
                    );
                    SignInError::NoSuchPrincipal
                }
                Failure::Unavailable(sentence) => SignInError::Unavailable(sentence),
            })
    }

    fn principal(&self, answer: &Value) -> Result<Principal, SignInError> {
        principal(&self.sign_in, answer)
            .map_err(unavailable)?
            .ok_or(SignInError::NoSuchPrincipal)
    }
}

fn unavailable(Nonsense(sentence): Nonsense) -> SignInError {
    SignInError::Unavailable(sentence)
}
