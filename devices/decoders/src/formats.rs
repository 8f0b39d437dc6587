//! Which format understands an advert.

use house::Timestamp;

use crate::{About, Advert, DecodeError, Decoded, Memory};
use crate::{atc, bthome, govee, inkbird, qingping, ruuvi, sensorpush, switchbot, thermopro, xiaomi};

/// What gives a format away.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sign {
    /// Data of a service, by its 16-bit UUID.
    Service(u16),
    /// Data of a company, by its id.
    Company(u16),
    /// How the device's name begins; its data is for the format to find.
    Name(&'static [&'static str]),
}

impl Sign {
    /// The data that goes with it, when the advert has this sign.
    pub(crate) fn find(self, advert: &Advert) -> Option<&[u8]> {
        match self {
            Self::Service(uuid) => advert.service_data(uuid),
            Self::Company(id) => advert.manufacturer_data(id),
            Self::Name(beginnings) => {
                let name = advert.local_name.as_deref()?;
                let is_it = beginnings.iter().any(|beginning| name.starts_with(beginning));
                (is_it && !advert.manufacturer_data.is_empty()).then_some(&[])
            }
        }
    }
}

/// One format of adverts, or one place where it is found.
pub(crate) struct Format {
    /// What gives it away.
    pub(crate) sign: Sign,
    /// What the device is; `None` when the advert is something else after all.
    pub(crate) about: fn(&Advert, &[u8], &Memory) -> Option<About>,
    /// What the advert says.
    pub(crate) read: fn(&Advert, &[u8], &mut Memory, Timestamp) -> Result<Decoded, DecodeError>,
}

macro_rules! formats {
    ($($sign:expr => $module:ident$(::$part:ident)*,)*) => {
        &[$(Format { sign: $sign, about: $module$(::$part)*::about, read: $module$(::$part)*::read },)*]
    };
}

/// Every format, the more telling first: some devices speak two in one advert.
pub(crate) const FORMATS: &[Format] = formats! {
    Sign::Service(bthome::SERVICE) => bthome,
    Sign::Service(bthome::v1::SERVICE) => bthome::v1,
    Sign::Service(bthome::v1::ENCRYPTED_SERVICE) => bthome::v1::sealed,
    Sign::Service(xiaomi::SERVICE) => xiaomi,
    Sign::Service(xiaomi::plant::SERVICE) => xiaomi::plant,
    Sign::Service(xiaomi::scale::SERVICE) => xiaomi::scale,
    Sign::Service(xiaomi::body_scale::SERVICE) => xiaomi::body_scale,
    Sign::Service(atc::SERVICE) => atc,
    Sign::Service(qingping::SERVICE) => qingping,
    Sign::Service(switchbot::SERVICE) => switchbot,
    Sign::Company(switchbot::COMPANY) => switchbot,
    Sign::Company(ruuvi::COMPANY) => ruuvi,
    Sign::Name(thermopro::NAMES) => thermopro,
    Sign::Name(inkbird::NAMES) => inkbird,
    Sign::Name(sensorpush::NAMES) => sensorpush,
    Sign::Name(govee::NAMES) => govee,
    Sign::Company(govee::COMPANY) => govee,
};
