//! Addresses of IP that belong together.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One address, or those that share their first bits: `192.168.1.5`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address such as \"192.168.1.5\" nor a network such as \"10.0.0.0/8\"")]
pub struct NetworkError(String);

impl Network {
    /// Whether `address` is one of it. An address of IPv4 is the same where it is written as one of
    /// IPv6 (`::ffff:192.168.1.5`).
    pub fn contains(&self, address: IpAddr) -> bool {
        let differing = match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => (network.to_bits() ^ address.to_bits()).leading_zeros(),
            (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits() ^ address.to_bits()).leading_zeros(),
            _ => return false,
        };
        differing >= u32::from(self.bits)
    }

    /// Whether it is every address of its version.
    pub const fn is_everything(&self) -> bool {
        self.bits == 0
    }

    const fn width(address: IpAddr) -> u8 {
        match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    /// Bits of the address beyond those that are shared are not looked at.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let width = Self::width(address);
        let is_number = |bits: &&str| bits.bytes().all(|octet| octet.is_ascii_digit());
        let bits = match bits {
            None => width,
            Some(bits) => Some(bits)
                .filter(is_number)
                .and_then(|bits| bits.parse().ok())
                .ok_or_else(wrong)?,
        };
        if bits > width || address.to_canonical() != address {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bits == Self::width(self.address) {
            self.address.fmt(f)
        } else {
            write!(f, "{}/{}", self.address, self.bits)
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_network_when_its_first_bits_are_the_same() {
        for (network, inside, outside) in [
            (
                "192.168.1.5",
                &["192.168.1.5", "::ffff:192.168.1.5"][..],
                &["192.168.1.4", "::1"][..],
            ),
            (
                "10.0.0.0/8",
                &["10.0.0.0", "10.255.255.255"],
                &["11.0.0.0", "9.255.255.255"],
            ),
            ("10.9.8.7/8", &["10.0.0.1"], &["11.9.8.7"]),
            ("172.16.0.0/12", &["172.31.255.255"], &["172.32.0.0"]),
            ("0.0.0.0/0", &["0.0.0.0", "255.255.255.255"], &["::", "2001:db8::1"]),
            ("::1", &["::1"], &["::2", "127.0.0.1"]),
            ("fd00::/8", &["fdff::1"], &["fe80::1"]),
            ("2001:db8::/64", &["2001:db8::ffff"], &["2001:db8:0:1::"]),
            ("::/0", &["::1"], &["1.2.3.4"]),
        ] {
            let network: Network = network.parse().unwrap();
            for address in inside {
                assert!(network.contains(address.parse().unwrap()), "{address} in {network}");
            }
            for address in outside {
                assert!(!network.contains(address.parse().unwrap()), "{address} in {network}");
            }
        }
    }

    #[test]
    fn every_address_is_in_a_network_without_bits() {
        for (network, expected) in [
            ("0.0.0.0/0", true),
            ("::/0", true),
            ("0.0.0.0/1", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(
                network.parse::<Network>().unwrap().is_everything(),
                expected,
                "{network}"
            );
        }
    }

    #[test]
    fn what_is_no_network_is_refused_and_what_is_one_is_written_as_it_was() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0/8",
            "hub.local",
            "::ffff:10.0.0.1",
        ] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
        for text in ["10.0.0.0/8", "192.168.1.5", "::1", "fd00::/8"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        assert_eq!("10.0.0.1/32".parse::<Network>().unwrap().to_string(), "10.0.0.1");
    }
}
