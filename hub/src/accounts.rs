//! Who may sign in: people with a password, browsers they stay signed in with, services that run
//! elsewhere, and whoever holds the set-up link of a hub without accounts.
//!
//! What is stored of a password is its PBKDF2 key, which is also what salted WAMP-CRA signs
//! with, and what SCRAM's keys are made of: whoever reads the database can sign in, so the file is
//! its owner's alone. Of a key pair only the public half is stored.

mod keeper;
mod key;
mod password;
mod procedures;
mod setup;
mod sign_in;
mod store;

use std::fmt;
use std::str::FromStr;

pub use keeper::{NAME, SignedIn, plan};
pub use key::PublicKey;
pub use password::{MINIMUM_PASSWORD, Salted};
pub use setup::{Setup, link};
pub use sign_in::SignIn;
pub use store::{Account, Accounts};

/// What an account may do; see [`crate::roles`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Read, command, acknowledge.
    User,
    /// Read.
    Viewer,
    /// A service of the house in a process of its own: everything, and what it switches counts
    /// as automatic.
    Service,
}

impl Role {
    /// Every role an account can have.
    pub const ALL: [Self; 4] = [Self::Admin, Self::User, Self::Viewer, Self::Service];

    /// The name, which is the WAMP authrole.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::User => "user",
            Self::Viewer => "viewer",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| format!("{name:?} is not a role; the roles are admin, user, viewer and service"))
    }
}

/// Why something about an account was not done; the text is a sentence for people.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The name cannot be an account's.
    #[error("name must be 1 to 64 characters without spaces, and not one the hub uses itself ({0:?} is not)")]
    BadName(String),
    /// The password is too short.
    #[error("password must have at least {MINIMUM_PASSWORD} characters")]
    ShortPassword,
    /// The password is longer than anybody types.
    #[error("password must have at most 1024 characters")]
    LongPassword,
    /// There is such an account already.
    #[error("there is an account named {0} already")]
    Taken(String),
    /// There is no such account.
    #[error("there is no account named {0}")]
    Unknown(String),
    /// The key is somebody's already.
    #[error("the key {0} belongs to an account already")]
    KeyTaken(String),
    /// It is not a key of this account.
    #[error("{0} has no such key")]
    UnknownKey(String),
    /// The house would be left without anybody who may change it.
    #[error("{0} is the last admin; add another admin first")]
    LastAdmin(String),
    /// Set-up was done, or the link is another hub's.
    #[error("this set-up link is no longer good; sign in, or ask the admin of the house for an account")]
    SetupClosed,
    /// The system gave no random octets.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// The database failed.
    #[error("the accounts cannot be read or written: {0}")]
    Storage(#[from] sqlx::Error),
}

/// Names that sessions of the hub itself have, and that would mislead in the logbook.
const RESERVED: [&str; 5] = ["anonymous", "device", "hub", "router", "setup"];

/// Whether `name` can be an account's.
fn check_name(name: &str) -> Result<(), AccountError> {
    let fits = (1..=64).contains(&name.chars().count())
        && !name.chars().any(|c| c.is_whitespace() || c.is_control())
        && !RESERVED.contains(&name);
    fits.then_some(()).ok_or_else(|| AccountError::BadName(name.to_owned()))
}
