//! MessagePack, version 5: text and binary are different types.

mod writer;

use std::borrow::Cow;

pub(crate) use self::writer::MsgPackWriter;
use super::read::{Container, Fault, Kind, Reader, Token, deeper, is_utf8, unsigned_from};
use crate::Serializer;

/// What JavaScript's msgpack5 and msgpackr make of undefined: extension type 0 with one octet, 0.
const UNDEFINED: [u8; 3] = [0xd4, 0, 0];

pub(crate) struct MsgPackReader<'a> {
    input: &'a [u8],
    at: usize,
}

impl<'a> MsgPackReader<'a> {
    pub(crate) const fn new(input: &'a [u8]) -> Self {
        Self { input, at: 0 }
    }

    #[inline]
    fn peek(&self) -> Result<u8, Fault> {
        self.input.get(self.at).copied().ok_or(Fault::Incomplete)
    }

    #[inline]
    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or(Fault::Incomplete)?;
        self.at += count;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let taken = *rest.first_chunk::<N>().ok_or(Fault::Incomplete)?;
        self.at += N;
        Ok(taken)
    }

    #[inline]
    fn length(&mut self, octets: u8) -> Result<usize, Fault> {
        Ok(match octets {
            1 => usize::from(u8::from_be_bytes(self.array()?)),
            2 => usize::from(u16::from_be_bytes(self.array()?)),
            _ => u32::from_be_bytes(self.array()?) as usize,
        })
    }

    #[inline]
    fn str(&mut self, length: usize) -> Result<&'a str, Fault> {
        std::str::from_utf8(self.take(length)?).map_err(|_| Fault::Malformed("text that is not UTF-8"))
    }

    /// The text that begins with `marker`, if it is text.
    #[inline]
    fn text_after(&mut self, marker: u8) -> Result<Option<&'a str>, Fault> {
        let length = match marker {
            0xa0..=0xbf => usize::from(marker & 0x1f),
            0xd9 => self.length(1)?,
            0xda => self.length(2)?,
            0xdb => self.length(4)?,
            _ => return Ok(None),
        };
        self.str(length).map(Some)
    }

    fn extension(&mut self, length: usize) -> Result<Token<'a>, Fault> {
        let kind = i8::from_be_bytes(self.array()?);
        Ok(match (kind, self.take(length)?) {
            (0, [0]) => Token::Null,
            (_, content) => Token::Extension(content),
        })
    }

    #[inline]
    fn advance(&mut self, count: usize) -> Result<(), Fault> {
        if self.input.len() - self.at < count {
            return Err(Fault::Incomplete);
        }
        self.at += count;
        Ok(())
    }

    #[inline]
    fn skip_text(&mut self, length: usize) -> Result<(), Fault> {
        let octets = self.take(length)?;
        if is_utf8(octets) {
            Ok(())
        } else {
            Err(Fault::Malformed("text that is not UTF-8"))
        }
    }

    /// Moves past the text that begins with `marker`; `false` if it is no text.
    #[inline]
    fn skip_text_after(&mut self, marker: u8) -> Result<bool, Fault> {
        let length = match marker {
            0xa0..=0xbf => usize::from(marker & 0x1f),
            0xd9 => self.length(1)?,
            0xda => self.length(2)?,
            0xdb => self.length(4)?,
            _ => return Ok(false),
        };
        self.skip_text(length).map(|()| true)
    }

    /// Moves past so many values, or pairs of key and value, which may be nested so deep.
    fn skip_values(&mut self, count: u64, keyed: bool, levels: usize) -> Result<(), Fault> {
        for _ in 0..count {
            if keyed {
                let [marker] = self.array()?;
                if !self.skip_text_after(marker)? {
                    return Err(Fault::KeyNotText);
                }
            }
            let [marker] = self.array()?;
            match marker {
                0x00..=0x7f | 0xe0..=0xff | 0xc0 | 0xc2 | 0xc3 => {}
                0xa0..=0xbf => self.skip_text(usize::from(marker & 0x1f))?,
                0xcc | 0xd0 => self.advance(1)?,
                0xcd | 0xd1 => self.advance(2)?,
                0xce | 0xd2 | 0xca => self.advance(4)?,
                0xcf | 0xd3 | 0xcb => self.advance(8)?,
                0xd9..=0xdb => {
                    self.skip_text_after(marker)?;
                }
                // Whatever else there is, lists, dicts, binary, extensions.
                0x80..=0x9f | 0xc1 | 0xc4..=0xc9 | 0xd4..=0xd8 | 0xdc..=0xdf => {
                    self.at -= 1;
                    self.skip_token(levels)?;
                }
            }
        }
        Ok(())
    }

    fn skip_token(&mut self, levels: usize) -> Result<(), Fault> {
        let (container, keyed) = match self.token()? {
            Token::List(list) => (list, false),
            Token::Dict(dict) => (dict, true),
            _ => return Ok(()),
        };
        self.skip_values(container.left.unwrap_or(0), keyed, deeper(levels)?)
    }

    fn binary(&mut self, length_octets: u8) -> Result<Token<'a>, Fault> {
        let length = self.length(length_octets)?;
        Ok(Token::Binary(Cow::Borrowed(self.take(length)?)))
    }
}

