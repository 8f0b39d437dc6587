//! AES-128 in counter mode with CBC-MAC, a 4-octet tag, as small sensors use it.

use aes::Aes128;
use ccm::Ccm;
use ccm::aead::{Aead, KeyInit, Payload};
use ccm::consts::{U4, U13};

use crate::{DecodeError, Key};

/// Decrypts and verifies; `tag` follows the cipher text on the air.
pub(crate) fn open(
    key: &Key,
    nonce: &[u8; 13],
    cipher_text: &[u8],
    tag: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    let cipher = Ccm::<Aes128, U4, U13>::new(&key.0.into());
    let sealed = [cipher_text, tag].concat();
    cipher
        .decrypt(&(*nonce).into(), Payload { msg: &sealed, aad })
        .map_err(|_| DecodeError::WrongKey)
}
