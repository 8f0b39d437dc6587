//! The relay's frames.

use std::ops::Range;

use super::Frame;

/// The receiver that stands for everybody who listens.
pub(super) const ALL: u16 = u16::MAX;
/// In a group's number: the member gets only what names it.
pub(crate) const TALKS_ONLY: u32 = 1 << 31;

const HEADER: usize = 6;

pub(super) fn frame(input: &[u8]) -> Option<Frame> {
    let length = input
        .first_chunk::<4>()
        .map(|length| u32::from_be_bytes(*length) as usize)?;
    let size = HEADER + length;
    (input.len() >= size).then_some(Frame {
        size,
        body: Some(HEADER..size),
    })
}

pub(super) fn message(out: &mut Vec<u8>, to: u16, text: &[u8]) {
    out.extend_from_slice(&(text.len() as u32).to_be_bytes());
    out.extend_from_slice(&to.to_be_bytes());
    out.extend_from_slice(text);
}

/// A frame of so many octets to one receiver.
pub(crate) fn filled(to: u16, octets: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + octets);
    message(&mut out, to, &vec![b'x'; octets]);
    out
}

/// Back to whoever sent it.
pub(super) fn answer(out: &mut Vec<u8>, frame: &[u8], body: Range<usize>) {
    out.extend_from_slice(&frame[..body.end]);
}
