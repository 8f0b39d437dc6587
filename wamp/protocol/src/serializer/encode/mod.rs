//! From messages to octets. A payload of the same serializer is spliced in as it is.

mod options;
mod publish_subscribe;
mod remote_procedure_call;
mod session;

use self::options::Options;
use super::EncodeError;
use super::transcode::transcode;
use super::write::{Open, Writer};
use crate::{Dict, Message, MessageType, Payload};

/// Writes one message.
pub(super) fn message<W: Writer>(writer: &mut W, message: &Message) -> Result<(), EncodeError> {
    match message {
        Message::Hello(m) => session::hello(writer, m),
        Message::Welcome(m) => session::welcome(writer, m),
        Message::Abort(m) => session::abort(writer, m),
        Message::Challenge(m) => session::challenge(writer, m),
        Message::Authenticate(m) => session::authenticate(writer, m),
        Message::Goodbye(m) => session::goodbye(writer, m),
        Message::Error(m) => remote_procedure_call::error(writer, m),
        Message::Publish(m) => publish_subscribe::publish(writer, m),
        Message::Published(m) => publish_subscribe::published(writer, m),
        Message::Subscribe(m) => publish_subscribe::subscribe(writer, m),
        Message::Subscribed(m) => publish_subscribe::subscribed(writer, m),
        Message::Unsubscribe(m) => publish_subscribe::unsubscribe(writer, m),
        Message::Unsubscribed(m) => publish_subscribe::unsubscribed(writer, m),
        Message::Event(m) => publish_subscribe::event(writer, m),
        Message::EventReceived(m) => publish_subscribe::event_received(writer, m),
        Message::Call(m) => remote_procedure_call::call(writer, m),
        Message::Cancel(m) => remote_procedure_call::cancel(writer, m),
        Message::Result(m) => remote_procedure_call::result(writer, m),
        Message::Register(m) => remote_procedure_call::register(writer, m),
        Message::Registered(m) => remote_procedure_call::registered(writer, m),
        Message::Unregister(m) => remote_procedure_call::unregister(writer, m),
        Message::Unregistered(m) => remote_procedure_call::unregistered(writer, m),
        Message::Invocation(m) => remote_procedure_call::invocation(writer, m),
        Message::Interrupt(m) => remote_procedure_call::interrupt(writer, m),
        Message::Yield(m) => remote_procedure_call::yield_(writer, m),
    }
}

/// A message's elements, written one after the other.
struct Elements<'w, W> {
    writer: &'w mut W,
    list: Open,
}

impl<'w, W: Writer> Elements<'w, W> {
    /// Begins a message that has `count` elements after its type.
    fn new(writer: &'w mut W, message_type: MessageType, count: u64) -> Self {
        let list = writer.open_list(Some(count + 1));
        let mut elements = Self { writer, list };
        elements.number(message_type.code());
        elements
    }

    /// Begins a message that has `count` elements after its type, and then `payload`.
    fn with_payload(writer: &'w mut W, message_type: MessageType, count: u64, payload: &Payload) -> Self {
        Self::new(writer, message_type, count + elements_of(payload))
    }

    fn next(&mut self) -> &mut W {
        self.writer.item(&mut self.list);
        self.writer
    }

    fn number(&mut self, number: u64) {
        self.next().unsigned(number);
    }

    fn text(&mut self, text: &str) {
        self.next().text(text);
    }

    fn dict(&mut self, dict: &Dict) {
        self.next().dict(dict);
    }

    fn options(&mut self, write: impl FnOnce(&mut Options<'_, W>)) {
        let mut options = Options::open(self.next());
        write(&mut options);
        options.close();
    }

    fn payload(&mut self, payload: &Payload) -> Result<(), EncodeError> {
        let count = elements_of(payload);
        if count > 0 {
            if payload.args.is_empty() {
                let list = self.next().open_list(Some(0));
                self.writer.close_list(list);
            } else {
                self.encoded(payload, &payload.args)?;
            }
        }
        if count > 1 {
            self.encoded(payload, &payload.kwargs)?;
        }
        Ok(())
    }

    fn encoded(&mut self, payload: &Payload, encoded: &[u8]) -> Result<(), EncodeError> {
        let writer = self.next();
        if payload.serializer == W::SERIALIZER {
            writer.raw(encoded);
            Ok(())
        } else {
            transcode(payload.serializer, encoded, writer)
        }
    }

    fn close(self) {
        self.writer.close_list(self.list);
    }
}

/// How many elements of a message the payload takes: empty arguments are left out.
fn elements_of(payload: &Payload) -> u64 {
    match (payload.args.is_empty(), payload.kwargs.is_empty()) {
        (true, true) => 0,
        (false, true) => 1,
        (_, false) => 2,
    }
}
