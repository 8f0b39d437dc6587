//! ThermoPro thermometers, known by their name; the company's id is part of the values (source:
//! adverts recorded in public of TP357, TP358, TP393, TP960 and TP970).
//!
//! TP35x, TP39x: `[?][°C × 10, i16][% humidity][battery in bits 0 and 1][…]`. TP96x, TP970:
//! `[probe][°C + 30, u16][battery, u16][°C around + 30, u16]`. Little-endian.

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory, company};

/// How the names begin.
pub(crate) const NAMES: &[&str] = &["TP35", "TP39", "TP96", "TP970"];

pub(crate) fn about(advert: &Advert, _: &[u8], _: &Memory) -> Option<About> {
    let model = advert.local_name.as_deref()?.split(' ').next()?;
    Some(About {
        format: "ThermoPro",
        maker: Some("ThermoPro"),
        model: Some(model.to_owned().into()),
        kind: if is_probe(model) {
            "Meat thermometer"
        } else {
            "Temperature/humidity sensor"
        },
    })
}

fn is_probe(name: &str) -> bool {
    name.starts_with("TP9")
}

pub(crate) fn read(advert: &Advert, _: &[u8], memory: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let data = company::newest(advert, memory)?;
    let mut octets = Octets(&data);
    let mut said = Decoded::default();
    if is_probe(advert.local_name.as_deref().unwrap_or_default()) {
        if !matches!(data.len(), 7 | 13) {
            return Err(DecodeError::Truncated);
        }
        let probe = octets.u8()?.checked_add(1).ok_or(DecodeError::Invalid)?;
        let inside = f64::from(octets.u16_le()?) - 30.0;
        octets.skip(2)?;
        let around = f64::from(octets.u16_le()?) - 30.0;
        said.numbered("temperature", "°C", probe, inside);
        said.numbered("ambient_temperature", "°C", probe, around);
        return Ok(said);
    }
    if data.len() < 6 {
        return Err(DecodeError::Truncated);
    }
    octets.skip(1)?;
    let (temperature, humidity, battery) = (octets.i16_le()?, octets.u8()?, octets.u8()?);
    if temperature == -1 && humidity == u8::MAX {
        return Err(DecodeError::NoReading);
    }
    if humidity > 100 {
        return Err(DecodeError::Invalid);
    }
    said.number("temperature", "°C", f64::from(temperature) / 10.0);
    said.number("humidity", "%", humidity);
    match battery & 0b11 {
        0 => said.number("battery", "%", 1),
        1 => said.number("battery", "%", 50),
        2 => said.number("battery", "%", 100),
        _ => {}
    }
    Ok(said)
}
