//! Ids of global scope: uniform over 1 to 2^53.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use wamp_protocol::{PublicationId, SessionId};

/// A stream of publication ids from one seed (SplitMix64): fast, and repeatable in tests. Session
/// ids, which others could try to guess, come from the operating system instead.
#[derive(Debug)]
pub(crate) struct RandomIds {
    state: u64,
}

impl RandomIds {
    /// A stream that is another one at every call.
    pub(crate) fn new() -> Self {
        Self::from_seed(RandomState::new().build_hasher().finish())
    }

    pub(crate) const fn from_seed(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Any number.
    pub(crate) const fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) const fn publication(&mut self) -> PublicationId {
        match PublicationId::new((self.number() >> 11) + 1) {
            Some(id) => id,
            None => PublicationId::MAX,
        }
    }
}

/// A session id that nobody can foresee.
///
/// # Errors
/// If the operating system gives no random numbers.
pub(crate) fn session() -> Result<SessionId, getrandom::Error> {
    let id = (number()? >> 11) + 1;
    Ok(SessionId::new(id).unwrap_or(SessionId::MAX))
}

/// A number that nobody can foresee.
///
/// # Errors
/// If the operating system gives no random numbers.
pub(crate) fn number() -> Result<u64, getrandom::Error> {
    let mut octets = [0; 8];
    getrandom::fill(&mut octets)?;
    Ok(u64::from_le_bytes(octets))
}
