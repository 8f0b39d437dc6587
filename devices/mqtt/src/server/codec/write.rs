//! Packets to bytes.

use bytes::{BufMut as _, BytesMut};

use super::{Publish, Version};

/// Appends packets to what is to be sent to one client.
#[derive(Debug)]
pub(in crate::server) struct Writer<'a> {
    pub(in crate::server) version: Version,
    pub(in crate::server) out: &'a mut BytesMut,
}

impl Writer<'_> {
    fn is_v5(&self) -> bool {
        self.version == Version::V5
    }

    /// CONNACK with a return code of the client's version. `assigned` is the client id this
    /// server made up; `longest` the longest packet it takes.
    pub(in crate::server) fn connack(&mut self, session_present: bool, code: u8, assigned: Option<&str>, longest: u32) {
        let mut properties = BytesMut::new();
        if self.is_v5() && code == 0 {
            properties.put_u8(0x27);
            properties.put_u32(longest);
            // Neither subscription identifiers nor shared subscriptions.
            properties.put_slice(&[0x29, 0, 0x2a, 0]);
            if let Some(id) = assigned {
                properties.put_u8(0x12);
                put_text(&mut properties, id);
            }
        }
        let mut body = BytesMut::new();
        body.put_u8(u8::from(session_present));
        body.put_u8(code);
        if self.is_v5() {
            put_length(&mut body, properties.len());
            body.put_slice(&properties);
        }
        self.frame(0x20, &body);
    }

    /// PUBLISH as it stands.
    pub(in crate::server) fn publish(&mut self, message: &Publish, qos: u8, retain: bool, duplicate: bool, id: u16) {
        let first = 0x30 | (u8::from(duplicate) << 3) | (qos << 1) | u8::from(retain);
        let mut length = 2 + message.topic.len() + message.payload.len();
        if qos > 0 {
            length += 2;
        }
        if self.is_v5() {
            length += length_of_length(message.properties.len()) + message.properties.len();
        }
        self.out.reserve(length + 5);
        self.out.put_u8(first);
        put_length(self.out, length);
        put_text(self.out, &message.topic);
        if qos > 0 {
            self.out.put_u16(id);
        }
        if self.is_v5() {
            put_length(self.out, message.properties.len());
            self.out.put_slice(&message.properties);
        }
        self.out.put_slice(&message.payload);
    }

    pub(in crate::server) fn puback(&mut self, id: u16) {
        self.frame(0x40, &id.to_be_bytes());
    }

    pub(in crate::server) fn pubrec(&mut self, id: u16) {
        self.frame(0x50, &id.to_be_bytes());
    }

    pub(in crate::server) fn pubrel(&mut self, id: u16) {
        self.frame(0x62, &id.to_be_bytes());
    }

    pub(in crate::server) fn pubcomp(&mut self, id: u16) {
        self.frame(0x70, &id.to_be_bytes());
    }

    /// SUBACK: one granted QoS, or failure, for each filter.
    pub(in crate::server) fn suback(&mut self, id: u16, codes: &[u8]) {
        self.acknowledge(0x90, id, codes);
    }

    /// UNSUBACK; MQTT 5 wants a code for each filter.
    pub(in crate::server) fn unsuback(&mut self, id: u16, count: usize) {
        let codes = if self.is_v5() { vec![0; count] } else { Vec::new() };
        self.acknowledge(0xb0, id, &codes);
    }

    fn acknowledge(&mut self, first: u8, id: u16, codes: &[u8]) {
        let mut body = BytesMut::new();
        body.put_u16(id);
        if self.is_v5() {
            body.put_u8(0);
        }
        body.put_slice(codes);
        self.frame(first, &body);
    }

    pub(in crate::server) fn pingresp(&mut self) {
        self.frame(0xd0, &[]);
    }

    /// DISCONNECT with a reason; only MQTT 5 servers say goodbye.
    pub(in crate::server) fn disconnect(&mut self, reason: u8) {
        if self.is_v5() {
            self.frame(0xe0, &[reason, 0]);
        }
    }

    fn frame(&mut self, first: u8, body: &[u8]) {
        self.out.put_u8(first);
        put_length(self.out, body.len());
        self.out.put_slice(body);
    }
}

fn put_text(out: &mut BytesMut, text: &str) {
    // Every text here came in a packet or is a client id: never longer than a length of 16 bits.
    out.put_u16(u16::try_from(text.len()).unwrap_or(u16::MAX));
    out.put_slice(text.as_bytes());
}

fn put_length(out: &mut BytesMut, mut length: usize) {
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        if length == 0 {
            out.put_u8(byte);
            return;
        }
        out.put_u8(byte | 0x80);
    }
}

fn length_of_length(length: usize) -> usize {
    match length {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        _ => 4,
    }
}
