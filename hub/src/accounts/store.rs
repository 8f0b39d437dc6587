//! The accounts in the database.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use database::Database;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{AccountError, Role, Salted, check_name};

/// What tickets of browsers begin with, so that nobody's password is taken for one.
const REMEMBER_PREFIX: &str = "remember.";
/// A browser that has not come back for so long has to sign in again: 180 days, in milliseconds.
const REMEMBERED_FOR: i64 = 180 * 86_400_000;

/// An account as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub authid: String,
    /// What it may do.
    pub role: Role,
    /// What its password is checked against.
    pub salted: Salted,
    /// When it was made or last got another password, in milliseconds since 1970.
    pub changed_at: i64,
}

/// The tables `account` and `remember_token`, which are the hub's.
///
/// Works on the same file from several processes at once: `domovoi user` beside a running hub.
#[derive(Debug, Clone)]
pub struct Accounts {
    database: Database,
}

impl Accounts {
    /// The accounts in `database`.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    pub(super) const fn database(&self) -> &Database {
        &self.database
    }

    /// Whether there is an admin; without one nobody can change the house.
    pub async fn any_admin(&self) -> Result<bool, AccountError> {
        let found: i64 = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM account WHERE role = 'admin')")
            .fetch_one(self.database.read())
            .await?;
        Ok(found != 0)
    }

    /// All of them, by name.
    pub async fn list(&self) -> Result<Vec<Account>, AccountError> {
        let rows = sqlx::query(
            "SELECT authid, role, salt, iterations, keylen, derived_key, changed_at FROM account ORDER BY authid",
        )
        .fetch_all(self.database.read())
        .await?;
        rows.iter().map(account).collect()
    }

    /// The one of this name.
    pub async fn find(&self, authid: &str) -> Result<Option<Account>, AccountError> {
        sqlx::query(
            "SELECT authid, role, salt, iterations, keylen, derived_key, changed_at FROM account WHERE authid = ?1",
        )
        .bind(authid)
        .fetch_optional(self.database.read())
        .await?
        .as_ref()
        .map(account)
        .transpose()
    }

    /// A new account.
    pub async fn add(&self, authid: &str, role: Role, password: &str) -> Result<(), AccountError> {
        check_name(authid)?;
        let salted = derive(password).await?;
        match self.insert(authid, role, &salted, false).await? {
            0 => Err(AccountError::Taken(authid.to_owned())),
            _ => Ok(()),
        }
    }

    /// The first admin.
    ///
    /// # Errors
    /// [`AccountError::SetupClosed`] when there is an admin by now, even if it was made this
    /// very moment.
    pub async fn add_first(&self, authid: &str, password: &str) -> Result<(), AccountError> {
        check_name(authid)?;
        let salted = derive(password).await?;
        match self.insert(authid, Role::Admin, &salted, true).await? {
            0 if self.any_admin().await? => Err(AccountError::SetupClosed),
            0 => Err(AccountError::Taken(authid.to_owned())),
            _ => Ok(()),
        }
    }

    async fn insert(&self, authid: &str, role: Role, salted: &Salted, first: bool) -> Result<u64, AccountError> {
        let outcome = sqlx::query(
            "INSERT INTO account (authid, role, salt, iterations, keylen, derived_key, created_at, changed_at)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7 WHERE NOT ?8 OR NOT EXISTS (SELECT 1 FROM account WHERE role = 'admin')
             ON CONFLICT DO NOTHING",
        )
        .bind(authid)
        .bind(role.name())
        .bind(&salted.salt)
        .bind(i64::from(salted.iterations))
        .bind(i64::from(salted.keylen))
        .bind(&salted.derived_key)
        .bind(now())
        .bind(first)
        .execute(self.database.write())
        .await?;
        Ok(outcome.rows_affected())
    }

    /// Another password; browsers that stayed signed in have to sign in again.
    pub async fn change_password(&self, authid: &str, password: &str) -> Result<(), AccountError> {
        let salted = derive(password).await?;
        let mut transaction = self.database.transaction().await?;
        let changed = sqlx::query(
            "UPDATE account SET salt = ?2, iterations = ?3, keylen = ?4, derived_key = ?5, changed_at = ?6
             WHERE authid = ?1",
        )
        .bind(authid)
        .bind(&salted.salt)
        .bind(i64::from(salted.iterations))
        .bind(i64::from(salted.keylen))
        .bind(&salted.derived_key)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return Err(AccountError::Unknown(authid.to_owned()));
        }
        sqlx::query("DELETE FROM remember_token WHERE authid = ?1")
            .bind(authid)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Takes an account away; not the last admin while there are others.
    pub async fn remove(&self, authid: &str) -> Result<(), AccountError> {
        let removed = sqlx::query(
            "DELETE FROM account WHERE authid = ?1 AND (
                role <> 'admin'
                OR EXISTS (SELECT 1 FROM account WHERE role = 'admin' AND authid <> ?1)
                OR NOT EXISTS (SELECT 1 FROM account WHERE authid <> ?1))",
        )
        .bind(authid)
        .execute(self.database.write())
        .await?;
        if removed.rows_affected() > 0 {
            return Ok(());
        }
        match self.find(authid).await? {
            Some(_) => Err(AccountError::LastAdmin(authid.to_owned())),
            None => Err(AccountError::Unknown(authid.to_owned())),
        }
    }

    /// A ticket by which a browser of `authid` stays signed in. Only its hash is kept.
    pub async fn remember(&self, authid: &str) -> Result<String, AccountError> {
        if self.find(authid).await?.is_none() {
            return Err(AccountError::Unknown(authid.to_owned()));
        }
        let mut octets = [0; 32];
        getrandom::fill(&mut octets).map_err(AccountError::Random)?;
        let token = format!("{REMEMBER_PREFIX}{}", URL_SAFE_NO_PAD.encode(octets));
        let mut transaction = self.database.transaction().await?;
        sqlx::query("DELETE FROM remember_token WHERE last_used_at < ?1")
            .bind(now() - REMEMBERED_FOR)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO remember_token (token_hash, authid, created_at, last_used_at) VALUES (?1, ?2, ?3, ?3)",
        )
        .bind(hash(&token))
        .bind(authid)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(token)
    }

    /// Whether `ticket` is one that [`Accounts::remember`] gave `authid`, and still good.
    pub async fn remembers(&self, authid: &str, ticket: &str) -> Result<bool, AccountError> {
        if !is_remember_token(ticket) {
            return Ok(false);
        }
        let used = sqlx::query(
            "UPDATE remember_token SET last_used_at = ?3 WHERE token_hash = ?1 AND authid = ?2 AND last_used_at >= ?4",
        )
        .bind(hash(ticket))
        .bind(authid)
        .bind(now())
        .bind(now() - REMEMBERED_FOR)
        .execute(self.database.write())
        .await?;
        Ok(used.rows_affected() > 0)
    }

    /// That ticket of `authid` is worth nothing from now on; whether it was worth anything.
    pub async fn forget(&self, authid: &str, ticket: &str) -> Result<bool, AccountError> {
        let gone = sqlx::query("DELETE FROM remember_token WHERE token_hash = ?1 AND authid = ?2")
            .bind(hash(ticket))
            .bind(authid)
            .execute(self.database.write())
            .await?;
        Ok(gone.rows_affected() > 0)
    }
}

