//! Public keys of accounts, for sign-in by cryptosign.

use std::fmt;
use std::str::FromStr;

use sqlx::Row;

use super::store::now;
use super::{AccountError, Accounts};

/// An Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut octets = [0; 32];
        hex::decode_to_slice(text, &mut octets)
            .map_err(|_| format!("{text:?} is not a public key: 64 hexadecimal digits (Ed25519)"))?;
        Ok(Self(octets))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Accounts {
    /// Lets the private half of `key` sign in as `authid`.
    pub async fn add_key(&self, authid: &str, key: &PublicKey) -> Result<(), AccountError> {
        if self.find(authid).await?.is_none() {
            return Err(AccountError::Unknown(authid.to_owned()));
        }
        let added = sqlx::query(
            "INSERT INTO account_key (public_key, authid, created_at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )
        .bind(key.to_string())
        .bind(authid)
        .bind(now())
        .execute(self.database().write())
        .await?;
        match added.rows_affected() {
            0 => Err(AccountError::KeyTaken(key.to_string())),
            _ => Ok(()),
        }
    }

    /// The key lets nobody in any more; sessions of its account end.
    pub async fn remove_key(&self, authid: &str, key: &PublicKey) -> Result<(), AccountError> {
        let mut transaction = self.database().transaction().await?;
        let removed = sqlx::query("DELETE FROM account_key WHERE public_key = ?1 AND authid = ?2")
            .bind(key.to_string())
            .bind(authid)
            .execute(&mut *transaction)
            .await?;
        if removed.rows_affected() == 0 {
            return Err(AccountError::UnknownKey(authid.to_owned()));
        }
        sqlx::query("UPDATE account SET changed_at = ?2 WHERE authid = ?1")
            .bind(authid)
            .bind(now())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The keys of an account, the oldest first; none if there is no such account.
    pub async fn keys(&self, authid: &str) -> Result<Vec<PublicKey>, AccountError> {
        let rows = sqlx::query("SELECT public_key FROM account_key WHERE authid = ?1 ORDER BY created_at, public_key")
            .bind(authid)
            .fetch_all(self.database().read())
            .await?;
        let key = |row: &sqlx::sqlite::SqliteRow| {
            let text: String = row.try_get("public_key")?;
            let key = text.parse();
            key.map_err(|fault: String| sqlx::Error::Decode(fault.into()).into())
        };
        rows.iter().map(key).collect()
    }

    /// Whose key it is.
    pub async fn owner_of(&self, key: &[u8; 32]) -> Result<Option<String>, AccountError> {
        let found = sqlx::query_scalar("SELECT authid FROM account_key WHERE public_key = ?1")
            .bind(hex::encode(key))
            .fetch_optional(self.database().read())
            .await?;
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use database::Database;

    use super::super::Role;
    use super::*;

    #[tokio::test]
    async fn a_key_belongs_to_one_account_and_goes_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let accounts = Accounts::new(Database::open(dir.path().join("domovoi.db")).await.unwrap());
        accounts.add("ann", Role::Admin, "correct horse").await.unwrap();
        accounts.add("bob", Role::User, "correct horse").await.unwrap();
        let (one, other) = (PublicKey([1; 32]), PublicKey([2; 32]));
        accounts.add_key("bob", &one).await.unwrap();
        accounts.add_key("bob", &other).await.unwrap();
        assert!(matches!(
            accounts.add_key("ann", &one).await,
            Err(AccountError::KeyTaken(_))
        ));
        assert!(matches!(
            accounts.add_key("eve", &one).await,
            Err(AccountError::Unknown(_))
        ));
        assert_eq!(accounts.keys("bob").await.unwrap().len(), 2);
        assert_eq!(accounts.owner_of(&one.0).await.unwrap().as_deref(), Some("bob"));
        assert!(matches!(
            accounts.remove_key("ann", &one).await,
            Err(AccountError::UnknownKey(_))
        ));
        accounts.remove_key("bob", &one).await.unwrap();
        assert_eq!(accounts.keys("bob").await.unwrap(), [other]);
        accounts.remove("bob").await.unwrap();
        assert_eq!(accounts.owner_of(&other.0).await.unwrap(), None);
    }

    #[test]
    fn keys_are_read_in_either_case_and_written_in_one() {
        let key: PublicKey = "AB".repeat(32).parse().unwrap();
        assert_eq!(key.to_string(), "ab".repeat(32));
        for wrong in ["", "ab", &"zz".repeat(32)] {
            assert!(wrong.parse::<PublicKey>().is_err());
        }
    }
}
