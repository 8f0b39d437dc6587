//! How the router asks whether somebody may come in.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;
use wamp_router::authentication::{
    AuthMethod, Authenticator, Credential, Principal, Salting, SignIn as Asked, SignInError,
};

use super::setup::SETUP;
use super::store::is_remember_token;
use super::{Account, AccountError, Accounts, Role, Salted, Setup, SignedIn};

/// Passwords checked at once; each takes a core for tens of milliseconds.
const CHECKS_AT_ONCE: usize = 2;
/// Who vouches for a principal, as WELCOME says it.
const PROVIDER: &str = "domovoi";

/// Sign-in to the house's realm: accounts by password or by the ticket of a browser that stays
/// signed in, and the set-up link by its token.
///
/// Somebody who is not there is challenged like everybody else, with a salt, a role and an answer
/// time that tell nothing.
#[derive(Debug)]
pub struct SignIn {
    accounts: Accounts,
    setup: Arc<Setup>,
    signed_in: SignedIn,
    secret: [u8; 32],
    checks: Arc<Semaphore>,
}

impl SignIn {
    /// Sign-in with `accounts`; `secret` is what answers for unknown names are made from.
    pub fn new(accounts: Accounts, setup: Arc<Setup>, secret: [u8; 32]) -> Self {
        Self {
            accounts,
            setup,
            signed_in: SignedIn::default(),
            secret,
            checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)),
        }
    }

    /// The accounts somebody has signed in with.
    pub fn signed_in(&self) -> SignedIn {
        self.signed_in.clone()
    }

    async fn look_up(&self, asked: &Asked) -> Result<(Principal, Credential), SignInError> {
        if asked.name() == SETUP {
            return self.by_setup_link(asked).await;
        }
        let found = self.account(asked).await.map_err(|error| unavailable(&error))?;
        let is_there = found.is_some();
        if let Some(account) = &found {
            self.signed_in.note(account);
        }
        let account = found.unwrap_or_else(|| decoy(&self.secret, asked.name()));
        let principal = Principal {
            authid: account.authid.clone(),
            authrole: account.role.name().to_owned(),
            authprovider: PROVIDER.to_owned(),
        };
        let credential = match asked.method {
            AuthMethod::WampCra => by_challenge(account.salted),
            AuthMethod::Scram(_) => by_scram(&account.salted)?,
            AuthMethod::Cryptosign => self.by_key(&account).await?,
            AuthMethod::Ticket => self.by_ticket(account, is_there),
            AuthMethod::Anonymous => return Err(SignInError::NoSuchPrincipal),
        };
        Ok((principal, credential))
    }

    /// The account that is meant: by its name, or by its key where the client gives no name.
    async fn account(&self, asked: &Asked) -> Result<Option<Account>, AccountError> {
        if let Some(authid) = &asked.authid {
            return self.accounts.find(authid).await;
        }
        let Some(key) = asked.claimed_key() else {
            return Ok(None);
        };
        match self.accounts.owner_of(&key).await? {
            Some(authid) => self.accounts.find(&authid).await,
            None => Ok(None),
        }
    }

    /// The account's keys; none for an account that is not there.
    async fn by_key(&self, account: &Account) -> Result<Credential, SignInError> {
        let keys = self.accounts.keys(&account.authid).await;
        let keys = keys.map_err(|error| unavailable(&error))?;
        Ok(Credential::Cryptosign(keys.into_iter().map(|key| key.0).collect()))
    }

    async fn by_setup_link(&self, asked: &Asked) -> Result<(Principal, Credential), SignInError> {
        if self.accounts.any_admin().await.map_err(|error| unavailable(&error))? {
            self.setup.close();
        }
        let principal = Principal {
            authid: SETUP.to_owned(),
            authrole: SETUP.to_owned(),
            authprovider: PROVIDER.to_owned(),
        };
        if asked.method != AuthMethod::Ticket {
            return Err(SignInError::NoSuchPrincipal);
        }
        let setup = self.setup.clone();
        let check = move |token: String| -> BoxFuture<'static, bool> { Box::pin(async move { setup.accepts(&token) }) };
        Ok((principal, Credential::Ticket(Box::new(check))))
    }

    fn by_ticket(&self, account: Account, is_there: bool) -> Credential {
        let (accounts, checks) = (self.accounts.clone(), self.checks.clone());
        Credential::Ticket(Box::new(move |ticket| {
            Box::pin(async move {
                if is_remember_token(&ticket) {
                    let remembered = accounts.remembers(&account.authid, &ticket).await;
                    return remembered.unwrap_or_else(|error| {
                        tracing::error!(%error, "a sign-in cannot be checked");
                        false
                    });
                }
                let Ok(_turn) = checks.acquire().await else {
                    return false;
                };
                let matches = tokio::task::spawn_blocking(move || account.salted.matches(&ticket)).await;
                matches.unwrap_or(false) && is_there
            })
        }))
    }
}

