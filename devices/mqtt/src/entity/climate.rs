//! Component `climate`: thermostats, air conditioners and radiator valves.
//!
//! The house switches them on and off: to cool, to heat, or both, as their modes allow. Their own
//! target temperature stays as its owner left it.

use house::{ActuatorKind, EntityKind, Quantity};

use crate::entity::sensor::read_number;
use crate::entity::{Memory, Outgoing, Part, Role, Saying, StateFault, says_nothing};
use crate::fields::{DiscoveryFault, Fields};
use crate::payload::Payload;
use crate::template::{Template, TemplateFault};
use crate::unit::{Measure, measure};

/// The actuator that cools.
pub const COOL: &str = "cool";
/// The actuator that heats.
pub const HEAT: &str = "heat";

/// A climate device.
#[derive(Debug, Clone, PartialEq)]
pub struct Climate {
    mode_command: Option<(String, Template)>,
    power_command: Option<(String, Template)>,
    payload_on: String,
    payload_off: String,
    mode_state: Option<(String, Template)>,
    action: Option<(String, Template)>,
    temperature: Option<(String, Template, Measure)>,
    humidity: Option<(String, Template, Measure)>,
    cools: bool,
    heats: bool,
    has_off_mode: bool,
    optimistic: bool,
    retain: bool,
    qos: u8,
}

pub(super) fn parse(fields: Fields<'_>) -> Result<Role, DiscoveryFault> {
    let with_template = |topic, template| -> Result<Option<(String, Template)>, DiscoveryFault> {
        let template = fields.template(template)?;
        Ok(fields.topic(topic)?.map(|topic| (topic, template)))
    };
    let reading =
        |topic, template, measured: Option<Measure>| -> Result<Option<(String, Template, Measure)>, DiscoveryFault> {
            let found = with_template(topic, template)?;
            Ok(found
                .zip(measured)
                .map(|((topic, template), measured)| (topic, template, measured)))
        };
    let unit = fields.text("temperature_unit")?;
    let modes = fields.texts("modes")?;
    let has_mode = |mode: &str| modes.as_ref().is_none_or(|modes| modes.iter().any(|m| m == mode));
    let mode_command = with_template("mode_command_topic", "mode_command_template")?;
    let power_command = with_template("power_command_topic", "power_command_template")?;
    let can_stop = power_command.is_some() || has_mode("off");
    let can_drive = mode_command.is_some() && can_stop;
    let climate = Climate {
        cools: can_drive && has_mode("cool"),
        heats: can_drive && has_mode("heat"),
        has_off_mode: has_mode("off"),
        mode_state: with_template("mode_state_topic", "mode_state_template")?,
        action: with_template("action_topic", "action_template")?,
        temperature: reading(
            "current_temperature_topic",
            "current_temperature_template",
            measure(Some("temperature"), Some(unit.as_deref().unwrap_or("C"))).ok(),
        )?,
        humidity: reading(
            "current_humidity_topic",
            "current_humidity_template",
            measure(Some("humidity"), Some("%")).ok(),
        )?,
        payload_on: fields.text_or("payload_on", "ON")?,
        payload_off: fields.text_or("payload_off", "OFF")?,
        optimistic: fields.truth_or("optimistic", false)?,
        retain: fields.truth_or("retain", false)?,
        qos: fields.qos()?,
        mode_command,
        power_command,
    };
    let measures = climate.temperature.is_some() || climate.humidity.is_some();
    if !climate.cools && !climate.heats && !measures {
        return Ok(Role::Shown {
            reason: "It can be told neither to cool nor to heat nor to stop.".to_owned(),
        });
    }
    Ok(Role::Climate(Box::new(climate)))
}

impl Climate {
    pub(super) fn state_topics(&self) -> Vec<&str> {
        let plain = [&self.mode_state, &self.action];
        let measured = [&self.temperature, &self.humidity];
        plain
            .into_iter()
            .flatten()
            .map(|(topic, _)| topic.as_str())
            .chain(measured.into_iter().flatten().map(|(topic, _, _)| topic.as_str()))
            .collect()
    }

