//! RuuviTag and Ruuvi Air: company data 0x0499, big-endian (source: docs.ruuvi.com, "Bluetooth
//! advertisements", data formats 3 (RAWv1), 5 (RAWv2), 6 and E1).
//!
//! A number of all ones, or the least of a signed one, says that there is no value.

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory};

/// Ruuvi Innovations Ltd.
pub(crate) const COMPANY: u16 = 0x0499;

const RAW_1: u8 = 3;
const RAW_2: u8 = 5;
const AIR: u8 = 6;
const AIR_EXTENDED: u8 = 0xE1;

/// One thousandth of the earth's acceleration, in m/s².
const MILLI_G: f64 = 0.009_806_65;

pub(crate) fn about(_: &Advert, data: &[u8], _: &Memory) -> Option<About> {
    let (format, model, kind) = match *data.first()? {
        RAW_1 => ("Ruuvi 3", "RuuviTag", "Environmental sensor"),
        RAW_2 => ("Ruuvi 5", "RuuviTag", "Environmental sensor"),
        AIR => ("Ruuvi 6", "Ruuvi Air", "Air quality sensor"),
        AIR_EXTENDED => ("Ruuvi E1", "Ruuvi Air", "Air quality sensor"),
        _ => return None,
    };
    Some(About {
        format,
        maker: Some("Ruuvi"),
        model: Some(model.into()),
        kind,
    })
}

pub(crate) fn read(_: &Advert, data: &[u8], _: &mut Memory, _: Timestamp) -> Result<Decoded, DecodeError> {
    let mut octets = Octets(data);
    let mut said = Decoded::default();
    match octets.u8()? {
        RAW_1 => raw_1(octets, &mut said)?,
        RAW_2 => raw_2(octets, &mut said)?,
        AIR => air(octets, &mut said)?,
        AIR_EXTENDED => air_extended(octets, &mut said)?,
        _ => return Err(DecodeError::UnknownVersion),
    }
    if said.measurements.is_empty() {
        return Err(DecodeError::NoReading);
    }
    Ok(said)
}

/// Humidity × 2, °C as sign and magnitude with hundredths, Pa − 50,000, mG three times, mV.
fn raw_1(mut octets: Octets<'_>, said: &mut Decoded) -> Result<(), DecodeError> {
    let humidity = octets.u8()?;
    let [degrees, hundredths] = octets.array()?;
    let pressure = octets.u16_be()?;
    let acceleration = [octets.i16_be()?, octets.i16_be()?, octets.i16_be()?];
    let millivolts = octets.u16_be()?;
    if humidity > 200 || hundredths >= 100 {
        return Err(DecodeError::Invalid);
    }
    let magnitude = f64::from(u16::from(degrees & 0x7F) * 100 + u16::from(hundredths)) / 100.0;
    let is_negative = degrees & 0x80 != 0;
    said.number("temperature", "°C", if is_negative { -magnitude } else { magnitude });
    said.number("humidity", "%", f64::from(humidity) / 2.0);
    add_pressure(said, pressure);
    said.number("voltage", "mV", millivolts);
    add_acceleration(said, acceleration);
    Ok(())
}

/// °C × 200, humidity × 400, Pa − 50,000, mG three times, power, movements, number, address.
fn raw_2(mut octets: Octets<'_>, said: &mut Decoded) -> Result<(), DecodeError> {
    let (temperature, humidity, pressure) = (octets.i16_be()?, octets.u16_be()?, octets.u16_be()?);
    let acceleration = [octets.i16_be()?, octets.i16_be()?, octets.i16_be()?];
    let power = octets.u16_be()?;
    let movements = octets.u8()?;
    octets.skip(2 + 6)?;
    add_air(said, temperature, humidity, pressure);
    let millivolts = power >> 5;
    if millivolts != 0x7FF {
        said.number("voltage", "mV", millivolts + 1600);
    }
    if movements != u8::MAX {
        said.number("movement_counter", "", movements);
    }
    add_acceleration(said, acceleration);
    Ok(())
}

