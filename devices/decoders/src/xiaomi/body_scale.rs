//! Mi Body Composition Scale: service data 0x181B, 13 octets, little-endian (source: the
//! Bluetooth "Body Composition" service, whose measurement it broadcasts): `[flags, 2][time,
//! 7][impedance, u16][weight, u16]`.

use house::Timestamp;

use super::scale::{Unit, weigh};
use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory};

/// The service "Body Composition".
pub(crate) const SERVICE: u16 = 0x181B;

const LENGTH: usize = 13;
const POUNDS: u8 = 0x01;
const HAS_IMPEDANCE: u8 = 0x02;
const STABLE: u8 = 0x20;
const CATTIES: u8 = 0x40;
const REMOVED: u8 = 0x80;

pub(crate) fn about(_: &Advert, data: &[u8], _: &Memory) -> Option<About> {
    (data.len() == LENGTH).then(|| About {
        format: "Mi Body Composition Scale",
        maker: Some("Xiaomi"),
        model: Some("XMTZC02HM/XMTZC05HM/NUN4049CN".into()),
        kind: "Body composition scale",
    })
}

pub(crate) fn read(_: &Advert, data: &[u8], _: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let mut octets = Octets(data);
    let [first, second] = octets.array()?;
    octets.skip(7)?;
    let (impedance, raw) = (octets.u16_le()?, octets.u16_le()?);
    let unit = if second & CATTIES != 0 {
        Unit::Catty
    } else if first & POUNDS != 0 {
        Unit::Pound
    } else {
        Unit::Kilogram
    };
    let mut said = Decoded::default();
    let is_settled = second & STABLE != 0 && second & REMOVED == 0;
    if weigh(&mut said, unit.kilograms(raw), is_settled) && second & HAS_IMPEDANCE != 0 {
        said.number("impedance", "Ω", impedance);
    }
    Ok(said)
}
