//! Component `binary_sensor`: a yes or no on a topic.

use std::time::Duration;

use house::Quantity;

use crate::entity::{Role, Saying, StateFault, says_nothing};
use crate::fields::{DiscoveryFault, Fields, is_same};
use crate::payload::Payload;
use crate::template::Template;

/// A sensor of a yes/no quantity the house knows.
#[derive(Debug, Clone, PartialEq)]
pub struct BinarySensor {
    /// Where it speaks.
    pub state_topic: String,
    /// What it tells.
    pub quantity: Quantity,
    /// It only ever says "on"; so long after the last time it counts as off.
    pub off_delay: Option<Duration>,
    template: Template,
    payload_on: String,
    payload_off: String,
}

/// Reads a binary sensor's keys; one whose class the house does not know is shown.
pub(super) fn parse(fields: Fields<'_>) -> Result<Role, DiscoveryFault> {
    let state_topic = fields.required_topic("state_topic")?;
    let template = fields.template("value_template")?;
    let (payload_on, payload_off) = (
        fields.text_or("payload_on", "ON")?,
        fields.text_or("payload_off", "OFF")?,
    );
    let class = fields.text("device_class")?;
    let Some(quantity) = class.as_deref().and_then(quantity_of_class) else {
        let reason = match class {
            Some(class) => format!("Not measured: the house has no quantity for a yes/no of class {class}."),
            None => "Not measured: it does not say what its yes and no mean.".to_owned(),
        };
        return Ok(Role::Shown { reason });
    };
    Ok(Role::BinarySensor(Box::new(BinarySensor {
        state_topic,
        quantity,
        off_delay: fields.seconds("off_delay")?,
        template,
        payload_on,
        payload_off,
    })))
}

fn quantity_of_class(class: &str) -> Option<Quantity> {
    Some(match class {
        "motion" | "moving" => Quantity::Motion,
        "occupancy" | "presence" => Quantity::Occupancy,
        "door" | "window" | "garage_door" | "opening" => Quantity::Opening,
        "moisture" => Quantity::Leak,
        "smoke" => Quantity::Smoke,
        "problem" => Quantity::Problem,
        "battery" => Quantity::BatteryLow,
        "tamper" => Quantity::Tamper,
        "vibration" => Quantity::Vibration,
        "light" => Quantity::Light,
        "sound" => Quantity::Sound,
        "gas" => Quantity::GasDetected,
        "carbon_monoxide" => Quantity::CoDetected,
        "heat" => Quantity::Heat,
        "cold" => Quantity::Cold,
        "battery_charging" => Quantity::BatteryCharging,
        "connectivity" => Quantity::Connectivity,
        "plug" => Quantity::Plug,
        "running" | "power" => Quantity::Running,
        "safety" => Quantity::Unsafe,
        "lock" => Quantity::Unlocked,
        _ => return None,
    })
}

impl BinarySensor {
    pub(super) fn read(&self, payload: &Payload<'_>) -> Result<Option<Saying>, StateFault> {
        let text = self.template.render(payload)?;
        if is_same(&text, &self.payload_on) {
            Ok(Some(Saying::Value(self.quantity, 1.0)))
        } else if is_same(&text, &self.payload_off) {
            Ok(Some(Saying::Value(self.quantity, 0.0)))
        } else if says_nothing(&text) {
            Ok(None)
        } else {
            Err(StateFault::neither(&text, &self.payload_on, &self.payload_off))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::entity::read_first;

    fn read(config: &Value, payload: &str) -> Result<Vec<Saying>, String> {
        read_first("binary_sensor", config, payload)
    }

    #[test]
    fn yes_and_no_come_in_many_spellings() {
        let plain = json!({"state_topic": "t", "device_class": "motion"});
        // A contact that is made is a door that is closed: "on" (open) is JSON's false.
        let contact = json!({"state_topic": "t", "device_class": "door", "payload_on": false,
            "payload_off": true, "value_template": "{{ value_json[\"contact\"] }}"});
        for (config, payload, quantity, value) in [
            (&plain, "ON", Quantity::Motion, 1.0),
            (&plain, "OFF", Quantity::Motion, 0.0),
            (&contact, r#"{"contact": false}"#, Quantity::Opening, 1.0),
            (&contact, r#"{"contact": true}"#, Quantity::Opening, 0.0),
        ] {
            assert_eq!(
                read(config, payload),
                Ok(vec![Saying::Value(quantity, value)]),
                "{payload}"
            );
        }
        assert_eq!(read(&contact, r#"{"battery": 5}"#), Ok(vec![]));
        assert_eq!(
            read(&plain, "maybe"),
            Err("\"maybe\" is neither \"ON\" nor \"OFF\"".to_owned())
        );
    }

    #[test]
    fn a_class_the_house_does_not_know_is_shown() {
        let config = json!({"state_topic": "t", "device_class": "update"});
        let role = Role::parse("binary_sensor", Fields(config.as_object().unwrap())).unwrap();
        assert!(matches!(role, Role::Shown { reason } if reason.contains("update")));
    }
}
