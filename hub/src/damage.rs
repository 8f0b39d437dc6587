//! What is said of a damaged file: which it is, in a word what is wrong, and what helps.

use std::path::Path;

use database::DatabaseError;

use crate::accounts::AccountError;
use crate::failure::Failure;

/// Of all that SQLite found, so many letters: the rest helps nobody who restores a backup.
const LONGEST_DETAIL: usize = 120;

/// The house's own database could not be used.
pub fn of_house(error: &DatabaseError) -> Failure {
    Failure::Failed(match error {
        DatabaseError::Damaged { path, detail } => house_is_damaged(path, detail),
        DatabaseError::NotADatabase { path } => house_is_damaged(path, "it is not a database"),
        other => other.to_string(),
    })
}

/// The accounts in the house's database at `path` could not be read.
pub fn of_accounts(error: &AccountError, path: &Path) -> Failure {
    Failure::Failed(match error {
        AccountError::Storage(fault) if is_damage(fault) => house_is_damaged(path, "its accounts cannot be read"),
        other => other.to_string(),
    })
}

/// A backup could not be used.
pub fn of_backup(error: &DatabaseError, file: &Path) -> Failure {
    Failure::Failed(match error {
        DatabaseError::Damaged { detail, .. } => format!(
            "the backup {} is damaged ({}); take another one",
            file.display(),
            short(detail)
        ),
        DatabaseError::NotADatabase { .. } => format!("{} is not a backup: it holds something else", file.display()),
        other => other.to_string(),
    })
}

fn house_is_damaged(path: &Path, detail: &str) -> String {
    format!(
        "the database {} is damaged ({}); put a backup in its place with `domovoi restore FILE`",
        path.display(),
        short(detail)
    )
}

/// SQLite's codes for a damaged file, and for one that is no database.
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.and_then(|code| code.parse::<i64>().ok())
        .is_some_and(|code| matches!(code & 0xff, 11 | 26))
}

/// The first thing found, on one line.
fn short(detail: &str) -> String {
    let words: Vec<&str> = detail
        .lines()
        .flat_map(|line| line.split("; "))
        .find(|finding| !finding.trim().is_empty() && !finding.starts_with("***"))
        .unwrap_or(detail)
        .split_whitespace()
        .collect();
    words.join(" ").chars().take(LONGEST_DETAIL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_one_sentence_however_much_was_found() {
        let found =
            "*** in database main ***\nTree 5 page 5 cell 0: invalid page number 9; row 1 missing; row 2 missing";
        let error = DatabaseError::Damaged {
            path: "/x/domovoi.db".into(),
            detail: found.into(),
        };
        assert_eq!(
            of_house(&error).to_string(),
            "the database /x/domovoi.db is damaged (Tree 5 page 5 cell 0: invalid page number 9); put a backup in its \
             place with `domovoi restore FILE`"
        );
        let of_backup = of_backup(&error, Path::new("cut.db")).to_string();
        assert_eq!(
            of_backup,
            "the backup cut.db is damaged (Tree 5 page 5 cell 0: invalid page number 9); take another one"
        );
    }
}
