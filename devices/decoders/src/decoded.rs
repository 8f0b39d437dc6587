//! What came out of an advert.

use std::borrow::Cow;

use house::Quantity;

/// A value as the device's format has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number in the unit that goes with it.
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

/// Something that happened: a button was pressed, a dial turned, a lock opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it came from: `button`, `button_left`, `dimmer`, `lock`.
    pub source: &'static str,
    /// Which of several, from 1; 0 when there is one.
    pub index: u8,
    /// What, in Home Assistant's words: `press`, `double_press`, `long_press`, `rotate_left`.
    pub kind: &'static str,
    /// Steps turned, times pressed or seconds held, as the kind has it.
    pub amount: Option<u8>,
}

/// What a device is, as far as its adverts show without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The format of its adverts: `BTHome v2`.
    pub format: &'static str,
    /// Who made it.
    pub maker: Option<&'static str>,
    /// The maker's name of the model.
    pub model: Option<Cow<'static, str>>,
    /// What people would call it: `Door/window sensor`.
    pub kind: &'static str,
}

/// Everything one advert said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decoded {
    /// What was measured, in the order sent.
    pub measurements: Vec<Measurement>,
    /// What happened.
    pub events: Vec<Event>,
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
        for measurement in self.measurements.iter().filter(|m| m.index <= 1) {
            if let Some((quantity, value)) = measurement.quantity()
                && !readings.iter().any(|(known, _)| *known == quantity)
            {
                readings.push((quantity, value));
            }
        }
        readings
    }

    /// Adds a number.
    pub(crate) fn number(&mut self, property: &'static str, unit: &'static str, value: impl Into<f64>) {
        self.numbered(property, unit, 0, value);
    }

    /// Adds a number of one of several sensors.
    pub(crate) fn numbered(&mut self, property: &'static str, unit: &'static str, index: u8, value: impl Into<f64>) {
        self.push(property, unit, index, Value::Number(value.into()));
    }

    /// Adds a yes or no.
    pub(crate) fn truth(&mut self, property: &'static str, value: bool) {
        self.push(property, "", 0, Value::Bool(value));
    }

    /// Adds a text.
    pub(crate) fn text(&mut self, property: &'static str, value: impl Into<String>) {
        self.push(property, "", 0, Value::Text(value.into()));
    }

    /// Adds an event.
    pub(crate) fn event(&mut self, source: &'static str, kind: &'static str) {
        self.events.push(Event {
            source,
            index: 0,
            kind,
            amount: None,
        });
    }

    fn push(&mut self, property: &'static str, unit: &'static str, index: u8, value: Value) {
        self.measurements.push(Measurement {
            property,
            unit,
            index,
            value,
        });
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
    #[error("its messages are encrypted: enter the device's key")]
    KeyNeeded,
    /// The key does not open it, or it was tampered with.
    #[error("its messages do not open with the key that was entered: check the key")]
    WrongKey,
    /// A key is known, and it came without encryption: somebody may be faking it.
    #[error("its messages are not encrypted though it has a key: they are refused as possible fakes")]
    Downgrade,
    /// It was heard before; repeats are normal on the air.
    #[error("the advert was heard before")]
    Repeated,
    /// Several adverts came at once, and which is the newest is not known.
    #[error("several adverts came at once; the next one will tell")]
    Ambiguous,
    /// The device says that its sensor is broken or not ready.
    #[error("the device says that it has no reading")]
    NoReading,
    /// The octets make no sense.
    #[error("the advert holds a value that cannot be")]
    Invalid,
}
