//! The payload of `sensor.events`: one sensor's values at one time.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::loose::Loose;
use crate::{AreaId, Quantity, Timestamp};

/// A sensor's id: text, or a number's digits as in the talk (`{"sensorId": 25}`).
pub type SensorId = String;

/// `{sensorId, area?, at?, <quantity>: value…}`.
///
/// Any permitted WAMP client may publish one. Values that cannot be what they claim (wrong type,
/// outside the quantity's range) are left out and described in `rejected`; what else the event
/// carries still counts. Keys that are no quantity are ignored.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SensorEvent {
    /// Which sensor; for adopted devices, the device's id.
    pub sensor_id: SensorId,
    /// Where it stands, when the sender knows.
    pub area: Option<AreaId>,
    /// When it was measured; the receiver takes its own time when absent.
    pub at: Option<Timestamp>,
    /// What was measured, each quantity at most once.
    pub values: Vec<(Quantity, f64)>,
    /// A sentence for each value that was refused.
    pub rejected: Vec<String>,
}

impl SensorEvent {
    /// The value of one quantity.
    pub fn value(&self, quantity: Quantity) -> Option<f64> {
        self.values
            .iter()
            .find(|(q, _)| *q == quantity)
            .map(|(_, value)| *value)
    }
}

impl Serialize for SensorEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let length = 1 + usize::from(self.area.is_some()) + usize::from(self.at.is_some()) + self.values.len();
        let mut map = serializer.serialize_map(Some(length))?;
        map.serialize_entry("sensorId", &self.sensor_id)?;
        if let Some(area) = &self.area {
            map.serialize_entry("area", area)?;
        }
        if let Some(at) = &self.at {
            map.serialize_entry("at", at)?;
        }
        for (quantity, value) in &self.values {
            map.serialize_entry(quantity, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for SensorEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = SensorEvent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sensor event: {sensorId, area?, at?, <quantity>: value…}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<SensorEvent, A::Error> {
        let mut event = SensorEvent::default();
        while let Some(key) = map.next_key::<String>()? {
            let value: Loose = map.next_value()?;
            match key.as_str() {
                "sensorId" | "sensor_id" => {
                    event.sensor_id =
                        sensor_id(&value).ok_or_else(|| A::Error::custom("sensorId must be text or a whole number"))?;
                }
                "area" => match &value {
                    Loose::Null => {}
                    Loose::Text(name) => {
                        event.area = Some(AreaId::new(name).ok_or_else(|| A::Error::custom("area must name an area"))?);
                    }
                    _ => return Err(A::Error::custom("area must be text")),
                },
                "at" => match &value {
                    Loose::Null => {}
                    value => {
                        event.at = Some(
                            Timestamp::from_loose(value).map_err(|fault| A::Error::custom(format!("at: {fault}")))?,
                        )
                    }
                },
                name => {
                    if let Ok(quantity) = name.parse::<Quantity>() {
                        take_value(&mut event, quantity, &value);
                    }
                }
            }
        }
        if event.sensor_id.is_empty() {
            return Err(A::Error::missing_field("sensorId"));
        }
        Ok(event)
    }
}

fn sensor_id(value: &Loose) -> Option<SensorId> {
    match value {
        Loose::Text(text) if !text.is_empty() && text.len() <= 128 => Some(text.clone()),
        Loose::Number(n) if n.fract() == 0.0 && n.abs() < 9e15 => Some(format!("{n:.0}")),
        _ => None,
    }
}

fn take_value(event: &mut SensorEvent, quantity: Quantity, value: &Loose) {
    let number = match value {
        Loose::Number(n) => *n,
        Loose::Bool(b) if quantity.is_binary() => f64::from(u8::from(*b)),
        Loose::Null => return,
        _ => {
            event.rejected.push(format!("{quantity} must be a number"));
            return;
        }
    };
    if !quantity.accepts(number) {
        let range = quantity.range();
        event.rejected.push(
            format!(
                "{quantity} {number} is outside {} to {} {}",
                range.start(),
                range.end(),
                quantity.unit()
            )
            .trim_end()
            .to_owned(),
        );
    } else if event.value(quantity).is_none() {
        event.values.push((quantity, number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<SensorEvent, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn the_talks_own_event_is_a_temperature() {
        let event = read(r#"{"sensorId": 25, "temp": 27}"#).unwrap();
        assert_eq!(
            (event.sensor_id.as_str(), event.value(Quantity::Temperature)),
            ("25", Some(27.0))
        );
    }

    #[test]
    fn one_event_carries_several_quantities_and_survives_the_wire() {
        let event = read(r#"{"sensorId":"a","area":"Living Room","at":"2026-05-03T07:30:00Z","temperature":21.5,"humidity":40,"motion":true,"colour":"red"}"#).unwrap();
        assert_eq!(event.values.len(), 3);
        assert_eq!(read(&serde_json::to_string(&event).unwrap()).unwrap(), event);
    }

    #[test]
    fn a_bad_value_is_refused_and_the_rest_kept() {
        let event = read(r#"{"sensorId":"a","temperature":"hot","humidity":140,"co2":500}"#).unwrap();
        assert_eq!(event.values, [(Quantity::Co2, 500.0)]);
        assert_eq!(
            event.rejected,
            ["temperature must be a number", "humidity 140 is outside 0 to 100 %"]
        );
    }

    #[test]
    fn an_event_without_a_sensor_is_refused() {
        for json in [
            "{}",
            r#"{"temp":1}"#,
            r#"{"sensorId":[]}"#,
            r#"{"sensorId":1.5}"#,
            "[]",
            r#"{"sensorId":1,"area":3}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
