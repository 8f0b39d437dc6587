//! Component `sensor`: a number on a topic.

use crate::entity::{Role, Saying, StateFault, says_nothing};
use crate::fields::{DiscoveryFault, Fields};
use crate::payload::Payload;
use crate::template::Template;
use crate::unit::{Measure, measure};

/// A sensor of a quantity the house knows.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// Where it speaks.
    pub state_topic: String,
    /// What it measures.
    pub measure: Measure,
    template: Template,
}

/// Reads a sensor's keys; one whose quantity the house does not know is shown.
pub(super) fn parse(fields: Fields<'_>) -> Result<Role, DiscoveryFault> {
    let state_topic = fields.required_topic("state_topic")?;
    let template = fields.template("value_template")?;
    let class = fields.text("device_class")?;
    let unit = fields.text("unit_of_measurement")?;
    if fields.has("options") || class.as_deref() == Some("enum") {
        return Ok(Role::Shown {
            reason: "It reports words, not numbers.".to_owned(),
        });
    }
    Ok(match measure(class.as_deref(), unit.as_deref()) {
        Ok(measure) => Role::Sensor(Sensor {
            state_topic,
            measure,
            template,
        }),
        Err(reason) => Role::Shown {
            reason: format!("Not measured: {reason}."),
        },
    })
}

impl Sensor {
    pub(super) fn read(&self, payload: &Payload<'_>) -> Result<Option<Saying>, StateFault> {
        let text = self.template.render(payload)?;
        read_number(&text, self.measure)
    }
}

/// A number in the measure's unit; nothing where the device has no value now.
pub(super) fn read_number(text: &str, measure: Measure) -> Result<Option<Saying>, StateFault> {
    if says_nothing(text) {
        return Ok(None);
    }
    let number: f64 = text.parse().map_err(|_| StateFault::NotANumber {
        payload: text.chars().take(40).collect(),
    })?;
    let (value, quantity) = (measure.convert(number), measure.quantity);
    if quantity.accepts(value) {
        Ok(Some(Saying::Value(quantity, value)))
    } else {
        Err(StateFault::OutOfRange { value, quantity })
    }
}

#[cfg(test)]
mod tests {
    use house::Quantity;
    use serde_json::{Value, json};

    use super::*;
    use crate::entity::read_first;

    fn read(config: &Value, payload: &str) -> Result<Vec<Saying>, String> {
        read_first("sensor", config, payload)
    }

    #[test]
    fn payloads_become_values_in_the_quantitys_unit() {
        let plain = json!({"state_topic": "t", "device_class": "temperature", "unit_of_measurement": "°F"});
        let path = json!({"state_topic": "t", "device_class": "humidity", "unit_of_measurement": "%",
            "value_template": "{{ value_json.humidity }}"});
        for (config, payload, expected) in [
            (&plain, "77", Some((Quantity::Temperature, 25.0))),
            (&plain, " 77.0\n", Some((Quantity::Temperature, 25.0))),
            (&plain, "nan", None),
            (&plain, "unavailable", None),
            (&plain, "", None),
            (
                &path,
                r#"{"humidity": 51.2, "battery": 99}"#,
                Some((Quantity::Humidity, 51.2)),
            ),
            (&path, r#"{"humidity": "51.2"}"#, Some((Quantity::Humidity, 51.2))),
            (&path, r#"{"humidity": null}"#, None),
            (&path, r#"{"battery": 99}"#, None),
        ] {
            let expected: Vec<Saying> = expected.map(|(q, v)| Saying::Value(q, v)).into_iter().collect();
            assert_eq!(read(config, payload), Ok(expected), "{payload}");
        }
    }

    #[test]
    fn payloads_that_are_not_what_they_claim_say_why() {
        let plain = json!({"state_topic": "t", "device_class": "humidity"});
        for (payload, sentence) in [
            ("warm", "\"warm\" is not a number"),
            ("140", "140 is outside what humidity can be"),
            ("inf", "inf is outside what humidity can be"),
            ("{\"a\":1}", "\"{\\\"a\\\":1}\" is not a number"),
        ] {
            assert_eq!(read(&plain, payload), Err(sentence.to_owned()), "{payload}");
        }
    }

    #[test]
    fn what_is_no_quantity_is_shown_with_the_reason() {
        for (config, reason) in [
            (
                json!({"state_topic": "t", "device_class": "timestamp"}),
                "Not measured: the house has no quantity for a sensor of class timestamp.",
            ),
            (
                json!({"state_topic": "t", "device_class": "enum", "options": ["a"]}),
                "It reports words, not numbers.",
            ),
        ] {
            let role = Role::parse("sensor", Fields(config.as_object().unwrap())).unwrap();
            assert_eq!(
                role,
                Role::Shown {
                    reason: reason.to_owned()
                }
            );
        }
    }
}
