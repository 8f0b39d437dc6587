//! WAMP messages put together without an encoder, in WebSocket or RawSocket frames.

use anyhow::{Context as _, Result, bail};
use wamp_protocol::message::Goodbye;
use wamp_protocol::{Dict, Serializer, error_uri};

use super::{Carrier, Frame, decimal, number};

/// Clients mask what they send; which mask does not matter on one machine.
const MASK: [u8; 4] = [0x5a, 0xc3, 0x1e, 0x77];

/// The request for a WebSocket.
pub(crate) fn upgrade_request(host: &str, serializer: Serializer) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: wamp.2.{}\r\n\r\n",
        serializer.name()
    )
}

/// Appends the frame of a message, as a client sends it.
pub(crate) fn envelope(carrier: Carrier, serializer: Serializer, out: &mut Vec<u8>, body: &[u8]) {
    let length = body.len();
    match carrier {
        Carrier::RawSocket => {
            out.extend_from_slice(&(length as u32).to_be_bytes());
            out.extend_from_slice(body);
        }
        Carrier::WebSocket => {
            out.push(if serializer.is_binary() { 0x82 } else { 0x81 });
            match (u8::try_from(length), u16::try_from(length)) {
                (Ok(length @ ..=125), _) => out.push(0x80 | length),
                (_, Ok(length)) => {
                    out.push(0x80 | 126);
                    out.extend_from_slice(&length.to_be_bytes());
                }
                _ => {
                    out.push(0x80 | 127);
                    out.extend_from_slice(&(length as u64).to_be_bytes());
                }
            }
            out.extend_from_slice(&MASK);
            let from = out.len();
            out.extend_from_slice(body);
            mask(&mut out[from..]);
        }
    }
}

fn mask(octets: &mut [u8]) {
    let [a, b, c, d] = MASK;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (eights, rest) = octets.as_chunks_mut::<8>();
    for eight in eights {
        *eight = (u64::from_ne_bytes(*eight) ^ wide).to_ne_bytes();
    }
    for (octet, mask) in rest.iter_mut().zip(MASK.into_iter().cycle()) {
        *octet ^= mask;
    }
}

pub(super) fn websocket_frame(input: &[u8]) -> Result<Option<Frame>> {
    let Some([first, second]) = input.first_chunk::<2>().copied() else {
        return Ok(None);
    };
    let (length, header) = match second {
        126 => match input.get(2..4) {
            Some(length) => (usize::from(length[0]) << 8 | usize::from(length[1]), 4),
            None => return Ok(None),
        },
        127 => match input.get(2..).and_then(<[u8]>::first_chunk::<8>) {
            Some(length) => (u64::from_be_bytes(*length) as usize, 10),
            None => return Ok(None),
        },
        short => (usize::from(short), 2),
    };
    let size = header + length;
    if input.len() < size {
        return Ok(None);
    }
    match first & 0x0f {
        0x1 | 0x2 => Ok(Some(Frame {
            size,
            body: Some(header..size),
        })),
        0x8 => bail!("the router closes: {}", String::from_utf8_lossy(&input[header..size])),
        _ => Ok(Some(Frame { size, body: None })),
    }
}

pub(super) fn rawsocket_frame(input: &[u8]) -> Result<Option<Frame>> {
    let Some([kind, a, b, c]) = input.first_chunk::<4>().copied() else {
        return Ok(None);
    };
    let size = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
    Ok((input.len() >= size).then_some(Frame {
        size,
        body: (kind == 0).then_some(4..size),
    }))
}

pub(super) fn publish(
    carrier: Carrier,
    serializer: Serializer,
    out: &mut Vec<u8>,
    topic: &str,
    request: u64,
    text: &[u8],
) {
    request_with_text(carrier, serializer, out, (16, topic), request, text);
}

pub(super) fn call(
    carrier: Carrier,
    serializer: Serializer,
    out: &mut Vec<u8>,
    procedure: &str,
    request: u64,
    text: &[u8],
) {
    request_with_text(carrier, serializer, out, (48, procedure), request, text);
}

/// `[code, request, {}, uri, [text]]`
fn request_with_text(
    carrier: Carrier,
    serializer: Serializer,
    out: &mut Vec<u8>,
    (code, uri): (u8, &str),
    request: u64,
    text: &[u8],
) {
    let mut body = Vec::with_capacity(text.len() + uri.len() + 48);
    match serializer {
        Serializer::Json => {
            body.push(b'[');
            decimal(&mut body, code.into());
            body.push(b',');
            decimal(&mut body, request);
            body.extend_from_slice(b",{},\"");
            body.extend_from_slice(uri.as_bytes());
            body.extend_from_slice(b"\",[\"");
            body.extend_from_slice(text);
            body.extend_from_slice(b"\"]]");
        }
        Serializer::MsgPack => {
            body.extend_from_slice(&[0x95, code, 0xcf]);
            body.extend_from_slice(&request.to_be_bytes());
            body.push(0x80);
            msgpack_text(&mut body, uri.as_bytes());
            body.push(0x91);
            msgpack_text(&mut body, text);
        }
        Serializer::Cbor => {
            body.push(0x85);
            cbor_head(&mut body, 0, u64::from(code));
            cbor_head(&mut body, 0, request);
            body.push(0xa0);
            cbor_head(&mut body, 3, uri.len() as u64);
            body.extend_from_slice(uri.as_bytes());
            body.push(0x81);
            cbor_head(&mut body, 3, text.len() as u64);
            body.extend_from_slice(text);
        }
    }
    envelope(carrier, serializer, out, &body);
}

