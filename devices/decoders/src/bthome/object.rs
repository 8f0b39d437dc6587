//! BTHome's objects: `[id][value, little-endian]`, in the order of their ids.

use crate::octets::{Octets, signed, unsigned};
use crate::{DecodeError, Decoded, Event, Measurement, Value};

/// How an object's octets become a value.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Unsigned, so many octets, times numerator over denominator.
    Unsigned(u8, f64, f64),
    /// Signed, likewise.
    Signed(u8, f64, f64),
    /// One octet: 0 or 1.
    Bool,
    /// Seconds since 1970 in 4 octets.
    Time,
    /// One octet of length, then text.
    Text,
    /// One octet of length, then octets.
    Raw,
    /// One octet: how a button was pressed.
    Button,
    /// Two octets: direction and steps of a dial.
    Dimmer,
    /// One octet that numbers the advert.
    PacketId,
    /// Octets that say what the device is, of no use to a house: passed over.
    Skip(u8),
}

/// Property, unit and form of an object id, as bthome.io lists them.
#[rustfmt::skip]
pub(super) fn describe(id: u8) -> Option<(&'static str, &'static str, Form)> {
    use Form::{Bool, Button, Dimmer, PacketId, Raw, Signed, Skip, Text, Time, Unsigned};
    Some(match id {
        0x00 => ("packet_id", "", PacketId),
        0x01 => ("battery", "%", Unsigned(1, 1.0, 1.0)),
        0x02 => ("temperature", "°C", Signed(2, 1.0, 100.0)),
        0x03 => ("humidity", "%", Unsigned(2, 1.0, 100.0)),
        0x04 => ("pressure", "mbar", Unsigned(3, 1.0, 100.0)),
        0x05 => ("illuminance", "lx", Unsigned(3, 1.0, 100.0)),
        0x06 => ("mass", "kg", Unsigned(2, 1.0, 100.0)),
        0x07 => ("mass", "lb", Unsigned(2, 1.0, 100.0)),
        0x08 => ("dew_point", "°C", Signed(2, 1.0, 100.0)),
        0x09 => ("count", "", Unsigned(1, 1.0, 1.0)),
        0x0A => ("energy", "kWh", Unsigned(3, 1.0, 1000.0)),
        0x0B => ("power", "W", Unsigned(3, 1.0, 100.0)),
        0x0C => ("voltage", "V", Unsigned(2, 1.0, 1000.0)),
        0x0D => ("pm25", "µg/m³", Unsigned(2, 1.0, 1.0)),
        0x0E => ("pm10", "µg/m³", Unsigned(2, 1.0, 1.0)),
        0x0F => ("generic", "", Bool),
        0x10 => ("power_on", "", Bool),
        0x11 => ("opening", "", Bool),
        0x12 => ("carbon_dioxide", "ppm", Unsigned(2, 1.0, 1.0)),
        0x13 => ("volatile_organic_compounds", "µg/m³", Unsigned(2, 1.0, 1.0)),
        0x14 => ("moisture", "%", Unsigned(2, 1.0, 100.0)),
        0x15 => ("battery_low", "", Bool),
        0x16 => ("battery_charging", "", Bool),
        0x17 => ("carbon_monoxide_detected", "", Bool),
        0x18 => ("cold", "", Bool),
        0x19 => ("connectivity", "", Bool),
        0x1A => ("door", "", Bool),
        0x1B => ("garage_door", "", Bool),
        0x1C => ("gas_detected", "", Bool),
        0x1D => ("heat", "", Bool),
        0x1E => ("light", "", Bool),
        0x1F => ("lock", "", Bool),
        0x20 => ("moisture_detected", "", Bool),
        0x21 => ("motion", "", Bool),
        0x22 => ("moving", "", Bool),
        0x23 => ("occupancy", "", Bool),
        0x24 => ("plug", "", Bool),
        0x25 => ("presence", "", Bool),
        0x26 => ("problem", "", Bool),
        0x27 => ("running", "", Bool),
        0x28 => ("safety", "", Bool),
        0x29 => ("smoke", "", Bool),
        0x2A => ("sound", "", Bool),
        0x2B => ("tamper", "", Bool),
        0x2C => ("vibration", "", Bool),
        0x2D => ("window", "", Bool),
        0x2E => ("humidity", "%", Unsigned(1, 1.0, 1.0)),
        0x2F => ("moisture", "%", Unsigned(1, 1.0, 1.0)),
        0x3A => ("button", "", Button),
        0x3C => ("dimmer", "", Dimmer),
        0x3D => ("count", "", Unsigned(2, 1.0, 1.0)),
        0x3E => ("count", "", Unsigned(4, 1.0, 1.0)),
        0x3F => ("rotation", "°", Signed(2, 1.0, 10.0)),
        0x40 => ("distance", "mm", Unsigned(2, 1.0, 1.0)),
        0x41 => ("distance", "m", Unsigned(2, 1.0, 10.0)),
        0x42 => ("duration", "s", Unsigned(3, 1.0, 1000.0)),
        0x43 => ("current", "A", Unsigned(2, 1.0, 1000.0)),
        0x44 => ("speed", "m/s", Unsigned(2, 1.0, 100.0)),
        0x45 => ("temperature", "°C", Signed(2, 1.0, 10.0)),
        0x46 => ("uv_index", "", Unsigned(1, 1.0, 10.0)),
        0x47 => ("volume", "L", Unsigned(2, 1.0, 10.0)),
        0x48 => ("volume", "mL", Unsigned(2, 1.0, 1.0)),
        0x49 => ("volume_flow_rate", "m³/h", Unsigned(2, 1.0, 1000.0)),
        0x4A => ("voltage", "V", Unsigned(2, 1.0, 10.0)),
        0x4B => ("gas", "m³", Unsigned(3, 1.0, 1000.0)),
        0x4C => ("gas", "m³", Unsigned(4, 1.0, 1000.0)),
        0x4D => ("energy", "kWh", Unsigned(4, 1.0, 1000.0)),
        0x4E => ("volume", "L", Unsigned(4, 1.0, 1000.0)),
        0x4F => ("water", "L", Unsigned(4, 1.0, 1000.0)),
        0x50 => ("timestamp", "", Time),
        0x51 => ("acceleration", "m/s²", Unsigned(2, 1.0, 1000.0)),
        0x52 => ("gyroscope", "°/s", Unsigned(2, 1.0, 1000.0)),
        0x53 => ("text", "", Text),
        0x54 => ("raw", "", Raw),
        0x55 => ("volume_storage", "L", Unsigned(4, 1.0, 1000.0)),
        0x56 => ("conductivity", "µS/cm", Unsigned(2, 1.0, 1.0)),
        0x57 => ("temperature", "°C", Signed(1, 1.0, 1.0)),
        0x58 => ("temperature", "°C", Signed(1, 35.0, 100.0)),
        0x59 => ("count", "", Signed(1, 1.0, 1.0)),
        0x5A => ("count", "", Signed(2, 1.0, 1.0)),
        0x5B => ("count", "", Signed(4, 1.0, 1.0)),
        0x5C => ("power", "W", Signed(4, 1.0, 100.0)),
        0x5D => ("current", "A", Signed(2, 1.0, 1000.0)),
        0x5E => ("direction", "°", Unsigned(2, 1.0, 100.0)),
        0x5F => ("precipitation", "mm", Unsigned(2, 1.0, 10.0)),
        0x60 => ("channel", "", Unsigned(1, 1.0, 1.0)),
        0x61 => ("rotational_speed", "rpm", Unsigned(2, 1.0, 1.0)),
        0x62 => ("speed_signed", "m/s", Signed(4, 1.0, 1_000_000.0)),
        0x63 => ("acceleration_signed", "m/s²", Signed(4, 1.0, 1_000_000.0)),
        0x64 => ("light_level", "", Unsigned(1, 1.0, 1.0)),
        0xF0 => ("device_type", "", Skip(2)),
        0xF1 => ("firmware", "", Skip(4)),
        0xF2 => ("firmware", "", Skip(3)),
        _ => return None,
    })
}

