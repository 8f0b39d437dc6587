//! WAMP itself: one session over `/ws`, its calls and its events.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use wamp_client::{
    Backoff, CallResult, CloseReason, ConnectionState, Connector, Credentials, Error, Serializer, Session, SessionInfo,
    StateStream, Subscription,
};

use super::{Fault, LinkState, Role, SignIn, User};
use crate::browser;

/// A joined session; clones are the same session.
#[derive(Clone)]
pub(super) struct Wire(Session);

/// Events of one topic, each with its payload read; those that cannot be read are left out.
pub(super) struct Events<T> {
    subscription: Subscription,
    payload: PhantomData<T>,
}

/// By what one tried to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Password,
    Ticket,
    Setup,
}

/// The connection's states, from now on.
pub(super) struct States(StateStream);

impl Wire {
    pub(super) async fn join(sign_in: SignIn, keep_trying: bool) -> Result<(Self, User), Fault> {
        let (method, credentials) = match sign_in {
            SignIn::Password { name, password } => (
                Method::Password,
                Credentials::Wampcra {
                    authid: name,
                    secret: password,
                },
            ),
            SignIn::Ticket { name, token } => (
                Method::Ticket,
                Credentials::Ticket {
                    authid: name,
                    ticket: token,
                },
            ),
            SignIn::Setup { token } => (
                Method::Setup,
                Credentials::Ticket {
                    authid: "setup".into(),
                    ticket: token,
                },
            ),
        };
        let mut connector = Connector::new(browser::wamp_url(), house::uri::REALM)
            .serializer(Serializer::Json)
            .credentials(credentials);
        connector = if method == Method::Setup {
            connector.no_reconnect()
        } else {
            connector.reconnect(Backoff::default())
        };
        if keep_trying {
            connector = connector.keep_trying();
        }
        let session = connector.connect().await.map_err(|error| join_fault(&error, method))?;
        let user = session
            .info()
            .map(|info| user_of(&info))
            .ok_or_else(Fault::not_connected)?;
        Ok((Self(session), user))
    }

    pub(super) async fn leave(self) {
        self.0.leave().await;
    }

    /// Calls; what comes back is the first positional result or, when there is none, the keyword ones.
    pub(super) async fn call<A: Serialize, K: Serialize, R: DeserializeOwned>(
        &self,
        uri: &str,
        args: &A,
        kwargs: &K,
    ) -> Result<R, Fault> {
        read(&self.send(uri, plain(args)?, plain(kwargs)?).await?)
    }

    /// Calls for the effect alone.
    pub(super) async fn call_for_nothing<K: Serialize>(&self, uri: &str, kwargs: &K) -> Result<(), Fault> {
        self.send(uri, Value::Array(Vec::new()), plain(kwargs)?).await.map(drop)
    }

    async fn send(&self, uri: &str, args: Value, kwargs: Value) -> Result<CallResult, Fault> {
        let call = self.0.call(uri).args(&args).kwargs(&kwargs);
        call.send().await.map_err(|error| fault_of(&error))
    }

    /// Calls with progressive results: each goes to `take`, the last is given back.
    pub(super) async fn call_progressively<K: Serialize, P: DeserializeOwned, R: DeserializeOwned>(
        &self,
        uri: &str,
        kwargs: &K,
        mut take: impl FnMut(P),
    ) -> Result<R, Fault> {
        let call = self.0.call(uri).kwargs(&plain(kwargs)?);
        let mut results = call.progressive().await.map_err(|error| fault_of(&error))?;
        while let Some(result) = results.next().await {
            let result = result.map_err(|error| fault_of(&error))?;
            if !result.progress {
                return read(&result);
            }
            take(read(&result)?);
        }
        Err(Fault::not_connected())
    }

    pub(super) async fn subscribe<T: DeserializeOwned>(&self, topic: &str) -> Result<Events<T>, Fault> {
        let subscription = self.0.subscribe(topic).open().await.map_err(|error| fault_of(&error))?;
        Ok(Events {
            subscription,
            payload: PhantomData,
        })
    }

