//! BTHome version 1: service data 0x181C, encrypted 0x181E (source: bthome.io, "BTHome v1 format").
//!
//! `[objects…]`, each `[length of what follows in bits 0 to 4, form in bits 5 to 7][id][value,
//! little-endian]`; ids and factors are those of version 2. Encrypted: `[cipher
//! text][counter][MIC]`.

use house::Timestamp;

use super::object::{self, Form, Objects};
use super::{open, product};
use crate::octets::{Octets, signed, unsigned};
use crate::{About, Advert, DecodeError, Decoded, Memory, Value, replay};

/// The service "User Data", under which objects are plain.
pub(crate) const SERVICE: u16 = 0x181C;
/// The service "Bond Management", under which they are encrypted.
pub(crate) const ENCRYPTED_SERVICE: u16 = 0x181E;

pub(crate) fn about(advert: &Advert, _: &[u8], _: &Memory) -> Option<About> {
    Some(product::about("BTHome v1", advert.local_name.as_deref()))
}

pub(crate) fn read(_: &Advert, data: &[u8], memory: &mut Memory, now: Timestamp) -> Result<Decoded, DecodeError> {
    if memory.key.is_some() {
        return Err(DecodeError::Downgrade);
    }
    parse(data, memory, now)
}

/// What is encrypted.
pub(crate) mod sealed {
    use super::{Advert, DecodeError, Decoded, ENCRYPTED_SERVICE, Memory, Timestamp, open, parse};

    pub(crate) use super::about;

    /// The format's additional data, the same for every advert.
    const AAD: &[u8] = &[0x11];

    pub(crate) fn read(
        advert: &Advert,
        data: &[u8],
        memory: &mut Memory,
        now: Timestamp,
    ) -> Result<Decoded, DecodeError> {
        let kind = ENCRYPTED_SERVICE.to_le_bytes();
        let objects = open(&advert.address.0, &kind, data, memory, AAD, now)?;
        Ok(Decoded {
            encrypted: true,
            ..parse(&objects, memory, now)?
        })
    }
}

fn parse(octets: &[u8], memory: &mut Memory, now: Timestamp) -> Result<Decoded, DecodeError> {
    let mut objects = Objects::default();
    let mut octets = Octets(octets);
    while !octets.is_empty() {
        let head = octets.u8()?;
        let (length, form) = (head & 0x1F, head >> 5);
        let length = length.checked_sub(1).ok_or(DecodeError::Invalid)?;
        let id = octets.u8()?;
        take(&mut objects, id, form, octets.take(length.into())?)?;
    }
    if let Some(id) = objects.packet_id {
        replay::check_packet_id(memory, id, now)?;
    }
    object::number_repeats(&mut objects.said.measurements);
    Ok(objects.said)
}

/// Forms of values: 0 unsigned, 1 signed, 2 floating point, 3 text, 4 octets, 5 time.
fn take(objects: &mut Objects, id: u8, form: u8, octets: &[u8]) -> Result<(), DecodeError> {
    let Some((property, unit, known)) = object::describe(id) else {
        return Ok(());
    };
    let (numerator, denominator) = match known {
        Form::Unsigned(_, numerator, denominator) | Form::Signed(_, numerator, denominator) => (numerator, denominator),
        Form::PacketId => {
            objects.packet_id = octets.first().copied();
            return Ok(());
        }
        Form::Button => return objects.press(octets),
        Form::Dimmer => return objects.turn(octets),
        Form::Skip(_) => return Ok(()),
        Form::Bool => {
            let truth = match octets {
                [0] => false,
                [1] => true,
                _ => return Err(DecodeError::Invalid),
            };
            objects.add(property, unit, Value::Bool(truth));
            return Ok(());
        }
        Form::Time | Form::Text | Form::Raw => (1.0, 1.0),
    };
    let value = match (form, octets) {
        (0 | 1, []) | (0 | 1, [_, _, _, _, _, _, _, _, _, ..]) => return Err(DecodeError::Invalid),
        (0, octets) => Value::Number(unsigned(octets) as f64 * numerator / denominator),
        (1, octets) => Value::Number(signed(octets) as f64 * numerator / denominator),
        (2, octets) => Value::Number(float(octets)? * numerator / denominator),
        (3, octets) => Value::Text(
            std::str::from_utf8(octets)
                .map_err(|_| DecodeError::Invalid)?
                .to_owned(),
        ),
        (4, octets) => Value::Raw(octets.to_vec()),
        (5, octets) => Value::Text(object::time(octets)?),
        _ => return Err(DecodeError::UnknownVersion),
    };
    if matches!(value, Value::Number(number) if !number.is_finite()) {
        return Err(DecodeError::Invalid);
    }
    objects.add(property, unit, value);
    Ok(())
}

/// A floating-point number of 2, 4 or 8 octets.
fn float(octets: &[u8]) -> Result<f64, DecodeError> {
    if let Ok(octets) = octets.try_into() {
        return Ok(half(u16::from_le_bytes(octets)));
    }
    if let Ok(octets) = octets.try_into() {
        return Ok(f64::from(f32::from_le_bytes(octets)));
    }
    octets
        .try_into()
        .map(f64::from_le_bytes)
        .map_err(|_| DecodeError::Invalid)
}

/// A number of half precision (IEEE 754): sign, 5 bits of exponent, 10 of fraction.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3FF) / 1024.0;
    let magnitude = match bits >> 10 & 0x1F {
        0 => fraction * 2_f64.powi(-14),
        0x1F => f64::NAN,
        exponent => (1.0 + fraction) * 2_f64.powi(i32::from(exponent) - 15),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}
