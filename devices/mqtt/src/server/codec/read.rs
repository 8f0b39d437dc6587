//! Bytes to packets.

use bytes::{Buf as _, Bytes, BytesMut};

use super::{CodecFault, Connect, Packet, Publish, SubscribeOptions, Version};
use crate::server::filter;
use crate::topic;

/// Takes one whole packet off the front of `buffer`: its first byte and its body. `None` until
/// it is all there.
pub(in crate::server) fn split_frame(buffer: &mut BytesMut, longest: usize) -> Result<Option<(u8, Bytes)>, CodecFault> {
    let mut length = 0usize;
    for position in 0..4 {
        let Some(&byte) = buffer.get(1 + position) else {
            return Ok(None);
        };
        length |= usize::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            if length > longest {
                return Err(CodecFault::TooLong { length });
            }
            let header = position + 2;
            if buffer.len() < header + length {
                buffer.reserve(header + length - buffer.len());
                return Ok(None);
            }
            let first = buffer[0];
            buffer.advance(header);
            return Ok(Some((first, buffer.split_to(length).freeze())));
        }
    }
    Err(CodecFault::BadLength)
}

/// Reads a packet's body.
pub(in crate::server) fn decode(version: Version, first: u8, body: Bytes) -> Result<Packet, CodecFault> {
    let mut reader = Reader(body);
    let v5 = version == Version::V5;
    match first >> 4 {
        1 => connect(&mut reader).map(|connect| Packet::Connect(Box::new(connect))),
        3 => publish(&mut reader, first, v5).map(Packet::Publish),
        4 => Ok(Packet::PubAck(reader.id()?)),
        5 => {
            let id = reader.id()?;
            let failed = v5 && !reader.0.is_empty() && reader.u8()? >= 0x80;
            Ok(Packet::PubRec { id, failed })
        }
        6 => Ok(Packet::PubRel(reader.id()?)),
        7 => Ok(Packet::PubComp(reader.id()?)),
        8 => subscribe(&mut reader, v5),
        10 => unsubscribe(&mut reader, v5),
        12 => Ok(Packet::PingReq),
        14 => {
            let with_will = v5 && !reader.0.is_empty() && reader.u8()? == 0x04;
            Ok(Packet::Disconnect { with_will })
        }
        other => Err(CodecFault::UnknownPacket(other)),
    }
}

fn connect(reader: &mut Reader) -> Result<Connect, CodecFault> {
    let name = reader.text()?;
    let level = reader.u8()?;
    let version = match (name.as_str(), level) {
        ("MQTT", 4) | ("MQIsdp", 3) => Version::V3,
        ("MQTT", 5) => Version::V5,
        ("MQTT" | "MQIsdp", _) => return Err(CodecFault::UnknownLevel(level)),
        _ => return Err(CodecFault::NotMqtt),
    };
    let flags = reader.u8()?;
    let clean = flags & 0x02 != 0;
    let keep_alive = reader.u16()?;
    // MQTT 3 sessions that are not clean are kept until they are; MQTT 5 says how long.
    let mut session_expiry = if clean { 0 } else { u32::MAX };
    if version == Version::V5 {
        session_expiry = 0;
        each_property(reader.properties()?, |id, value| {
            if id == 0x11 {
                session_expiry = value;
            }
        })?;
    }
    let client_id = reader.text()?;
    let will = if flags & 0x04 == 0 {
        None
    } else {
        let properties = if version == Version::V5 {
            reader.properties()?
        } else {
            Bytes::new()
        };
        each_property(properties, |_, _| {})?;
        let topic = reader.text()?;
        let payload = reader.binary()?;
        let qos = qos((flags >> 3) & 0x03)?;
        if !topic::is_valid_name(&topic) {
            return Err(CodecFault::BadTopic);
        }
        Some(Publish {
            topic,
            payload,
            qos,
            retain: flags & 0x20 != 0,
            id: 0,
            properties: Bytes::new(),
        })
    };
    let user = (flags & 0x80 != 0).then(|| reader.text()).transpose()?;
    let password = (flags & 0x40 != 0).then(|| reader.binary()).transpose()?;
    Ok(Connect {
        version,
        client_id,
        clean,
        keep_alive,
        session_expiry,
        will,
        user,
        password,
    })
}

fn publish(reader: &mut Reader, first: u8, v5: bool) -> Result<Publish, CodecFault> {
    let topic = reader.text()?;
    if !topic::is_valid_name(&topic) {
        return Err(CodecFault::BadTopic);
    }
    let qos = qos((first >> 1) & 0x03)?;
    let id = if qos == 0 { 0 } else { reader.id()? };
    let properties = if v5 { reader.properties()? } else { Bytes::new() };
    let mut alias = false;
    each_property(properties.clone(), |id, _| alias |= id == 0x23)?;
    if alias {
        // Section 3.3.2.3.4: this server announces no topic aliases.
        return Err(CodecFault::BadProperty);
    }
    Ok(Publish {
        topic,
        payload: std::mem::take(&mut reader.0),
        qos,
        retain: first & 0x01 != 0,
        id,
        properties,
    })
}