    pub(super) fn is_optimistic(&self) -> bool {
        self.optimistic || self.mode_state.is_none()
    }

    pub(super) fn parts(&self) -> Vec<Part> {
        let mut parts = Vec::new();
        if self.temperature.is_some() {
            parts.push(Part::sensor("temperature", Quantity::Temperature));
        }
        if self.humidity.is_some() {
            parts.push(Part::sensor("humidity", Quantity::Humidity));
        }
        for (able, suffix, actuator) in [
            (self.cools, COOL, ActuatorKind::Ac),
            (self.heats, HEAT, ActuatorKind::Heater),
        ] {
            if able {
                parts.push(Part {
                    suffix,
                    kind: EntityKind::Actuator { actuator },
                });
            }
        }
        if !self.cools && !self.heats {
            parts.push(Part {
                suffix: "",
                kind: EntityKind::Unsupported {
                    reason: "It can be told neither to cool nor to heat, or not to stop.".to_owned(),
                },
            });
        }
        parts
    }

    pub(super) fn read(
        &self,
        memory: &mut Memory,
        topic: &str,
        payload: &Payload<'_>,
    ) -> Result<Vec<Saying>, StateFault> {
        let mut sayings = Vec::new();
        for (own_topic, template, measure) in [&self.temperature, &self.humidity].into_iter().flatten() {
            if own_topic == topic {
                sayings.extend(read_number(&template.render(payload)?, *measure)?);
            }
        }
        let mut heard_state = false;
        for (source, slot) in [(&self.mode_state, &mut memory.mode), (&self.action, &mut memory.action)] {
            if let Some((own_topic, template)) = source
                && own_topic == topic
            {
                let text = template.render(payload)?;
                if !says_nothing(&text) {
                    *slot = Some(text.into_owned());
                    heard_state = true;
                }
            }
        }
        if heard_state && let Some(mode) = &memory.mode {
            let action = memory.action.as_deref();
            for (able, part, doing) in [(self.cools, COOL, "cooling"), (self.heats, HEAT, "heating")] {
                if able {
                    // Left to itself (auto, heat_cool) it is on while it does something.
                    let on = mode == part || (!matches!(mode.as_str(), "off" | COOL | HEAT) && action == Some(doing));
                    sayings.push(Saying::State { part, on });
                }
            }
        }
        Ok(sayings)
    }

    /// Whether it is set to do something else than `part`: then there is nothing to stop, and
    /// `off` would stop the other.
    pub(super) fn does_other(&self, memory: &Memory, part: &str) -> bool {
        let mode = memory.mode.as_deref();
        mode.is_some_and(|mode| matches!(mode, COOL | HEAT) && mode != part)
    }

    pub(super) fn command(&self, part: &str, on: bool) -> Result<Vec<Outgoing>, TemplateFault> {
        let able = (part == COOL && self.cools) || (part == HEAT && self.heats);
        let Some((mode_topic, mode_template)) = self.mode_command.as_ref().filter(|_| able) else {
            return Ok(Vec::new());
        };
        let message = |topic: &String, payload| Outgoing {
            topic: topic.clone(),
            payload,
            retain: self.retain,
            qos: self.qos,
        };
        let mut messages = Vec::new();
        // A device with a power command takes `off` as a mode only where it lists one.
        if let Some((topic, template)) = self.power_command.as_ref().filter(|_| on || !self.has_off_mode) {
            let payload = if on { &self.payload_on } else { &self.payload_off };
            messages.push(message(topic, template.render_command(payload)?));
        }
        if on {
            messages.push(message(mode_topic, mode_template.render_command(part)?));
        } else if self.has_off_mode {
            messages.push(message(mode_topic, mode_template.render_command("off")?));
        }
        Ok(messages)
    }
}

