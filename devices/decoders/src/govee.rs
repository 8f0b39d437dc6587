//! Govee sensors, known by their name, by company 0xEC88, or both (source: adverts recorded in
//! public of some thirty models).
//!
//! Most pack temperature and humidity into 24 bits, big-endian: bit 23 is the sign, then tenths of
//! a degree × 1000 + tenths of a percent. An octet of battery follows, whose bit 7 says that the
//! sensor is broken. What a phone's beacon of the same maker appends is cut off.

mod sealed;

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory};

/// How the names begin: `GVH5075_2762`, `Govee_H5074_5FF4`, `GV5140303A`.
pub(crate) const NAMES: &[&str] = &["GVH5", "GV5", "Govee_H5", "B5178"];
/// The id in adverts of thermometers of the older kind.
pub(crate) const COMPANY: u16 = 0xEC88;

/// The id in adverts of the newer kind, which is another company's.
const BORROWED: u16 = 0x0001;
/// Apple's, for the beacon a phone app looks for.
const BEACON: u16 = 0x004C;
/// What that beacon is when it stands at the end of the data: its own head and 23 octets.
const BEACON_LENGTH: usize = 25;
const BEACON_NAME: &[u8] = b"INTELLI_ROCKS";

/// Where the values are.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Layout {
    /// `[?][24 bits][battery][?]`
    Packed,
    /// `[?][?][24 bits][battery]`, two more octets in some.
    PackedLater,
    /// `[?][?][sensor][24 bits][battery][?][?]`; 0 is the station itself, 1 its remote.
    PackedWithRemote,
    /// `[?][°C × 100, i16][% × 100, u16][battery]…`, little-endian.
    Plain,
    /// `[?][?][?][?][°C × 100, i16][% × 100, u16][battery]`, little-endian.
    PlainLater,
    /// `[?][?][24 bits][CO₂, u16][0, or an error]`
    WithCo2,
    /// `[?][?][32 bits]`: as 24 bits, × 1000 + PM2.5.
    WithDust,
    /// `[?][?][24 bits][battery][?][probe]`; the second probe, 0x82, measures no humidity.
    PackedOfProbe,
    /// Meat thermometers: probes' temperatures from these octets on, °C × 100, i16, big-endian; what
    /// is below zero is no probe. Octet 6 tells the second pair of four probes from the first.
    Probes(&'static [usize]),
    /// `[…][present][moving, 0x11]`
    Presence,
    /// Encrypted with a key that is in the advert.
    Sealed,
}

/// Digits of the model in a name.
fn model_in(name: &str) -> Option<&str> {
    let at = ["GVH", "GV", "Govee_H", "B"]
        .iter()
        .find_map(|beginning| name.strip_prefix(beginning))?;
    at.get(..4)
        .filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))
}

fn layout(model: Option<&str>, company: u16, length: usize) -> Option<Layout> {
    Some(match (model, length) {
        (Some("5121" | "5122" | "5123" | "5124" | "5125" | "5126" | "5130"), 24) => Layout::Sealed,
        (Some("5072" | "5075" | "5129"), 6) => Layout::Packed,
        (Some("5112"), 8) => Layout::PackedOfProbe,
        (Some("5140"), 8) => Layout::WithCo2,
        (Some("5106"), 6) => Layout::WithDust,
        (Some("5127"), 6) => Layout::Presence,
        (Some("5100" | "5101" | "5102" | "5103" | "5104" | "5105" | "5108" | "5110" | "5174" | "5177"), 6 | 8) => {
            Layout::PackedLater
        }
        // Two makers of one number: the older sends 9 octets.
        (Some("5179"), 6 | 8) => Layout::PackedLater,
        (Some("5179"), 9) => Layout::PlainLater,
        (Some("5181" | "5183"), 14) => Layout::Probes(&[8]),
        (Some("5182" | "5184"), 17) => Layout::Probes(&[8, 13]),
        (Some("5185"), 20) => Layout::Probes(&[8, 14]),
        (Some("5178"), 9) => Layout::PackedWithRemote,
        (Some("5074"), 7) | (Some("5051" | "5052" | "5071"), 9) => Layout::Plain,
        (None, 6) if company == COMPANY => Layout::Packed,
        (None, 7 | 9) if company == COMPANY => Layout::Plain,
        _ => return None,
    })
}

/// The values' place and octets, without an appended beacon.
fn find(advert: &Advert) -> Option<(Layout, &[u8])> {
    let model = advert.local_name.as_deref().and_then(model_in);
    advert.manufacturer_data.iter().find_map(|(company, data)| {
        if *company == BEACON || (*company == BORROWED && model.is_none()) {
            return None;
        }
        let has_beacon = data.windows(BEACON_NAME.len()).any(|part| part == BEACON_NAME);
        let length = data.len().checked_sub(if has_beacon { BEACON_LENGTH } else { 0 })?;
        Some((layout(model, *company, length)?, data.get(..length)?))
    })
}