/// What a list of objects says.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) said: Decoded,
    pub(super) packet_id: Option<u8>,
    buttons: u8,
}

/// Reads objects up to the end, to the first id that is unknown (its length is unknown too), or to
/// one that is cut short. Whole values before that count; an advert with none is an error.
pub(super) fn parse(octets: &[u8]) -> Result<Objects, DecodeError> {
    let mut objects = Objects::default();
    match objects.take_all(Octets(octets)) {
        Err(DecodeError::Truncated) if !objects.said.measurements.is_empty() || !objects.said.events.is_empty() => {}
        outcome => outcome?,
    }
    number_repeats(&mut objects.said.measurements);
    Ok(objects)
}

impl Objects {
    fn take_all(&mut self, mut octets: Octets<'_>) -> Result<(), DecodeError> {
        while !octets.is_empty() {
            let id = octets.u8()?;
            let Some((_, _, form)) = describe(id) else {
                break;
            };
            let length = match form {
                Form::Unsigned(length, ..) | Form::Signed(length, ..) | Form::Skip(length) => length,
                Form::Bool | Form::Button | Form::PacketId => 1,
                Form::Dimmer => 2,
                Form::Time => 4,
                Form::Text | Form::Raw => octets.u8()?,
            };
            self.take(id, octets.take(length.into())?)?;
        }
        Ok(())
    }

