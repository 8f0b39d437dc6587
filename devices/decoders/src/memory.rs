//! What must be remembered of a device between its adverts.

use house::Timestamp;

/// A device's 128-bit key.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(pub(crate) [u8; 16]);

impl Key {
    /// Reads 32 hex digits, spaces allowed, as apps show them.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()?;
        let mut key = [0; 16];
        if digits.len() != 2 * key.len() {
            return None;
        }
        for (octet, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            *octet = pair[0] << 4 | pair[1];
        }
        Some(Self(key))
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
