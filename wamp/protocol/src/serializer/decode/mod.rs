//! From octets to messages: the header into types, the payload left as it came.

mod options;
mod publish_subscribe;
mod remote_procedure_call;
mod session;

use std::borrow::Cow;

use bytes::Bytes;

use super::read::{Container, Fault, Keys, Kind, MAX_DEPTH, RESULT_DEPTH, Reader, Token};
use super::{DecodeError, Source};
use crate::{Message, MessageType, Payload, RequestId, Uri};

/// Reads the whole input as one message.
pub(super) fn message<'a, R: Reader<'a>>(mut reader: R, source: Source<'_>) -> Result<Message, DecodeError> {
    let reader = &mut reader;
    let top = |fault, at| DecodeError::new(fault, R::SERIALIZER, at, || "the message".to_owned());
    if reader.kind().map_err(|fault| top(fault, 0))? != Kind::List {
        return Err(DecodeError::NotAList);
    }
    let mut list = reader.list().map_err(|fault| top(fault, 0))?;
    if !reader.item(&mut list).map_err(|fault| top(fault, 0))? {
        return Err(DecodeError::Empty);
    }
    let code = reader
        .unsigned()
        .map_err(|fault| DecodeError::new(fault, R::SERIALIZER, reader.at(), || "the message type".to_owned()))?;
    let message_type = MessageType::from_code(code).ok_or(DecodeError::UnknownType(code))?;
    let mut elements = Elements {
        reader,
        list,
        ended: false,
        message_type,
        source,
    };
    body(&mut elements)
}

fn body<'a, R: Reader<'a>>(e: &mut Elements<'_, '_, R>) -> Result<Message, DecodeError> {
    match e.message_type {
        MessageType::Hello => whole(e, session::hello),
        MessageType::Welcome => whole(e, session::welcome),
        MessageType::Abort => whole(e, session::abort),
        MessageType::Challenge => whole(e, session::challenge),
        MessageType::Authenticate => whole(e, session::authenticate),
        MessageType::Goodbye => whole(e, session::goodbye),
        MessageType::Error => whole(e, remote_procedure_call::error),
        MessageType::Publish => whole(e, publish_subscribe::publish),
        MessageType::Published => whole(e, publish_subscribe::published),
        MessageType::Subscribe => whole(e, publish_subscribe::subscribe),
        MessageType::Subscribed => whole(e, publish_subscribe::subscribed),
        MessageType::Unsubscribe => whole(e, publish_subscribe::unsubscribe),
        MessageType::Unsubscribed => whole(e, publish_subscribe::unsubscribed),
        MessageType::Event => whole(e, publish_subscribe::event),
        MessageType::EventReceived => whole(e, publish_subscribe::event_received),
        MessageType::Call => whole(e, remote_procedure_call::call),
        MessageType::Cancel => whole(e, remote_procedure_call::cancel),
        MessageType::Result => whole(e, remote_procedure_call::result),
        MessageType::Register => whole(e, remote_procedure_call::register),
        MessageType::Registered => whole(e, remote_procedure_call::registered),
        MessageType::Unregister => whole(e, remote_procedure_call::unregister),
        MessageType::Unregistered => whole(e, remote_procedure_call::unregistered),
        MessageType::Invocation => whole(e, remote_procedure_call::invocation),
        MessageType::Interrupt => whole(e, remote_procedure_call::interrupt),
        MessageType::Yield => whole(e, remote_procedure_call::yield_),
    }
}

/// A message of which nothing is left unread.
#[inline]
fn whole<'a, 'r, 's, R, M>(
    e: &mut Elements<'r, 's, R>,
    read: impl FnOnce(&mut Elements<'r, 's, R>) -> Result<M, DecodeError>,
) -> Result<Message, DecodeError>
where
    R: Reader<'a>,
    M: Into<Message>,
{
    let message = read(e)?;
    e.finish()?;
    Ok(message.into())
}