impl Authenticator for SignIn {
    fn find<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<(Principal, Credential), SignInError>> {
        Box::pin(self.look_up(asked))
    }

    fn finished(&self, asked: &Asked, accepted: bool) {
        if accepted {
            self.signed_in.joined(asked.name());
        }
    }
}

fn by_challenge(salted: Salted) -> Credential {
    Credential::WampCra {
        key: salted.derived_key,
        salting: Some(Salting {
            salt: salted.salt,
            iterations: salted.iterations,
            keylen: salted.keylen,
        }),
    }
}

/// SCRAM with what is stored: the key of WAMP-CRA is what SCRAM calls the salted password.
fn by_scram(salted: &Salted) -> Result<Credential, SignInError> {
    salted
        .scram_keys()
        .map(Credential::Scram)
        .ok_or_else(|| SignInError::Unavailable("what is stored of a password is not base64".to_owned()))
}

/// An account that is not there, the same at every asking. The challenge names the role, so this
/// one has any of them.
fn decoy(secret: &[u8; 32], authid: &str) -> Account {
    let salted = Salted::decoy(secret, authid);
    let roles = [Role::Admin, Role::User, Role::Viewer];
    let pick = salted.derived_key.bytes().map(usize::from).sum::<usize>() % roles.len();
    Account {
        authid: authid.to_owned(),
        role: roles.get(pick).copied().unwrap_or(Role::User),
        salted,
        changed_at: 0,
    }
}

fn unavailable(error: &AccountError) -> SignInError {
    SignInError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    use database::Database;
    use wamp_protocol::auth::scram;

    use super::*;

    async fn sign_in() -> (SignIn, Arc<Setup>, Accounts, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::new(Database::open(dir.path().join("domovoi.db")).await.unwrap());
        let setup = Arc::new(Setup::open().unwrap());
        (
            SignIn::new(accounts.clone(), setup.clone(), [1; 32]),
            setup,
            accounts,
            dir,
        )
    }

    fn asked(authid: &str, method: AuthMethod) -> Asked {
        Asked {
            realm: "homeapp".into(),
            authid: Some(authid.into()),
            method,
            authextra: Default::default(),
            address: Some("192.168.1.5:4000".parse().unwrap()),
        }
    }

    async fn ticket(sign_in: &SignIn, authid: &str, ticket: &str) -> bool {
        let asked = asked(authid, AuthMethod::Ticket);
        let Ok((_, Credential::Ticket(check))) = sign_in.find(&asked).await else {
            return false;
        };
        let accepted = check(ticket.to_owned()).await;
        sign_in.finished(&asked, accepted);
        accepted
    }

    #[tokio::test]
    async fn a_password_or_a_remembered_browser_gets_in() {
        let (sign_in, _, accounts, _dir) = sign_in().await;
        accounts.add("ann", Role::Admin, "correct horse").await.unwrap();
        let remembered = accounts.remember("ann").await.unwrap();
        assert!(ticket(&sign_in, "ann", "correct horse").await);
        assert!(ticket(&sign_in, "ann", &remembered).await);
        assert!(!ticket(&sign_in, "ann", "wrong horse").await);
        assert!(!ticket(&sign_in, "bob", "correct horse").await);
    }

    #[tokio::test]
    async fn nobody_can_tell_who_exists() {
        let (sign_in, _, accounts, _dir) = sign_in().await;
        accounts.add("ann", Role::User, "correct horse").await.unwrap();
        for authid in ["ann", "nobody"] {
            let (principal, credential) = sign_in.find(&asked(authid, AuthMethod::WampCra)).await.unwrap();
            assert_eq!(principal.authid, authid);
            let Credential::WampCra {
                salting: Some(salting), ..
            } = credential
            else {
                panic!("{authid} is not challenged with a salt");
            };
            assert_eq!(
                (salting.salt.len(), salting.iterations, salting.keylen),
                (24, 100_000, 32)
            );
            let scram = AuthMethod::Scram(scram::Dialect::Specification);
            let (_, credential) = sign_in.find(&asked(authid, scram)).await.unwrap();
            let Credential::Scram(keys) = credential else {
                panic!("{authid} is not challenged by SCRAM");
            };
            assert_eq!(
                (keys.salt.len(), keys.kdf),
                (24, scram::Kdf::Pbkdf2 { iterations: 100_000 })
            );
            let (_, again) = sign_in.find(&asked(authid, scram)).await.unwrap();
            assert!(
                matches!(again, Credential::Scram(again) if again == keys),
                "the salt of {authid} changes"
            );
        }
    }

    #[tokio::test]
    async fn the_setup_link_opens_nothing_once_there_is_an_account() {
        let (sign_in, setup, accounts, _dir) = sign_in().await;
        let token = setup.token().unwrap();
        assert!(!ticket(&sign_in, SETUP, "another").await);
        assert!(ticket(&sign_in, SETUP, &token).await);
        accounts.add("ann", Role::Admin, "correct horse").await.unwrap();
        assert!(!ticket(&sign_in, SETUP, &token).await);
    }
}
