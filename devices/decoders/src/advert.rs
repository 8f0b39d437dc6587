//! What a scanner hears from one device at one time.

use std::fmt;

/// A Bluetooth device address, most significant octet first, as people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub [u8; 6]);

impl Address {
    /// Lower-case hex without separators (`a4c138830283`), as device ids have it.
    pub fn compact(self) -> String {
        self.0.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// Reads `A4:C1:38:83:02:83`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut address = [0; 6];
        let mut parts = text.split(':');
        for octet in &mut address {
            let part = parts.next().filter(|part| part.len() == 2)?;
            *octet = u8::from_str_radix(part, 16).ok()?;
        }
        parts.next().is_none().then_some(Self(address))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{g:02X}")
    }
}

/// One advertisement, scan response included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advert {
    /// Who sent it.
    pub address: Address,
    /// The name it gives itself.
    pub local_name: Option<String>,
    /// Data by 16-bit service UUID.
    pub service_data: Vec<(u16, Vec<u8>)>,
    /// Data by company id, which is not repeated in the octets.
    pub manufacturer_data: Vec<(u16, Vec<u8>)>,
}

impl Advert {
    /// The data of one service.
    pub fn service_data(&self, uuid: u16) -> Option<&[u8]> {
        self.service_data
            .iter()
            .find(|(u, _)| *u == uuid)
            .map(|(_, data)| data.as_slice())
    }

    /// The data of one company.
    pub fn manufacturer_data(&self, company: u16) -> Option<&[u8]> {
        self.manufacturer_data
            .iter()
            .find(|(c, _)| *c == company)
            .map(|(_, data)| data.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        let address = Address::parse("A4:C1:38:83:02:83").unwrap();
        assert_eq!(
            (address.to_string().as_str(), address.compact().as_str()),
            ("A4:C1:38:83:02:83", "a4c138830283")
        );
        for text in [
            "",
            "A4:C1:38:83:02",
            "A4:C1:38:83:02:83:00",
            "A4C138830283",
            "A4:C1:38:83:02:8",
            "G4:C1:38:83:02:83",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
