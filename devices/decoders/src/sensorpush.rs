//! SensorPush sensors, known by their name; the company's id is part of the values (source:
//! adverts recorded in public of HT.w, HTP.xw and TC.x).
//!
//! The first octet is `[page in bits 0 and 1][model]`; page 0 has the values, packed into one
//! little-endian number: each value counts steps above its least, and the next one's unit is the
//! number of steps of those before it.

use house::Timestamp;

use crate::octets::unsigned;
use crate::{About, Advert, DecodeError, Decoded, Memory, company};

/// How the names begin.
pub(crate) const NAMES: &[&str] = &["SensorPush HT", "SensorPush TC"];

/// A value's least, how many it can be, and its steps in a unit.
struct Part(&'static str, &'static str, f64, u64, f64);

const HTP: &[Part] = &[
    Part("temperature", "°C", -40.0, 72_001, 400.0),
    Part("humidity", "%", 0.0, 40_001, 400.0),
    Part("pressure", "hPa", 300.0, 95_001, 100.0),
];
const HT: &[Part] = &[
    Part("temperature", "°C", -40.0, 66_001, 400.0),
    Part("humidity", "%", 0.0, 40_001, 400.0),
];
const TC: &[Part] = &[Part("temperature", "°C", -200.0, 32_001, 16.0)];

fn model(code: u8) -> Option<(&'static str, &'static [Part])> {
    Some(match code {
        0 => ("HTP.xw", HTP),
        1 => ("HT.w", HT),
        2 => ("TC.x", TC),
        _ => return None,
    })
}

pub(crate) fn about(advert: &Advert, _: &[u8], _: &Memory) -> Option<About> {
    let name = advert.local_name.as_deref()?.strip_prefix("SensorPush ")?;
    let (model, kind) = match name.split(' ').next()? {
        "HTP.xw" => ("HTP.xw", "Temperature/humidity/pressure sensor"),
        "HT.w" => ("HT.w", "Temperature/humidity sensor"),
        "TC.x" | "TC" => ("TC.x", "Thermocouple"),
        _ => return None,
    };
    Some(About {
        format: "SensorPush",
        maker: Some("SensorPush"),
        model: Some(model.into()),
        kind,
    })
}

pub(crate) fn read(advert: &Advert, _: &[u8], memory: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let data = company::newest(advert, memory)?;
    let (head, values) = data.split_first().ok_or(DecodeError::Truncated)?;
    if head & 0b11 != 0 {
        // Another page, which has no values of now.
        return Err(DecodeError::NoReading);
    }
    let (_, parts) = model(head >> 2).ok_or(DecodeError::UnknownVersion)?;
    // As many octets as the packed number needs.
    let combinations: f64 = parts.iter().map(|part| part.3 as f64).product();
    let needed = (combinations.log2() / 8.0).ceil();
    if (values.len() as f64) < needed || values.len() > 8 {
        return Err(DecodeError::Truncated);
    }
    let mut rest = unsigned(values);
    let mut said = Decoded::default();
    for Part(property, unit, least, count, steps) in parts {
        said.number(property, unit, least + (rest % count) as f64 / steps);
        rest /= count;
    }
    // A thermocouple has octets to spare.
    if rest != 0 && parts.len() > 1 {
        return Err(DecodeError::Invalid);
    }
    Ok(said)
}
