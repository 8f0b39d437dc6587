//! Xiaomi thermometers with free firmware: service data 0x181A.
//!
//! | form | octets | layout |
//! |---|---|---|
//! | atc1441 | 13 | address, °C × 10 (i16), % humidity, % battery, mV (u16), counter; big-endian |
//! | pvvx custom | 14, 15 | address reversed, °C × 100 (i16), % humidity × 100 (u16), mV (u16), % battery, counter, flags; little-endian |
//! | atc1441, encrypted | 8 | counter, sealed (°C × 2 + 80, % humidity × 2, % battery), MIC (4) |
//! | pvvx custom, encrypted | 11 | counter, sealed (°C × 100 (i16), % humidity × 100 (u16), % battery, flags), MIC (4) |
//!
//! Encrypted by AES-CCM with additional data 0x11 and the nonce `address reversed ‖ length of the
//! advert's part ‖ 0x16 ‖ 0x181A ‖ counter`. Source: README and `custom_beacon.c` of pvvx's
//! `ATC_MiThermometer`.

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory, cipher, replay};

/// The service "Environmental Sensing".
pub(crate) const SERVICE: u16 = 0x181A;

const ATC: usize = 13;
const CUSTOM: usize = 15;
/// A firmware without triggers leaves the flags out.
const CUSTOM_WITHOUT_FLAGS: usize = 14;
const SEALED_ATC: usize = 8;
const SEALED_CUSTOM: usize = 11;

const TAG: usize = 4;
const AAD: &[u8] = &[0x11];
/// In front of service data on the air: its type, then the service.
const TYPE_OF_SERVICE_DATA: u8 = 0x16;

pub(crate) fn about(_: &Advert, data: &[u8], _: &Memory) -> Option<About> {
    let format = match data.len() {
        ATC => "atc1441",
        CUSTOM | CUSTOM_WITHOUT_FLAGS => "pvvx custom",
        SEALED_ATC => "atc1441, encrypted",
        SEALED_CUSTOM => "pvvx custom, encrypted",
        _ => return None,
    };
    Some(About {
        format,
        maker: Some("Xiaomi"),
        model: Some("Thermometer with ATC firmware".into()),
        kind: "Temperature/humidity sensor",
    })
}

pub(crate) fn read(advert: &Advert, data: &[u8], memory: &mut Memory, now: Timestamp) -> Result<Decoded, DecodeError> {
    let is_sealed = matches!(data.len(), SEALED_ATC | SEALED_CUSTOM);
    if !is_sealed && memory.key.is_some() {
        return Err(DecodeError::Downgrade);
    }
    let mut said = Decoded {
        encrypted: is_sealed,
        ..Decoded::default()
    };
    let mut octets = Octets(data);
    let counter = match data.len() {
        ATC => {
            check_address(advert, octets.array()?)?;
            said.number("temperature", "°C", f64::from(octets.i16_be()?) / 10.0);
            said.number("humidity", "%", octets.u8()?);
            said.number("battery", "%", octets.u8()?);
            said.number("voltage", "V", f64::from(octets.u16_be()?) / 1000.0);
            octets.u8()?
        }
        CUSTOM | CUSTOM_WITHOUT_FLAGS => {
            let mut address: [u8; 6] = octets.array()?;
            address.reverse();
            check_address(advert, address)?;
            said.number("temperature", "°C", f64::from(octets.i16_le()?) / 100.0);
            said.number("humidity", "%", f64::from(octets.u16_le()?) / 100.0);
            said.number("voltage", "V", f64::from(octets.u16_le()?) / 1000.0);
            said.number("battery", "%", octets.u8()?);
            octets.u8()?
        }
        SEALED_ATC => {
            let opened = open(advert, data, memory)?;
            let mut octets = Octets(&opened);
            said.number("temperature", "°C", f64::from(octets.u8()?) / 2.0 - 40.0);
            said.number("humidity", "%", f64::from(octets.u8()?) / 2.0);
            // The highest bit is the trigger's.
            said.number("battery", "%", octets.u8()? & 0x7F);
            data[0]
        }
        SEALED_CUSTOM => {
            let opened = open(advert, data, memory)?;
            let mut octets = Octets(&opened);
            said.number("temperature", "°C", f64::from(octets.i16_le()?) / 100.0);
            said.number("humidity", "%", f64::from(octets.u16_le()?) / 100.0);
            said.number("battery", "%", octets.u8()?);
            data[0]
        }
        _ => return Err(DecodeError::UnknownVersion),
    };
    if is_sealed {
        replay::check_short_counter(memory, counter, now)?;
    } else {
        replay::check_packet_id(memory, counter, now)?;
    }
    Ok(said)
}

/// Plain adverts name their sender.
fn check_address(advert: &Advert, named: [u8; 6]) -> Result<(), DecodeError> {
    if named == advert.address.0 {
        Ok(())
    } else {
        Err(DecodeError::Invalid)
    }
}

fn open(advert: &Advert, data: &[u8], memory: &Memory) -> Result<Vec<u8>, DecodeError> {
    let key = memory.key.as_ref().ok_or(DecodeError::KeyNeeded)?;
    let mut sealed = Octets(data);
    let counter = sealed.u8()?;
    let cipher_text = sealed.take(data.len().saturating_sub(1 + TAG))?;
    let [low, high] = SERVICE.to_le_bytes();
    let length = u8::try_from(1 + 2 + data.len()).map_err(|_| DecodeError::Invalid)?;
    let mut nonce = advert.address.0.to_vec();
    nonce.reverse();
    nonce.extend([length, TYPE_OF_SERVICE_DATA, low, high, counter]);
    cipher::open(key, &nonce, cipher_text, sealed.0, AAD)
}
