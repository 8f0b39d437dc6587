//! Radio adverts to measurements; pure code: no Bluetooth, no clock, no I/O.
//!
//! A bridge hands in an [`Advert`] and the [`Memory`] it keeps for that device; [`decode`] answers
//! with what the device said, or with a [`DecodeError`] that says why it cannot be believed.
//!
//! | format | where | source |
//! |---|---|---|
//! | BTHome v2, plain and encrypted | service data 0xFCD2 | bthome.io, format version 2 |

mod advert;
mod bthome;
mod cipher;
mod decoded;
mod memory;

pub use advert::{Address, Advert};
pub use decoded::{DecodeError, Decoded, Measurement, Press, Value};
pub use memory::{Key, Memory};

use house::Timestamp;

/// What `advert` says; `Ok(None)` when no format we know is in it.
///
/// `memory` is the device's own: its key, and what replay protection remembers. `now` is when the
/// advert was heard.
///
/// # Errors
/// The advert claims a format and breaks it, is encrypted with no or another key, or repeats what
/// was heard before.
pub fn decode(advert: &Advert, memory: &mut Memory, now: Timestamp) -> Result<Option<Decoded>, DecodeError> {
    if let Some(data) = advert.service_data(bthome::SERVICE) {
        return bthome::decode(advert.address, data, memory, now).map(Some);
    }
    Ok(None)
}
