//! What can be measured; each quantity fixes its unit and the range a sane sensor reports.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! quantities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $unit:literal, $range:expr, $decimals:literal, [$($alias:literal),*];)*) => {
        /// Something a sensor measures. The name is the key in `sensor.events`; yes/no quantities
        /// are 0 or 1 and have no unit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Quantity { $($(#[$doc])* $variant,)* }

        impl Quantity {
            /// Every quantity.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name on the wire, as Home Assistant's device classes spell it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The one unit this quantity is carried in; empty for yes/no and plain counts.
            pub const fn unit(self) -> &'static str {
                match self { $(Self::$variant => $unit),* }
            }

            /// What a working sensor can report; a value outside is refused.
            pub const fn range(self) -> RangeInclusive<f64> {
                match self { $(Self::$variant => $range),* }
            }

            /// How many decimals are worth showing to people.
            pub const fn decimals(self) -> usize {
                match self { $(Self::$variant => $decimals),* }
            }

            fn from_name(name: &str) -> Option<Self> {
                match name { $($name $(| $alias)* => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

quantities! {
    /// Air temperature.
    Temperature = "temperature", "°C", -80.0..=150.0, 1, ["temp"];
    /// Relative humidity.
    Humidity = "humidity", "%", 0.0..=100.0, 0, ["hum", "rh"];
    /// Carbon dioxide.
    Co2 = "co2", "ppm", 0.0..=100_000.0, 0, ["carbon_dioxide"];
    /// Battery charge.
    Battery = "battery", "%", 0.0..=100.0, 0, ["batt"];
    /// Air pressure.
    Pressure = "pressure", "hPa", 0.0..=2000.0, 0, ["atmospheric_pressure"];
    /// Light.
    Illuminance = "illuminance", "lx", 0.0..=1_000_000.0, 0, ["lux"];
    /// Electric power; negative when fed in.
    Power = "power", "W", -1_000_000.0..=1_000_000.0, 0, [];
    /// Electric energy.
    Energy = "energy", "kWh", -1e9..=1e9, 2, [];
    /// Electric tension.
    Voltage = "voltage", "V", -100_000.0..=100_000.0, 1, [];
    /// Electric current.
    Current = "current", "A", -100_000.0..=100_000.0, 2, [];
    /// Fine dust up to 2.5 µm.
    Pm25 = "pm25", "µg/m³", 0.0..=100_000.0, 0, ["pm2_5"];
    /// Fine dust up to 10 µm.
    Pm10 = "pm10", "µg/m³", 0.0..=100_000.0, 0, [];
    /// Volatile organic compounds.
    Voc = "volatile_organic_compounds", "µg/m³", 0.0..=1_000_000.0, 0, ["tvoc", "voc"];
    /// Carbon monoxide.
    Co = "carbon_monoxide", "ppm", 0.0..=100_000.0, 0, [];
    /// Dew point.
    DewPoint = "dew_point", "°C", -100.0..=100.0, 1, ["dewpoint"];
    /// Moisture of soil or material.
    Moisture = "moisture", "%", 0.0..=100.0, 0, [];
    /// Strength of the radio signal.
    SignalStrength = "signal_strength", "dBm", -200.0..=50.0, 0, ["rssi"];
    /// Wind or flow speed.
    Speed = "speed", "m/s", -1000.0..=1000.0, 1, [];
    /// Distance.
    Distance = "distance", "m", -100_000.0..=100_000.0, 2, [];
    /// Mass.
    Weight = "weight", "kg", -1_000_000.0..=1_000_000.0, 1, ["mass"];
    /// Volume of water.
    Water = "water", "L", -1e12..=1e12, 1, [];
    /// Volume of gas.
    Gas = "gas", "m³", -1e9..=1e9, 3, [];
    /// Ultraviolet index.
    UvIndex = "uv_index", "", 0.0..=50.0, 1, [];
    /// Electrical conductivity.
    Conductivity = "conductivity", "µS/cm", 0.0..=1_000_000.0, 0, [];
    /// Turning angle.
    Rotation = "rotation", "°", -3600.0..=3600.0, 1, [];
    /// Acceleration.
    Acceleration = "acceleration", "m/s²", -10_000.0..=10_000.0, 2, [];
    /// How long something lasted.
    Duration = "duration", "s", 0.0..=1e9, 0, [];
    /// Sound level.
    SoundPressure = "sound_pressure", "dB", -100.0..=300.0, 0, [];
    /// Fine dust up to 1 µm.
    Pm1 = "pm1", "µg/m³", 0.0..=100_000.0, 0, ["pm1_0"];
    /// Fine dust up to 4 µm.
    Pm4 = "pm4", "µg/m³", 0.0..=100_000.0, 0, ["pm4_0"];
    /// Volatile organic compounds against the room's usual, which is 100.
    VocIndex = "voc_index", "", 0.0..=510.0, 0, [];
    /// Nitrogen oxides against the room's usual, which is 1.
    NoxIndex = "nox_index", "", 0.0..=510.0, 0, [];
    /// Quality of the air as the device rates it.
    Aqi = "aqi", "", 0.0..=1000.0, 0, ["iaqs"];
    /// Formaldehyde in the air.
    Formaldehyde = "formaldehyde", "mg/m³", 0.0..=1000.0, 2, [];
    /// Where the wind comes from, clockwise from north.
    WindDirection = "wind_direction", "°", 0.0..=360.0, 0, ["direction"];
    /// Rain or snow that has fallen.
    Precipitation = "precipitation", "mm", 0.0..=1e9, 1, [];
    /// Flow of water or gas.
    VolumeFlowRate = "volume_flow_rate", "m³/h", -1e6..=1e6, 3, [];
    /// Turns per minute.
    RotationalSpeed = "rotational_speed", "rpm", 0.0..=1e6, 0, [];
    /// Speed of turning.
    AngularVelocity = "angular_velocity", "°/s", -1e6..=1e6, 1, ["gyroscope"];
    /// Electrical resistance of a body.
    Impedance = "impedance", "Ω", 0.0..=1e6, 0, [];
    /// Heart beats.
    HeartRate = "heart_rate", "bpm", 0.0..=300.0, 0, [];
    /// A plain count.
    Count = "count", "", -1e15..=1e15, 0, [];
    /// Someone or something moves.
    Motion = "motion", "", 0.0..=1.0, 0, [];
    /// A room is in use.
    Occupancy = "occupancy", "", 0.0..=1.0, 0, ["presence"];
    /// A door, window or lid is open.
    Opening = "opening", "", 0.0..=1.0, 0, ["door", "window", "garage_door"];
    /// Water where there should be none.
    Leak = "leak", "", 0.0..=1.0, 0, ["water_leak"];
    /// Smoke.
    Smoke = "smoke", "", 0.0..=1.0, 0, [];
    /// Something is wrong, as the device says.
    Problem = "problem", "", 0.0..=1.0, 0, [];
    /// The battery is low.
    BatteryLow = "battery_low", "", 0.0..=1.0, 0, [];
    /// The housing was opened.
    Tamper = "tamper", "", 0.0..=1.0, 0, [];
    /// Shaking.
    Vibration = "vibration", "", 0.0..=1.0, 0, [];
    /// It is light.
    Light = "light", "", 0.0..=1.0, 0, [];
    /// Something can be heard.
    Sound = "sound", "", 0.0..=1.0, 0, [];
    /// Combustible gas in the air.
    GasDetected = "gas_detected", "", 0.0..=1.0, 0, [];
    /// Carbon monoxide in the air.
    CoDetected = "carbon_monoxide_detected", "", 0.0..=1.0, 0, [];
    /// It is hot.
    Heat = "heat", "", 0.0..=1.0, 0, [];
    /// It is cold.
    Cold = "cold", "", 0.0..=1.0, 0, [];
    /// The battery is being charged.
    BatteryCharging = "battery_charging", "", 0.0..=1.0, 0, [];
    /// There is a connection.
    Connectivity = "connectivity", "", 0.0..=1.0, 0, [];
    /// It is plugged in.
    Plug = "plug", "", 0.0..=1.0, 0, [];
    /// A machine runs, or is on.
    Running = "running", "", 0.0..=1.0, 0, [];
    /// Something is unsafe.
    Unsafe = "safety", "", 0.0..=1.0, 0, [];
    /// A door is unlocked.
    Unlocked = "lock", "", 0.0..=1.0, 0, [];
}

impl Quantity {
    /// Whether this is a yes/no quantity.
    pub const fn is_binary(self) -> bool {
        matches!(
            self,
            Self::Motion
                | Self::Occupancy
                | Self::Opening
                | Self::Leak
                | Self::Smoke
                | Self::Problem
                | Self::BatteryLow
                | Self::Tamper
                | Self::Vibration
                | Self::Light
                | Self::Sound
                | Self::GasDetected
                | Self::CoDetected
                | Self::Heat
                | Self::Cold
                | Self::BatteryCharging
                | Self::Connectivity
                | Self::Plug
                | Self::Running
                | Self::Unsafe
                | Self::Unlocked
        )
    }

    /// Whether `value` is one a working sensor can report.
    pub fn accepts(self, value: f64) -> bool {
        self.range().contains(&value)
    }

    /// A value with its unit, for people: `27.4 °C`.
    pub fn format(self, value: f64) -> String {
        if self.is_binary() {
            return if value == 0.0 { "no".into() } else { "yes".into() };
        }
        let number = format!("{value:.*}", self.decimals());
        if self.unit().is_empty() {
            number
        } else {
            format!("{number} {}", self.unit())
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Quantity {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::from_name(name)
            .ok_or_else(|| format!("{name:?} is not a quantity this house knows (temperature, humidity, co2, …)"))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_itself() {
        for &quantity in Quantity::ALL {
            assert_eq!(quantity.name().parse(), Ok(quantity));
        }
        assert_eq!("temp".parse(), Ok(Quantity::Temperature));
        assert!("warmth".parse::<Quantity>().is_err());
    }

    #[test]
    fn quantities_of_yes_and_no_have_no_unit_and_are_0_or_1() {
        for &quantity in Quantity::ALL {
            let looks_binary = quantity.unit().is_empty() && quantity.range() == (0.0..=1.0);
            assert_eq!(quantity.is_binary(), looks_binary, "{quantity}");
        }
    }

    #[test]
    fn values_are_shown_with_their_unit() {
        assert_eq!(Quantity::Temperature.format(27.36), "27.4 °C");
        assert_eq!(Quantity::Humidity.format(71.2), "71 %");
        assert_eq!(Quantity::Opening.format(1.0), "yes");
        assert!(!Quantity::Humidity.accepts(101.0));
        assert!(!Quantity::Temperature.accepts(f64::NAN));
    }
}
