//! Inkbird thermometers, known by their name; the company's id is part of the values (source:
//! adverts recorded in public of IBS-TH, IBS-TH2, ITH-…-B, IBS-P02B, IAM-T2 and iBBQ).
//!
//! | octets | names | layout, little-endian |
//! |---|---|---|
//! | 9 | `sps`, `tps` | °C × 100 (i16), % humidity × 100 (u16), probe, CRC (2), % battery, ? |
//! | 18 | `ITH-…-B`, `IBS-P02B` | ? (6), °C × 10 (i16), % humidity × 10 (u16), % battery, … |
//! | 17 | `Ink@IAM-T2` | ? (2), address (6), ?, status, then big-endian °C × 10 (i16), % × 10, ppm CO₂, ? |
//! | 12, 14, 18, 22 | `iBBQ`, `xBBQ` | ? (10), °C × 10 (i16) of each probe |

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory, company};

/// How the names begin.
pub(crate) const NAMES: &[&str] = &[
    "sps",
    "tps",
    "ITH-11-B",
    "ITH-13-B",
    "ITH-21-B",
    "IBS-P02B",
    "Ink@IAM-T2",
    "iBBQ",
    "xBBQ",
];

/// A probe's socket with no probe in it.
const NO_PROBE: i16 = -1;

fn model(name: &str) -> Option<(&'static str, &'static str)> {
    const METER: &str = "Temperature/humidity sensor";
    Some(match name {
        "sps" => ("IBS-TH", METER),
        "tps" => ("IBS-TH2/P01B", METER),
        "ITH-11-B" => ("ITH-11-B", METER),
        "ITH-13-B" => ("ITH-13-B", METER),
        "ITH-21-B" => ("ITH-21-B", METER),
        "IBS-P02B" => ("IBS-P02B", "Pool thermometer"),
        name if name.starts_with("Ink@IAM-T2") => ("IAM-T2", "CO₂ monitor"),
        name if name.contains("BBQ") => ("iBBQ", "Meat thermometer"),
        _ => return None,
    })
}

pub(crate) fn about(advert: &Advert, _: &[u8], _: &Memory) -> Option<About> {
    let (model, kind) = model(advert.local_name.as_deref()?)?;
    Some(About {
        format: "Inkbird",
        maker: Some("Inkbird"),
        model: Some(model.into()),
        kind,
    })
}

pub(crate) fn read(advert: &Advert, _: &[u8], memory: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let name = advert.local_name.as_deref().unwrap_or_default();
    let (model, _) = model(name).ok_or(DecodeError::UnknownVersion)?;
    let data = company::newest(advert, memory)?;
    let mut octets = Octets(&data);
    let mut said = Decoded::default();
    match (model, data.len()) {
        ("iBBQ", 12 | 14 | 18 | 22) => {
            octets.skip(10)?;
            for probe in 1.. {
                if octets.is_empty() {
                    break;
                }
                let temperature = octets.i16_le()?;
                if temperature != NO_PROBE {
                    said.numbered("temperature", "°C", probe, f64::from(temperature) / 10.0);
                }
            }
        }
        ("IBS-TH" | "IBS-TH2/P01B", 9) => {
            let (temperature, humidity) = (octets.i16_le()?, octets.u16_le()?);
            octets.skip(3)?;
            let battery = octets.u8()?;
            let has_humidity = model == "IBS-TH" || humidity != 0;
            meter(
                &mut said,
                f64::from(temperature) / 100.0,
                has_humidity.then_some(f64::from(humidity) / 100.0),
                battery,
            )?;
        }
        ("IAM-T2", 17) => {
            octets.skip(2 + 6 + 1)?;
            let is_fahrenheit = octets.u8()? & 0x02 != 0;
            let degrees = f64::from(octets.i16_be()?) / 10.0;
            let humidity = f64::from(octets.u16_be()?) / 10.0;
            let co2 = octets.u16_be()?;
            if humidity > 100.0 {
                return Err(DecodeError::Invalid);
            }
            let celsius = if is_fahrenheit {
                (degrees - 32.0) * 5.0 / 9.0
            } else {
                degrees
            };
            said.number("temperature", "°C", celsius);
            said.number("humidity", "%", humidity);
            said.number("carbon_dioxide", "ppm", co2);
        }
        (_, 18) => {
            octets.skip(6)?;
            let (temperature, humidity) = (octets.i16_le()?, octets.u16_le()?);
            let battery = octets.u8()?;
            let humidity = (humidity != 0).then_some(f64::from(humidity) / 10.0);
            meter(&mut said, f64::from(temperature) / 10.0, humidity, battery)?;
        }
        _ => return Err(DecodeError::Truncated),
    }
    if said.measurements.is_empty() {
        return Err(DecodeError::NoReading);
    }
    Ok(said)
}

fn meter(said: &mut Decoded, temperature: f64, humidity: Option<f64>, battery: u8) -> Result<(), DecodeError> {
    if battery > 100 || humidity.is_some_and(|humidity| humidity > 100.0) {
        return Err(DecodeError::Invalid);
    }
    said.number("temperature", "°C", temperature);
    if let Some(humidity) = humidity {
        said.number("humidity", "%", humidity);
    }
    said.number("battery", "%", battery);
    Ok(())
}
