//! Where a sign-in comes from.

use std::net::{IpAddr, Ipv6Addr};

use super::SignIn;
use crate::authentication::AuthMethod;

/// Characters of a name that are looked at: more than any has that somebody goes by.
const NAME: usize = 64;

/// A name at a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) place: Place,
}

/// What cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// This machine: a Unix socket or loopback.
    Here,
    /// An address, or of IPv6 a network of 64 bits: whoever has one address of it has all.
    There(IpAddr),
}

impl Pair {
    /// Who tries, and where; `None` for those who have a key, which nobody can guess.
    pub(super) fn of(sign_in: &SignIn) -> Option<Self> {
        (sign_in.method != AuthMethod::Cryptosign).then(|| Self {
            name: sign_in.name().chars().take(NAME).collect(),
            place: Place::of(sign_in.address.map(|address| address.ip())),
        })
    }
}

impl Place {
    fn of(address: Option<IpAddr>) -> Self {
        match address.map(|address| address.to_canonical()) {
            None => Self::Here,
            Some(address) if address.is_loopback() => Self::Here,
            Some(IpAddr::V6(address)) => {
                let network = u128::from(address) >> 64 << 64;
                Self::There(IpAddr::V6(Ipv6Addr::from(network)))
            }
            Some(address @ IpAddr::V4(_)) => Self::There(address),
        }
    }
}
