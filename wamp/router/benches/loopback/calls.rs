//! Calls and their results, put together without an encoder: in the instructions that are counted
//! the clients have a share, which is to be small.

use wamp_protocol::Serializer;
use wamp_router::Router;

use super::{Client, Speech};

/// The text that goes both ways.
const TEXT: &str = match std::str::from_utf8(&[b'x'; 100]) {
    Ok(text) => text,
    Err(_) => "",
};
const PROCEDURE: &str = "bench.procedure";

/// A caller and a callee.
pub(crate) struct Calling {
    caller: Client,
    callee: Client,
    size: usize,
    next: u64,
}

impl Calling {
    /// Calls with 100 octets both ways, so many at once, from one who speaks as `from` to one who
    /// speaks as `to`.
    pub(crate) async fn new(router: &Router, from: Speech, to: Speech, size: usize) -> Self {
        let caller = Client::join(router, from).await;
        let mut callee = Client::join(router, to).await;
        callee.ask(&format!(r#"[64,1,{{}},"{PROCEDURE}"]"#)).await;
        Self {
            caller,
            callee,
            size,
            next: 1,
        }
    }

    /// Calls, answers, and waits for the results.
    pub(crate) async fn once(&mut self) {
        let mut calls = Vec::new();
        for request in self.next..self.next + self.size as u64 {
            calls.extend(self.caller.envelope(&call(self.caller.serializer, request)));
        }
        self.next += self.size as u64;
        self.caller.write(&calls).await;
        let serializer = self.callee.serializer;
        let mut answers = Vec::new();
        self.callee
            .receive(self.size, |invocation| {
                let request = invoked(serializer, invocation).expect("an INVOCATION");
                answers.push(answer(serializer, request));
            })
            .await;
        let answers: Vec<_> = answers.iter().map(|answer| self.callee.envelope(answer)).collect();
        self.callee.write(&answers.concat()).await;
        self.caller.receive(self.size, |_| ()).await;
    }
}

/// CALL
fn call(serializer: Serializer, request: u64) -> Vec<u8> {
    match serializer {
        Serializer::Json => format!(r#"[48,{request},{{}},"{PROCEDURE}",["{TEXT}"]]"#).into_bytes(),
        Serializer::MsgPack => {
            let start = [&[0x95, 48, 0xcf][..], &request.to_be_bytes(), &[0x80]].concat();
            let procedure = [&[0xa0 | PROCEDURE.len() as u8], PROCEDURE.as_bytes()].concat();
            [&start[..], &procedure, &[0x91, 0xd9, TEXT.len() as u8], TEXT.as_bytes()].concat()
        }
        Serializer::Cbor => {
            let start = [&[0x85, 0x18, 48, 0x1b][..], &request.to_be_bytes(), &[0xa0]].concat();
            let procedure = [&[0x60 | PROCEDURE.len() as u8], PROCEDURE.as_bytes()].concat();
            [&start[..], &procedure, &[0x81, 0x78, TEXT.len() as u8], TEXT.as_bytes()].concat()
        }
    }
}

/// YIELD
fn answer(serializer: Serializer, request: u64) -> Vec<u8> {
    match serializer {
        Serializer::Json => format!(r#"[70,{request},{{}},["{TEXT}"]]"#).into_bytes(),
        Serializer::MsgPack => {
            let start = [&[0x94, 70, 0xcf][..], &request.to_be_bytes()].concat();
            [&start[..], &[0x80, 0x91, 0xd9, TEXT.len() as u8], TEXT.as_bytes()].concat()
        }
        Serializer::Cbor => {
            let start = [&[0x84, 0x18, 70, 0x1b][..], &request.to_be_bytes()].concat();
            [&start[..], &[0xa0, 0x81, 0x78, TEXT.len() as u8], TEXT.as_bytes()].concat()
        }
    }
}

/// INVOCATION.Request
fn invoked(serializer: Serializer, body: &[u8]) -> Option<u64> {
    let (marker, smallest) = match serializer {
        Serializer::Json => {
            let digits = body.strip_prefix(b"[68,")?;
            let digits = digits.iter().take_while(|octet| octet.is_ascii_digit());
            return Some(digits.fold(0, |number, digit| number * 10 + u64::from(digit - b'0')));
        }
        Serializer::MsgPack => (2, 0xcc),
        Serializer::Cbor => (3, 0x18),
    };
    let first = *body.get(marker)?;
    let Some(power) = first.checked_sub(smallest).filter(|power| *power < 4) else {
        return Some(first.into());
    };
    let octets = body.get(marker + 1..marker + 1 + (1 << power))?;
    Some(octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
}
