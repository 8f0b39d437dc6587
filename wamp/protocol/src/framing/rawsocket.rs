//! RawSocket: a handshake of four octets each way, then frames with four octets before each.

use crate::Serializer;

/// The first octet of a handshake; no HTTP request begins with it.
pub const MAGIC: u8 = 0x7f;

/// The longest message that somebody is ready to receive: a power of two from 512 octets to 16 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxLength(u8);

impl MaxLength {
    /// 16 MiB.
    pub const MAX: Self = Self(15);

    /// The largest one that does not exceed `octets`; 512 octets if that is less.
    pub const fn at_most(octets: usize) -> Self {
        let mut exponent = 15;
        while exponent > 0 && 1 << (exponent + 9) > octets {
            exponent -= 1;
        }
        Self(exponent)
    }

    /// In octets.
    pub const fn octets(self) -> usize {
        1 << (self.0 + 9)
    }
}

/// The client's half of the handshake; the router's answer has the same shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handshake {
    /// The longest message that the sender of this takes.
    pub max_length: MaxLength,
    /// What messages will be encoded in.
    pub serializer: Serializer,
}

/// Why the router refuses a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The router does not have the serializer.
    #[error("the serializer is not supported")]
    SerializerUnsupported,
    /// The router does not take the length.
    #[error("the maximum message length is not acceptable")]
    LengthUnacceptable,
    /// Bits that must be 0 are not.
    #[error("reserved bits are used")]
    ReservedBits,
    /// There is no room for another connection.
    #[error("there are too many connections")]
    TooManyConnections,
    /// An error number that the specification does not have; the number.
    #[error("error {0}")]
    Other(u8),
}

/// Why a handshake fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// It does not begin with [`MAGIC`].
    #[error("this is no RawSocket")]
    NotRawSocket,
    /// It is refused.
    #[error("the handshake is refused: {0}")]
    Refused(#[from] Refusal),
    /// The router chose another serializer than the client did.
    #[error("the router answers with another serializer")]
    OtherSerializer,
}

const fn number(serializer: Serializer) -> u8 {
    match serializer {
        Serializer::Json => 1,
        Serializer::MsgPack => 2,
        Serializer::Cbor => 3,
    }
}

const fn serializer(number: u8) -> Option<Serializer> {
    match number {
        1 => Some(Serializer::Json),
        2 => Some(Serializer::MsgPack),
        3 => Some(Serializer::Cbor),
        _ => None,
    }
}

impl Handshake {
    /// The octets to send.
    pub const fn octets(self) -> [u8; 4] {
        [MAGIC, self.max_length.0 << 4 | number(self.serializer), 0, 0]
    }

    /// At the router: the client's handshake.
    ///
    /// # Errors
    /// If it is none, or must be refused; then [`Refusal::octets`] is the answer.
    pub fn from_client(octets: [u8; 4]) -> Result<Self, HandshakeError> {
        let [magic, choice, reserved @ ..] = octets;
        if magic != MAGIC {
            return Err(HandshakeError::NotRawSocket);
        }
        if reserved != [0, 0] {
            return Err(Refusal::ReservedBits.into());
        }
        let serializer = serializer(choice & 0x0f).ok_or(Refusal::SerializerUnsupported)?;
        Ok(Self {
            max_length: MaxLength(choice >> 4),
            serializer,
        })
    }

    /// At the client, which sent `self`: the router's answer.
    ///
    /// # Errors
    /// If it is none, or a refusal.
    pub fn answered(self, octets: [u8; 4]) -> Result<Self, HandshakeError> {
        let [magic, choice, reserved @ ..] = octets;
        if magic != MAGIC {
            return Err(HandshakeError::NotRawSocket);
        }
        if choice & 0x0f == 0 {
            return Err(Refusal::from_number(choice >> 4).into());
        }
        if reserved != [0, 0] {
            return Err(Refusal::ReservedBits.into());
        }
        if serializer(choice & 0x0f) != Some(self.serializer) {
            return Err(HandshakeError::OtherSerializer);
        }
        Ok(Self {
            max_length: MaxLength(choice >> 4),
            ..self
        })
    }
}

