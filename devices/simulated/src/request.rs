//! What people and tests ask of the simulated house.

use house::{AreaId, Arguments, Quantity};

/// kwargs of `simulated.device.silence`.
#[derive(Debug)]
pub(crate) struct Silence {
    pub(crate) device: String,
    pub(crate) silent: bool,
}

/// kwargs of `simulated.environment.set`.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) area: AreaId,
    pub(crate) temperature: Option<f64>,
    pub(crate) humidity: Option<f64>,
}

impl Silence {
    pub(crate) fn read(arguments: &Arguments) -> Result<Self, String> {
        arguments.expect_only(&["device", "silent"])?;
        let device = arguments
            .text("device")?
            .ok_or("device is needed: the id of a simulated device")?;
        Ok(Self {
            device: device.to_owned(),
            silent: arguments.flag("silent")?.unwrap_or(true),
        })
    }
}

impl Environment {
    pub(crate) fn read(arguments: &Arguments) -> Result<Self, String> {
        arguments.expect_only(&["area", "temperature", "humidity"])?;
        let area = arguments.area("area")?.ok_or("area is needed")?;
        let value = |quantity: Quantity| match arguments.number(quantity.name())? {
            Some(value) if !quantity.accepts(value) => {
                Err(format!("{quantity} {value} is outside what {quantity} can be"))
            }
            value => Ok(value),
        };
        Ok(Self {
            area,
            temperature: value(Quantity::Temperature)?,
            humidity: value(Quantity::Humidity)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_arguments_are_named() {
        let read = |json: &str| serde_json::from_str::<Arguments>(json).unwrap();
        for (fault, word) in [
            (Silence::read(&read("{}")).unwrap_err(), "device"),
            (
                Silence::read(&read(r#"{"device":"a","silent":"yes"}"#)).unwrap_err(),
                "silent",
            ),
            (Environment::read(&read(r#"{"temperature":20}"#)).unwrap_err(), "area"),
            (
                Environment::read(&read(r#"{"area":"a","humidity":120}"#)).unwrap_err(),
                "humidity",
            ),
        ] {
            assert!(fault.starts_with(word), "{fault}");
        }
    }
}
