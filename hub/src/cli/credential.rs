//! `domovoi credential`: what the bare router's configuration keeps of a password instead of it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;
use wamp_protocol::auth::wampcra::{Salting, derive_key};
use wamp_router::authentication::scram::{Dialect, Kdf, KeyError, Keys};

use super::Logging;
use super::connection::password_from_stdin;
use crate::failure::Failure;

/// Rounds of PBKDF2: about a fifth of a second in a browser.
const ROUNDS: u32 = 100_000;
/// Argon2id: 19 MiB, twice.
const ARGON2ID: Kdf = Kdf::Argon2id {
    iterations: 2,
    memory: 19_456,
};

/// The command line of `domovoi credential`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The user's name.
    name: String,
    /// The user's role.
    #[arg(long)]
    role: String,
    /// How SCRAM's keys are made of the password.
    #[arg(long, value_enum, default_value_t = Hashing::Pbkdf2)]
    kdf: Hashing,
    /// Read the password from the first line of the standard input.
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hashing {
    /// PBKDF2, for both spellings of SCRAM.
    Pbkdf2,
    /// Argon2id as the specification has it, for method wamp-scram.
    Argon2id13,
    /// Argon2id as Autobahn has it, for method scram.
    #[value(name = "argon2id-13")]
    Argon2idAutobahn,
}

pub(super) fn run(arguments: &Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    let password = password_from_stdin()?;
    if password.is_empty() {
        return Err(Failure::Usage("the password is empty".into()));
    }
    let mut salt = [0; 16];
    getrandom::fill(&mut salt)
        .map_err(|error| Failure::Failed(format!("the system gives no random numbers: {error}")))?;
    let lines = lines(arguments, &password, &salt).map_err(|error| Failure::Usage(error.to_string()))?;
    print!("{lines}");
    Ok(())
}

/// A `[[realm.user]]`.
fn lines(arguments: &Arguments, password: &str, salt: &[u8]) -> Result<String, KeyError> {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let salting = Salting {
        salt: STANDARD.encode(salt),
        iterations: ROUNDS,
        keylen: 32,
    };
    let (kdf, dialect) = match arguments.kdf {
        Hashing::Pbkdf2 => (Kdf::Pbkdf2 { iterations: ROUNDS }, Dialect::Specification),
        Hashing::Argon2id13 => (ARGON2ID, Dialect::Specification),
        Hashing::Argon2idAutobahn => (ARGON2ID, Dialect::Autobahn),
    };
    let keys = Keys::derive(password, salt.to_vec(), kdf, dialect)?;
    let (iterations, memory) = match kdf {
        Kdf::Pbkdf2 { iterations } => (iterations, String::new()),
        Kdf::Argon2id { iterations, memory } => (iterations, format!("memory = {memory}\n")),
    };
    Ok(format!(
        "[[realm.user]]\nname = {name}\nrole = {role}\n\
         wampcra = {{ key = {key}, salt = {salt}, iterations = {ROUNDS}, keylen = 32 }}\n\
         \n[realm.user.scram]\nkdf = {kdf}\nsalt = {hex_salt}\niterations = {iterations}\n{memory}\
         stored_key = {stored_key}\nserver_key = {server_key}\n",
        name = quoted(&arguments.name),
        role = quoted(&arguments.role),
        key = quoted(&derive_key(password, &salting)),
        salt = quoted(&salting.salt),
        kdf = quoted(kdf.name(dialect)),
        hex_salt = quoted(&hex::encode(salt)),
        stored_key = quoted(&hex::encode(keys.stored_key)),
        server_key = quoted(&hex::encode(keys.server_key)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RouterConfig;

    #[test]
    fn what_is_printed_is_a_user_whose_password_it_was() {
        for (kdf, dialects) in [
            (Hashing::Pbkdf2, &[Dialect::Specification, Dialect::Autobahn][..]),
            (Hashing::Argon2id13, &[Dialect::Specification]),
            (Hashing::Argon2idAutobahn, &[Dialect::Autobahn]),
        ] {
            let arguments = Arguments {
                name: "joe \"the\" user".to_owned(),
                role: "backend".to_owned(),
                kdf,
                password_stdin: true,
            };
            let lines = lines(&arguments, "pencil", &[5; 16]).unwrap();
            let text = format!("[[realm]]\nname = \"realm1\"\n{lines}");
            let config: RouterConfig = toml::from_str(&text).unwrap();
            config.check().unwrap();
            let user = config.realms[0].users[0].stored(None);
            assert_eq!(
                (user.authid.as_str(), user.authrole.as_str()),
                ("joe \"the\" user", "backend")
            );
            let (key, salting) = user.wampcra.unwrap();
            assert_eq!(key, derive_key("pencil", &salting.unwrap()));
            for dialect in [Dialect::Specification, Dialect::Autobahn] {
                let keys = user.scram.get(dialect);
                assert_eq!(keys.is_some(), dialects.contains(&dialect), "{kdf:?} {dialect:?}");
                if let Some(keys) = keys {
                    let expected = Keys::derive("pencil", vec![5; 16], keys.kdf, dialect).unwrap();
                    assert_eq!(*keys, expected);
                }
            }
        }
    }
}
