//! Component `fan`: a ventilator, on or off; its speed stays as its owner left it.

use house::ActuatorKind;

use crate::entity::on_off::OnOff;
use crate::fields::{DiscoveryFault, Fields};

pub(super) fn parse(fields: Fields<'_>) -> Result<OnOff, DiscoveryFault> {
    OnOff::parse(ActuatorKind::Fan, fields, "state_value_template")
}

#[cfg(test)]
mod tests {
    use house::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::entity::{Memory, Role, Saying};
    use crate::payload::Payload;

    #[test]
    fn a_fan_is_told_by_template_and_reports_by_template() {
        let config = json!({"command_topic": "z/fan/set/state", "command_template": "{\"state\": \"{{ value }}\"}",
            "state_topic": "z/fan", "state_value_template": "{{ value_json.fan_state }}",
            "percentage_command_topic": "z/fan/set/speed"});
        let role = Role::parse("fan", Fields(config.as_object().unwrap())).unwrap();
        assert_eq!(role.command("", false).unwrap()[0].payload, r#"{"state": "OFF"}"#);
        let payload = Payload::new(br#"{"fan_state": "ON"}"#, Timestamp(0));
        assert_eq!(
            role.read(&mut Memory::default(), "z/fan", &payload),
            Ok(vec![Saying::State { part: "", on: true }])
        );
    }
}