/// A message's elements after its type, read one after the other.
struct Elements<'r, 's, R> {
    reader: &'r mut R,
    list: Container,
    /// The list has been read to its end.
    ended: bool,
    message_type: MessageType,
    source: Source<'s>,
}

impl<'a, R: Reader<'a>> Elements<'_, '_, R> {
    #[cold]
    fn fault(&self, fault: Fault, field: &str) -> DecodeError {
        DecodeError::new(fault, R::SERIALIZER, self.reader.at(), || self.place(field))
    }

    fn place(&self, field: &str) -> String {
        format!("{}.{field}", self.message_type.name())
    }

    /// Whether there is another element.
    #[inline]
    fn more(&mut self) -> Result<bool, DecodeError> {
        if !self.ended {
            let more = self.reader.item(&mut self.list);
            self.ended = !more.map_err(|fault| self.fault(fault, "end"))?;
        }
        Ok(!self.ended)
    }

    /// Reads the element that must come next.
    #[inline]
    fn element<T>(&mut self, field: &str, read: impl FnOnce(&mut R) -> Result<T, Fault>) -> Result<T, DecodeError> {
        if !self.more()? {
            return Err(DecodeError::Missing {
                place: self.place(field),
            });
        }
        let value = read(self.reader);
        value.map_err(|fault| self.fault(fault, field))
    }

    #[inline]
    fn id<I>(&mut self, field: &str, new: impl FnOnce(u64) -> Option<I>) -> Result<I, DecodeError> {
        self.element(field, |reader| options::id(reader, new))
    }

    #[inline]
    fn uri(&mut self, field: &str) -> Result<Uri, DecodeError> {
        self.element(field, |reader| reader.text().map(|text| Uri::from(&*text)))
    }

    fn text(&mut self, field: &str) -> Result<String, DecodeError> {
        self.element(field, |reader| reader.text().map(Cow::into_owned))
    }