impl<'a> Reader<'a> for MsgPackReader<'a> {
    const SERIALIZER: Serializer = Serializer::MsgPack;

    fn at(&self) -> usize {
        self.at
    }

    #[inline]
    fn kind(&mut self) -> Result<Kind, Fault> {
        Ok(match self.peek()? {
            0xc0 => Kind::Null,
            0xd4 if self
                .input
                .get(self.at..)
                .is_some_and(|rest| rest.starts_with(&UNDEFINED)) =>
            {
                Kind::Null
            }
            0xc2 | 0xc3 => Kind::Bool,
            0xc4..=0xc6 => Kind::Binary,
            0x90..=0x9f | 0xdc | 0xdd => Kind::List,
            0x80..=0x8f | 0xde | 0xdf => Kind::Dict,
            _ => Kind::Other,
        })
    }

    fn token(&mut self) -> Result<Token<'a>, Fault> {
        let [marker] = self.array()?;
        Ok(match marker {
            0x00..=0x7f => Token::Integer(marker.into()),
            0x80..=0x8f => Token::Dict(Container::of((marker & 0x0f).into())),
            0x90..=0x9f => Token::List(Container::of((marker & 0x0f).into())),
            0xa0..=0xbf => Token::Text(Cow::Borrowed(self.str(usize::from(marker & 0x1f))?)),
            0xc0 => Token::Null,
            0xc1 => return Err(Fault::Malformed("the octet C1, which MessagePack never uses")),
            0xc2 => Token::Bool(false),
            0xc3 => Token::Bool(true),
            0xc4 => self.binary(1)?,
            0xc5 => self.binary(2)?,
            0xc6 => self.binary(4)?,
            0xc7..=0xc9 => {
                let length = self.length(1 << (marker - 0xc7))?;
                self.extension(length)?
            }
            0xca => Token::Float(f32::from_be_bytes(self.array()?).into()),
            0xcb => Token::Float(f64::from_be_bytes(self.array()?)),
            0xcc => Token::Integer(u8::from_be_bytes(self.array()?).into()),
            0xcd => Token::Integer(u16::from_be_bytes(self.array()?).into()),
            0xce => Token::Integer(u32::from_be_bytes(self.array()?).into()),
            0xcf => Token::Integer(u64::from_be_bytes(self.array()?).into()),
            0xd0 => Token::Integer(i8::from_be_bytes(self.array()?).into()),
            0xd1 => Token::Integer(i16::from_be_bytes(self.array()?).into()),
            0xd2 => Token::Integer(i32::from_be_bytes(self.array()?).into()),
            0xd3 => Token::Integer(i64::from_be_bytes(self.array()?).into()),
            0xd4..=0xd8 => self.extension(1 << (marker - 0xd4))?,
            0xd9..=0xdb => {
                let length = self.length(1 << (marker - 0xd9))?;
                Token::Text(Cow::Borrowed(self.str(length)?))
            }
            0xdc => Token::List(Container::of(self.length(2)? as u64)),
            0xdd => Token::List(Container::of(self.length(4)? as u64)),
            0xde => Token::Dict(Container::of(self.length(2)? as u64)),
            0xdf => Token::Dict(Container::of(self.length(4)? as u64)),
            0xe0..=0xff => Token::Integer(i8::from_be_bytes([marker]).into()),
        })
    }

    #[inline]
    fn item(&mut self, list: &mut Container) -> Result<bool, Fault> {
        Ok(match list.left.unwrap_or(0) {
            0 => false,
            left => {
                list.left = Some(left - 1);
                true
            }
        })
    }

    #[inline]
    fn key(&mut self, dict: &mut Container) -> Result<Option<Cow<'a, str>>, Fault> {
        if !self.item(dict)? {
            return Ok(None);
        }
        let [marker] = self.array()?;
        match self.text_after(marker)? {
            Some(key) => Ok(Some(Cow::Borrowed(key))),
            None => Err(Fault::KeyNotText),
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
        self.skip_values(1, false, levels)
    }

    #[inline]
    fn is_empty_container(encoded: &[u8]) -> bool {
        match encoded {
            [0x80 | 0x90] => true,
            [0xdc..=0xdf, length @ ..] => length.iter().all(|octet| *octet == 0),
            _ => false,
        }
    }

    #[inline]
    fn unsigned(&mut self) -> Result<u64, Fault> {
        let number = match self.peek()? {
            small @ 0x00..=0x7f => {
                self.at += 1;
                return Ok(small.into());
            }
            0xcd => {
                self.at += 1;
                u16::from_be_bytes(self.array()?).into()
            }
            0xce => {
                self.at += 1;
                u32::from_be_bytes(self.array()?).into()
            }
            0xcf => {
                self.at += 1;
                u64::from_be_bytes(self.array()?)
            }
            _ => return unsigned_from(&self.token()?),
        };
        Ok(number)
    }

    #[inline]
    fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let marker = self.peek()?;
        self.at += 1;
        match self.text_after(marker)? {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => Err(Fault::Expected("text")),
        }
    }
}
