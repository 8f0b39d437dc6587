//! How each kind of server is spoken to, as cheaply as can be: frames are put together from
//! prepared parts, and of what comes back only lengths and the text at the end are looked at.
//!
//! Every message carries one text: the publisher's number (4 digits), its count (12 digits), the
//! time it was due (16 digits of nanoseconds), and filling.

mod mqtt;
mod nats;
mod relay;
mod wamp;

use std::ops::Range;

use anyhow::{Result, bail};
use wamp_protocol::Serializer;

/// What stands on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A WAMP router.
    Wamp(Carrier, Serializer),
    /// The relay.
    Relay,
    /// An MQTT 3.1.1 server; quality of service 0.
    Mqtt,
    /// A NATS server.
    Nats,
}

/// What carries WAMP messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    WebSocket,
    RawSocket,
}

/// Octets of the publisher's number, the count and the time together.
pub(crate) const STAMP: usize = 32;

/// What a message says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) publisher: u64,
    pub(crate) count: u64,
    /// Since the measurement's beginning.
    pub(crate) nanoseconds: u64,
}

impl Stamp {
    /// Puts it in front of a text.
    pub(crate) fn write(self, text: &mut [u8]) {
        digits(&mut text[..4], self.publisher);
        digits(&mut text[4..16], self.count);
        digits(&mut text[16..STAMP], self.nanoseconds);
    }

    fn read(text: &[u8]) -> Result<Self> {
        Ok(Self {
            publisher: number(&text[..4])?,
            count: number(&text[4..16])?,
            nanoseconds: number(&text[16..STAMP])?,
        })
    }
}

fn digits(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Formatting as the standard library has it would be a tenth of the load generator's work.
fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut from = digits.len();
    loop {
        from -= 1;
        digits[from] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[from..]);
}

fn number(digits: &[u8]) -> Result<u64> {
    let mut number = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            bail!("a message came that nobody sent: {:?}", String::from_utf8_lossy(digits));
        }
        number = number * 10 + u64::from(digit - b'0');
    }
    Ok(number)
}

/// A frame at the beginning of what has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Octets of the whole frame.
    pub(crate) size: usize,
    /// Where the message is in it; `None` if it carries none (a ping, say).
    pub(crate) body: Option<Range<usize>>,
}

impl Wire {
    /// The frame that `input` begins with, if it has come wholly.
    pub(crate) fn frame(self, input: &[u8]) -> Result<Option<Frame>> {
        match self {
            Self::Wamp(Carrier::WebSocket, _) => wamp::websocket_frame(input),
            Self::Wamp(Carrier::RawSocket, _) => wamp::rawsocket_frame(input),
            Self::Relay => Ok(relay::frame(input)),
            Self::Mqtt => Ok(mqtt::frame(input)),
            Self::Nats => nats::frame(input),
        }
    }

    /// A topic as it is written here.
    pub(crate) fn topic(self, uri: &str) -> String {
        match self {
            Self::Mqtt => mqtt::topic(uri),
            _ => uri.to_owned(),
        }
    }

    /// Appends the publication of `text` to what [`Self::topic`] gave.
    pub(crate) fn publish(self, out: &mut Vec<u8>, topic: &str, request: u64, text: &[u8]) {
        match self {
            Self::Wamp(carrier, serializer) => wamp::publish(carrier, serializer, out, topic, request, text),
            Self::Relay => relay::message(out, relay::ALL, text),
            Self::Mqtt => mqtt::publish(out, topic, text),
            Self::Nats => nats::publish(out, topic, text),
        }
    }

    /// Appends a call with `text`; at the relay it goes to the group's first member.
    pub(crate) fn call(self, out: &mut Vec<u8>, procedure: &str, request: u64, text: &[u8]) {
        match self {
            Self::Wamp(carrier, serializer) => wamp::call(carrier, serializer, out, procedure, request, text),
            _ => relay::message(out, 0, text),
        }
    }

    /// Appends the answer to the call in `frame`, with the text it came with.
    pub(crate) fn answer(self, out: &mut Vec<u8>, frame: &[u8], body: Range<usize>, size: usize) -> Result<()> {
        match self {
            Self::Wamp(carrier, serializer) => wamp::answer(carrier, serializer, out, &frame[body], size),
            _ => {
                relay::answer(out, frame, body);
                Ok(())
            }
        }
    }

    /// What is answered behind everything that has been sent to this connection: GOODBYE, a ping,
    /// or at the relay, where the connection has this number, an empty frame to itself.
    pub(crate) fn last_word(self, number: u16) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        match self {
            Self::Wamp(carrier, serializer) => wamp::goodbye(carrier, serializer, &mut out)?,
            Self::Relay => relay::message(&mut out, number, b""),
            Self::Mqtt => out.extend_from_slice(&mqtt::PING),
            Self::Nats => out.extend_from_slice(nats::PING),
        }
        Ok(out)
    }

    /// Whether a frame is the answer to [`Self::last_word`].
    pub(crate) fn is_last_word(self, frame: &[u8], body: Option<&Range<usize>>) -> bool {
        match (self, body) {
            (Self::Wamp(_, serializer), Some(body)) => wamp::is_goodbye(serializer, &frame[body.clone()]),
            (Self::Relay, Some(body)) => body.is_empty(),
            (Self::Mqtt, None) => mqtt::is_pong(frame),
            (Self::Nats, None) => frame.starts_with(nats::PONG),
            _ => false,
        }
    }

    /// The stamp of a message's text, which has `size` octets and stands at the message's end.
    pub(crate) fn stamp(self, body: &[u8], size: usize) -> Result<Stamp> {
        let tail = match self {
            Self::Wamp(_, serializer) => {
                wamp::check(serializer, body)?;
                wamp::tail(serializer)
            }
            _ => 0,
        };
        let Some(from) = body.len().checked_sub(size + tail) else {
            bail!("a message came that nobody sent: {:?}", String::from_utf8_lossy(body));
        };
        Stamp::read(&body[from..])
    }
}

pub(crate) use mqtt::MqttHandshake;
pub(crate) use nats::NatsHandshake;
pub(crate) use relay::{TALKS_ONLY, filled as relay_message};
pub(crate) use wamp::{envelope, upgrade_request};

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use wamp_protocol::Message;

    use super::*;

    fn is_last_word(wire: Wire, octets: &[u8]) -> bool {
        let frame = wire.frame(octets).expect("a frame").expect("a whole frame");
        wire.is_last_word(&octets[..frame.size], frame.body.as_ref())
    }

    #[test]
    fn a_last_word_is_what_the_server_answers_and_its_answer_is_known() {
        for serializer in Serializer::ALL {
            let wire = Wire::Wamp(Carrier::RawSocket, serializer);
            let octets = wire.last_word(0).expect("GOODBYE");
            let message = serializer.decode(Bytes::copy_from_slice(&octets[4..]));
            assert!(matches!(message, Ok(Message::Goodbye(_))), "{message:?}");
            assert!(is_last_word(wire, &octets), "the answer is a GOODBYE too");
            let mut other = Vec::new();
            wire.publish(&mut other, "a.topic", 6, b"text");
            assert!(!is_last_word(wire, &other));
        }
        assert!(is_last_word(Wire::Relay, &Wire::Relay.last_word(7).expect("a frame")));
        assert!(is_last_word(Wire::Mqtt, &[0xd0, 0]));
        assert!(!is_last_word(Wire::Mqtt, &[0x90, 0]));
        assert!(is_last_word(Wire::Nats, b"PONG\r\n"));
        assert!(!is_last_word(Wire::Nats, b"PING\r\n"));
    }
}
