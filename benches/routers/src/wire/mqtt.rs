//! MQTT 3.1.1, quality of service 0.

use super::Frame;

pub(super) fn frame(input: &[u8]) -> Option<Frame> {
    let kind = input.first()? >> 4;
    let (mut length, mut at) = (0, 1);
    loop {
        let octet = *input.get(at)?;
        length |= usize::from(octet & 0x7f) << (7 * (at - 1));
        at += 1;
        if octet & 0x80 == 0 {
            break;
        }
    }
    let size = at + length;
    if input.len() < size {
        return None;
    }
    let topic = input
        .get(at..at + 2)
        .map_or(0, |octets| usize::from(octets[0]) << 8 | usize::from(octets[1]));
    Some(Frame {
        size,
        body: (kind == 3).then_some(at + 2 + topic..size),
    })
}

/// PINGREQ
pub(super) const PING: [u8; 2] = [0xc0, 0];

/// Whether it is a PINGRESP.
pub(super) fn is_pong(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first >> 4 == 13)
}

/// WAMP's dots as MQTT's slashes.
pub(super) fn topic(uri: &str) -> String {
    uri.replace('.', "/")
}

pub(super) fn publish(out: &mut Vec<u8>, topic: &str, text: &[u8]) {
    packet(out, 0x30, &[&string(topic), text]);
}

fn packet(out: &mut Vec<u8>, first: u8, parts: &[&[u8]]) {
    out.push(first);
    let mut length: usize = parts.iter().map(|part| part.len()).sum();
    loop {
        let more = length > 0x7f;
        out.push((length & 0x7f) as u8 | if more { 0x80 } else { 0 });
        length >>= 7;
        if !more {
            break;
        }
    }
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn string(text: &str) -> Vec<u8> {
    let mut octets = (text.len() as u16).to_be_bytes().to_vec();
    octets.extend_from_slice(text.as_bytes());
    octets
}

/// What begins a connection.
pub(crate) struct MqttHandshake;

impl MqttHandshake {
    /// CONNECT with a clean session and without keep-alive.
    pub(crate) fn connect(client: &str) -> Vec<u8> {
        let mut out = Vec::new();
        packet(&mut out, 0x10, &[b"\0\x04MQTT\x04\x02\0\0", &string(client)]);
        out
    }

    /// SUBSCRIBE; a prefix takes everything below.
    pub(crate) fn subscribe(uri: &str, prefix: bool) -> Vec<u8> {
        let mut filter = topic(uri);
        if prefix {
            filter.push('#');
        }
        let mut out = Vec::new();
        packet(&mut out, 0x82, &[b"\0\x01", &string(&filter), b"\0"]);
        out
    }

    pub(crate) const DISCONNECT: [u8; 2] = [0xe0, 0];
}