fn subscribe(reader: &mut Reader, v5: bool) -> Result<Packet, CodecFault> {
    let id = reader.id()?;
    if v5 {
        reader.properties()?;
    }
    let mut filters = Vec::new();
    while !reader.0.is_empty() {
        let filter = reader.text()?;
        if !filter::is_valid(&filter) {
            return Err(CodecFault::BadFilter);
        }
        let byte = reader.u8()?;
        let mut options = SubscribeOptions {
            qos: qos(byte & 0x03)?,
            ..SubscribeOptions::default()
        };
        if v5 {
            options.no_local = byte & 0x04 != 0;
            options.retain_as_published = byte & 0x08 != 0;
            options.retain_handling = (byte >> 4) & 0x03;
        }
        filters.push((filter, options));
    }
    if filters.is_empty() {
        return Err(CodecFault::TooShort);
    }
    Ok(Packet::Subscribe { id, filters })
}

fn unsubscribe(reader: &mut Reader, v5: bool) -> Result<Packet, CodecFault> {
    let id = reader.id()?;
    if v5 {
        reader.properties()?;
    }
    let mut filters = Vec::new();
    while !reader.0.is_empty() {
        filters.push(reader.text()?);
    }
    Ok(Packet::Unsubscribe { id, filters })
}

fn qos(value: u8) -> Result<u8, CodecFault> {
    if value < 3 { Ok(value) } else { Err(CodecFault::BadQos) }
}

/// Walks MQTT 5 properties (section 2.2.2.2); numbers are handed on, the rest is skipped.
fn each_property(properties: Bytes, mut seen: impl FnMut(u8, u32)) -> Result<(), CodecFault> {
    let mut reader = Reader(properties);
    while !reader.0.is_empty() {
        let id = reader.u8()?;
        let number = match id {
            0x01 | 0x17 | 0x19 | 0x24 | 0x25 | 0x28 | 0x29 | 0x2a => u32::from(reader.u8()?),
            0x13 | 0x21 | 0x22 | 0x23 => u32::from(reader.u16()?),
            0x02 | 0x11 | 0x18 | 0x27 => reader.u32()?,
            0x0b => u32::try_from(reader.variable_length()?).unwrap_or(u32::MAX),
            0x03 | 0x08 | 0x12 | 0x15 | 0x1a | 0x1c | 0x1f => {
                reader.text()?;
                0
            }
            0x09 | 0x16 => {
                reader.binary()?;
                0
            }
            0x26 => {
                reader.text()?;
                reader.text()?;
                0
            }
            _ => return Err(CodecFault::BadProperty),
        };
        seen(id, number);
    }
    Ok(())
}

struct Reader(Bytes);

impl Reader {
    fn need(&self, length: usize) -> Result<(), CodecFault> {
        if self.0.len() < length {
            return Err(CodecFault::TooShort);
        }
        Ok(())
    }

    fn u8(&mut self) -> Result<u8, CodecFault> {
        self.need(1)?;
        Ok(self.0.get_u8())
    }

    fn u16(&mut self) -> Result<u16, CodecFault> {
        self.need(2)?;
        Ok(self.0.get_u16())
    }

    fn u32(&mut self) -> Result<u32, CodecFault> {
        self.need(4)?;
        Ok(self.0.get_u32())
    }

    fn id(&mut self) -> Result<u16, CodecFault> {
        match self.u16()? {
            0 => Err(CodecFault::BadIdentifier),
            id => Ok(id),
        }
    }

    fn binary(&mut self) -> Result<Bytes, CodecFault> {
        let length = usize::from(self.u16()?);
        self.need(length)?;
        Ok(self.0.split_to(length))
    }

    fn text(&mut self) -> Result<String, CodecFault> {
        let bytes = self.binary()?;
        let text = std::str::from_utf8(&bytes).map_err(|_| CodecFault::BadText)?;
        if text.contains('\0') {
            return Err(CodecFault::BadText);
        }
        Ok(text.to_owned())
    }

    fn variable_length(&mut self) -> Result<usize, CodecFault> {
        let mut length = 0usize;
        for position in 0..4 {
            let byte = self.u8()?;
            length |= usize::from(byte & 0x7f) << (7 * position);
            if byte & 0x80 == 0 {
                return Ok(length);
            }
        }
        Err(CodecFault::BadLength)
    }

    fn properties(&mut self) -> Result<Bytes, CodecFault> {
        let length = self.variable_length()?;
        self.need(length)?;
        Ok(self.0.split_to(length))
    }
}
