//! What every serializer's reader can do, and what can be built on that alone.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::{Dict, Serializer, Value};

/// How deep lists and dicts may be nested in one value.
///
/// Deeper ones come from attackers only; the limit stays below what `serde_json` accepts, so that
/// a payload which passed here can be read there.
pub const MAX_DEPTH: usize = 100;

/// How deep in a RESULT: the router gives back payloads of events in a list of dicts, which is the
/// RESULT's one argument.
pub(crate) const RESULT_DEPTH: usize = MAX_DEPTH + 3;

/// What went wrong, before it is known where in the message that was.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The input ends inside a value.
    Incomplete,
    /// The octets are not of this serializer.
    Malformed(&'static str),
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// A value of another type than wanted; says what was wanted.
    Expected(&'static str),
    /// A dict's key is not text.
    KeyNotText,
    /// A dict has the key twice.
    DuplicateKey(Box<str>),
}

/// One value, or the beginning of a list or dict.
#[derive(Debug)]
pub(crate) enum Token<'a> {
    Null,
    Bool(bool),
    Integer(i128),
    Float(f64),
    Text(Cow<'a, str>),
    Binary(Cow<'a, [u8]>),
    List(Container),
    Dict(Container),
    /// A MessagePack extension, which WAMP has no type for: what it holds.
    Extension(&'a [u8]),
}

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Null,
    Bool,
    Binary,
    List,
    Dict,
    Other,
}

/// How far a list or dict has been read.
#[derive(Debug)]
pub(crate) struct Container {
    /// Items or pairs still to come; `None` where an end mark is awaited.
    pub(crate) left: Option<u64>,
    /// Nothing has been read yet.
    pub(crate) fresh: bool,
}

impl Container {
    pub(crate) const fn of(count: u64) -> Self {
        Self {
            left: Some(count),
            fresh: true,
        }
    }

    pub(crate) const fn until_end_mark() -> Self {
        Self {
            left: None,
            fresh: true,
        }
    }
}

pub(crate) trait Reader<'a> {
    const SERIALIZER: Serializer;

    /// Where reading stands.
    fn at(&self) -> usize;

    /// Where the next value begins.
    fn next_at(&mut self) -> usize {
        self.at()
    }

    /// What comes next, without reading it.
    fn kind(&mut self) -> Result<Kind, Fault>;

    /// Reads one value, or the beginning of a list or dict.
    fn token(&mut self) -> Result<Token<'a>, Fault>;

    /// Whether the list has another item; if not, the list has been read to its end.
    fn item(&mut self, list: &mut Container) -> Result<bool, Fault>;

    /// The dict's next key, or `None` when it has been read to its end.
    fn key(&mut self, dict: &mut Container) -> Result<Option<Cow<'a, str>>, Fault>;

    /// Checks that nothing follows.
    fn end(&mut self) -> Result<(), Fault>;

    /// Whether an encoded list or dict, known to be well formed, has nothing in it.
    fn is_empty_container(encoded: &[u8]) -> bool;

    /// Reads one value, however large, only to see that it is well formed and nested no more than
    /// `levels` deep.
    fn skip(&mut self, levels: usize) -> Result<(), Fault>;

    fn unsigned(&mut self) -> Result<u64, Fault> {
        unsigned_from(&self.token()?)
    }

    fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        match self.token()? {
            Token::Text(text) => Ok(text),
            _ => Err(Fault::Expected("text")),
        }
    }

    fn boolean(&mut self) -> Result<bool, Fault> {
        match self.token()? {
            Token::Bool(value) => Ok(value),
            _ => Err(Fault::Expected("true or false")),
        }
    }

    fn list(&mut self) -> Result<Container, Fault> {
        match self.token()? {
            Token::List(list) => Ok(list),
            _ => Err(Fault::Expected("a list")),
        }
    }

    fn dict(&mut self) -> Result<Container, Fault> {
        match self.token()? {
            Token::Dict(dict) => Ok(dict),
            _ => Err(Fault::Expected("a dict")),
        }
    }

    /// Reads any value into memory, nested no more than `levels` deep.
    fn value(&mut self, levels: usize) -> Result<Value, Fault> {
        read_value(self, levels)
    }
}