#[cfg(test)]
mod tests {
    use house::Timestamp;
    use serde_json::{Value, json};

    use super::*;

    fn role(config: &Value) -> Role {
        Role::parse("climate", Fields(config.as_object().unwrap())).unwrap()
    }

    fn kinds(role: &Role) -> Vec<(&'static str, String)> {
        role.parts()
            .into_iter()
            .map(|part| {
                (
                    part.suffix,
                    serde_json::to_value(&part.kind).unwrap()["type"]
                        .as_str()
                        .unwrap()
                        .to_owned(),
                )
            })
            .collect()
    }

    fn air_conditioner() -> Value {
        json!({"modes": ["off", "cool", "heat", "auto"], "mode_command_topic": "ac/mode/set",
            "mode_state_topic": "ac/state", "mode_state_template": "{{ value_json.mode }}",
            "action_topic": "ac/state", "action_template": "{{ value_json.action }}",
            "current_temperature_topic": "ac/state", "current_temperature_template": "{{ value_json.t }}",
            "temperature_unit": "F"})
    }

    #[test]
    fn an_air_conditioner_cools_heats_and_measures() {
        let role = role(&air_conditioner());
        let expected = [("temperature", "sensor"), (COOL, "actuator"), (HEAT, "actuator")];
        assert_eq!(kinds(&role), expected.map(|(suffix, kind)| (suffix, kind.to_owned())));
        let mut memory = Memory::default();
        for (payload, cool, heat) in [
            (r#"{"mode": "cool", "t": 77}"#, true, false),
            (r#"{"mode": "heat", "t": 77}"#, false, true),
            (r#"{"mode": "auto", "action": "cooling", "t": 77}"#, true, false),
            (r#"{"action": "idle", "t": 77}"#, false, false),
            (r#"{"mode": "off", "action": "off", "t": 77}"#, false, false),
        ] {
            let sayings = role
                .read(&mut memory, "ac/state", &Payload::new(payload.as_bytes(), Timestamp(0)))
                .unwrap();
            assert_eq!(
                sayings,
                [
                    Saying::Value(Quantity::Temperature, 25.0),
                    Saying::State { part: COOL, on: cool },
                    Saying::State { part: HEAT, on: heat },
                ],
                "{payload}"
            );
        }
    }

    #[test]
    fn it_is_told_by_mode() {
        let role = role(&air_conditioner());
        for (part, on, payload) in [(COOL, true, "cool"), (HEAT, true, "heat"), (COOL, false, "off")] {
            let messages = role.command(part, on).unwrap();
            assert_eq!(messages.len(), 1);
            assert_eq!(
                (messages[0].topic.as_str(), messages[0].payload.as_str()),
                ("ac/mode/set", payload)
            );
        }
        assert!(role.command("dry", true).unwrap().is_empty());
    }

    #[test]
    fn a_device_without_an_off_mode_is_stopped_by_its_power() {
        let role = role(&json!({"modes": ["cool"], "mode_command_topic": "m", "power_command_topic": "p"}));
        let sent = |on| -> Vec<(String, String)> {
            let messages = role.command(COOL, on).unwrap();
            messages.into_iter().map(|m| (m.topic, m.payload)).collect()
        };
        assert_eq!(sent(true), [("p".into(), "ON".into()), ("m".into(), "cool".into())]);
        assert_eq!(sent(false), [("p".into(), "OFF".into())]);
        assert!(role.is_optimistic());
    }

    #[test]
    fn what_cannot_be_stopped_is_not_driven_but_measures() {
        let role =
            role(&json!({"modes": ["auto", "heat"], "mode_command_topic": "m", "current_temperature_topic": "t"}));
        assert_eq!(
            kinds(&role),
            [("temperature", "sensor".to_owned()), ("", "unsupported".to_owned())]
        );
    }
}
