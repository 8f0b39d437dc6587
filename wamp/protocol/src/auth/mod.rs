//! Sign-in methods, without I/O and without randomness of their own: nonces and times are
//! arguments.
//!
//! Each method's module has both ends: what the client answers and what the router verifies.

pub mod ticket;
pub mod wampcra;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{Dict, Value};

/// `authmethod` of sessions that prove nothing.
pub const ANONYMOUS: &str = "anonymous";
/// `authmethod` of a shared secret sent as it is.
pub const TICKET: &str = "ticket";
/// `authmethod` of challenge and response over a shared secret.
pub const WAMPCRA: &str = "wampcra";

/// Why a client cannot answer a challenge, or does not believe the router.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The challenge lacks something, or has it in another type.
    #[error("the router's challenge has no usable {0}")]
    Unusable(&'static str),
    /// The challenge asks for more work than any honest router does.
    #[error("the router's challenge asks for too much: {0}")]
    TooCostly(&'static str),
}

/// Whether both are the same, in a time that tells nothing about them, not even their lengths.
pub fn same(one: &[u8], other: &[u8]) -> bool {
    Sha256::digest(one).ct_eq(&Sha256::digest(other)).into()
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
