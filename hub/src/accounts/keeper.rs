//! The hub's own service about accounts: its procedures, and an eye on accounts that change while
//! somebody is signed in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::Serialize;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use wamp_client::{Session, error_uri};

use super::{Account, AccountError, Accounts, Setup, procedures};
use crate::supervisor::{Join, Plan, Running, Start, Started};

/// The service's name, and its authid.
pub const NAME: &str = "accounts";

/// How soon a change made by `domovoi user` takes effect on who is signed in.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// How to bring it up; `join` joins its session.
pub fn plan(accounts: Accounts, setup: Arc<Setup>, signed_in: SignedIn, join: Join) -> Plan {
    let start: Start = Box::new(move |session| {
        let (accounts, setup, signed_in) = (accounts.clone(), setup.clone(), signed_in.clone());
        Box::pin(async move { start(session, accounts, setup, signed_in).await })
    });
    Plan {
        name: NAME,
        after: &[],
        join,
        start,
    }
}

async fn start(session: Session, accounts: Accounts, setup: Arc<Setup>, signed_in: SignedIn) -> Started {
    procedures::register(&session, &accounts, &setup)
        .await
        .map_err(|error| format!("the account procedures cannot be offered: {error}"))?;
    Ok(Box::new(Keeper(tokio::spawn(watch(session, accounts, signed_in)))))
}

struct Keeper(JoinHandle<()>);

impl Running for Keeper {
    fn finished(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = (&mut self.0).await {
                tracing::error!(%error, "the watch over accounts broke");
            }
        })
    }

    fn stop(self: Box<Self>) -> BoxFuture<'static, ()> {
        self.0.abort();
        Box::pin(std::future::ready(()))
    }
}

#[derive(Serialize)]
struct Farewell {
    reason: &'static str,
    message: &'static str,
}

/// The accounts somebody has signed in with, each as it was then. A clone is the same list.
#[derive(Debug, Clone, Default)]
pub struct SignedIn {
    /// name → `changed_at`
    changed_at: Arc<Mutex<BTreeMap<String, i64>>>,
    /// The same, as of the last time the name was asked for.
    asked: Arc<Mutex<BTreeMap<String, i64>>>,
}

impl SignedIn {
    /// Somebody signs in with `account`. Until its sessions are looked at, what they signed in
    /// with first counts.
    pub(super) fn note(&self, account: &Account) {
        if let Ok(mut all) = self.changed_at.lock() {
            all.entry(account.authid.clone()).or_insert(account.changed_at);
        }
        if let Ok(mut asked) = self.asked.lock() {
            asked.insert(account.authid.clone(), account.changed_at);
        }
    }

    /// Somebody has signed in as `authid`. A look at the accounts during the sign-in has taken the
    /// name out, when the account had changed before: then its sessions would not be looked at
    /// again.
    pub(super) fn joined(&self, authid: &str) {
        let changed_at = self.asked.lock().ok().and_then(|asked| asked.get(authid).copied());
        if let (Some(changed_at), Ok(mut all)) = (changed_at, self.changed_at.lock()) {
            all.entry(authid.to_owned()).or_insert(changed_at);
        }
    }

    /// Takes out those that are no longer as they were.
    async fn take_changed(&self, accounts: &Accounts) -> Result<Vec<String>, AccountError> {
        let noted = self.changed_at.lock().map(|all| all.clone()).unwrap_or_default();
        if noted.is_empty() {
            return Ok(Vec::new());
        }
        let accounts = accounts.list().await?;
        let is_as_it_was = |(name, changed_at): &(&String, &i64)| {
            let mut same = accounts.iter().filter(|account| account.authid == **name);
            same.any(|account| account.changed_at == **changed_at)
        };
        let changed: Vec<String> = noted
            .iter()
            .filter(|noted| !is_as_it_was(noted))
            .map(|(name, _)| name.clone())
            .collect();
        if let Ok(mut all) = self.changed_at.lock() {
            all.retain(|name, _| !changed.contains(name));
        }
        Ok(changed)
    }
}

/// Ends the sessions of accounts that were removed or got another password.
async fn watch(session: Session, accounts: Accounts, signed_in: SignedIn) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let changed = signed_in.take_changed(&accounts).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "changes of accounts are not seen");
            Vec::new()
        });
        for authid in changed {
            let farewell = Farewell {
                reason: error_uri::CLOSE_KILLED,
                message: "this account was changed; sign in again",
            };
            let call = session
                .call("wamp.session.kill_by_authid")
                .args(&(&authid,))
                .kwargs(&farewell);
            match call.send().await {
                Ok(_) => tracing::info!(%authid, "the account was changed; its sessions were ended"),
                Err(error) => tracing::warn!(%authid, %error, "sessions of a changed account stay"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use database::Database;

    use super::super::Role;
    use super::*;

    #[tokio::test]
    async fn a_look_during_a_sign_in_does_not_lose_sight_of_the_session() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::new(Database::open(dir.path().join("domovoi.db")).await.unwrap());
        accounts.add("bob", Role::User, "correct horse").await.unwrap();
        let bob = accounts.find("bob").await.unwrap().unwrap();
        let signed_in = SignedIn::default();
        let earlier = Account {
            changed_at: bob.changed_at - 1,
            ..bob.clone()
        };
        signed_in.note(&earlier);
        signed_in.note(&bob);
        assert_eq!(signed_in.take_changed(&accounts).await.unwrap(), ["bob"]);
        signed_in.joined("bob");
        assert!(signed_in.take_changed(&accounts).await.unwrap().is_empty());
        accounts.remove("bob").await.unwrap();
        assert_eq!(signed_in.take_changed(&accounts).await.unwrap(), ["bob"]);
    }
}
