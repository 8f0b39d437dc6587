//! AES-128 as small sensors use it: counter mode with CBC-MAC (RFC 3610) and a 4-octet tag.

use aes::Aes128;
use aes::cipher::BlockCipherDecrypt as _;
use ccm::aead::{Aead as _, KeyInit as _, Payload};
use ccm::consts::{U4, U11, U12, U13, U16};
use ccm::{Ccm, NonceSize};

use crate::{DecodeError, Key};

/// Decrypts and verifies; `tag` follows the cipher text on the air. Nonces are of 11, 12 or 13
/// octets.
pub(crate) fn open(
    key: &Key,
    nonce: &[u8],
    cipher_text: &[u8],
    tag: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    match nonce.len() {
        11 => open_with::<U11>(key, nonce, cipher_text, tag, aad),
        12 => open_with::<U12>(key, nonce, cipher_text, tag, aad),
        13 => open_with::<U13>(key, nonce, cipher_text, tag, aad),
        _ => Err(DecodeError::Invalid),
    }
}

fn open_with<N>(key: &Key, nonce: &[u8], cipher_text: &[u8], tag: &[u8], aad: &[u8]) -> Result<Vec<u8>, DecodeError>
where
    N: ccm::aead::array::ArraySize + NonceSize,
{
    let cipher = Ccm::<Aes128, U4, N>::new(&key.0.into());
    let sealed = [cipher_text, tag].concat();
    let nonce = nonce.try_into().map_err(|_| DecodeError::Invalid)?;
    cipher
        .decrypt(nonce, Payload { msg: &sealed, aad })
        .map_err(|_| DecodeError::WrongKey)
}

/// Decrypts what carries only the first octet of a 16-octet tag, and verifies that octet.
pub(crate) fn open_with_short_tag(
    key: &Key,
    nonce: &[u8; 13],
    cipher_text: &[u8],
    tag: u8,
    aad: &[u8],
) -> Result<Vec<u8>, DecodeError> {
    // Counter mode is its own inverse: encrypting the cipher text gives the text, whose tag is
    // then the one to compare.
    let cipher = Ccm::<Aes128, U16, U13>::new(&key.0.into());
    let encrypt = |msg: &[u8], aad: &[u8]| {
        let sealed = cipher.encrypt(&(*nonce).into(), Payload { msg, aad });
        sealed.map_err(|_| DecodeError::Invalid)
    };
    let mut text = encrypt(cipher_text, aad)?;
    text.truncate(cipher_text.len());
    let sealed = encrypt(&text, aad)?;
    if sealed.get(cipher_text.len()) == Some(&tag) {
        Ok(text)
    } else {
        Err(DecodeError::WrongKey)
    }
}

/// One block, decrypted by itself.
pub(crate) fn open_block(key: [u8; 16], block: [u8; 16]) -> [u8; 16] {
    let mut block = block.into();
    Aes128::new(&key.into()).decrypt_block(&mut block);
    block.into()
}
