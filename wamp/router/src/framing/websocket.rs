//! WebSocket after its handshake (RFC 6455), the server's side: frames of clients are masked,
//! the router's are not, so that one encoding of an event serves every receiver.

use bytes::{Bytes, BytesMut};
use wamp_protocol::Serializer;
use wamp_protocol::framing::Subprotocol;

use super::{Found, Frame, Frames, Framing, FramingError, Head};

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;
const FINAL: u8 = 0x80;
const MASKED: u8 = 0x80;

/// WebSocket framing for one connection.
#[derive(Debug)]
pub(crate) struct WebSocket {
    serializer: Serializer,
    batched: bool,
    /// The largest message in either direction, fragments together.
    limit: usize,
    /// The fragments of a message so far.
    fragments: Option<BytesMut>,
}

impl WebSocket {
    pub(crate) const fn new(subprotocol: Subprotocol, limit: usize) -> Self {
        Self {
            serializer: subprotocol.serializer,
            batched: subprotocol.batched,
            limit,
            fragments: None,
        }
    }

    const fn opcode(&self) -> u8 {
        opcode(self.serializer)
    }

    /// A frame that belongs to a message, and where it is in the octets.
    fn data(&mut self, header: &Header, octets: &[u8]) -> Result<Frame, FramingError> {
        let body = header.size..header.size + header.length;
        let octets = octets.get(body.clone()).unwrap_or_default();
        match (header.opcode, &mut self.fragments) {
            (CONTINUATION, Some(fragments)) => {
                fragments.extend_from_slice(octets);
                if !header.is_final {
                    return Ok(Frame::Piece);
                }
                let whole = self.fragments.take().map_or_else(Bytes::new, BytesMut::freeze);
                Ok(Frame::Assembled(whole))
            }
            (CONTINUATION, None) => Err(FramingError::Broken("a continuation frame continues nothing")),
            (_, Some(_)) => Err(FramingError::Broken("a message begins in the middle of another")),
            (opcode, None) => {
                if opcode != self.opcode() {
                    let (got, expected) = if opcode == TEXT {
                        ("text", "binary")
                    } else {
                        ("binary", "text")
                    };
                    return Err(FramingError::WrongType { got, expected });
                }
                if header.is_final {
                    return Ok(Frame::Message(body));
                }
                self.fragments = Some(octets.into());
                Ok(Frame::Piece)
            }
        }
    }
}

/// What messages in a serializer are to WebSocket.
pub(super) const fn opcode(serializer: Serializer) -> u8 {
    if serializer.is_binary() { BINARY } else { TEXT }
}

/// What the first octets of a frame say.
struct Header {
    is_final: bool,
    opcode: u8,
    mask: [u8; 4],
    /// Octets of the header itself.
    size: usize,
    /// Octets that follow it.
    length: usize,
}

impl Header {
    /// `None` if it has not come wholly.
    fn read(input: &[u8]) -> Result<Option<Self>, FramingError> {
        let Some([first, second]) = input.first_chunk::<2>().copied() else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(FramingError::Broken("a frame has reserved bits set"));
        }
        if second & MASKED == 0 {
            return Err(FramingError::Broken("a client's frame is not masked"));
        }
        let (is_final, opcode, short) = (first & FINAL != 0, first & 0x0F, second & 0x7F);
        if opcode >= CLOSE && (!is_final || short > 125) {
            return Err(FramingError::Broken("a control frame is fragmented or too long"));
        }
        let rest = input.get(2..).unwrap_or_default();
        let (length, octets) = match short {
            126 => (
                rest.first_chunk::<2>()
                    .map(|length| u64::from(u16::from_be_bytes(*length))),
                2,
            ),
            127 => (rest.first_chunk::<8>().map(|length| u64::from_be_bytes(*length)), 8),
            short => (Some(short.into()), 0),
        };
        let Some(length) = length else { return Ok(None) };
        let Some(mask) = rest.get(octets..).and_then(<[u8]>::first_chunk::<4>) else {
            return Ok(None);
        };
        Ok(Some(Self {
            is_final,
            opcode,
            mask: *mask,
            size: 2 + octets + 4,
            length: usize::try_from(length).unwrap_or(usize::MAX),
        }))
    }
}