/// `[YIELD, request, {}, [text]]` for `[INVOCATION, request, registration, details, [text]]`.
pub(super) fn answer(
    carrier: Carrier,
    serializer: Serializer,
    out: &mut Vec<u8>,
    invocation: &[u8],
    size: usize,
) -> Result<()> {
    let tail = tail(serializer);
    let request = invoked(serializer, invocation).context("an INVOCATION without a request")?;
    let text = invocation
        .len()
        .checked_sub(size + tail)
        .and_then(|from| invocation.get(from..from + size))
        .context("an INVOCATION without its text")?;
    let mut body = Vec::with_capacity(size + 48);
    match serializer {
        Serializer::Json => {
            body.extend_from_slice(b"[70,");
            decimal(&mut body, request);
            body.extend_from_slice(b",{},[\"");
            body.extend_from_slice(text);
            body.extend_from_slice(b"\"]]");
        }
        Serializer::MsgPack => {
            body.extend_from_slice(&[0x94, 70, 0xcf]);
            body.extend_from_slice(&request.to_be_bytes());
            body.extend_from_slice(&[0x80, 0x91]);
            msgpack_text(&mut body, text);
        }
        Serializer::Cbor => {
            body.push(0x84);
            cbor_head(&mut body, 0, 70);
            cbor_head(&mut body, 0, request);
            body.extend_from_slice(&[0xa0, 0x81]);
            cbor_head(&mut body, 3, size as u64);
            body.extend_from_slice(text);
        }
    }
    envelope(carrier, serializer, out, &body);
    Ok(())
}

/// Appends the GOODBYE with which a client ends its session.
pub(super) fn goodbye(carrier: Carrier, serializer: Serializer, out: &mut Vec<u8>) -> Result<()> {
    let goodbye = Goodbye {
        details: Dict::default(),
        reason: error_uri::CLOSE_REALM.into(),
    };
    envelope(carrier, serializer, out, &serializer.encode(&goodbye.into())?);
    Ok(())
}

/// Whether a message is a GOODBYE.
pub(super) fn is_goodbye(serializer: Serializer, body: &[u8]) -> bool {
    match serializer {
        Serializer::Json => body.starts_with(b"[6,"),
        Serializer::MsgPack | Serializer::Cbor => body.get(1) == Some(&6),
    }
}

/// INVOCATION.Request
fn invoked(serializer: Serializer, body: &[u8]) -> Option<u64> {
    match serializer {
        Serializer::Json => {
            let digits = body.strip_prefix(b"[68,")?;
            let end = digits.iter().position(|octet| !octet.is_ascii_digit())?;
            number(&digits[..end]).ok()
        }
        Serializer::MsgPack => match *body.get(2)? {
            small @ ..=0x7f => Some(small.into()),
            marker @ 0xcc..=0xcf => big_endian(body.get(3..3 + (1 << (marker - 0xcc)))?),
            _ => None,
        },
        Serializer::Cbor => match *body.get(3)? {
            small @ ..=0x17 => Some(small.into()),
            marker @ 0x18..=0x1b => big_endian(body.get(4..4 + (1 << (marker - 0x18)))?),
            _ => None,
        },
    }
}

fn big_endian(octets: &[u8]) -> Option<u64> {
    Some(octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
}

fn msgpack_text(out: &mut Vec<u8>, text: &[u8]) {
    let length = text.len();
    if length < 32 {
        out.push(0xa0 | length as u8);
    } else if let Ok(length) = u8::try_from(length) {
        out.extend_from_slice(&[0xd9, length]);
    } else if let Ok(length) = u16::try_from(length) {
        out.push(0xda);
        out.extend_from_slice(&length.to_be_bytes());
    } else {
        out.push(0xdb);
        out.extend_from_slice(&(length as u32).to_be_bytes());
    }
    out.extend_from_slice(text);
}

fn cbor_head(out: &mut Vec<u8>, major: u8, number: u64) {
    let major = major << 5;
    match number {
        0..=23 => out.push(major | number as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, number as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend_from_slice(&(number as u16).to_be_bytes());
        }
        0x1_0000..=0xffff_ffff => {
            out.push(major | 26);
            out.extend_from_slice(&(number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

/// Octets after the text at a message's end.
pub(super) const fn tail(serializer: Serializer) -> usize {
    match serializer {
        Serializer::Json => b"\"]]".len(),
        Serializer::MsgPack | Serializer::Cbor => 0,
    }
}

/// Sees that a message is an EVENT, a RESULT or an INVOCATION.
pub(super) fn check(serializer: Serializer, body: &[u8]) -> Result<()> {
    let carries = match serializer {
        Serializer::Json => matches!(body.get(..4), Some(b"[36," | b"[50," | b"[68,")),
        Serializer::MsgPack => matches!(body.get(1), Some(36 | 50 | 68)),
        Serializer::Cbor => matches!(body.get(1..3), Some([0x18, 36 | 50 | 68])),
    };
    if carries {
        return Ok(());
    }
    bail!("the router sends {:?}", String::from_utf8_lossy(body))
}
