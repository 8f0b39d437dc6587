//! What a sensor's device class and unit mean in the house's quantities and units.

use house::Quantity;

/// A quantity, and how to get from the device's unit to the quantity's: `value × factor + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// What is measured.
    pub quantity: Quantity,
    factor: f64,
    offset: f64,
}

impl Measure {
    const fn plain(quantity: Quantity) -> Self {
        Self::scaled(quantity, 1.0)
    }

    const fn scaled(quantity: Quantity, factor: f64) -> Self {
        Self {
            quantity,
            factor,
            offset: 0.0,
        }
    }

    /// The value in the quantity's unit, without the noise that binary fractions add.
    pub fn convert(&self, value: f64) -> f64 {
        if self.factor == 1.0 && self.offset == 0.0 {
            return value;
        }
        let converted = value * self.factor + self.offset;
        let rounded = (converted * 1e6).round() / 1e6;
        if rounded.is_finite() { rounded } else { converted }
    }
}

/// The measure that `device_class` and `unit` name; a sentence when the house has none.
pub fn measure(device_class: Option<&str>, unit: Option<&str>) -> Result<Measure, String> {
    let unit = unit.map(str::trim).filter(|unit| !unit.is_empty());
    match device_class {
        Some(class) => {
            let quantity = quantity_of_class(class)
                .ok_or_else(|| format!("the house has no quantity for a sensor of class {class}"))?;
            let Some(unit) = unit else {
                return Ok(Measure::plain(quantity));
            };
            convert_to(quantity, unit).ok_or_else(|| format!("{unit} is no unit of {quantity} that the house knows"))
        }
        None => match unit {
            Some(unit) => {
                quantity_of_unit(unit).ok_or_else(|| format!("the house has no quantity for the unit {unit}"))
            }
            None => Err("it says neither what it measures nor in which unit".to_owned()),
        },
    }
}

fn quantity_of_class(class: &str) -> Option<Quantity> {
    Some(match class {
        "temperature" => Quantity::Temperature,
        "humidity" => Quantity::Humidity,
        "carbon_dioxide" => Quantity::Co2,
        "battery" => Quantity::Battery,
        "pressure" | "atmospheric_pressure" => Quantity::Pressure,
        "illuminance" => Quantity::Illuminance,
        "power" => Quantity::Power,
        "energy" => Quantity::Energy,
        "voltage" => Quantity::Voltage,
        "current" => Quantity::Current,
        "pm25" => Quantity::Pm25,
        "pm10" => Quantity::Pm10,
        "volatile_organic_compounds" => Quantity::Voc,
        "carbon_monoxide" => Quantity::Co,
        "moisture" => Quantity::Moisture,
        "signal_strength" => Quantity::SignalStrength,
        "speed" | "wind_speed" => Quantity::Speed,
        "distance" => Quantity::Distance,
        "weight" => Quantity::Weight,
        "water" => Quantity::Water,
        "gas" => Quantity::Gas,
        "conductivity" => Quantity::Conductivity,
        "duration" => Quantity::Duration,
        "sound_pressure" => Quantity::SoundPressure,
        "pm1" => Quantity::Pm1,
        "pm4" => Quantity::Pm4,
        "aqi" => Quantity::Aqi,
        "wind_direction" => Quantity::WindDirection,
        "precipitation" => Quantity::Precipitation,
        "volume_flow_rate" => Quantity::VolumeFlowRate,
        _ => return None,
    })
}

/// The quantity of a sensor that names only its unit, where the unit belongs to one quantity.
fn quantity_of_unit(unit: &str) -> Option<Measure> {
    [
        Quantity::Temperature,
        Quantity::Pressure,
        Quantity::Illuminance,
        Quantity::Power,
        Quantity::Energy,
        Quantity::Voltage,
        Quantity::Current,
        Quantity::SignalStrength,
        Quantity::Conductivity,
        Quantity::VocIndex,
    ]
    .into_iter()
    // `mm`, `s` or `K` alone are too many things to be a length, a time or a temperature.
    .filter(|quantity| !(*quantity == Quantity::Temperature && unit == "K"))
    .filter(|quantity| !(*quantity == Quantity::SignalStrength && unit == "dB"))
    .find_map(|quantity| convert_to(quantity, unit))
}

