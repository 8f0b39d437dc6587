//! CBOR (RFC 8949): lengths may be indefinite; tags are read past, those of large numbers aside.

mod bignum;
mod writer;

use std::borrow::Cow;

pub(crate) use self::writer::CborWriter;
use super::read::{Container, Fault, Kind, MAX_DEPTH, Reader, Token, deeper, is_utf8, unsigned_from};
use crate::Serializer;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BINARY: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const DICT: u8 = 5;
const TAG: u8 = 6;
const BREAK: u8 = 0xff;

/// The major type and additional information of a value's first octet.
const fn split(octet: u8) -> (u8, u8) {
    (octet >> 5, octet & 0x1f)
}

/// A value's first octet, and what stands before it.
struct Tagged {
    first: u8,
    /// The tag next to it.
    tag: u64,
    /// Levels that the tags left: each of them is one.
    levels: usize,
}

pub(crate) struct CborReader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> CborReader<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    #[inline]
    fn peek(&self) -> Result<u8, Fault> {
        self.input.get(self.at).copied().ok_or(Fault::Incomplete)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let taken = *rest.first_chunk::<N>().ok_or(Fault::Incomplete)?;
        self.at += N;
        Ok(taken)
    }

    #[inline]
    fn advance(&mut self, count: u64) -> Result<(), Fault> {
        match usize::try_from(count) {
            Ok(count) if count <= self.input.len() - self.at => {
                self.at += count;
                Ok(())
            }
            _ => Err(Fault::Incomplete),
        }
    }

    /// Moves past text whose length has been read as `length`.
    #[inline]
    fn skip_text(&mut self, length: u64) -> Result<(), Fault> {
        let from = self.at;
        self.advance(length)?;
        let octets = self.input.get(from..self.at).unwrap_or_default();
        if is_utf8(octets) {
            Ok(())
        } else {
            Err(Fault::Malformed("text that is not UTF-8"))
        }
    }

    /// Moves past what is in a list or dict.
    fn skip_inside(&mut self, mut container: Container, keyed: bool, levels: usize) -> Result<(), Fault> {
        while self.item(&mut container)? {
            if keyed {
                match split(self.first_within(levels)?.0) {
                    (TEXT, info) => self.skip_text_after(info)?,
                    _ => return Err(Fault::KeyNotText),
                }
            }
            self.skip_value(levels)?;
        }
        Ok(())
    }

    #[inline]
    fn skip_text_after(&mut self, info: u8) -> Result<(), Fault> {
        match self.argument(info)? {
            Some(length) => self.skip_text(length),
            None => self.pieces(TEXT).map(drop),
        }
    }

    fn skip_value(&mut self, levels: usize) -> Result<(), Fault> {
        let (first, levels) = self.first_within(levels)?;
        let (major, info) = split(first);
        match major {
            UNSIGNED | NEGATIVE => self.definite(info).map(drop),
            BINARY => match self.argument(info)? {
                Some(length) => self.advance(length),
                None => self.pieces(BINARY).map(drop),
            },
            TEXT => self.skip_text_after(info),
            LIST | DICT => {
                let container = self.container(info)?;
                self.skip_inside(container, major == DICT, deeper(levels)?)
            }
            _ => self.simple(info).map(drop),
        }
    }

    /// A number in the form that `info` says; `None` for indefinite.
    #[inline]
    fn argument(&mut self, info: u8) -> Result<Option<u64>, Fault> {
        Ok(Some(match info {
            0..=23 => info.into(),
            24 => u8::from_be_bytes(self.array()?).into(),
            25 => u16::from_be_bytes(self.array()?).into(),
            26 => u32::from_be_bytes(self.array()?).into(),
            27 => u64::from_be_bytes(self.array()?),
            31 => return Ok(None),
            _ => return Err(Fault::Malformed("a reserved additional information")),
        }))
    }

    #[inline]
    fn definite(&mut self, info: u8) -> Result<u64, Fault> {
        self.argument(info)?
            .ok_or(Fault::Malformed("an indefinite length where there is none"))
    }

    /// Octets of a definite length, or the pieces of an indefinite one put together.
    fn octets(&mut self, major: u8, info: u8) -> Result<Cow<'a, [u8]>, Fault> {
        let Some(length) = self.argument(info)? else {
            return self.pieces(major).map(Cow::Owned);
        };
        let length = usize::try_from(length).map_err(|_| Fault::Incomplete)?;
        let rest = self.input.get(self.at..).unwrap_or_default();
        let taken = rest.get(..length).ok_or(Fault::Incomplete)?;
        self.at += length;
        Ok(Cow::Borrowed(taken))
    }

    fn pieces(&mut self, major: u8) -> Result<Vec<u8>, Fault> {
        let mut whole = Vec::new();
        loop {
            let [first] = self.array()?;
            if first == BREAK {
                return Ok(whole);
            }
            let (piece_major, info) = split(first);
            if piece_major != major || info == 31 {
                return Err(Fault::Malformed("a piece of another type inside text or binary"));
            }
            let piece = self.octets(major, info)?;
            if major == TEXT && std::str::from_utf8(&piece).is_err() {
                return Err(Fault::Malformed("text that is not UTF-8"));
            }
            whole.extend_from_slice(&piece);
        }
    }

    fn text_after(&mut self, info: u8) -> Result<Cow<'a, str>, Fault> {
        const NOT_UTF8: Fault = Fault::Malformed("text that is not UTF-8");
        match self.octets(TEXT, info)? {
            Cow::Borrowed(octets) => std::str::from_utf8(octets).map(Cow::Borrowed).map_err(|_| NOT_UTF8),
            Cow::Owned(octets) => String::from_utf8(octets).map(Cow::Owned).map_err(|_| NOT_UTF8),
        }
    }

    /// The first octet of the next value that is no tag, and what its tags leave of `levels`.
    #[inline]
    fn first_within(&mut self, levels: usize) -> Result<(u8, usize), Fault> {
        let [first] = self.array()?;
        if first >> 5 != TAG {
            return Ok((first, levels));
        }
        self.behind_tags(first, levels)
            .map(|tagged| (tagged.first, tagged.levels))
    }

    #[inline]
    fn first(&mut self) -> Result<u8, Fault> {
        self.first_within(MAX_DEPTH).map(|(first, _)| first)
    }

    /// Reads past tags, the first of which begins with `first`.
    #[cold]
    fn behind_tags(&mut self, first: u8, levels: usize) -> Result<Tagged, Fault> {
        let mut tagged = Tagged { first, tag: 0, levels };
        while tagged.first >> 5 == TAG {
            tagged.levels = deeper(tagged.levels)?;
            tagged.tag = self.definite(split(tagged.first).1)?;
            [tagged.first] = self.array()?;
        }
        Ok(tagged)
    }

    /// The first octet of the next value, and the tag next to it.
    #[inline]
    fn first_and_tag(&mut self) -> Result<(u8, Option<u64>), Fault> {
        let [first] = self.array()?;
        if first >> 5 != TAG {
            return Ok((first, None));
        }
        self.behind_tags(first, MAX_DEPTH)
            .map(|tagged| (tagged.first, Some(tagged.tag)))
    }

    #[inline]
    fn container(&mut self, info: u8) -> Result<Container, Fault> {
        Ok(self
            .argument(info)?
            .map_or_else(Container::until_end_mark, Container::of))
    }

    fn simple(&mut self, info: u8) -> Result<Token<'a>, Fault> {
        Ok(match info {
            20 => Token::Bool(false),
            21 => Token::Bool(true),
            // 23 is JavaScript's undefined.
            22 | 23 => Token::Null,
            25 => Token::Float(half(u16::from_be_bytes(self.array()?))),
            26 => Token::Float(f32::from_be_bytes(self.array()?).into()),
            27 => Token::Float(f64::from_be_bytes(self.array()?)),
            31 => return Err(Fault::Malformed("an end mark with nothing to end")),
            _ => return Err(Fault::Malformed("a simple value without a meaning")),
        })
    }
}