impl Refusal {
    const fn from_number(number: u8) -> Self {
        match number {
            1 => Self::SerializerUnsupported,
            2 => Self::LengthUnacceptable,
            3 => Self::ReservedBits,
            4 => Self::TooManyConnections,
            other => Self::Other(other),
        }
    }

    /// The octets that tell the client.
    pub const fn octets(self) -> [u8; 4] {
        let number = match self {
            Self::SerializerUnsupported => 1,
            Self::LengthUnacceptable => 2,
            Self::ReservedBits => 3,
            Self::TooManyConnections => 4,
            Self::Other(number) => number & 0x0f,
        };
        [MAGIC, number << 4, 0, 0]
    }
}

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// One WAMP message.
    Message,
    /// Anything, to be sent back at once.
    Ping,
    /// What came with a ping.
    Pong,
}

/// The four octets before a frame's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// What the frame holds.
    pub kind: FrameKind,
    /// How many octets follow.
    pub length: usize,
}

/// Why a frame cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The header uses bits that must be 0.
    #[error("a frame uses reserved bits")]
    ReservedBits,
    /// The header's type is none.
    #[error("there is no frame type {0}")]
    UnknownType(u8),
    /// The frame is longer than the receiver said that it takes.
    #[error("a frame of {length} octets, and at most {limit} are taken")]
    TooLong {
        /// The frame's length.
        length: usize,
        /// The receiver's limit.
        limit: usize,
    },
}

impl FrameHeader {
    /// Reads a header. `limit` is what the receiver announced.
    ///
    /// # Errors
    /// If it breaks the framing: the connection must be failed.
    pub const fn parse(octets: [u8; 4], limit: MaxLength) -> Result<Self, FrameError> {
        let [first, high, middle, low] = octets;
        if first & 0xf0 != 0 {
            return Err(FrameError::ReservedBits);
        }
        let kind = match first & 0x07 {
            0 => FrameKind::Message,
            1 => FrameKind::Ping,
            2 => FrameKind::Pong,
            other => return Err(FrameError::UnknownType(other)),
        };
        // Bit 3 is bit 24 of the length: it serves for exactly 2^24 octets.
        let length = u32::from_be_bytes([first >> 3, high, middle, low]) as usize;
        if length > limit.octets() {
            return Err(FrameError::TooLong {
                length,
                limit: limit.octets(),
            });
        }
        Ok(Self { kind, length })
    }

