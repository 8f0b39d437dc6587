//! Values of options and details. Where one may be absent, null means that it is: some clients
//! write null for what they leave out.

use std::borrow::Cow;

use crate::message::{ForwardedFor, PassThru};
use crate::serializer::read::{Fault, Keys, Kind, MAX_DEPTH, Reader};
use crate::{Dict, MatchPolicy, SessionId, Value};

fn optional<'a, R: Reader<'a>, T>(
    reader: &mut R,
    read: impl FnOnce(&mut R) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    if reader.kind()? == Kind::Null {
        reader.token()?;
        return Ok(None);
    }
    read(reader).map(Some)
}

pub(super) fn id<'a, R: Reader<'a>, I>(reader: &mut R, new: impl FnOnce(u64) -> Option<I>) -> Result<I, Fault> {
    const NO_ID: &str = "an id, a whole number from 1 to 2^53";
    match reader.unsigned() {
        Ok(number) => new(number).ok_or(Fault::Expected(NO_ID)),
        Err(Fault::Expected(_)) => Err(Fault::Expected(NO_ID)),
        Err(fault) => Err(fault),
    }
}

pub(super) fn flag<'a, R: Reader<'a>>(reader: &mut R) -> Result<bool, Fault> {
    Ok(optional_flag(reader)?.unwrap_or(false))
}

pub(super) fn optional_flag<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<bool>, Fault> {
    optional(reader, R::boolean)
}

pub(super) fn optional_number<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<u64>, Fault> {
    optional(reader, R::unsigned)
}

pub(super) fn optional_text<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<String>, Fault> {
    optional(reader, |reader| reader.text().map(Cow::into_owned))
}

pub(super) fn optional_session<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<SessionId>, Fault> {
    optional(reader, |reader| id(reader, SessionId::new))
}

pub(super) fn list<'a, R: Reader<'a>, T>(
    reader: &mut R,
    mut read: impl FnMut(&mut R) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut list = reader.list()?;
    let mut items = Vec::new();
    while reader.item(&mut list)? {
        items.push(read(reader)?);
    }
    Ok(items)
}

pub(super) fn optional_texts<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<Vec<String>>, Fault> {
    optional(reader, |reader| {
        list(reader, |reader| reader.text().map(Cow::into_owned)).map_err(|fault| expecting(fault, "a list of texts"))
    })
}

pub(super) fn optional_sessions<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<Vec<SessionId>>, Fault> {
    optional(reader, |reader| {
        list(reader, |reader| id(reader, SessionId::new)).map_err(|fault| expecting(fault, "a list of session ids"))
    })
}

fn expecting(fault: Fault, expected: &'static str) -> Fault {
    if matches!(fault, Fault::Expected(_)) {
        Fault::Expected(expected)
    } else {
        fault
    }
}

/// A dict that is kept whole.
pub(super) fn dict<'a, R: Reader<'a>>(reader: &mut R) -> Result<Dict, Fault> {
    if !matches!(reader.kind()?, Kind::Dict | Kind::Null) {
        return Err(Fault::Expected("a dict"));
    }
    Ok(match reader.value(MAX_DEPTH)? {
        Value::Dict(dict) => dict,
        _ => Dict::default(),
    })
}

pub(super) fn entries<'a, R: Reader<'a>>(
    reader: &mut R,
    mut entry: impl FnMut(&mut R, &str) -> Result<bool, Fault>,
) -> Result<(), Fault> {
    let mut dict = reader.dict()?;
    let mut keys = Keys::default();
    while let Some(key) = reader.key(&mut dict)? {
        keys.add(&key)?;
        if !entry(reader, &key)? {
            reader.skip(MAX_DEPTH)?;
        }
    }
    Ok(())
}

pub(super) fn match_policy<'a, R: Reader<'a>>(reader: &mut R) -> Result<Option<MatchPolicy>, Fault> {
    optional(reader, |reader| match &*reader.text()? {
        "exact" => Ok(MatchPolicy::Exact),
        "prefix" => Ok(MatchPolicy::Prefix),
        "wildcard" => Ok(MatchPolicy::Wildcard),
        _ => Err(Fault::Expected("exact, prefix or wildcard")),
    })
}

/// Reads a key of payload passthru; says whether it was one.
pub(super) fn pass_thru<'a, R: Reader<'a>>(
    reader: &mut R,
    key: &str,
    ppt: &mut Option<Box<PassThru>>,
) -> Result<bool, Fault> {
    let slot: fn(&mut PassThru) -> &mut Option<String> = match key {
        "ppt_scheme" => |ppt| &mut ppt.scheme,
        "ppt_serializer" => |ppt| &mut ppt.serializer,
        "ppt_cipher" => |ppt| &mut ppt.cipher,
        "ppt_keyid" => |ppt| &mut ppt.keyid,
        "enc_algo" => |ppt| &mut ppt.enc_algo,
        "enc_serializer" => |ppt| &mut ppt.enc_serializer,
        "enc_key" => |ppt| &mut ppt.enc_key,
        _ => return Ok(false),
    };
    let Some(text) = optional_text(reader)? else {
        return Ok(true);
    };
    let ppt = ppt.get_or_insert_default();
    *slot(ppt) = Some(text);
    ppt.check().map_err(|(_, expected)| Fault::Expected(expected))?;
    Ok(true)
}

/// Whether the payload may be octets instead of a list.
pub(super) fn is_opaque(ppt: Option<&PassThru>) -> bool {
    ppt.is_some_and(|ppt| ppt.enc_algo.is_some() || ppt.scheme.is_some())
}

pub(super) fn forward_for<'a, R: Reader<'a>>(reader: &mut R) -> Result<Vec<ForwardedFor>, Fault> {
    let routers = optional(reader, |reader| list(reader, forwarded_for));
    let routers = routers.map_err(|fault| expecting(fault, "a list of dicts with session, authid, authrole"))?;
    Ok(routers.unwrap_or_default())
}

fn forwarded_for<'a, R: Reader<'a>>(reader: &mut R) -> Result<ForwardedFor, Fault> {
    let (mut session, mut authid, mut authrole) = (None, None, None);
    entries(reader, |reader, key| {
        match key {
            "session" => session = optional_session(reader)?,
            "authid" => authid = optional_text(reader)?,
            "authrole" => authrole = optional_text(reader)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let session = session.ok_or(Fault::Expected("given with a session"))?;
    Ok(ForwardedFor {
        session,
        authid,
        authrole,
    })
}