/// Whether a ticket is a browser's rather than a password.
pub(super) fn is_remember_token(ticket: &str) -> bool {
    ticket.starts_with(REMEMBER_PREFIX)
}

async fn derive(password: &str) -> Result<Salted, AccountError> {
    let password = password.to_owned();
    let derived = tokio::task::spawn_blocking(move || Salted::new(&password)).await;
    derived.unwrap_or_else(|cut_short| Err(AccountError::Storage(sqlx::Error::Io(std::io::Error::other(cut_short)))))
}

fn account(row: &SqliteRow) -> Result<Account, AccountError> {
    let role: String = row.try_get("role")?;
    let number =
        |column| -> Result<u32, sqlx::Error> { Ok(row.try_get::<i64, _>(column)?.try_into().unwrap_or(u32::MAX)) };
    Ok(Account {
        authid: row.try_get("authid")?,
        role: role
            .parse()
            .map_err(|fault: String| sqlx::Error::Decode(fault.into()))?,
        salted: Salted {
            salt: row.try_get("salt")?,
            iterations: number("iterations")?,
            keylen: number("keylen")?,
            derived_key: row.try_get("derived_key")?,
        },
        changed_at: row.try_get("changed_at")?,
    })
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn accounts() -> (Accounts, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::open(dir.path().join("domovoi.db")).await.unwrap();
        (Accounts::new(database), dir)
    }

    #[tokio::test]
    async fn an_account_is_kept_and_its_password_checked() {
        let (accounts, _dir) = accounts().await;
        assert!(!accounts.any_admin().await.unwrap());
        accounts.add("ann", Role::User, "correct horse").await.unwrap();
        assert!(!accounts.any_admin().await.unwrap());
        let ann = accounts.find("ann").await.unwrap().unwrap();
        assert_eq!(ann.role, Role::User);
        assert!(ann.salted.matches("correct horse"));
        assert!(matches!(
            accounts.add("ann", Role::Admin, "correct horse").await,
            Err(AccountError::Taken(_))
        ));
        accounts.change_password("ann", "battery staple").await.unwrap();
        assert!(
            accounts
                .find("ann")
                .await
                .unwrap()
                .unwrap()
                .salted
                .matches("battery staple")
        );
    }

    #[tokio::test]
    async fn names_that_mislead_are_refused() {
        let (accounts, _dir) = accounts().await;
        for name in ["", "a b", "setup", "hub", "tab\t", &"x".repeat(65)] {
            let added = accounts.add(name, Role::User, "correct horse").await;
            assert!(matches!(added, Err(AccountError::BadName(_))), "{name:?}");
        }
    }

    #[tokio::test]
    async fn the_first_admin_is_first_only_once() {
        let (accounts, _dir) = accounts().await;
        accounts.add("bob", Role::User, "correct horse").await.unwrap();
        let taken = accounts.add_first("bob", "correct horse").await;
        assert!(matches!(taken, Err(AccountError::Taken(_))));
        accounts.add_first("ann", "correct horse").await.unwrap();
        let second = accounts.add_first("eve", "correct horse").await;
        assert!(matches!(second, Err(AccountError::SetupClosed)));
        assert_eq!(accounts.find("ann").await.unwrap().unwrap().role, Role::Admin);
    }

    #[tokio::test]
    async fn the_last_admin_stays_while_others_are_there() {
        let (accounts, _dir) = accounts().await;
        accounts.add("ann", Role::Admin, "correct horse").await.unwrap();
        accounts.add("bob", Role::Viewer, "correct horse").await.unwrap();
        assert!(matches!(accounts.remove("ann").await, Err(AccountError::LastAdmin(_))));
        assert!(matches!(accounts.remove("eve").await, Err(AccountError::Unknown(_))));
        accounts.remove("bob").await.unwrap();
        accounts.remove("ann").await.unwrap();
        assert!(!accounts.any_admin().await.unwrap());
    }

    #[tokio::test]
    async fn a_browser_stays_signed_in_until_it_is_forgotten() {
        let (accounts, _dir) = accounts().await;
        accounts.add("ann", Role::Admin, "correct horse").await.unwrap();
        accounts.add("bob", Role::User, "correct horse").await.unwrap();
        let token = accounts.remember("ann").await.unwrap();
        assert!(accounts.remembers("ann", &token).await.unwrap());
        assert!(!accounts.remembers("bob", &token).await.unwrap());
        assert!(!accounts.remembers("ann", "remember.x").await.unwrap());
        assert!(!accounts.forget("bob", &token).await.unwrap());
        assert!(accounts.forget("ann", &token).await.unwrap());
        assert!(!accounts.remembers("ann", &token).await.unwrap());

        let token = accounts.remember("ann").await.unwrap();
        accounts.change_password("ann", "battery staple").await.unwrap();
        assert!(!accounts.remembers("ann", &token).await.unwrap());
    }
}
