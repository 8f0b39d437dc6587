//! From what formats call their values to the quantities of the house.

use house::Quantity;

use crate::{Measurement, Value};

impl Measurement {
    /// As a quantity of the house, in its unit; `None` for what the house has no quantity for, or
    /// a value no working sensor reports.
    pub fn quantity(&self) -> Option<(Quantity, f64)> {
        let (quantity, number) = match self.value {
            Value::Number(number) => quantity_of_number(self.property, self.unit, number)?,
            Value::Bool(on) => (quantity_of_truth(self.property)?, f64::from(u8::from(on))),
            Value::Text(_) | Value::Raw(_) => return None,
        };
        quantity.accepts(number).then_some((quantity, number))
    }
}

fn quantity_of_number(property: &str, unit: &str, number: f64) -> Option<(Quantity, f64)> {
    Some(match (property, unit) {
        ("pressure", "mbar" | "hPa") => (Quantity::Pressure, number),
        ("voltage", "mV") => (Quantity::Voltage, number / 1000.0),
        ("distance", "mm") => (Quantity::Distance, number / 1000.0),
        ("mass", "kg") => (Quantity::Weight, number),
        ("mass", "lb") => (Quantity::Weight, number * 0.453_592_37),
        ("volume" | "water" | "volume_storage", "mL") => (Quantity::Water, number / 1000.0),
        ("volume" | "water" | "volume_storage", "L") => (Quantity::Water, number),
        ("speed_signed", "m/s") => (Quantity::Speed, number),
        ("acceleration_total" | "acceleration_signed", "m/s²") => (Quantity::Acceleration, number),
        ("impedance_low", "Ω") => (Quantity::Impedance, number),
        ("movement_counter", "") => (Quantity::Count, number),
        (property, unit) => {
            let quantity: Quantity = property.parse().ok()?;
            if quantity.is_binary() || quantity.unit() != unit {
                return None;
            }
            (quantity, number)
        }
    })
}

fn quantity_of_truth(property: &str) -> Option<Quantity> {
    Some(match property {
        "moving" => Quantity::Motion,
        "moisture_detected" | "bottom_submersion" => Quantity::Leak,
        "door_left_open" => Quantity::Problem,
        "pry_the_door" | "device_forcibly_removed" => Quantity::Tamper,
        "power_on" | "toothbrush" => Quantity::Running,
        property => property
            .parse()
            .ok()
            .filter(|quantity: &Quantity| quantity.is_binary())?,
    })
}
