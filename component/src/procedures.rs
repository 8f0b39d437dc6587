//! The procedures that a component offers.

use std::time::Duration;

use wamp_client::{CallError, Error, Invocation, Registration, Reply, Session, Uri};

/// How long the router may take to let go of procedures when there may be none any more.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is registered, for as long as the component runs.
#[derive(Debug)]
pub struct Procedures {
    session: Session,
    registrations: Vec<Registration>,
}

impl Procedures {
    /// None yet.
    pub fn new(session: &Session) -> Self {
        Self {
            session: session.clone(),
            registrations: Vec::new(),
        }
    }

    /// Registers one whose arguments go by name; each call is answered by `handler` with its own
    /// clone of `state`. A positional argument is refused: it would mean nothing.
    ///
    /// # Errors
    /// The router refuses it, or the session is over.
    pub async fn offer<S, F>(
        &mut self,
        procedure: impl Into<Uri>,
        state: &S,
        handler: impl Fn(S, Invocation) -> F + Send + Sync + Clone + 'static,
    ) -> Result<(), Error>
    where
        S: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Reply, CallError>> + Send + 'static,
    {
        let by_name = move |state: S, invocation: Invocation| {
            let handler = handler.clone();
            async move {
                let positional = invocation.payload().args_value();
                if positional.is_ok_and(|arguments| !arguments.is_empty()) {
                    return Err(CallError::invalid_argument(
                        "arguments go by name here; there is no positional one",
                    ));
                }
                handler(state, invocation).await
            }
        };
        self.offer_positional(procedure, state, by_name).await
    }

    /// Registers one that takes positional arguments too.
    ///
    /// # Errors
    /// The router refuses it, or the session is over.
    pub async fn offer_positional<S, F>(
        &mut self,
        procedure: impl Into<Uri>,
        state: &S,
        handler: impl Fn(S, Invocation) -> F + Send + Sync + 'static,
    ) -> Result<(), Error>
    where
        S: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Reply, CallError>> + Send + 'static,
    {
        let state = state.clone();
        let request = self.session.register(procedure);
        let registration = request
            .handler(move |invocation| handler(state.clone(), invocation))
            .await?;
        self.registrations.push(registration);
        Ok(())
    }

    /// Unregisters all, so that the component can be started anew in the same session or another.
    pub async fn let_go(self) {
        let unregister = async {
            for registration in self.registrations {
                if let Err(error) = registration.unregister().await {
                    tracing::debug!(%error, "not unregistered");
                }
            }
        };
        if tokio::time::timeout(PATIENCE, unregister).await.is_err() {
            tracing::debug!("the router did not answer in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use test_realm::Realm;
    use wamp_client::error_uri;

    use super::*;

    #[tokio::test]
    async fn what_is_offered_answers_until_it_is_let_go_of() {
        let realm = Realm::new();
        let (service, person) = (
            realm.join("service", "service").await,
            realm.join("anna", "admin").await,
        );
        let mut procedures = Procedures::new(&service);
        procedures
            .offer_positional("test.add", &40, |forty: i32, invocation: Invocation| async move {
                let (number,): (i32,) = invocation.args()?;
                Ok(Reply::value(&(forty + number))?)
            })
            .await
            .unwrap();
        let call = || person.call("test.add").args(&(2,)).send();
        assert_eq!(call().await.unwrap().value::<i32>().unwrap(), 42);
        procedures
            .offer("test.named", &(), |(), _: Invocation| async move { Ok(Reply::empty()) })
            .await
            .unwrap();
        person.call("test.named").send().await.unwrap();
        let refused = person.call("test.named").args(&(1,)).send().await.unwrap_err();
        assert_eq!(refused.uri(), Some(error_uri::INVALID_ARGUMENT));
        procedures.let_go().await;
        let refused = call().await.unwrap_err();
        assert_eq!(refused.uri(), Some(error_uri::NO_SUCH_PROCEDURE));
    }
}
