//! Component `light`: a lamp, on or off; its brightness and colour are details of it.
//!
//! Three schemas: plain payloads, JSON objects, or templates for each command.

use house::ActuatorKind;

use crate::entity::on_off::{OnOff, Templates};
use crate::fields::{DiscoveryFault, Fields};
use crate::template::Template;

pub(super) fn parse(fields: Fields<'_>) -> Result<OnOff, DiscoveryFault> {
    match fields.text("schema")?.as_deref() {
        Some("json") => OnOff::with(
            ActuatorKind::Light,
            fields,
            Templates {
                state: Template::path(&["state"]),
                on: Template::json_command(&[("state", "")]),
                off: Template::json_command(&[("state", "")]),
            },
        ),
        Some("template") => {
            let templates = Templates {
                state: fields.template("state_template")?,
                on: fields.template("command_on_template")?,
                off: fields.template("command_off_template")?,
            };
            Ok(OnOff::with(ActuatorKind::Light, fields, templates)?.reporting("on", "off"))
        }
        _ => OnOff::parse(ActuatorKind::Light, fields, "state_value_template"),
    }
}

#[cfg(test)]
mod tests {
    use house::Timestamp;
    use serde_json::json;

    use crate::entity::{Memory, Role, Saying};
    use crate::fields::Fields;
    use crate::payload::Payload;

    #[test]
    fn lamps_of_every_schema_are_told_and_report() {
        for (config, on, off, state) in [
            (json!({"command_topic": "c", "state_topic": "s"}), "ON", "OFF", "ON"),
            (
                json!({"schema": "json", "command_topic": "c", "state_topic": "s", "brightness": true}),
                r#"{"state":"ON"}"#,
                r#"{"state":"OFF"}"#,
                r#"{"state":"ON","brightness":128}"#,
            ),
            (
                json!({"schema": "template", "command_topic": "c", "state_topic": "s", "command_on_template": "on,{{ brightness }}",
                    "command_off_template": "off", "state_template": "{{ value.split(',')[0] }}"}),
                "on,",
                "off",
                "on,40",
            ),
        ] {
            let role = Role::parse("light", Fields(config.as_object().unwrap())).unwrap();
            assert_eq!(role.command("", true).unwrap()[0].payload, on);
            assert_eq!(role.command("", false).unwrap()[0].payload, off);
            let payload = Payload::new(state.as_bytes(), Timestamp(0));
            assert_eq!(
                role.read(&mut Memory::default(), "s", &payload),
                Ok(vec![Saying::State { part: "", on: true }]),
                "{state}"
            );
        }
    }
}
