//! The procedures about accounts: `account.setup`, `account.remember`, `account.forget`.

use std::sync::Arc;

use house::uri::{error, procedure};
use serde::{Deserialize, Serialize};
use wamp_client::{CallError, Error, Invocation, Reply, Session, error_uri};

use super::{AccountError, Accounts, Setup};

#[derive(Debug, Deserialize)]
struct FirstAdmin {
    token: String,
    name: String,
    password: String,
}

#[derive(Debug, Deserialize)]
struct Forget {
    token: String,
}

#[derive(Debug, Serialize)]
struct Created<'a> {
    authid: &'a str,
    role: &'a str,
}

#[derive(Debug, Serialize)]
struct Remembered<'a> {
    authid: &'a str,
    token: &'a str,
}

/// Registers them.
///
/// # Errors
/// What the router answered.
pub(super) async fn register(session: &Session, accounts: &Accounts, setup: &Arc<Setup>) -> Result<(), Error> {
    let (store, link) = (accounts.clone(), setup.clone());
    session
        .register(procedure::ACCOUNT_SETUP)
        .handler(move |invocation| {
            let (store, link) = (store.clone(), link.clone());
            async move { set_up(&store, &link, &invocation).await }
        })
        .await?;
    let store = accounts.clone();
    session
        .register(procedure::ACCOUNT_REMEMBER)
        .handler(move |invocation| {
            let store = store.clone();
            async move { remember(&store, &invocation).await }
        })
        .await?;
    let store = accounts.clone();
    session
        .register(procedure::ACCOUNT_FORGET)
        .handler(move |invocation| {
            let store = store.clone();
            async move { forget(&store, &invocation).await }
        })
        .await?;
    Ok(())
}

async fn set_up(accounts: &Accounts, setup: &Setup, invocation: &Invocation) -> Result<Reply, CallError> {
    let first: FirstAdmin = invocation.kwargs()?;
    if !setup.accepts(&first.token) {
        return Err(refusal(&AccountError::SetupClosed));
    }
    let added = accounts.add_first(&first.name, &first.password).await;
    if matches!(added, Ok(()) | Err(AccountError::SetupClosed)) {
        setup.close();
    }
    added.map_err(|error| refusal(&error))?;
    tracing::info!(authid = %first.name, "the first admin is made; the set-up link is worth nothing from now on");
    let created = Created {
        authid: &first.name,
        role: "admin",
    };
    Ok(Reply::value(&created)?)
}

async fn remember(accounts: &Accounts, invocation: &Invocation) -> Result<Reply, CallError> {
    let authid = caller(invocation)?;
    let token = accounts.remember(authid).await.map_err(|error| refusal(&error))?;
    Ok(Reply::value(&Remembered { authid, token: &token })?)
}

async fn forget(accounts: &Accounts, invocation: &Invocation) -> Result<Reply, CallError> {
    let authid = caller(invocation)?;
    let asked: Forget = invocation.kwargs()?;
    let forgotten = accounts.forget(authid, &asked.token).await;
    Ok(Reply::value(&forgotten.map_err(|error| refusal(&error))?)?)
}

/// Who calls; only somebody with an account can be remembered.
fn caller(invocation: &Invocation) -> Result<&str, CallError> {
    invocation
        .caller_authid()
        .ok_or_else(|| CallError::new(error_uri::NOT_AUTHORIZED, "sign in with an account first"))
}

fn refusal(fault: &AccountError) -> CallError {
    let uri = match fault {
        AccountError::BadName(_)
        | AccountError::ShortPassword
        | AccountError::LongPassword
        | AccountError::Taken(_) => error_uri::INVALID_ARGUMENT,
        AccountError::Unknown(_)
        | AccountError::LastAdmin(_)
        | AccountError::KeyTaken(_)
        | AccountError::UnknownKey(_) => error_uri::NOT_AUTHORIZED,
        AccountError::SetupClosed => error::SETUP_CLOSED,
        AccountError::Random(_) | AccountError::Storage(_) => error::STORAGE,
    };
    CallError::new(uri, fault.to_string())
}