impl Framing for WebSocket {
    fn serializer(&self) -> Serializer {
        self.serializer
    }

    fn is_batched(&self) -> bool {
        self.batched
    }

    fn largest_outgoing(&self) -> usize {
        // WebSocket has no way to say what a client takes.
        usize::MAX
    }

    fn decode(&mut self, input: &mut [u8]) -> Result<Found, FramingError> {
        let Some(header) = Header::read(input)? else {
            return Ok(Found::Incomplete(0));
        };
        let so_far = self.fragments.as_ref().map_or(0, BytesMut::len);
        let size = header.length.saturating_add(so_far);
        if header.opcode < CLOSE && size > self.limit {
            return Err(FramingError::TooLarge {
                size,
                limit: self.limit,
            });
        }
        let whole = header.size.saturating_add(header.length);
        let come = input.len();
        let Some(body) = input.get_mut(header.size..whole) else {
            return Ok(Found::Incomplete(whole - come));
        };
        unmask(body, header.mask);
        let frame = match header.opcode {
            CONTINUATION | TEXT | BINARY => self.data(&header, input)?,
            CLOSE => Frame::Close,
            PING => Frame::Ping(header.size..whole),
            PONG => Frame::Pong,
            _ => return Err(FramingError::Broken("a frame is of a reserved type")),
        };
        Ok(Found::Frame(whole, frame))
    }

    fn frames(&self) -> Option<Frames> {
        (!self.batched).then_some(Frames::WebSocket(self.serializer))
    }

    fn message(&self, body: &[u8], output: &mut BytesMut) {
        frame(self.opcode(), body, output);
    }

    fn ping(&self, output: &mut BytesMut) {
        frame(PING, b"", output);
    }

    fn pong(&self, payload: &[u8], output: &mut BytesMut) {
        frame(PONG, payload, output);
    }

    fn close(&self, error: Option<&FramingError>, output: &mut BytesMut) {
        let (code, reason) = match error {
            None => (1000_u16, String::new()),
            Some(error @ (FramingError::Broken(_) | FramingError::RawSocket(_) | FramingError::Batch(_))) => {
                (1002, error.to_string())
            }
            Some(error @ FramingError::WrongType { .. }) => (1003, error.to_string()),
            Some(error @ FramingError::TooLarge { .. }) => (1009, error.to_string()),
        };
        let mut body = code.to_be_bytes().to_vec();
        body.extend_from_slice(reason.as_bytes());
        // The reasons are ASCII and fit a control frame.
        body.truncate(125);
        frame(CLOSE, &body, output);
    }
}

fn frame(opcode: u8, body: &[u8], output: &mut BytesMut) {
    output.reserve(10 + body.len());
    output.extend_from_slice(head(opcode, body.len()).as_slice());
    output.extend_from_slice(body);
}

/// What stands before a body of so many octets.
pub(super) fn head(opcode: u8, length: usize) -> Head {
    let first = FINAL | opcode;
    let mut head = Head::default();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ 0..=125), _) => head.push(&[first, length]),
        (_, Ok(length)) => {
            let [high, low] = length.to_be_bytes();
            head.push(&[first, 126, high, low]);
        }
        _ => {
            head.push(&[first, 127]);
            head.push(&(length as u64).to_be_bytes());
        }
    }
    head
}

/// XORs the mask over the octets, eight at a time.
fn unmask(body: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (chunks, rest) = body.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (octet, mask) in rest.iter_mut().zip(mask.into_iter().cycle()) {
        *octet ^= mask;
    }
}

