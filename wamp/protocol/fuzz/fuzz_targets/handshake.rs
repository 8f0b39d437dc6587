//! Any octets as messages of the handshake, given to both sides of every sign-in.

#![no_main]

mod sign_in;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| sign_in::answer(octets));
