//! JSON (RFC 8259), strictly; binary is text that begins with U+0000 and goes on in base64.

mod number;
mod skip;
mod string;
mod writer;

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

pub(crate) use self::writer::JsonWriter;
use super::read::{Container, Fault, Kind, Reader, Token, unsigned_from};
use crate::Serializer;

/// What begins a binary value, as it stands in the text.
pub(crate) const BINARY_MARK: &[u8] = b"\"\\u0000";

pub(crate) struct JsonReader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> JsonReader<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(input).map_err(|_| Fault::Malformed("text that is not UTF-8"))?;
        Ok(Self { text, at: 0 })
    }

    const fn octets(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn peek(&self) -> Option<u8> {
        self.octets().get(self.at).copied()
    }

    /// The next octet that is not white space; it is not consumed.
    fn next(&mut self) -> Result<u8, Fault> {
        loop {
            match self.peek() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(octet) => return Ok(octet),
                None => return Err(Fault::Incomplete),
            }
        }
    }

    fn literal(&mut self, literal: &'static str) -> Result<(), Fault> {
        let rest = self.octets().get(self.at..).unwrap_or_default();
        if rest.starts_with(literal.as_bytes()) {
            self.at += literal.len();
            Ok(())
        } else {
            Err(Fault::Malformed("no JSON value"))
        }
    }

    /// Consumes a colon and leaves the value to come.
    fn colon(&mut self) -> Result<(), Fault> {
        if self.next()? != b':' {
            return Err(Fault::Malformed("no colon after a key"));
        }
        self.at += 1;
        Ok(())
    }

    /// Moves on to the next item, or past `end`.
    fn continues(&mut self, container: &mut Container, end: u8) -> Result<bool, Fault> {
        let next = self.next()?;
        let fresh = std::mem::replace(&mut container.fresh, false);
        if next == end {
            self.at += 1;
            Ok(false)
        } else if fresh {
            Ok(true)
        } else if next == b',' {
            self.at += 1;
            Ok(true)
        } else {
            Err(Fault::Malformed("neither a comma nor the end after a value"))
        }
    }
}

/// Base64 (RFC 4648, section 4) as most decoders read it: what is left over of the last character
/// need not be zero.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The binary value that this text stands for, if it is one.
fn binary(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.strip_prefix('\0')?).ok()
}

impl<'a> Reader<'a> for JsonReader<'a> {
    const SERIALIZER: Serializer = Serializer::Json;

    fn at(&self) -> usize {
        self.at
    }

    fn next_at(&mut self) -> usize {
        // At the end of the input the value's reader says that it is missing.
        let _ = self.next();
        self.at
    }

    fn kind(&mut self) -> Result<Kind, Fault> {
        Ok(match self.next()? {
            b'n' => Kind::Null,
            b't' | b'f' => Kind::Bool,
            b'[' => Kind::List,
            b'{' => Kind::Dict,
            b'"' if self
                .octets()
                .get(self.at..)
                .unwrap_or_default()
                .starts_with(BINARY_MARK) =>
            {
                Kind::Binary
            }
            _ => Kind::Other,
        })
    }

    fn token(&mut self) -> Result<Token<'a>, Fault> {
        Ok(match self.next()? {
            b'[' => {
                self.at += 1;
                Token::List(Container::until_end_mark())
            }
            b'{' => {
                self.at += 1;
                Token::Dict(Container::until_end_mark())
            }
            b'"' => {
                let text = self.string()?;
                match binary(&text) {
                    Some(octets) => Token::Binary(Cow::Owned(octets)),
                    None => Token::Text(text),
                }
            }
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => {
                self.literal("true")?;
                Token::Bool(true)
            }
            b'f' => {
                self.literal("false")?;
                Token::Bool(false)
            }
            b'n' => {
                self.literal("null")?;
                Token::Null
            }
            _ => return Err(Fault::Malformed("no JSON value")),
        })
    }

    fn item(&mut self, list: &mut Container) -> Result<bool, Fault> {
        self.continues(list, b']')
    }

    fn key(&mut self, dict: &mut Container) -> Result<Option<Cow<'a, str>>, Fault> {
        if !self.continues(dict, b'}')? {
            return Ok(None);
        }
        if self.next()? != b'"' {
            return Err(Fault::KeyNotText);
        }
        let key = self.string()?;
        self.colon()?;
        Ok(Some(key))
    }

    fn end(&mut self) -> Result<(), Fault> {
        match self.next() {
            Err(_) => Ok(()),
            Ok(_) => Err(Fault::Malformed("more text after the end")),
        }
    }

    fn is_empty_container(encoded: &[u8]) -> bool {
        let inner = encoded.get(1..encoded.len().saturating_sub(1)).unwrap_or_default();
        matches!(encoded.first(), Some(b'[' | b'{')) && inner.iter().all(u8::is_ascii_whitespace)
    }

    fn skip(&mut self, levels: usize) -> Result<(), Fault> {
        self.skip_value(levels)
    }

    fn unsigned(&mut self) -> Result<u64, Fault> {
        match self.next()? {
            b'0'..=b'9' => self.unsigned_digits(),
            _ => unsigned_from(&self.token()?),
        }
    }

    fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        match self.next()? {
            b'"' => self.string(),
            _ => Err(Fault::Expected("text")),
        }
    }
}
