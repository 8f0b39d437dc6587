//! What must hold for whatever octets come before and around messages.

use bytes::Bytes;
use wamp_protocol::Serializer;
use wamp_protocol::framing::rawsocket::{FrameHeader, Handshake, MaxLength};
use wamp_protocol::framing::{Subprotocol, batch};

/// Takes the octets for a RawSocket handshake, for a frame, for a batch, and for the subprotocols
/// that a WebSocket client offers.
pub(crate) fn read(octets: &[u8]) {
    if let Some((four, _)) = octets.split_first_chunk::<4>() {
        if let Ok(handshake) = Handshake::from_client(*four) {
            assert_eq!(handshake.octets(), *four);
            let _ = handshake.answered(*four);
        }
        if let Ok(header) = FrameHeader::parse(*four, MaxLength::MAX) {
            assert_eq!(header.octets(MaxLength::MAX), Ok(*four));
        }
    }
    for serializer in Serializer::ALL {
        let _ = batch::split(serializer, Bytes::copy_from_slice(octets));
    }
    if let Ok(text) = std::str::from_utf8(octets) {
        let _ = Subprotocol::negotiate(text);
    }
}