    pub(super) fn states(&self) -> States {
        States(self.0.watch())
    }
}

impl<T: DeserializeOwned> Events<T> {
    pub(super) async fn next(&mut self) -> Option<T> {
        loop {
            let event = self.subscription.next().await?;
            let by_name = event.kwargs::<Value>().map(serde_json::from_value::<T>);
            let payload = match by_name {
                Ok(Ok(payload)) => Ok(payload),
                _ => event
                    .args::<(Value,)>()
                    .map_err(|error| error.to_string())
                    .and_then(|(payload,)| serde_json::from_value(payload).map_err(|error| error.to_string())),
            };
            match payload {
                Ok(payload) => return Some(payload),
                Err(error) => leptos::logging::warn!("{}: {error}", event.topic()),
            }
        }
    }
}

impl States {
    pub(super) async fn next(&mut self) -> Option<LinkState> {
        Some(match self.0.next().await? {
            ConnectionState::Joined(info) => LinkState::Joined {
                session: info.session.to_string(),
                user: user_of(&info),
            },
            ConnectionState::Reconnecting { attempt, cause } => LinkState::Reconnecting {
                attempt,
                cause: cause.to_string(),
            },
            ConnectionState::Closed(reason) => LinkState::Closed(why_closed(reason)),
        })
    }
}

/// Payloads go through one plain form: each type for each serializer would be a megabyte of program.
fn plain<T: Serialize>(value: &T) -> Result<Value, Fault> {
    serde_json::to_value(value).map_err(|error| Fault::other(&format!("This cannot be sent: {error}")))
}

fn read<R: DeserializeOwned>(result: &CallResult) -> Result<R, Fault> {
    let positional = result
        .value::<Value>()
        .ok()
        .and_then(|value| serde_json::from_value(value).ok());
    positional.map_or_else(|| by_name(result), Ok)
}

fn by_name<R: DeserializeOwned>(result: &CallResult) -> Result<R, Fault> {
    let unreadable = |error: &dyn std::fmt::Display| Fault::other(&format!("The hub's answer cannot be read: {error}"));
    let kwargs = result.kwargs::<Value>().map_err(|error| unreadable(&error))?;
    serde_json::from_value(kwargs).map_err(|error| unreadable(&error))
}

fn user_of(info: &SessionInfo) -> User {
    User {
        name: info.authid.clone().unwrap_or_default(),
        role: Role::from_wamp(info.authrole.as_deref().unwrap_or_default()),
    }
}

fn why_closed(reason: CloseReason) -> String {
    match reason {
        CloseReason::Left => "You are signed out.".to_owned(),
        CloseReason::ByRouter { reason, message } => Fault::refused(&reason, message.as_deref()).sentence().to_owned(),
        CloseReason::Lost { .. } => "The connection to the hub was lost.".to_owned(),
    }
}

fn fault_of(error: &Error) -> Fault {
    match error {
        Error::Rejected(rejection) => Fault::refused(rejection.uri(), rejection.message().as_deref()),
        Error::NotConnected | Error::Closed => Fault::not_connected(),
        Error::Timeout => Fault::other("The hub took too long to answer."),
        other => Fault::other(&other.to_string()),
    }
}

/// Why joining failed: a wrong password and a used link sound different though WAMP calls them the
/// same.
fn join_fault(error: &Error, method: Method) -> Fault {
    let Error::Refused { reason, message } = error else {
        return Fault::other("The hub cannot be reached.");
    };
    // Denied is more than wrong: too many attempts, say. Then the hub's own sentence counts.
    let is_sign_in = reason.contains("auth") && !reason.contains("denied") || reason.contains("principal");
    match method {
        Method::Setup if is_sign_in => Fault::refused(
            reason,
            Some("This set-up link does not work any more: it was used already, or the hub has printed a newer one."),
        ),
        Method::Password if is_sign_in => Fault::refused(reason, Some("Name or password is wrong.")),
        Method::Ticket if is_sign_in => Fault::refused(reason, Some("Please sign in again.")),
        Method::Setup | Method::Password | Method::Ticket => Fault::refused(reason, message.as_deref()),
    }
}