/// °C × 200, humidity × 400, Pa − 50,000, PM2.5 × 10, CO₂, VOC, NOx, light, reserved, number,
/// flags, half the address. VOC and NOx have a ninth bit, their lowest, in the flags.
fn air(mut octets: Octets<'_>, said: &mut Decoded) -> Result<(), DecodeError> {
    let (temperature, humidity, pressure) = (octets.i16_be()?, octets.u16_be()?, octets.u16_be()?);
    let (pm25, co2) = (octets.u16_be()?, octets.u16_be()?);
    let [voc, nox, light, _, _, flags] = octets.array()?;
    octets.skip(3)?;
    add_air(said, temperature, humidity, pressure);
    add_tenths(said, "pm25", pm25);
    add_gases(said, co2, voc, nox, flags);
    if light != u8::MAX {
        // A logarithmic scale whose 254 steps reach 65,535 lx.
        let lux = (f64::from(light) * 65_536_f64.ln() / 254.0).exp() - 1.0;
        said.number("illuminance", "lx", lux.round());
    }
    add_score(said, co2, pm25);
    Ok(())
}

/// As 6, with PM1, PM4, PM10, light × 100 in 24 bits, and 40 octets in all.
fn air_extended(mut octets: Octets<'_>, said: &mut Decoded) -> Result<(), DecodeError> {
    let (temperature, humidity, pressure) = (octets.i16_be()?, octets.u16_be()?, octets.u16_be()?);
    let (pm1, pm25, pm4, pm10) = (octets.u16_be()?, octets.u16_be()?, octets.u16_be()?, octets.u16_be()?);
    let co2 = octets.u16_be()?;
    let [voc, nox] = octets.array()?;
    let light = octets.u24_be()?;
    octets.skip(3 + 3)?;
    let flags = octets.u8()?;
    octets.skip(5 + 6)?;
    add_air(said, temperature, humidity, pressure);
    for (property, value) in [("pm1", pm1), ("pm25", pm25), ("pm4", pm4), ("pm10", pm10)] {
        add_tenths(said, property, value);
    }
    add_gases(said, co2, voc, nox, flags);
    if light != 0xFF_FFFF {
        said.number("illuminance", "lx", f64::from(light) / 100.0);
    }
    add_score(said, co2, pm25);
    Ok(())
}

fn add_air(said: &mut Decoded, temperature: i16, humidity: u16, pressure: u16) {
    if temperature != i16::MIN {
        said.number("temperature", "°C", f64::from(temperature) / 200.0);
    }
    if humidity != u16::MAX {
        said.number("humidity", "%", f64::from(humidity) / 400.0);
    }
    add_pressure(said, pressure);
}

fn add_pressure(said: &mut Decoded, pressure: u16) {
    if pressure != u16::MAX {
        said.number("pressure", "hPa", (f64::from(pressure) + 50_000.0) / 100.0);
    }
}

fn add_acceleration(said: &mut Decoded, milli_g: [i16; 3]) {
    if milli_g.contains(&i16::MIN) {
        return;
    }
    let axes = milli_g.map(|axis| f64::from(axis) * MILLI_G);
    for (property, value) in ["acceleration_x", "acceleration_y", "acceleration_z"]
        .into_iter()
        .zip(axes)
    {
        said.number(property, "m/s²", value);
    }
    let total = axes.iter().map(|axis| axis * axis).sum::<f64>().sqrt();
    said.number("acceleration_total", "m/s²", total);
}

fn add_tenths(said: &mut Decoded, property: &'static str, value: u16) {
    if value != u16::MAX {
        said.number(property, "µg/m³", f64::from(value) / 10.0);
    }
}

fn add_gases(said: &mut Decoded, co2: u16, voc: u8, nox: u8, flags: u8) {
    if co2 != u16::MAX {
        said.number("carbon_dioxide", "ppm", co2);
    }
    for (property, upper, bit) in [("voc_index", voc, 6), ("nox_index", nox, 7)] {
        let index = u16::from(upper) << 1 | u16::from(flags >> bit & 1);
        if index != 0x1FF {
            said.number(property, "", index);
        }
    }
}

/// Ruuvi's indoor air quality score: 100 less the distance from 420 ppm and no dust, where 2,300
/// ppm or 60 µg/m³ are 100 away.
fn add_score(said: &mut Decoded, co2: u16, pm25: u16) {
    if co2 == u16::MAX || pm25 == u16::MAX {
        return;
    }
    let dust = (f64::from(pm25) / 10.0).clamp(0.0, 60.0) * 100.0 / 60.0;
    let gas = (f64::from(co2).clamp(420.0, 2300.0) - 420.0) * 100.0 / (2300.0 - 420.0);
    said.number("iaqs", "", (100.0 - dust.hypot(gas)).clamp(0.0, 100.0).round());
}
