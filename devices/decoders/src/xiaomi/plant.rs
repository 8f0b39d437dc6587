//! HHCC's pink plant sensor HHCCJCY10: service data 0xFD50, 9 octets, big-endian (source: adverts
//! recorded in public): `[% moisture][°C × 10, u16][lx, 3][% battery][µS/cm, u16]`.

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory};

/// The service, which is Tuya's.
pub(crate) const SERVICE: u16 = 0xFD50;

const LENGTH: usize = 9;

pub(crate) fn about(_: &Advert, data: &[u8], _: &Memory) -> Option<About> {
    (data.len() == LENGTH).then(|| About {
        format: "HHCCJCY10",
        maker: Some("HHCC Plant Technology Co. Ltd"),
        model: Some("HHCCJCY10".into()),
        kind: "Plant sensor",
    })
}

pub(crate) fn read(_: &Advert, data: &[u8], _: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let mut octets = Octets(data);
    let (moisture, temperature, light) = (octets.u8()?, octets.i16_be()?, octets.u24_be()?);
    let (battery, conductivity) = (octets.u8()?, octets.u16_be()?);
    if moisture > 100 || battery > 100 {
        return Err(DecodeError::Invalid);
    }
    let mut said = Decoded::default();
    said.number("temperature", "°C", f64::from(temperature) / 10.0);
    said.number("moisture", "%", moisture);
    said.number("illuminance", "lx", light);
    said.number("battery", "%", battery);
    said.number("conductivity", "µS/cm", conductivity);
    Ok(said)
}
