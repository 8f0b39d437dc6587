//! SwitchBot sensors: service data 0xFD3D and company data 0x0969 (source: SwitchBot's open BLE
//! API, "Meter", "Contact Sensor", "Motion Sensor" and "Water Leak Detector" broadcast messages).
//!
//! Service data is `[model letter][status][battery in bits 0 to 6][values…]`; newer firmware puts
//! the values into company data, behind the address. A model that was named once is remembered,
//! for company data that comes by itself.

use house::Timestamp;

use crate::{About, Advert, DecodeError, Decoded, Memory};

/// SwitchBot's service.
pub(crate) const SERVICE: u16 = 0xFD3D;
/// Woan Technology, SwitchBot's maker.
pub(crate) const COMPANY: u16 = 0x0969;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Sensor {
    Meter,
    MeterWithCo2,
    Hub,
    Contact,
    Motion,
    Leak,
}

/// A letter in upper case, or a code without its highest bit, says that the device waits to be
/// paired.
fn sensor(letter: u8) -> Option<(Sensor, &'static str, &'static str)> {
    Some(match letter {
        b'T' | b't' => (Sensor::Meter, "Meter", "Temperature/humidity sensor"),
        b'i' | b'I' => (Sensor::Meter, "Meter Plus", "Temperature/humidity sensor"),
        b'w' | b'W' => (Sensor::Meter, "Indoor/Outdoor Meter", "Temperature/humidity sensor"),
        b'4' | 0x14 => (Sensor::Meter, "Meter Pro", "Temperature/humidity sensor"),
        b'5' | 0x15 => (Sensor::MeterWithCo2, "Meter Pro CO2", "CO₂ monitor"),
        b'v' | b'V' => (Sensor::Hub, "Hub 2", "Hub with thermometer"),
        b'd' | b'D' => (Sensor::Contact, "Contact Sensor", "Door/window sensor"),
        b's' | b'S' => (Sensor::Motion, "Motion Sensor", "Motion sensor"),
        b'&' | 0x06 => (Sensor::Leak, "Water Leak Detector", "Leak sensor"),
        _ => return None,
    })
}

fn letter(advert: &Advert, memory: &Memory) -> Option<u8> {
    match advert.service_data(SERVICE) {
        Some(data) => data.first().copied(),
        None => memory.model,
    }
}

pub(crate) fn about(advert: &Advert, _: &[u8], memory: &Memory) -> Option<About> {
    let (_, model, kind) = sensor(letter(advert, memory)?)?;
    Some(About {
        format: "SwitchBot",
        maker: Some("SwitchBot"),
        model: Some(model.into()),
        kind,
    })
}

pub(crate) fn read(advert: &Advert, _: &[u8], memory: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let letter = letter(advert, memory).ok_or(DecodeError::UnknownVersion)?;
    let (sensor, ..) = sensor(letter).ok_or(DecodeError::UnknownVersion)?;
    let service = advert.service_data(SERVICE).unwrap_or_default();
    let company = advert.manufacturer_data(COMPANY).unwrap_or_default();
    let mut said = Decoded::default();
    match sensor {
        Sensor::Meter => meter(&mut said, service, company, 8)?,
        Sensor::MeterWithCo2 => {
            meter(&mut said, service, company, 8)?;
            if let Some([high, low]) = company.get(13..15) {
                let co2 = u16::from_be_bytes([*high, *low]);
                // The sensor's own limit; beyond it the value is not ready.
                if co2 <= 9_999 {
                    said.number("carbon_dioxide", "ppm", co2);
                }
            }
        }
        Sensor::Hub => meter(&mut said, &[], company, 13)?,
        Sensor::Contact => contact(&mut said, service, company)?,
        Sensor::Motion => motion(&mut said, service, company)?,
        Sensor::Leak => leak(&mut said, company)?,
    }
    if sensor != Sensor::Leak
        && sensor != Sensor::Hub
        && let Some(battery) = service.get(2)
    {
        said.number("battery", "%", battery & 0x7F);
    }
    if said.measurements.is_empty() {
        return Err(DecodeError::Truncated);
    }
    memory.model = Some(letter);
    Ok(said)
}

/// Tenths of a degree in bits 0 to 3, then degrees with bit 7 for "above zero", then humidity.
fn meter(said: &mut Decoded, service: &[u8], company: &[u8], at: usize) -> Result<(), DecodeError> {
    let values = match company.get(at..at + 3).or_else(|| service.get(3..6)) {
        Some(&[tenths, degrees, humidity]) => [tenths & 0x0F, degrees, humidity & 0x7F],
        // The values come in an advert of their own.
        _ if service.len() == 3 && company.is_empty() => return Ok(()),
        _ => return Err(DecodeError::Truncated),
    };
    let [tenths, degrees, humidity] = values;
    if tenths > 9 || humidity > 100 {
        return Err(DecodeError::Invalid);
    }
    if tenths == 0 && degrees & 0x7F == 0 && humidity == 0 {
        // A meter that has just been switched on.
        return Err(DecodeError::NoReading);
    }
    let magnitude = f64::from(u16::from(degrees & 0x7F) * 10 + u16::from(tenths)) / 10.0;
    let is_above_zero = degrees & 0x80 != 0;
    said.number("temperature", "°C", if is_above_zero { magnitude } else { -magnitude });
    said.number("humidity", "%", humidity);
    Ok(())
}

fn contact(said: &mut Decoded, service: &[u8], company: &[u8]) -> Result<(), DecodeError> {
    // Bits of: motion, light, open, open for long.
    let (motion, light, open, long) = match (company.get(..13), service.get(..9)) {
        (Some(company), _) => {
            let state = company[7];
            (state & 0x80, state & 0x40, state & 0x10, state & 0x20)
        }
        (None, Some(service)) => (
            service[1] & 0x40,
            service[3] & 0x01,
            service[3] & 0x02,
            service[3] & 0x04,
        ),
        (None, None) => return Err(DecodeError::Truncated),
    };
    said.sleepy = true;
    said.truth("opening", open != 0 || long != 0);
    said.truth("door_left_open", long != 0);
    said.truth("motion", motion != 0);
    said.truth("light", light != 0);
    Ok(())
}

fn motion(said: &mut Decoded, service: &[u8], company: &[u8]) -> Result<(), DecodeError> {
    let (motion, light) = match (company.get(7), service.get(..6)) {
        (Some(state), _) => (state & 0x40, state & 0x20),
        (None, Some(service)) => (service[1] & 0x40, service[5] & 0x02),
        (None, None) => return Err(DecodeError::Truncated),
    };
    said.sleepy = true;
    said.truth("motion", motion != 0);
    said.truth("light", light != 0);
    Ok(())
}

fn leak(said: &mut Decoded, company: &[u8]) -> Result<(), DecodeError> {
    let [battery, state] = *company.get(7..9).ok_or(DecodeError::Truncated)? else {
        return Err(DecodeError::Truncated);
    };
    said.sleepy = true;
    said.truth("moisture_detected", state & 0x01 != 0);
    said.truth("tamper", state & 0x02 != 0);
    said.number("battery", "%", battery & 0x7F);
    said.truth("battery_low", battery & 0x80 != 0);
    Ok(())
}
