//! Qingping (Cleargrass) sensors: service data 0xFDCD, little-endian (source: Qingping's
//! "Bluetooth LE advertising protocol").
//!
//! `[frame control][product][address reversed, 6][objects…]`, each object `[id][length][value]`.

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory};

/// Qingping's service.
pub(crate) const SERVICE: u16 = 0xFDCD;

fn product(id: u8) -> Option<(&'static str, &'static str)> {
    Some(match id {
        0x01 | 0x07 | 0x16 => ("CGG1", "Temperature/humidity sensor"),
        0x4F => ("CGG3", "Temperature/humidity sensor"),
        0x04 => ("CGH1", "Door/window sensor"),
        0x09 => ("CGP1W", "Temperature/humidity/pressure sensor"),
        0x0C => ("CGD1", "Alarm clock"),
        0x0E | 0x24 => ("CGDN1", "Air monitor"),
        0x0F => ("CGM1", "Thermo-hygrometer"),
        0x12 => ("CGPR1", "Motion and light sensor"),
        0x15 => ("CGF1W", "Temperature/humidity sensor"),
        0x18 => ("CGP23W", "Temperature/humidity monitor"),
        0x1E => ("CGC1", "Clock"),
        0x33 | 0x5D => ("CGP22C", "CO₂ monitor"),
        _ => return None,
    })
}

pub(crate) fn about(_: &Advert, data: &[u8], _: &Memory) -> Option<About> {
    let (model, kind) = product(*data.get(1)?)?;
    Some(About {
        format: "Qingping",
        maker: Some("Qingping"),
        model: Some(model.into()),
        kind,
    })
}

pub(crate) fn read(_: &Advert, data: &[u8], _: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let mut octets = Octets(data);
    octets.skip(2 + 6)?;
    let mut said = Decoded::default();
    while !octets.is_empty() {
        let [id, length] = octets.array()?;
        let value = Octets(octets.take(length.into())?);
        // An object of another length is one from the future.
        if length_of(id) == Some(length) {
            take(&mut said, id, value)?;
        }
    }
    Ok(said)
}

fn length_of(id: u8) -> Option<u8> {
    Some(match id {
        0x02 | 0x04 | 0x11 => 1,
        0x07 | 0x13 => 2,
        0x01 | 0x08 | 0x09 | 0x12 => 4,
        _ => return None,
    })
}

fn take(said: &mut Decoded, id: u8, mut octets: Octets<'_>) -> Result<(), DecodeError> {
    match id {
        0x01 => {
            said.number("temperature", "°C", f64::from(octets.i16_le()?) / 10.0);
            said.number("humidity", "%", f64::from(octets.u16_le()?) / 10.0);
        }
        0x02 => said.number("battery", "%", octets.u8()?),
        0x04 => {
            // 0 open, 1 closed, 2 left open.
            let state = octets.u8()?;
            said.sleepy = true;
            said.truth("door", state != 1);
            said.truth("door_left_open", state == 2);
        }
        0x07 => said.number("pressure", "hPa", f64::from(octets.u16_le()?) / 10.0),
        0x08 => {
            said.truth("motion", octets.u8()? != 0);
            said.number("illuminance", "lx", octets.u24_le()?);
        }
        0x09 => said.number("illuminance", "lx", octets.u32_le()?),
        0x11 => said.truth("light", octets.u8()? != 0),
        0x12 => {
            said.number("pm25", "µg/m³", octets.u16_le()?);
            said.number("pm10", "µg/m³", octets.u16_le()?);
        }
        0x13 => said.number("carbon_dioxide", "ppm", octets.u16_le()?),
        _ => {}
    }
    Ok(())
}