/// A half-precision float (RFC 8949, appendix D).
fn half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (fraction + 1024.0) * 2f64.powi(exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

impl<'a> Reader<'a> for CborReader<'a> {
    const SERIALIZER: Serializer = Serializer::Cbor;

    fn at(&self) -> usize {
        self.at
    }

    fn kind(&mut self) -> Result<Kind, Fault> {
        let before = self.at;
        let first = self.first_and_tag();
        self.at = before;
        let (first, tag) = first?;
        Ok(match split(first) {
            (BINARY, _) if bignum::is_tag(tag) => Kind::Other,
            (BINARY, _) => Kind::Binary,
            (LIST, _) => Kind::List,
            (DICT, _) => Kind::Dict,
            (7, 20 | 21) => Kind::Bool,
            (7, 22 | 23) => Kind::Null,
            _ => Kind::Other,
        })
    }

    fn token(&mut self) -> Result<Token<'a>, Fault> {
        let (first, tag) = self.first_and_tag()?;
        let (major, info) = split(first);
        Ok(match major {
            UNSIGNED => Token::Integer(self.definite(info)?.into()),
            NEGATIVE => Token::Integer(-1 - i128::from(self.definite(info)?)),
            BINARY => bignum::token(tag, self.octets(BINARY, info)?),
            TEXT => Token::Text(self.text_after(info)?),
            LIST => Token::List(self.container(info)?),
            DICT => Token::Dict(self.container(info)?),
            _ => self.simple(info)?,
        })
    }

    #[inline]
    fn item(&mut self, list: &mut Container) -> Result<bool, Fault> {
        match &mut list.left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if self.peek()? == BREAK => {
                self.at += 1;
                Ok(false)
            }
            None => Ok(true),
        }
    }

    #[inline]
    fn key(&mut self, dict: &mut Container) -> Result<Option<Cow<'a, str>>, Fault> {
        if !self.item(dict)? {
            return Ok(None);
        }
        match split(self.first()?) {
            (TEXT, info) => self.text_after(info).map(Some),
            _ => Err(Fault::KeyNotText),
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        if self.at == self.input.len() {
            Ok(())
        } else {
            Err(Fault::Malformed("more octets after the end"))
        }
    }

    fn skip(&mut self, levels: usize) -> Result<(), Fault> {
        self.skip_value(levels)
    }

    fn is_empty_container(encoded: &[u8]) -> bool {
        let mut reader = CborReader::new(encoded);
        match reader.token() {
            Ok(Token::List(mut items) | Token::Dict(mut items)) => matches!(reader.item(&mut items), Ok(false)),
            _ => false,
        }
    }

    #[inline]
    fn unsigned(&mut self) -> Result<u64, Fault> {
        match split(self.peek()?) {
            (UNSIGNED, info) => {
                self.at += 1;
                self.definite(info)
            }
            _ => unsigned_from(&self.token()?),
        }
    }
}
