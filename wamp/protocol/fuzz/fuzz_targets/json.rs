//! Any octets as a message in JSON.

#![no_main]

mod decoder;

use libfuzzer_sys::fuzz_target;
use wamp_protocol::Serializer;

fuzz_target!(|octets: &[u8]| decoder::decode(Serializer::Json, octets));
