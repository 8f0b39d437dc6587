//! Any octets as a RawSocket handshake, as frames, and as a batch.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use wamp_protocol::Serializer;
use wamp_protocol::framing::rawsocket::{FrameHeader, Handshake, MaxLength};
use wamp_protocol::framing::{Subprotocol, batch};

fuzz_target!(|octets: &[u8]| {
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
});