pub(crate) fn about(advert: &Advert, _: &[u8], _: &Memory) -> Option<About> {
    let (layout, _) = find(advert)?;
    let model = advert.local_name.as_deref().and_then(model_in);
    Some(About {
        format: "Govee",
        maker: Some("Govee"),
        model: model.map(|digits| format!("H{digits}").into()),
        kind: match layout {
            Layout::WithCo2 => "CO₂ monitor",
            Layout::WithDust => "Air quality sensor",
            Layout::Presence => "Presence sensor",
            Layout::Probes(_) => "Meat thermometer",
            Layout::Sealed => sealed::kind(model.unwrap_or_default()),
            _ => "Temperature/humidity sensor",
        },
    })
}

pub(crate) fn read(advert: &Advert, _: &[u8], _: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let (layout, data) = find(advert).ok_or(DecodeError::UnknownVersion)?;
    let mut octets = Octets(data);
    let mut said = Decoded::default();
    match layout {
        Layout::Packed => {
            octets.skip(1)?;
            packed(&mut said, &mut octets)?;
        }
        Layout::PackedLater => {
            octets.skip(2)?;
            packed(&mut said, &mut octets)?;
        }
        Layout::PackedWithRemote => {
            octets.skip(2)?;
            let sensor = octets.u8()?;
            packed(&mut said, &mut octets)?;
            for measurement in &mut said.measurements {
                measurement.index = sensor.saturating_add(1);
            }
        }
        Layout::PackedOfProbe => {
            octets.skip(2)?;
            packed(&mut said, &mut octets)?;
            octets.skip(1)?;
            let probe = match octets.u8()? {
                0x41 => 1,
                0x82 => 2,
                _ => return Err(DecodeError::UnknownVersion),
            };
            said.measurements.retain(|m| probe == 1 || m.property != "humidity");
            for measurement in said.measurements.iter_mut().filter(|m| m.property != "battery") {
                measurement.index = probe;
            }
        }
        Layout::Plain | Layout::PlainLater => {
            octets.skip(if layout == Layout::Plain { 1 } else { 4 })?;
            let (temperature, humidity, battery) = (octets.i16_le()?, octets.u16_le()?, octets.u8()?);
            add(&mut said, f64::from(temperature) / 100.0, f64::from(humidity) / 100.0)?;
            said.number("battery", "%", battery);
        }
        Layout::WithCo2 => {
            octets.skip(2)?;
            let (temperature, humidity) = unpack(octets.u24_be()?);
            let co2 = octets.u16_be()?;
            if octets.u8()? != 0 {
                return Err(DecodeError::NoReading);
            }
            add(&mut said, temperature, humidity)?;
            said.number("carbon_dioxide", "ppm", co2);
        }
        Layout::WithDust => {
            octets.skip(2)?;
            let all = u32::from_be_bytes(octets.array()?);
            let (sign, rest) = (all & 0x8000_0000, all & 0x7FFF_FFFF);
            let (temperature, humidity) = unpack_value(sign != 0, rest / 1000);
            add(&mut said, temperature, humidity)?;
            said.number("pm25", "µg/m³", rest % 1000);
        }
        Layout::Probes(places) => probes(&mut said, data, places),
        Layout::Presence => {
            octets.skip(4)?;
            said.truth("occupancy", octets.u8()? == 1);
            said.truth("motion", octets.u8()? == 0x11);
            said.sleepy = true;
        }
        Layout::Sealed => sealed::read(&mut said, octets)?,
    }
    Ok(said)
}

/// What such probes can measure, in °C.
const PROBE: std::ops::RangeInclusive<f64> = 0.0..=300.0;

fn probes(said: &mut Decoded, data: &[u8], places: &[usize]) {
    let before = if data.get(6) == Some(&2) { 2 } else { 0 };
    for (number, place) in (1..).zip(places) {
        let Some(&[high, low]) = data.get(*place..*place + 2) else {
            continue;
        };
        let degrees = f64::from(i16::from_be_bytes([high, low])) / 100.0;
        if PROBE.contains(&degrees) {
            said.numbered("temperature", "°C", before + number, degrees);
        }
    }
}

/// 24 bits and the octet of battery.
fn packed(said: &mut Decoded, octets: &mut Octets<'_>) -> Result<(), DecodeError> {
    let (temperature, humidity) = unpack(octets.u24_be()?);
    let battery = octets.u8()?;
    if battery & 0x80 != 0 {
        return Err(DecodeError::NoReading);
    }
    add(said, temperature, humidity)?;
    said.number("battery", "%", battery);
    Ok(())
}

fn unpack(bits: u32) -> (f64, f64) {
    unpack_value(bits & 0x80_0000 != 0, bits & 0x7F_FFFF)
}

fn unpack_value(is_negative: bool, value: u32) -> (f64, f64) {
    let degrees = f64::from(value / 1000) / 10.0;
    let humidity = f64::from(value % 1000) / 10.0;
    (if is_negative { -degrees } else { degrees }, humidity)
}

fn add(said: &mut Decoded, temperature: f64, humidity: f64) -> Result<(), DecodeError> {
    // What the sensors are made for; beyond it there is nothing but faults.
    if !(-40.0..=100.0).contains(&temperature) || humidity > 100.0 {
        return Err(DecodeError::NoReading);
    }
    said.number("temperature", "°C", temperature);
    said.number("humidity", "%", humidity);
    Ok(())
}
