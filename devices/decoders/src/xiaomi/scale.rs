//! Mi Smart Scale: service data 0x181D, 10 octets, little-endian (source: the Bluetooth "Weight
//! Scale" service, whose measurement it broadcasts): `[flags][weight, u16][time, 7]`.

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory};

/// The service "Weight Scale".
pub(crate) const SERVICE: u16 = 0x181D;

const LENGTH: usize = 10;
const POUNDS: u8 = 0x01;
const CATTIES: u8 = 0x10;
const STABLE: u8 = 0x20;
const REMOVED: u8 = 0x80;

pub(crate) fn about(_: &Advert, data: &[u8], _: &Memory) -> Option<About> {
    (data.len() == LENGTH).then(|| About {
        format: "Mi Scale",
        maker: Some("Xiaomi"),
        model: Some("XMTZC01HM/XMTZC04HM".into()),
        kind: "Scale",
    })
}

pub(crate) fn read(_: &Advert, data: &[u8], _: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let mut octets = Octets(data);
    let (flags, raw) = (octets.u8()?, octets.u16_le()?);
    octets.skip(7)?;
    let unit = if flags & CATTIES != 0 {
        Unit::Catty
    } else if flags & POUNDS != 0 {
        Unit::Pound
    } else {
        Unit::Kilogram
    };
    let mut said = Decoded::default();
    let is_settled = flags & STABLE != 0 && flags & REMOVED == 0;
    weigh(&mut said, unit.kilograms(raw), is_settled);
    Ok(said)
}

/// What the scale shows, and sends.
pub(super) enum Unit {
    /// 200 to the kilogram.
    Kilogram,
    /// 100 to the pound.
    Pound,
    /// 100 to the catty of half a kilogram.
    Catty,
}

impl Unit {
    pub(super) fn kilograms(&self, raw: u16) -> f64 {
        match self {
            Self::Kilogram | Self::Catty => f64::from(raw) / 200.0,
            Self::Pound => f64::from(raw) * 0.004_535_923_7,
        }
    }
}

/// Adds the weight as it moves, and once more when it has settled; true when it has.
pub(super) fn weigh(said: &mut Decoded, kilograms: f64, is_settled: bool) -> bool {
    let is_settled = is_settled && kilograms > 0.0;
    said.sleepy = true;
    said.number("mass_non_stabilized", "kg", kilograms);
    if is_settled {
        said.number("mass", "kg", kilograms);
    }
    said.truth("stabilized", is_settled);
    is_settled
}
