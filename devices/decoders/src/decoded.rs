//! What came out of an advert.

use house::Quantity;

/// A value as the device's format has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number in the unit that the property's name fixes.
    Number(f64),
    /// Yes or no.
    Bool(bool),
    /// Text.
    Text(String),
    /// Octets nobody explains.
    Raw(Vec<u8>),
}

/// One thing the device measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// What, as the format names it: `temperature`, `window`, `volume_storage`.
    pub property: &'static str,
    /// The unit of a number; empty where there is none.
    pub unit: &'static str,
    /// 1, 2, … when the device measures the same property several times; 0 when once.
    pub index: u8,
    /// The value.
    pub value: Value,
}

impl Measurement {
    /// As a quantity of the house, in its unit; `None` for what the house has no quantity for.
    pub fn quantity(&self) -> Option<(Quantity, f64)> {
        let number = match self.value {
            Value::Number(number) => number,
            Value::Bool(on) => f64::from(u8::from(on)),
            Value::Text(_) | Value::Raw(_) => return None,
        };
        let (quantity, number) = match (self.property, self.unit) {
            ("carbon_dioxide", "ppm") => (Quantity::Co2, number),
            ("pressure", "mbar" | "hPa") => (Quantity::Pressure, number),
            ("distance", "mm") => (Quantity::Distance, number / 1000.0),
            ("mass", "kg") => (Quantity::Weight, number),
            ("mass", "lb") => (Quantity::Weight, number * 0.453_592_37),
            ("volume" | "water" | "volume_storage", "mL") => (Quantity::Water, number / 1000.0),
            ("volume" | "water" | "volume_storage", "L") => (Quantity::Water, number),
            ("window" | "door" | "garage_door" | "opening", _) => (Quantity::Opening, number),
            ("presence" | "occupancy", _) => (Quantity::Occupancy, number),
            ("moisture_detected", _) => (Quantity::Leak, number),
            ("battery_low", _) => (Quantity::BatteryLow, number),
            (property, unit) => {
                let quantity: Quantity = property.parse().ok()?;
                if quantity.unit() != unit {
                    return None;
                }
                (quantity, number)
            }
        };
        quantity.accepts(number).then_some((quantity, number))
    }
}

/// How a button was pressed or a dial turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// Once.
    Single,
    /// Twice.
    Double,
    /// Three times.
    Triple,
    /// Long.
    Long,
    /// Long, twice.
    LongDouble,
    /// Long, three times.
    LongTriple,
    /// Held.
    Hold,
    /// Turned left by so many steps.
    RotateLeft(u8),
    /// Turned right by so many steps.
    RotateRight(u8),
}

/// Everything one advert said.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The format's name: `BTHome v2`.
    pub format: &'static str,
    /// What was measured, in the order sent.
    pub measurements: Vec<Measurement>,
    /// Buttons: which of the device's buttons (from 1), and how.
    pub presses: Vec<(u8, Press)>,
    /// It was encrypted, and the key fits.
    pub encrypted: bool,
    /// It sends when something happens, not by the clock: silence is no fault.
    pub sleepy: bool,
}

impl Decoded {
    /// The measurements that the house has quantities for, each quantity once: the first sensor of
    /// several of one kind.
    pub fn readings(&self) -> Vec<(Quantity, f64)> {
        let mut readings: Vec<(Quantity, f64)> = Vec::new();
        for (quantity, value) in self.measurements.iter().filter_map(Measurement::quantity) {
            if !readings.iter().any(|(known, _)| *known == quantity) {
                readings.push((quantity, value));
            }
        }
        readings
    }
}

/// Why an advert gives no reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// It ends in the middle of a value.
    #[error("the advert is cut short")]
    Truncated,
    /// A version or form of the format that is not understood.
    #[error("the advert is of an unknown version")]
    UnknownVersion,
    /// It is encrypted and no key was entered.
    #[error("the advert is encrypted: enter the device's key")]
    KeyNeeded,
    /// The key does not open it, or it was tampered with.
    #[error("the advert does not open with the device's key: check the key")]
    WrongKey,
    /// A key is known, and it came without encryption: somebody may be faking it.
    #[error("the advert is not encrypted though the device has a key: refused as a possible fake")]
    Downgrade,
    /// It was heard before; repeats are normal on the air.
    #[error("the advert was heard before")]
    Repeated,
    /// The octets make no sense.
    #[error("the advert holds a value that cannot be")]
    Invalid,
}