/// Only for tests: a client's frame.
#[cfg(test)]
pub(crate) fn client_frame(first: u8, body: &[u8]) -> Bytes {
    let mut octets = BytesMut::new();
    frame(0, body, &mut octets);
    octets[0] = first;
    octets[1] |= MASKED;
    let size = octets.len() - body.len();
    let mut tail = octets.split_off(size);
    let mask = [0x12, 0x34, 0x56, 0x78];
    unmask(&mut tail, mask);
    octets.extend_from_slice(&mask);
    octets.extend_from_slice(&tail);
    octets.freeze()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Decoded;
    use super::*;

    fn websocket(serializer: Serializer, batched: bool, limit: usize) -> WebSocket {
        WebSocket::new(Subprotocol { serializer, batched }, limit)
    }

    fn decode_all(framing: &mut WebSocket, octets: &[u8], step: usize) -> Result<Vec<Decoded>, FramingError> {
        super::super::decode_all(framing, octets.chunks(step))
    }

    proptest! {
        #[test]
        fn frames_come_out_however_the_octets_arrive(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 1..6),
            step in 1..50_usize,
        ) {
            let mut framing = websocket(Serializer::MsgPack, false, 1000);
            let octets: Vec<u8> = bodies.iter().flat_map(|body| client_frame(FINAL | BINARY, body)).collect();
            let expected: Vec<_> = bodies.into_iter().map(|body| Decoded::Message(body.into())).collect();
            prop_assert_eq!(decode_all(&mut framing, &octets, step), Ok(expected));
        }

        #[test]
        fn no_octets_make_it_panic(octets in prop::collection::vec(any::<u8>(), 0..200), step in 1..50_usize) {
            let _ = decode_all(&mut websocket(Serializer::Json, true, 100), &octets, step);
        }
    }

    #[test]
    fn fragments_make_one_message_with_a_ping_between_them() {
        let mut framing = websocket(Serializer::Json, false, 100);
        let octets = [
            client_frame(TEXT, b"[1"),
            client_frame(FINAL | PING, b"?"),
            client_frame(FINAL, b",2]"),
        ]
        .concat();
        let expected = vec![
            Decoded::Ping(Bytes::from_static(b"?")),
            Decoded::Message(Bytes::from_static(b"[1,2]")),
        ];
        assert_eq!(decode_all(&mut framing, &octets, 1), Ok(expected));
    }

    #[test]
    fn broken_frames_are_refused() {
        let mut unmasked = BytesMut::new();
        frame(TEXT, b"[]", &mut unmasked);
        for (octets, expected) in [
            (
                unmasked.freeze(),
                FramingError::Broken("a client's frame is not masked"),
            ),
            (
                client_frame(FINAL | 0x40 | TEXT, b""),
                FramingError::Broken("a frame has reserved bits set"),
            ),
            (
                client_frame(PING, b""),
                FramingError::Broken("a control frame is fragmented or too long"),
            ),
            (
                client_frame(FINAL, b""),
                FramingError::Broken("a continuation frame continues nothing"),
            ),
            (
                client_frame(FINAL | 0x3, b""),
                FramingError::Broken("a frame is of a reserved type"),
            ),
            (
                client_frame(FINAL | BINARY, b""),
                FramingError::WrongType {
                    got: "binary",
                    expected: "text",
                },
            ),
            (
                client_frame(FINAL | TEXT, &[b' '; 101]),
                FramingError::TooLarge { size: 101, limit: 100 },
            ),
        ] {
            let mut framing = websocket(Serializer::Json, false, 100);
            assert_eq!(decode_all(&mut framing, &octets, octets.len()), Err(expected));
        }
        let mut framing = websocket(Serializer::Json, false, 100);
        let fragments = [client_frame(TEXT, &[b' '; 60]), client_frame(FINAL, &[b' '; 60])].concat();
        assert_eq!(
            decode_all(&mut framing, &fragments, 7),
            Err(FramingError::TooLarge { size: 120, limit: 100 })
        );
    }
}
