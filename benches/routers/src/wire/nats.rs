//! NATS' client protocol.

use anyhow::{Context as _, Result, bail};

use super::{Frame, decimal};

pub(super) const PING: &[u8] = b"PING\r\n";
pub(super) const PONG: &[u8] = b"PONG";

pub(super) fn frame(input: &[u8]) -> Result<Option<Frame>> {
    let Some(end) = input.windows(2).take(512).position(|octets| octets == b"\r\n") else {
        return Ok(None);
    };
    let line = &input[..end];
    let header = end + 2;
    if !line.starts_with(b"MSG ") {
        if line.starts_with(b"-ERR") {
            bail!("the NATS server says {}", String::from_utf8_lossy(line));
        }
        return Ok(Some(Frame {
            size: header,
            body: None,
        }));
    }
    let length = line.rsplit(|octet| *octet == b' ').next().unwrap_or_default();
    let length: usize = std::str::from_utf8(length)?.parse().context("NATS: no length")?;
    let size = header + length + 2;
    Ok((input.len() >= size).then_some(Frame {
        size,
        body: Some(header..header + length),
    }))
}

pub(super) fn publish(out: &mut Vec<u8>, topic: &str, text: &[u8]) {
    out.extend_from_slice(b"PUB ");
    out.extend_from_slice(topic.as_bytes());
    out.push(b' ');
    decimal(out, text.len() as u64);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(text);
    out.extend_from_slice(b"\r\n");
}

/// What begins a connection.
pub(crate) struct NatsHandshake;

impl NatsHandshake {
    /// The client's options, and a PING whose PONG says that they were taken.
    pub(crate) const CONNECT: &'static [u8] = b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n";

    /// SUB; a prefix takes everything below.
    pub(crate) fn subscribe(uri: &str, prefix: bool) -> Vec<u8> {
        let all = if prefix { ">" } else { "" };
        format!("SUB {uri}{all} 1\r\nPING\r\n").into_bytes()
    }
}