    /// Reads a dict, key by key; `entry` reads the value of a key it knows and says whether it did.
    fn dict(
        &mut self,
        field: &str,
        entry: impl FnMut(&mut R, &Cow<'a, str>) -> Result<bool, Fault>,
    ) -> Result<(), DecodeError> {
        if !self.more()? {
            return Err(DecodeError::Missing {
                place: self.place(field),
            });
        }
        self.present_dict(field, entry)
    }

    /// Reads a dict after [`Self::more`] said that there is an element.
    fn present_dict(
        &mut self,
        field: &str,
        mut entry: impl FnMut(&mut R, &Cow<'a, str>) -> Result<bool, Fault>,
    ) -> Result<(), DecodeError> {
        let dict = self.reader.dict();
        let mut dict = dict.map_err(|fault| self.fault(fault, field))?;
        // A dict that is known to be empty needs no list of its keys.
        if dict.left == Some(0) {
            return Ok(());
        }
        let mut keys = Keys::default();
        loop {
            let key = match self.reader.key(&mut dict) {
                Ok(Some(key)) => key,
                Ok(None) => return Ok(()),
                Err(fault) => return Err(self.fault(fault, field)),
            };
            keys.add(&key).map_err(|fault| self.fault(fault, field))?;
            let read = match entry(self.reader, &key) {
                Ok(true) => Ok(()),
                Ok(false) => self.reader.skip(MAX_DEPTH),
                Err(fault) => Err(fault),
            };
            read.map_err(|fault| self.fault(fault, &format!("{field}.{key}")))?;
        }
    }

    /// Reads the arguments, if there are any, without looking into them.
    ///
    /// `opaque`: the options say that the payload is encrypted or passed through.
    #[inline]
    fn payload(&mut self, opaque: bool) -> Result<Payload, DecodeError> {
        if !self.more()? {
            return Ok(Payload::EMPTY);
        }
        let args = match self.reader.kind() {
            Ok(Kind::List) => self.container()?,
            // The older way of payload passthru: the octets stand where the list would be.
            Ok(Kind::Binary) if opaque => self.binary("Arguments")?,
            Ok(_) => return Err(self.fault(Fault::Expected("a list"), "Arguments")),
            Err(fault) => return Err(self.fault(fault, "Arguments")),
        };
        if !self.more()? {
            return Ok(Self::payload_of(args, Bytes::new()));
        }
        let kwargs = match self.reader.kind() {
            Ok(Kind::Dict) => self.container()?,
            Ok(_) => return Err(self.fault(Fault::Expected("a dict"), "ArgumentsKw")),
            Err(fault) => return Err(self.fault(fault, "ArgumentsKw")),
        };
        Ok(Self::payload_of(args, kwargs))
    }

    fn payload_of(args: Bytes, kwargs: Bytes) -> Payload {
        if args.is_empty() && kwargs.is_empty() {
            Payload::EMPTY
        } else {
            Payload {
                serializer: R::SERIALIZER,
                args,
                kwargs,
            }
        }
    }

    /// A list or dict as it came; empty octets where it is empty.
    #[inline]
    fn container(&mut self) -> Result<Bytes, DecodeError> {
        let encoded = self.raw("Arguments")?;
        Ok(if R::is_empty_container(&encoded) {
            Bytes::new()
        } else {
            encoded
        })
    }

    #[inline]
    fn raw(&mut self, field: &str) -> Result<Bytes, DecodeError> {
        let from = self.reader.next_at();
        let levels = match self.message_type {
            MessageType::Result => RESULT_DEPTH,
            _ => MAX_DEPTH,
        };
        let skipped = self.reader.skip(levels);
        skipped.map_err(|fault| self.fault(fault, field))?;
        Ok(self.source.slice(from, self.reader.at()))
    }

    /// A request's id, or `None` for the 0 of a revocation.
    fn request_or_revoked(&mut self, field: &str) -> Result<Option<RequestId>, DecodeError> {
        self.element(field, |reader| match reader.unsigned()? {
            0 => Ok(None),
            number => RequestId::new(number)
                .map(Some)
                .ok_or(Fault::Expected("0 or an id up to 2^53")),
        })
    }

    /// The details of a revocation: what under `key`, and why. They must be there if `revoked`.
    fn revocation<I: Copy>(
        &mut self,
        key: &str,
        new: impl Fn(u64) -> Option<I>,
        revoked: bool,
    ) -> Result<Option<(I, Option<String>)>, DecodeError> {
        let (mut what, mut reason) = (None, None);
        if self.more()? {
            self.present_dict("Details", |reader, found| {
                match &**found {
                    found if found == key => what = Some(options::id(reader, &new)?),
                    "reason" => reason = options::optional_text(reader)?,
                    _ => return Ok(false),
                }
                Ok(true)
            })?;
        }
        match what {
            None if revoked => Err(DecodeError::Missing {
                place: self.place(&format!("Details.{key}")),
            }),
            what => Ok(what.map(|what| (what, reason))),
        }
    }

    /// Some clients end UNSUBSCRIBE and UNREGISTER with options that routers exchange.
    fn ignored_options(&mut self) -> Result<(), DecodeError> {
        if self.more()? {
            self.present_dict("Options", |_, _| Ok(false))?;
        }
        Ok(())
    }

    /// A binary value as it came. In JSON only its base64 tells it from text.
    fn binary(&mut self, field: &str) -> Result<Bytes, DecodeError> {
        let from = self.reader.next_at();
        match self.reader.token() {
            Ok(Token::Binary(_)) => Ok(self.source.slice(from, self.reader.at())),
            Ok(_) => Err(self.fault(Fault::Expected("a list, or binary"), field)),
            Err(fault) => Err(self.fault(fault, field)),
        }
    }

    /// Checks that the message has no further elements and nothing follows it.
    #[inline]
    fn finish(&mut self) -> Result<(), DecodeError> {
        if self.more()? {
            return Err(DecodeError::TooManyElements(self.message_type));
        }
        let end = self.reader.end();
        end.map_err(|fault| self.fault(fault, "end"))
    }
}