    /// The octets to send. `limit` is what the receiver announced.
    ///
    /// # Errors
    /// If the content is too long; it must not be sent then.
    #[allow(clippy::cast_possible_truncation, reason = "the limit is at most 2^24")]
    pub const fn octets(self, limit: MaxLength) -> Result<[u8; 4], FrameError> {
        if self.length > limit.octets() {
            return Err(FrameError::TooLong {
                length: self.length,
                limit: limit.octets(),
            });
        }
        let [extra, high, middle, low] = (self.length as u32).to_be_bytes();
        let kind = match self.kind {
            FrameKind::Message => 0,
            FrameKind::Ping => 1,
            FrameKind::Pong => 2,
        };
        Ok([extra << 3 | kind, high, middle, low])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn client_and_router_agree() {
        for serializer in Serializer::ALL {
            let client = Handshake {
                max_length: MaxLength::at_most(1 << 20),
                serializer,
            };
            let router = Handshake {
                max_length: MaxLength::MAX,
                serializer,
            };
            assert_eq!(Handshake::from_client(client.octets()), Ok(client));
            assert_eq!(client.answered(router.octets()), Ok(router));
        }
        let json = Handshake {
            max_length: MaxLength::MAX,
            serializer: Serializer::Json,
        };
        assert_eq!(json.octets(), [0x7f, 0xf1, 0, 0]);
    }

    #[test]
    fn every_refusal_reaches_the_client() {
        let client = Handshake {
            max_length: MaxLength::MAX,
            serializer: Serializer::MsgPack,
        };
        for (refusal, number) in [
            (Refusal::SerializerUnsupported, 1),
            (Refusal::LengthUnacceptable, 2),
            (Refusal::ReservedBits, 3),
            (Refusal::TooManyConnections, 4),
            (Refusal::Other(9), 9),
        ] {
            assert_eq!(refusal.octets(), [0x7f, number << 4, 0, 0]);
            assert_eq!(client.answered(refusal.octets()), Err(HandshakeError::Refused(refusal)));
        }
        assert_eq!(
            client.answered([0x7f, 0xf1, 0, 0]),
            Err(HandshakeError::OtherSerializer)
        );
        assert_eq!(client.answered(*b"HTTP"), Err(HandshakeError::NotRawSocket));
    }

    #[test]
    fn bad_handshakes_are_refused_for_what_is_wrong() {
        for (octets, error) in [
            ([0x7f, 0xf4, 0, 0], Refusal::SerializerUnsupported.into()),
            ([0x7f, 0xf0, 0, 0], Refusal::SerializerUnsupported.into()),
            ([0x7f, 0xf1, 1, 0], Refusal::ReservedBits.into()),
            ([0x7f, 0xf1, 0, 1], Refusal::ReservedBits.into()),
            (*b"GET ", HandshakeError::NotRawSocket),
        ] {
            assert_eq!(Handshake::from_client(octets), Err(error), "{octets:x?}");
        }
    }

    #[test]
    fn lengths_are_powers_of_two_from_512_to_16_mib() {
        for (octets, length) in [
            (0, 512),
            (512, 512),
            (1023, 512),
            (1024, 1024),
            (1 << 24, 1 << 24),
            (1 << 30, 1 << 24),
        ] {
            assert_eq!(MaxLength::at_most(octets).octets(), length, "{octets}");
        }
    }

    #[test]
    fn sixteen_mib_exactly_uses_the_extra_bit() {
        let header = FrameHeader {
            kind: FrameKind::Message,
            length: 1 << 24,
        };
        assert_eq!(header.octets(MaxLength::MAX), Ok([0x08, 0, 0, 0]));
        assert_eq!(FrameHeader::parse([0x08, 0, 0, 0], MaxLength::MAX), Ok(header));
        let too_long = FrameError::TooLong {
            length: (1 << 24) + 1,
            limit: 1 << 24,
        };
        assert_eq!(FrameHeader::parse([0x08, 0, 0, 1], MaxLength::MAX), Err(too_long));
    }

    #[test]
    fn broken_headers_fail_the_connection() {
        assert_eq!(
            FrameHeader::parse([0x10, 0, 0, 0], MaxLength::MAX),
            Err(FrameError::ReservedBits)
        );
        assert_eq!(
            FrameHeader::parse([0x03, 0, 0, 0], MaxLength::MAX),
            Err(FrameError::UnknownType(3))
        );
        let limit = MaxLength::at_most(512);
        let too_long = FrameError::TooLong {
            length: 513,
            limit: 512,
        };
        assert_eq!(FrameHeader::parse([0, 0, 2, 1], limit), Err(too_long));
        assert_eq!(
            FrameHeader {
                kind: FrameKind::Ping,
                length: 513
            }
            .octets(limit),
            Err(too_long)
        );
    }

    proptest! {
        #[test]
        fn every_header_that_is_read_is_written_the_same(octets: [u8; 4]) {
            if let Ok(header) = FrameHeader::parse(octets, MaxLength::MAX) {
                prop_assert_eq!(header.octets(MaxLength::MAX), Ok(octets));
            }
            let _ = Handshake::from_client(octets);
        }
    }
}
