//! Numbers of JSON.

use super::JsonReader;
use crate::serializer::read::{Fault, Token, unsigned_from};

impl<'a> JsonReader<'a> {
    fn digits(&mut self) -> usize {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - from
    }

    /// Moves past a number; `true` when it is written as a whole one.
    pub(super) fn skip_number(&mut self) -> Result<bool, Fault> {
        const NO_NUMBER: Fault = Fault::Malformed("no JSON number");
        let mut whole = true;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let leading_zero = self.peek() == Some(b'0');
        let digits = self.digits();
        if digits == 0 || (leading_zero && digits > 1) {
            return Err(NO_NUMBER);
        }
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            if self.digits() == 0 {
                return Err(NO_NUMBER);
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(NO_NUMBER);
            }
        }
        Ok(whole)
    }

    pub(super) fn number(&mut self) -> Result<Token<'a>, Fault> {
        let from = self.at;
        let whole = self.skip_number()?;
        let text = &self.text[from..self.at];
        // "-0" is a float: an integer would lose its sign.
        if whole && text != "-0" {
            if let Ok(number) = text.parse::<i64>() {
                return Ok(Token::Integer(number.into()));
            }
            if let Ok(number) = text.parse() {
                return Ok(Token::Integer(number));
            }
        }
        text.parse()
            .map(Token::Float)
            .map_err(|_| Fault::Malformed("no JSON number"))
    }

    /// A number that begins with a digit, such as an id.
    pub(super) fn unsigned_digits(&mut self) -> Result<u64, Fault> {
        let from = self.at;
        let mut number: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            // 18 digits cannot overflow; longer ones take the long way below.
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let leading_zero = self.octets().get(from) == Some(&b'0') && self.at - from > 1;
        if self.at - from > 18 || leading_zero || matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            self.at = from;
            return unsigned_from(&self.number()?);
        }
        Ok(number)
    }
}
