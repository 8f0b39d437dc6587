//! Sign-in methods, without I/O and without randomness of their own: nonces and times are
//! arguments.
//!
//! Each method's module has both ends: what the client answers and what the router verifies.

pub mod cryptosign;
pub mod scram;
pub mod ticket;
pub mod wampcra;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{Dict, Value};

/// `authmethod` of sessions that prove nothing.
pub const ANONYMOUS: &str = "anonymous";
/// `authmethod` of a shared secret sent as it is.
pub const TICKET: &str = "ticket";
/// `authmethod` of challenge and response over a shared secret.
pub const WAMPCRA: &str = "wampcra";
/// `authmethod` of SCRAM, as the specification spells it.
pub const WAMP_SCRAM: &str = "wamp-scram";
/// `authmethod` of SCRAM, as Autobahn and Crossbar spell it.
pub const SCRAM: &str = "scram";
/// `authmethod` of a key pair.
pub const CRYPTOSIGN: &str = "cryptosign";

/// Why a client cannot answer a challenge, or does not believe the router.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The challenge lacks something, or has it in another type.
    #[error("the router's challenge has no usable {0}")]
    Unusable(&'static str),
    /// The challenge asks for more work than any honest router does.
    #[error("the router's challenge asks for too much: {0}")]
    TooCostly(&'static str),
    /// The challenge asks for so little work that it may be made to find out the password.
    #[error("the router's challenge asks for too little: {0}")]
    TooCheap(&'static str),
    /// The challenge is not an answer to what this client asked.
    #[error("the router's challenge does not go on from the client's {0}")]
    NotOurs(&'static str),
    /// The challenge names something that this client does not have.
    #[error("the router asks for {0}, which this client does not have")]
    Unknown(String),
    /// The router has not proven that it knows the client's secret.
    #[error("the router has not proven who it is")]
    RouterNotProven,
}

/// Whether both are the same, in a time that tells nothing about them, not even their lengths.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
}

/// HMAC-SHA256 with a key of any length.
fn mac(key: &[u8], message: &[u8]) -> Hmac<Sha256> {
    // Longer keys than a block are hashed, shorter ones padded (RFC 2104); a block always fits.
    let mut block = [0; 64];
    match block.get_mut(..key.len()) {
        Some(room) => room.copy_from_slice(key),
        None => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(message);
    mac
}

/// A text of a challenge.
fn text<'a>(extra: &'a Dict, key: &'static str) -> Result<&'a str, ChallengeError> {
    match extra.get(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(ChallengeError::Unusable(key)),
    }
}

/// A positive number of a challenge, with the most that is accepted.
fn number(extra: &Dict, key: &'static str, most: u32) -> Result<u32, ChallengeError> {
    let number = match extra.get(key) {
        Some(Value::Integer(number)) => u64::try_from(*number).ok(),
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole, and clamped by the cast"
        )]
        Some(Value::Float(number)) if number.fract() == 0.0 && *number >= 0.0 => Some(*number as u64),
        _ => None,
    };
    match number {
        Some(0) | None => Err(ChallengeError::Unusable(key)),
        Some(number) => match u32::try_from(number) {
            Ok(number) if number <= most => Ok(number),
            _ => Err(ChallengeError::TooCostly(key)),
        },
    }
}