/// The number, where a whole one that is not negative is wanted.
pub(crate) fn unsigned_from(token: &Token<'_>) -> Result<u64, Fault> {
    match token {
        Token::Integer(number) => u64::try_from(*number).ok(),
        Token::Float(number) => whole(*number),
        _ => None,
    }
    .ok_or(Fault::Expected("a whole number that is not negative"))
}

/// JavaScript encoders write numbers above 2^32 as floats: a whole one up to 2^53 is exact.
pub(crate) fn whole(number: f64) -> Option<u64> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    (number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&number)).then_some(number as u64)
}

/// What is left of so many levels one level deeper.
pub(crate) const fn deeper(levels: usize) -> Result<usize, Fault> {
    match levels.checked_sub(1) {
        Some(left) => Ok(left),
        None => Err(Fault::TooDeep),
    }
}

/// Whether the octets are text. Most text is ASCII, which is the quicker look.
#[inline]
pub(crate) fn is_utf8(octets: &[u8]) -> bool {
    octets.is_ascii() || std::str::from_utf8(octets).is_ok()
}

fn read_value<'a, R: Reader<'a> + ?Sized>(reader: &mut R, levels: usize) -> Result<Value, Fault> {
    Ok(match reader.token()? {
        Token::Null => Value::Null,
        Token::Bool(value) => Value::Bool(value),
        Token::Integer(value) => Value::Integer(value),
        Token::Float(value) => Value::Float(value),
        Token::Text(value) => Value::String(value.into_owned()),
        Token::Binary(value) => Value::Binary(value.into_owned()),
        Token::List(mut list) => {
            let levels = deeper(levels)?;
            let mut items = Vec::new();
            while reader.item(&mut list)? {
                items.push(read_value(reader, levels)?);
            }
            Value::List(items)
        }
        Token::Dict(dict) => Value::Dict(read_dict(reader, dict, levels)?),
        Token::Extension(..) => return Err(Fault::Expected("a value of a WAMP type, not an extension")),
    })
}

fn read_dict<'a, R: Reader<'a> + ?Sized>(reader: &mut R, mut dict: Container, levels: usize) -> Result<Dict, Fault> {
    let levels = deeper(levels)?;
    let mut keys = Keys::default();
    let mut entries = Vec::new();
    while let Some(key) = reader.key(&mut dict)? {
        keys.add(&key)?;
        let value = read_value(reader, levels)?;
        entries.push((key.into_owned(), value));
    }
    Ok(Dict(entries))
}

/// The keys a dict had so far, to find one that comes twice.
///
/// Headers have few keys, so the first ones are compared one by one; what is more goes into a set,
/// so that a dict of a million keys takes no longer than it is large.
#[derive(Default)]
pub(crate) struct Keys<'a> {
    few: [&'a str; 8],
    count: usize,
    more: Option<HashSet<Cow<'a, str>>>,
}

impl<'a> Keys<'a> {
    #[allow(clippy::ptr_arg, reason = "a borrowed key is kept without copying its text")]
    pub(crate) fn add(&mut self, key: &Cow<'a, str>) -> Result<(), Fault> {
        let duplicate =
            self.few[..self.count].contains(&&**key) || self.more.as_ref().is_some_and(|more| more.contains(&**key));
        if duplicate {
            return Err(Fault::DuplicateKey(key.as_ref().into()));
        }
        match (key, self.few.get_mut(self.count)) {
            (Cow::Borrowed(key), Some(slot)) => {
                *slot = key;
                self.count += 1;
            }
            _ => {
                self.more.get_or_insert_default().insert(key.clone());
            }
        }
        Ok(())
    }
}
