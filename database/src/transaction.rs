//! Several writes, all or none.

use std::ops::{Deref, DerefMut};

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{Sqlite, SqliteConnection};

use crate::Database;

/// A transaction on the one connection that writes. Dropped without [`Transaction::commit`],
/// nothing of it has happened.
///
/// It is begun and ended by hand. A disk that is full makes SQLite roll back by itself; sqlx's own
/// transaction then takes the connection for one inside a transaction ever after, and whatever is
/// written through it later is never committed.
#[derive(Debug)]
pub struct Transaction {
    connection: PoolConnection<Sqlite>,
}

impl Database {
    /// Begins a transaction that may read and write. It begins as a writer, for SQLite does not
    /// wait for others when a reader becomes one.
    ///
    /// # Errors
    /// The file is busy, gone, or may not be written.
    pub async fn transaction(&self) -> Result<Transaction, sqlx::Error> {
        let mut connection = self.write().acquire().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        Ok(Transaction { connection })
    }
}

impl Transaction {
    /// Keeps what was written.
    ///
    /// # Errors
    /// Why nothing of it was kept.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("COMMIT").execute(&mut *self.connection).await?;
        Ok(())
    }
}

impl Deref for Transaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &Self::Target {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.connection
    }
}

/// Ends what a dropped [`Transaction`] left open, before the connection is used again. It fails
/// where there is nothing to end, which is nearly always.
pub(crate) async fn end(connection: &mut SqliteConnection) {
    let _ = sqlx::query("ROLLBACK").execute(connection).await;
}
