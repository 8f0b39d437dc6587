use sqlx::Row;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

async fn add_device(database: &Database, id: &str) {
    sqlx::query("INSERT INTO device (id, bridge, name, entities, kinds, lifecycle, needs_key) VALUES (?1, 'mqtt', 'x', '[]', '{}', 'adopted', 0)")
        .bind(id)
        .execute(database.write())
        .await
        .unwrap();
}

async fn devices(database: &Database) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM device")
        .fetch_one(database.read())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_fresh_file_gets_the_schema_and_keeps_what_is_written() {
    let folder = folder();
    let path = folder.path().join("house.db");
    let database = Database::open(&path).await.unwrap();
    add_device(&database, "a").await;
    assert_eq!(devices(&database).await, 1);
    database.quick_check().await.unwrap();
    database.checkpoint_and_close().await.unwrap();
    assert!(!path.with_extension("db-wal").exists(), "the log is in the file");

    let database = Database::open(&path).await.unwrap();
    assert_eq!(devices(&database).await, 1);
}

#[tokio::test]
async fn the_file_is_opened_as_documented() {
    let folder = folder();
    let database = Database::open(folder.path().join("house.db")).await.unwrap();
    for pool in [database.write(), database.read()] {
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
        let foreign: i64 = sqlx::query("PRAGMA foreign_keys").fetch_one(pool).await.unwrap().get(0);
        assert_eq!((journal.as_str(), synchronous, foreign), ("wal", 1, 1));
    }
    let vacuum: i64 = sqlx::query_scalar("PRAGMA auto_vacuum")
        .fetch_one(database.write())
        .await
        .unwrap();
    assert_eq!(vacuum, 2, "incremental");
    let refused = sqlx::query("DELETE FROM device").execute(database.read()).await;
    assert!(refused.is_err(), "readers cannot write");
}

#[tokio::test]
async fn what_is_no_database_is_named() {
    let folder = folder();
    let path = folder.path().join("notes.txt");
    std::fs::write(
        &path,
        "milk, bread, and quite some more text than a header has\n".repeat(200),
    )
    .unwrap();
    let error = Database::open(&path).await.unwrap_err();
    assert!(matches!(error, DatabaseError::NotADatabase { .. }), "{error}");
    assert!(error.to_string().contains("notes.txt is not a database"), "{error}");
    assert!(std::fs::read_to_string(&path).unwrap().starts_with("milk"), "untouched");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_named() {
    let folder = folder();
    let error = Database::open(folder.path().join("no/such/folder/house.db"))
        .await
        .unwrap_err();
    assert!(matches!(error, DatabaseError::CannotOpen { .. }), "{error}");
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let folder = folder();
    let path = folder.path().join("house.db");
    let database = Database::open(&path).await.unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9000, 'future', 1, x'00', 0)")
        .execute(database.write())
        .await
        .unwrap();
    database.checkpoint_and_close().await.unwrap();
    for error in [
        Database::open(&path).await.unwrap_err(),
        verify(&path).await.unwrap_err(),
    ] {
        assert!(
            matches!(error, DatabaseError::NewerSchema { found: 9000, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[tokio::test]
async fn damage_is_found() {
    let folder = folder();
    let path = folder.path().join("house.db");
    let database = Database::open(&path).await.unwrap();
    for i in 0..500 {
        add_device(&database, &format!("device {i} {}", "x".repeat(100))).await;
    }
    database.checkpoint_and_close().await.unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() - 8 * 4096;
    bytes[middle..middle + 4 * 4096].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let error = verify(&path).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Damaged { .. }), "{error}");
}

#[tokio::test]
async fn a_full_disk_says_so() {
    let folder = folder();
    let database = Database::open(folder.path().join("house.db")).await.unwrap();
    fill_the_disk(&database).await;
    let error: DatabaseError = sqlx::query("INSERT INTO event (id, kind, text, detail) VALUES (1, 'k', 't', ?1)")
        .bind("x".repeat(100_000))
        .execute(database.write())
        .await
        .unwrap_err()
        .into();
    assert!(matches!(error, DatabaseError::DiskFull), "{error}");
    assert!(error.may_pass());
}

#[tokio::test]
async fn a_backup_is_whole_verified_and_opens() {
    let folder = folder();
    let database = Database::open(folder.path().join("house.db")).await.unwrap();
    add_device(&database, "a").await;
    let copy = folder.path().join("it's a backup.db");
    let verified = database.backup_to(&copy).await.unwrap();
    assert!(verified.size > 0 && verified.schema > 0);
    assert_eq!(verify(&copy).await.unwrap(), verified);
    add_device(&database, "b").await;

    let restored = Database::open(&copy).await.unwrap();
    assert_eq!((devices(&restored).await, devices(&database).await), (1, 2));
    let error = database.backup_to(&copy).await.unwrap_err();
    assert!(matches!(error, DatabaseError::AlreadyThere { .. }), "{error}");
    let error = database
        .backup_to(folder.path().join("nowhere/copy.db"))
        .await
        .unwrap_err();
    assert!(matches!(error, DatabaseError::Io { .. }), "{error}");
    assert_eq!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_string_lossy()
                .contains("unfinished"))
            .count(),
        0
    );
}

#[tokio::test]
async fn any_other_database_is_not_a_house() {
    let folder = folder();
    let path = folder.path().join("other.db");
    let mut connection =
        sqlx::ConnectOptions::connect(&SqliteConnectOptions::new().filename(&path).create_if_missing(true))
            .await
            .unwrap();
    sqlx::query("CREATE TABLE t (x)")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    let error = verify(&path).await.unwrap_err();
    assert!(matches!(error, DatabaseError::NotAHouse { .. }), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_and_its_backups_are_for_nobody_else_to_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let database = Database::open(folder.path().join("house.db")).await.unwrap();
    add_device(&database, "a").await;
    database.backup_to(folder.path().join("copy.db")).await.unwrap();
    let mut files = 0;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        files += 1;
    }
    assert!(files >= 3, "the file, its log, the copy");
}

async fn allow_pages(database: &Database, pages: i64) {
    let pragma = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    sqlx::query(pragma).execute(database.write()).await.unwrap();
}

/// Leaves the file no room to grow.
async fn fill_the_disk(database: &Database) {
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count")
        .fetch_one(database.write())
        .await
        .unwrap();
    allow_pages(database, pages).await;
}

/// A disk that is full for a moment: SQLite rolls back by itself.
#[tokio::test]
async fn what_is_written_after_the_disk_was_full_is_kept() {
    let folder = folder();
    let database = Database::open(folder.path().join("house.db")).await.unwrap();
    fill_the_disk(&database).await;
    let mut transaction = database.transaction().await.unwrap();
    let failed = sqlx::query("INSERT INTO device (id, bridge, name, entities, kinds, lifecycle, needs_key) VALUES ('big', 'mqtt', hex(zeroblob(1000000)), '[]', '{}', 'adopted', 0)")
        .execute(&mut *transaction)
        .await
        .unwrap_err();
    assert!(matches!(DatabaseError::from(failed), DatabaseError::DiskFull));
    drop(transaction);
    allow_pages(&database, 1_000_000).await;

    add_device(&database, "a").await;
    let mut transaction = database.transaction().await.unwrap();
    sqlx::query("DELETE FROM device")
        .execute(&mut *transaction)
        .await
        .unwrap();
    drop(transaction);
    assert_eq!(
        devices(&database).await,
        1,
        "written, and not undone with what came later"
    );

    let mut transaction = database.transaction().await.unwrap();
    sqlx::query("DELETE FROM device")
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(devices(&database).await, 0);
}
