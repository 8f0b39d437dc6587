//! Strings of JSON.

use std::borrow::Cow;

use super::JsonReader;
use crate::serializer::read::Fault;

/// One bit set in each octet.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The top bit of each octet.
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Whether one of eight octets is a quote, a backslash or a control character.
const fn has_special(octets: u64) -> bool {
    const fn zero(octets: u64) -> u64 {
        octets.wrapping_sub(ONES) & !octets
    }
    let below_space = octets.wrapping_sub(ONES * 0x20) & !octets;
    (zero(octets ^ (ONES * b'"' as u64)) | zero(octets ^ (ONES * b'\\' as u64)) | below_space) & TOPS != 0
}

/// Where the next quote, backslash or control character is.
pub(super) fn special_from(octets: &[u8], mut at: usize) -> usize {
    while let Some(eight) = octets.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        if has_special(u64::from_le_bytes(*eight)) {
            break;
        }
        at += 8;
    }
    while let Some(octet) = octets.get(at) {
        if matches!(octet, b'"' | b'\\' | ..0x20) {
            break;
        }
        at += 1;
    }
    at
}

impl<'a> JsonReader<'a> {
    /// Reads a string; its opening quote is next.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.at += 1;
        let from = self.at;
        self.at = special_from(self.octets(), self.at);
        if self.peek() == Some(b'"') {
            let text = &self.text[from..self.at];
            self.at += 1;
            return Ok(Cow::Borrowed(text));
        }
        let mut text = self.text[from..self.at].to_owned();
        while let Some(character) = self.escape_or_end()? {
            text.push(character);
            let plain = self.at;
            self.at = special_from(self.octets(), self.at);
            text.push_str(&self.text[plain..self.at]);
        }
        Ok(Cow::Owned(text))
    }

    /// Moves past a string; its opening quote is next.
    pub(super) fn skip_string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        loop {
            self.at = special_from(self.octets(), self.at);
            if self.escape_or_end()?.is_none() {
                return Ok(());
            }
        }
    }

    /// The character of an escape, or `None` at the closing quote.
    fn escape_or_end(&mut self) -> Result<Option<char>, Fault> {
        match self.peek() {
            None => return Err(Fault::Incomplete),
            Some(b'"') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b'\\') => {}
            Some(_) => return Err(Fault::Malformed("a control character in a string")),
        }
        let escape = *self.octets().get(self.at + 1).ok_or(Fault::Incomplete)?;
        self.at += 2;
        Ok(Some(match escape {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.code_point()?,
            _ => return Err(Fault::Malformed("an escape that JSON does not have")),
        }))
    }

    fn code_point(&mut self) -> Result<char, Fault> {
        const HALF_A_PAIR: Fault = Fault::Malformed("half a surrogate pair in a string");
        let first = self.four_hex()?;
        if !(0xd800..0xe000).contains(&first) {
            return char::from_u32(first).ok_or(HALF_A_PAIR);
        }
        if self.octets().get(self.at..self.at + 2) != Some(b"\\u") {
            return Err(HALF_A_PAIR);
        }
        self.at += 2;
        let second = self.four_hex()?;
        if first >= 0xdc00 || !(0xdc00..0xe000).contains(&second) {
            return Err(HALF_A_PAIR);
        }
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)).ok_or(HALF_A_PAIR)
    }

    fn four_hex(&mut self) -> Result<u32, Fault> {
        let digits = self.octets().get(self.at..self.at + 4).ok_or(Fault::Incomplete)?;
        self.at += 4;
        digits.iter().try_fold(0, |number, digit| {
            let digit = char::from(*digit)
                .to_digit(16)
                .ok_or(Fault::Malformed("no hexadecimal digit after \\u"))?;
            Ok(number << 4 | digit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_scan_stops_where_the_slow_one_does() {
        for octet in 0..=0x7f_u8 {
            for position in 0..24 {
                let mut octets = vec![b'a'; 24];
                octets[position] = octet;
                let slow = octets
                    .iter()
                    .position(|o| matches!(o, b'"' | b'\\' | ..0x20))
                    .unwrap_or(24);
                assert_eq!(special_from(&octets, 0), slow, "{octet:#x} at {position}");
            }
        }
        let beyond_ascii = "äöü€𝄞 ÿ".as_bytes();
        assert_eq!(special_from(beyond_ascii, 0), beyond_ascii.len());
    }
}
