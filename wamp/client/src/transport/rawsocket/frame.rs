//! RawSocket's handshake and frames. Pure.
//!
//! A handshake is four octets each way, `7F LS 00 00`: the sender takes messages of up to
//! 2^(9 + L) octets and wants serializer S. A frame is a prefix of four octets, `RRRR XTTT` and
//! the length of the body in three, big-endian; X is the length's 25th bit.

use bytes::{Buf, BytesMut};
use wamp_protocol::Serializer;

/// Octets before a frame's body.
pub(super) const PREFIX: usize = 4;

const MAGIC: u8 = 0x7f;

/// The longest message this side takes: 2^24 octets, as long as RawSocket allows.
const LONGEST: usize = 1 << 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    Message = 0,
    Ping = 1,
    Pong = 2,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: FrameKind,
    pub(super) body: BytesMut,
}

const fn serializer_id(serializer: Serializer) -> u8 {
    match serializer {
        Serializer::Json => 1,
        Serializer::MsgPack => 2,
        Serializer::Cbor => 3,
    }
}

/// The client's handshake.
pub(super) const fn handshake(serializer: Serializer) -> [u8; 4] {
    [MAGIC, 0xf0 | serializer_id(serializer), 0, 0]
}

/// The longest message that the router takes, from its answer to the [`handshake`]; or what is
/// wrong with it.
pub(super) fn accepted(answer: [u8; 4], serializer: Serializer) -> Result<usize, &'static str> {
    let [magic, choice, reserved @ ..] = answer;
    if magic != MAGIC || reserved != [0, 0] {
        return Err("what it answers is not RawSocket");
    }
    let (high, low) = (choice >> 4, choice & 0x0f);
    match low {
        0 => Err(match high {
            1 => "it does not speak this serializer",
            2 => "the maximum message length is not acceptable to it",
            3 => "it does not know the reserved bits",
            4 => "it has too many connections",
            _ => "it refuses without a reason that is known",
        }),
        id if id == serializer_id(serializer) => Ok(1 << (9 + usize::from(high))),
        _ => Err("it chose another serializer"),
    }
}

/// Takes one frame, if a whole one is there; or says what is wrong.
pub(super) fn take(incoming: &mut BytesMut) -> Result<Option<Frame>, &'static str> {
    let Some(&[first, a, b, c]) = incoming.first_chunk() else {
        return Ok(None);
    };
    let kind = match first & 0x07 {
        0 => FrameKind::Message,
        1 => FrameKind::Ping,
        2 => FrameKind::Pong,
        _ => return Err("a RawSocket frame of a type that does not exist"),
    };
    if first & 0xf0 != 0 {
        return Err("a RawSocket frame with reserved bits set");
    }
    let length = u32::from_be_bytes([(first >> 3) & 1, a, b, c]);
    let Some(length) = usize::try_from(length).ok().filter(|length| *length <= LONGEST) else {
        return Err("a RawSocket frame longer than 16 MiB");
    };
    let have = incoming.len() - PREFIX;
    if have < length {
        // One allocation for a long message instead of many.
        incoming.reserve(length - have);
        return Ok(None);
    }
    incoming.advance(PREFIX);
    Ok(Some(Frame {
        kind,
        body: incoming.split_to(length),
    }))
}

/// Puts a frame at the end of `outgoing`.
pub(super) fn put(kind: FrameKind, body: &[u8], outgoing: &mut BytesMut) {
    let at = outgoing.len();
    outgoing.extend_from_slice(&[kind as u8, 0, 0, 0]);
    outgoing.extend_from_slice(body);
    set_length(outgoing, at, body.len());
}

/// Writes the body's length, at most 2^24, into the prefix at `at`.
pub(super) fn set_length(outgoing: &mut BytesMut, at: usize, length: usize) {
    let [_, bit25, a, b, c] = (length as u64).to_be_bytes()[3..] else {
        return;
    };
    if let Some(prefix) = outgoing.get_mut(at..at + PREFIX) {
        prefix[0] |= bit25 << 3;
        prefix[1..].copy_from_slice(&[a, b, c]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_handshake_is_as_the_specification_shows() {
        assert_eq!(handshake(Serializer::Json), [0x7f, 0xf1, 0, 0]);
        assert_eq!(accepted([0x7f, 0xf1, 0, 0], Serializer::Json), Ok(1 << 24));
        assert_eq!(accepted([0x7f, 0x02, 0, 0], Serializer::MsgPack), Ok(512));
    }

    #[test]
    fn every_refusal_says_why() {
        for (answer, word) in [
            ([0x7f, 0x10, 0, 0], "serializer"),
            ([0x7f, 0x20, 0, 0], "length"),
            ([0x7f, 0x30, 0, 0], "reserved"),
            ([0x7f, 0x40, 0, 0], "too many"),
            ([0x7f, 0x90, 0, 0], "refuses"),
            ([0x7f, 0xf1, 0, 0], "another serializer"),
            ([0x7f, 0xf2, 0, 1], "not RawSocket"),
            (*b"HTTP", "not RawSocket"),
        ] {
            let why = accepted(answer, Serializer::MsgPack).unwrap_err();
            assert!(why.contains(word), "{answer:?}: {why}");
        }
    }

    #[test]
    fn a_message_of_sixteen_mebibytes_uses_the_25th_bit() {
        let mut buffer = BytesMut::new();
        put(FrameKind::Message, &vec![7; LONGEST], &mut buffer);
        assert_eq!(buffer[..4], [0x08, 0, 0, 0]);
        assert_eq!(take(&mut buffer).unwrap().unwrap().body.len(), LONGEST);
    }

    #[test]
    fn what_is_no_frame_is_told() {
        for bytes in [[0x03, 0, 0, 0], [0x10, 0, 0, 0], [0x08, 0, 0, 1]] {
            assert!(take(&mut BytesMut::from(&bytes[..])).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in(bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..5), cut in 1_usize..50) {
            let mut wire = BytesMut::new();
            for body in &bodies {
                put(FrameKind::Ping, body, &mut wire);
            }
            let (mut incoming, mut taken) = (BytesMut::new(), Vec::new());
            for piece in wire.chunks(cut) {
                incoming.extend_from_slice(piece);
                while let Some(frame) = take(&mut incoming).unwrap() {
                    prop_assert_eq!(frame.kind, FrameKind::Ping);
                    taken.push(frame.body.to_vec());
                }
            }
            prop_assert_eq!(taken, bodies);
        }

        #[test]
        fn nothing_that_comes_makes_it_panic(bytes: Vec<u8>) {
            let mut incoming = BytesMut::from(&bytes[..]);
            while let Ok(Some(_)) = take(&mut incoming) {}
        }
    }
}
