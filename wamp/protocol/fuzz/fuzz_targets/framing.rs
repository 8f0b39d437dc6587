//! Any octets as a RawSocket handshake, as frames, and as a batch.

#![no_main]

mod transport;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| transport::read(octets));