    /// Takes one object, whose octets are as many as its form has.
    fn take(&mut self, id: u8, octets: &[u8]) -> Result<(), DecodeError> {
        let Some((property, unit, form)) = describe(id) else {
            return Ok(());
        };
        let value = match form {
            Form::Unsigned(_, numerator, denominator) => {
                Value::Number(unsigned(octets) as f64 * numerator / denominator)
            }
            Form::Signed(_, numerator, denominator) => Value::Number(signed(octets) as f64 * numerator / denominator),
            Form::Bool => match octets {
                [0] => Value::Bool(false),
                [1] => Value::Bool(true),
                _ => return Err(DecodeError::Invalid),
            },
            Form::Time => Value::Text(time(octets)?),
            Form::Text => {
                let text = std::str::from_utf8(octets).map_err(|_| DecodeError::Invalid)?;
                Value::Text(text.to_owned())
            }
            Form::Raw => Value::Raw(octets.to_vec()),
            Form::Button => return self.press(octets),
            Form::Dimmer => return self.turn(octets),
            Form::PacketId => {
                self.packet_id = octets.first().copied();
                return Ok(());
            }
            Form::Skip(_) => return Ok(()),
        };
        self.add(property, unit, value);
        Ok(())
    }

    /// Adds a value.
    pub(super) fn add(&mut self, property: &'static str, unit: &'static str, value: Value) {
        self.said.measurements.push(Measurement {
            property,
            unit,
            index: 0,
            value,
        });
    }

    /// Button codes; 0 is "no press", there to keep later buttons in place.
    pub(super) fn press(&mut self, octets: &[u8]) -> Result<(), DecodeError> {
        self.buttons = self.buttons.saturating_add(1);
        let kind = match octets {
            [0x00] => return Ok(()),
            [0x01] => "press",
            [0x02] => "double_press",
            [0x03] => "triple_press",
            [0x04] => "long_press",
            [0x05] => "long_double_press",
            [0x06] => "long_triple_press",
            [0x80] => "hold_press",
            _ => return Err(DecodeError::Invalid),
        };
        self.said.events.push(Event {
            source: "button",
            index: self.buttons,
            kind,
            amount: None,
        });
        Ok(())
    }

    /// A dial: direction and steps; direction 0 is "not turned".
    pub(super) fn turn(&mut self, octets: &[u8]) -> Result<(), DecodeError> {
        let (kind, steps) = match octets {
            [0, _] => return Ok(()),
            [1, steps] => ("rotate_left", *steps),
            [2, steps] => ("rotate_right", *steps),
            _ => return Err(DecodeError::Invalid),
        };
        self.said.events.push(Event {
            source: "dimmer",
            index: 0,
            kind,
            amount: Some(steps),
        });
        Ok(())
    }
}

/// Seconds since 1970 as a time.
pub(super) fn time(octets: &[u8]) -> Result<String, DecodeError> {
    let seconds = i64::try_from(unsigned(octets)).map_err(|_| DecodeError::Invalid)?;
    Ok(house::Timestamp::from_secs(seconds).to_string())
}

pub(super) fn number_repeats(measurements: &mut [Measurement]) {
    for i in 0..measurements.len() {
        let (property, unit) = (measurements[i].property, measurements[i].unit);
        let is_same = |m: &Measurement| m.property == property && m.unit == unit;
        if measurements.iter().filter(|m| is_same(m)).count() > 1 {
            let before = measurements[..i].iter().filter(|m| is_same(m)).count();
            measurements[i].index = u8::try_from(before + 1).unwrap_or(u8::MAX);
        }
    }
}
