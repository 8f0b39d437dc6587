//! A WAMP procedure that knows the principals.

use std::time::Duration;

use wamp_protocol::auth::scram::{Dialect, Kdf, Keys};
use wamp_protocol::{Dict, SessionId, Value};

use super::{AuthMethod, Credential, Principal, PublicKey, Salting, SignIn};
use crate::member::Transport;

/// A procedure that is asked about names that the realm's [`Authenticator`](super::Authenticator)
/// does not know, or about all where there is none.
///
/// It is called with `(realm, authid, details)`; `details` are `{session, authmethod, authextra,
/// transport: {type, peer?, tls}}`, and with method ticket `ticket`, the ticket that the client
/// sent. It answers with the role, or with a dict of `role` and
///
/// | method | keys |
/// |---|---|
/// | any | `authid?` (another name than asked for), `provider?` |
/// | `ticket` | none: to answer is to accept |
/// | `wampcra` | `secret`; with `salt`, `iterations?` and `keylen?` it is the derived key |
/// | `wamp-scram`, `scram` | `kdf`, `salt` (hex), `iterations`, `memory?`, `stored_key`, `server_key` (hex) |
/// | `cryptosign` | `pubkey`, or a list `authorized_keys` (hex) |
///
/// An error of its own, or null, is "nobody of that name": the client is challenged all the same,
/// and fails. No answer in time, or one that makes no sense, fails the sign-in.
///
/// Whoever may call the procedure learns secrets from it, and whoever may register it decides who
/// gets in: the realm's authorization must keep both to those who should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynamicAuthenticator {
    /// The procedure.
    pub procedure: String,
    /// The realm in which it is registered; `None`: the one to be joined.
    pub realm: Option<String>,
    /// How long it may take.
    pub timeout: Duration,
    /// The methods for which it is asked.
    pub methods: Vec<AuthMethod>,
}

/// An answer that makes no sense; a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nonsense(pub(crate) String);

fn nonsense(what: &str) -> Nonsense {
    Nonsense(format!("the authenticator's answer has no usable {what}"))
}

/// What the procedure is called with.
pub(crate) fn question(
    sign_in: &SignIn,
    session: SessionId,
    transport: &Transport,
    ticket: Option<String>,
) -> Vec<Value> {
    let mut details = Dict::default();
    details.insert("session", session.get());
    details.insert("authmethod", sign_in.method.name());
    details.insert("authextra", sign_in.authextra.clone());
    details.insert("transport", transport.details());
    if let Some(ticket) = ticket {
        details.insert("ticket", ticket);
    }
    vec![
        sign_in.realm.as_str().into(),
        sign_in.authid.clone().map_or(Value::Null, Value::from),
        details.into(),
    ]
}

/// Who it says the client is; `None`: nobody.
pub(crate) fn principal(sign_in: &SignIn, answer: &Value) -> Result<Option<Principal>, Nonsense> {
    let text = |key: &str| match answer {
        Value::Dict(dict) => string(dict, key),
        _ => None,
    };
    let role = match answer {
        Value::Null | Value::Bool(false) => return Ok(None),
        Value::String(role) => Some(role.clone()),
        _ => text("role"),
    };
    let authrole = role.filter(|role| !role.is_empty()).ok_or_else(|| nonsense("role"))?;
    let authid = text("authid").or_else(|| sign_in.authid.clone());
    Ok(Some(Principal {
        authid: authid.ok_or_else(|| nonsense("authid"))?,
        authrole,
        authprovider: text("provider").unwrap_or_else(|| "dynamic".to_owned()),
    }))
}

/// What it says proves it.
pub(crate) fn credential(sign_in: &SignIn, answer: &Value) -> Result<Credential, Nonsense> {
    let Value::Dict(answer) = answer else {
        return Err(nonsense("credential"));
    };
    match sign_in.method {
        AuthMethod::WampCra => wampcra(answer),
        AuthMethod::Scram(dialect) => scram(dialect, answer),
        AuthMethod::Cryptosign => cryptosign(answer),
        AuthMethod::Ticket | AuthMethod::Anonymous => Err(nonsense("credential")),
    }
}

fn wampcra(answer: &Dict) -> Result<Credential, Nonsense> {
    let key = string(answer, "secret").ok_or_else(|| nonsense("secret"))?;
    let salting = match answer.get("salt") {
        None | Some(Value::Null) => None,
        Some(_) => Some(Salting {
            salt: string(answer, "salt").ok_or_else(|| nonsense("salt"))?,
            iterations: number_or(answer, "iterations", 1000)?,
            keylen: number_or(answer, "keylen", 32)?,
        }),
    };
    Ok(Credential::WampCra { key, salting })
}

fn scram(dialect: Dialect, answer: &Dict) -> Result<Credential, Nonsense> {
    let iterations = number_or(answer, "iterations", 0)?;
    let kdf = match string(answer, "kdf").as_deref() {
        Some("pbkdf2") => Kdf::Pbkdf2 { iterations },
        Some("argon2id13" | "argon2id-13") => Kdf::Argon2id {
            iterations,
            memory: number_or(answer, "memory", 0)?,
        },
        _ => return Err(nonsense("kdf")),
    };
    let is_right = match kdf {
        Kdf::Pbkdf2 { iterations } => iterations > 0,
        Kdf::Argon2id { iterations, memory } => iterations > 0 && memory >= 8 && kdf.name(dialect) == name(answer),
    };
    if !is_right {
        return Err(nonsense("kdf, iterations and memory"));
    }
    // Crossbar.io's authenticators write them with a hyphen.
    let key = |name: &str, other: &str| octets32(answer, name).or_else(|| octets32(answer, other));
    Ok(Credential::Scram(Keys {
        salt: octets(answer, "salt").ok_or_else(|| nonsense("salt"))?,
        kdf,
        stored_key: key("stored_key", "stored-key").ok_or_else(|| nonsense("stored_key"))?,
        server_key: key("server_key", "server-key").ok_or_else(|| nonsense("server_key"))?,
    }))
}

fn name(answer: &Dict) -> &str {
    match answer.get("kdf") {
        Some(Value::String(name)) => name,
        _ => "",
    }
}

fn cryptosign(answer: &Dict) -> Result<Credential, Nonsense> {
    let keys: Option<Vec<PublicKey>> = match answer.get("authorized_keys") {
        Some(Value::List(keys)) => keys.iter().map(key).collect(),
        _ => octets32(answer, "pubkey").map(|key| vec![key]),
    };
    keys.map(Credential::Cryptosign).ok_or_else(|| nonsense("pubkey"))
}

fn key(value: &Value) -> Option<PublicKey> {
    match value {
        Value::String(text) => decode(text)?.try_into().ok(),
        _ => None,
    }
}

fn string(dict: &Dict, key: &str) -> Option<String> {
    match dict.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

fn number_or(dict: &Dict, key: &str, default: u32) -> Result<u32, Nonsense> {
    match dict.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Integer(number)) => u32::try_from(*number).map_err(|_| nonsense(key)),
        Some(_) => Err(nonsense(key)),
    }
}

fn octets(dict: &Dict, key: &str) -> Option<Vec<u8>> {
    decode(&string(dict, key)?)
}

fn octets32(dict: &Dict, key: &str) -> Option<[u8; 32]> {
    octets(dict, key)?.try_into().ok()
}

/// Hexadecimal digits.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let digits = digits?;
    if digits.len() % 2 != 0 {
        return None;
    }
    Some(
        digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit))
            .collect(),
    )
}

#[cfg(test)]
mod tests;