fn convert_to(quantity: Quantity, unit: &str) -> Option<Measure> {
    let factor = match (quantity, unit) {
        (Quantity::Temperature, "°F" | "F" | "℉") => {
            return Some(Measure {
                quantity,
                factor: 5.0 / 9.0,
                offset: -160.0 / 9.0,
            });
        }
        (Quantity::Temperature, "K") => {
            return Some(Measure {
                quantity,
                factor: 1.0,
                offset: -273.15,
            });
        }
        (Quantity::Temperature, "°C" | "C" | "℃" | "ºC") => 1.0,
        (Quantity::Humidity | Quantity::Battery | Quantity::Moisture, "%" | "%RH") => 1.0,
        (Quantity::Co2 | Quantity::Co, "ppm") => 1.0,
        (Quantity::Co2 | Quantity::Co, "ppb") => 0.001,
        (Quantity::Pressure, "hPa" | "mbar") => 1.0,
        (Quantity::Pressure, "Pa") => 0.01,
        (Quantity::Pressure, "kPa") => 10.0,
        (Quantity::Pressure, "MPa") => 10_000.0,
        (Quantity::Pressure, "bar") => 1000.0,
        (Quantity::Pressure, "cbar") => 10.0,
        (Quantity::Pressure, "mmHg") => 1.333_224,
        (Quantity::Pressure, "inHg") => 33.863_89,
        (Quantity::Pressure, "psi") => 68.947_57,
        (Quantity::Illuminance, "lx" | "lux" | "Lx" | "Lux") => 1.0,
        (Quantity::Power, "W") => 1.0,
        (Quantity::Power, "mW") => 0.001,
        (Quantity::Power, "kW") => 1000.0,
        (Quantity::Power, "MW") => 1e6,
        (Quantity::Power, "GW") => 1e9,
        (Quantity::Energy, "kWh") => 1.0,
        (Quantity::Energy, "Wh") => 0.001,
        (Quantity::Energy, "mWh") => 1e-6,
        (Quantity::Energy, "MWh") => 1000.0,
        (Quantity::Energy, "GWh") => 1e6,
        (Quantity::Energy, "J") => 1.0 / 3.6e6,
        (Quantity::Energy, "kJ") => 1.0 / 3600.0,
        (Quantity::Energy, "MJ") => 1.0 / 3.6,
        (Quantity::Energy, "GJ") => 1000.0 / 3.6,
        (Quantity::Voltage, "V") => 1.0,
        (Quantity::Voltage, "mV") => 0.001,
        (Quantity::Voltage, "µV" | "μV") => 1e-6,
        (Quantity::Voltage, "kV") => 1000.0,
        (Quantity::Current, "A") => 1.0,
        (Quantity::Current, "mA") => 0.001,
        (Quantity::Current, "µA" | "μA") => 1e-6,
        (
            Quantity::Pm1 | Quantity::Pm4 | Quantity::Pm25 | Quantity::Pm10 | Quantity::Voc,
            "µg/m³" | "μg/m³" | "ug/m3" | "µg/m3" | "μg/m3",
        ) => 1.0,
        (Quantity::Pm1 | Quantity::Pm4 | Quantity::Pm25 | Quantity::Pm10 | Quantity::Voc, "mg/m³" | "mg/m3") => 1000.0,
        (Quantity::SignalStrength, "dBm" | "dB") => 1.0,
        (Quantity::Speed, "m/s") => 1.0,
        (Quantity::Speed, "km/h") => 1.0 / 3.6,
        (Quantity::Speed, "mph") => 0.447_04,
        (Quantity::Speed, "kn") => 0.514_444,
        (Quantity::Speed, "ft/s") => 0.3048,
        (Quantity::Distance, "m") => 1.0,
        (Quantity::Distance, "mm") => 0.001,
        (Quantity::Distance, "cm") => 0.01,
        (Quantity::Distance, "km") => 1000.0,
        (Quantity::Distance, "in") => 0.0254,
        (Quantity::Distance, "ft") => 0.3048,
        (Quantity::Distance, "yd") => 0.9144,
        (Quantity::Distance, "mi") => 1609.344,
        (Quantity::Weight, "kg") => 1.0,
        (Quantity::Weight, "g") => 0.001,
        (Quantity::Weight, "mg") => 1e-6,
        (Quantity::Weight, "lb") => 0.453_592_37,
        (Quantity::Weight, "oz") => 0.028_349_52,
        (Quantity::Weight, "st") => 6.350_293,
        (Quantity::Water, "L") => 1.0,
        (Quantity::Water, "mL") => 0.001,
        (Quantity::Water, "m³" | "m3") => 1000.0,
        (Quantity::Water, "gal") => 3.785_412,
        (Quantity::Water, "ft³" | "ft3") => 28.316_85,
        (Quantity::Gas, "m³" | "m3") => 1.0,
        (Quantity::Gas, "L") => 0.001,
        (Quantity::Gas, "ft³" | "ft3") => 0.028_316_85,
        (Quantity::Conductivity, "µS/cm" | "μS/cm") => 1.0,
        (Quantity::Conductivity, "mS/cm") => 1000.0,
        (Quantity::Conductivity, "S/cm") => 1e6,
        (Quantity::Duration, "s" | "sec" | "seconds") => 1.0,
        (Quantity::Duration, "ms") => 0.001,
        (Quantity::Duration, "µs" | "μs") => 1e-6,
        (Quantity::Duration, "min" | "minutes") => 60.0,
        (Quantity::Duration, "h" | "hours") => 3600.0,
        (Quantity::Duration, "d" | "days") => 86_400.0,
        (Quantity::SoundPressure, "dB" | "dBA") => 1.0,
        (Quantity::WindDirection, "°") => 1.0,
        (Quantity::Precipitation, "mm") => 1.0,
        (Quantity::Precipitation, "cm") => 10.0,
        (Quantity::Precipitation, "in") => 25.4,
        (Quantity::VolumeFlowRate, "m³/h" | "m3/h") => 1.0,
        (Quantity::VolumeFlowRate, "L/min" | "l/min") => 0.06,
        (Quantity::VolumeFlowRate, "L/h" | "l/h") => 0.001,
        (Quantity::VolumeFlowRate, "L/s") => 3.6,
        (Quantity::VocIndex, "VOC Index points") => 1.0,
        _ => return None,
    };
    Some(Measure::scaled(quantity, factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_in_the_quantitys_unit() {
        for (class, unit, value, quantity, expected) in [
            (Some("temperature"), Some("°C"), 21.5, Quantity::Temperature, 21.5),
            (Some("temperature"), Some("°F"), 212.0, Quantity::Temperature, 100.0),
            (Some("temperature"), Some("°F"), -40.0, Quantity::Temperature, -40.0),
            (Some("temperature"), Some("K"), 300.15, Quantity::Temperature, 27.0),
            (Some("temperature"), None, 21.5, Quantity::Temperature, 21.5),
            (Some("pressure"), Some("kPa"), 101.3, Quantity::Pressure, 1013.0),
            (
                Some("atmospheric_pressure"),
                Some("hPa"),
                1013.0,
                Quantity::Pressure,
                1013.0,
            ),
            (Some("voltage"), Some("mV"), 3012.0, Quantity::Voltage, 3.012),
            (Some("energy"), Some("Wh"), 1234.0, Quantity::Energy, 1.234),
            (Some("energy"), Some("MJ"), 3.6, Quantity::Energy, 1.0),
            (Some("power"), Some("kW"), 1.2, Quantity::Power, 1200.0),
            (Some("illuminance"), Some("Lx"), 80.0, Quantity::Illuminance, 80.0),
            (Some("water"), Some("m³"), 1.5, Quantity::Water, 1500.0),
            (Some("duration"), Some("min"), 2.0, Quantity::Duration, 120.0),
            (None, Some("°C"), 21.5, Quantity::Temperature, 21.5),
            (None, Some("dBm"), -60.0, Quantity::SignalStrength, -60.0),
        ] {
            let measure = measure(class, unit).unwrap();
            assert_eq!(
                (measure.quantity, measure.convert(value)),
                (quantity, expected),
                "{value} {unit:?}"
            );
        }
    }

    #[test]
    fn what_the_house_cannot_measure_says_why() {
        for (class, unit, sentence) in [
            (
                Some("timestamp"),
                None,
                "the house has no quantity for a sensor of class timestamp",
            ),
            (
                Some("temperature"),
                Some("lx"),
                "lx is no unit of temperature that the house knows",
            ),
            (None, Some("lqi"), "the house has no quantity for the unit lqi"),
            (None, None, "it says neither what it measures nor in which unit"),
        ] {
            assert_eq!(measure(class, unit).unwrap_err(), sentence);
        }
    }
}
