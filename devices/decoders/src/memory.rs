//! What must be remembered of a device between its adverts.

use house::Timestamp;

/// A device's 128-bit key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub(crate) [u8; 16]);

/// What stands in the middle of a key of which old Xiaomi remotes have only 12 octets.
const MIDDLE_OF_SHORT_KEYS: [u8; 4] = [0x8D, 0x3D, 0x3C, 0x97];

impl Key {
    /// Reads 32 hex digits (24 of an old Xiaomi remote), spaces allowed, as apps show them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let octets: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        if !digits.len().is_multiple_of(2) {
            return None;
        }
        match octets.as_slice() {
            [front @ .., _, _, _, _, _, _] if octets.len() == 12 => {
                let back = octets.get(front.len()..)?;
                let whole = [front, &MIDDLE_OF_SHORT_KEYS, back].concat();
                whole.try_into().ok().map(Self)
            }
            _ => octets.try_into().ok().map(Self),
        }
    }

    /// A key as it was kept.
    pub fn from_octets(octets: [u8; 16]) -> Self {
        Self(octets)
    }

    /// The key's octets, to be kept.
    pub fn octets(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    // A key must not end up in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

/// The key of one device and what its replay protection remembers. Start with the default.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// The device's key, once a person has entered it.
    pub key: Option<Key>,
    /// The last encrypted counter that was believed, and when.
    pub(crate) counter: Option<(u32, Timestamp)>,
    /// The last packet id, and when.
    pub(crate) packet_id: Option<(u8, Timestamp)>,
    /// Which model it is, of makers who say so in other adverts than those with the values.
    pub(crate) model: Option<u8>,
    /// The company data heard last, of makers who put values where the company's id should be.
    pub(crate) company_data: Vec<(u16, Vec<u8>)>,
}

impl Memory {
    /// For a device whose key is known.
    pub fn with_key(key: Key) -> Self {
        Self {
            key: Some(key),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_apps_show_them() {
        let whole = Key::parse("b853075158488d3d3c977ca39a5b5ea9");
        assert!(whole.is_some());
        assert_eq!(Key::parse("B8530751 58488D3D 3C977CA3 9A5B5EA9"), whole);
        assert_eq!(Key::parse("b853075158487ca39a5b5ea9"), whole, "the short form");
        for wrong in [
            "",
            "b8",
            "b853075158488d3d3c977ca39a5b5ea",
            "x853075158488d3d3c977ca39a5b5ea9",
        ] {
            assert_eq!(Key::parse(wrong), None, "{wrong}");
        }
    }
}
