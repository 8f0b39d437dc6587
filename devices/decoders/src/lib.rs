//! Radio adverts to measurements; pure code: no Bluetooth, no clock, no I/O.
//!
//! A bridge hands in an [`Advert`] and the [`Memory`] it keeps for that device; [`decode`] answers
//! with what the device said, or with a [`DecodeError`] that says why it cannot be believed;
//! [`identify`] says what the device is. Each format has a module, which names its source, and a
//! line in [`FORMATS`].

mod advert;
mod atc;
mod bthome;
mod cipher;
mod company;
mod decoded;
mod formats;
mod govee;
mod inkbird;
mod memory;
mod octets;
mod qingping;
mod quantity;
mod replay;
mod ruuvi;
mod sensorpush;
mod switchbot;
mod thermopro;
mod xiaomi;

pub use advert::{Address, Advert};
pub use decoded::{About, DecodeError, Decoded, Event, Measurement, Value};
pub use memory::{Key, Memory};

use house::Timestamp;

use formats::FORMATS;

/// What `advert` says; `Ok(None)` when no format we know is in it.
///
/// `memory` is the device's own: its key, and what replay protection remembers. `now` is when the
/// advert was heard.
///
/// # Errors
/// The advert claims a format and breaks it, is encrypted with no or another key, or repeats what
/// was heard before.
pub fn decode(advert: &Advert, memory: &mut Memory, now: Timestamp) -> Result<Option<Decoded>, DecodeError> {
    for format in FORMATS {
        if let Some(data) = format.sign.find(advert)
            && (format.about)(advert, data, memory).is_some()
        {
            return (format.read)(advert, data, memory, now).map(Some);
        }
    }
    Ok(None)
}

/// What the sender of `advert` is, without opening what is encrypted; `None` when no format we
/// know is in it.
pub fn identify(advert: &Advert, memory: &Memory) -> Option<About> {
    FORMATS
        .iter()
        .find_map(|format| (format.about)(advert, format.sign.find(advert)?, memory))
}
