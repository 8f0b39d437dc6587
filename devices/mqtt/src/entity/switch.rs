//! Component `switch`: a relay, plug or virtual switch.

use house::ActuatorKind;

use crate::entity::on_off::OnOff;
use crate::fields::{DiscoveryFault, Fields};

pub(super) fn parse(fields: Fields<'_>) -> Result<OnOff, DiscoveryFault> {
    OnOff::parse(ActuatorKind::Switch, fields, "value_template")
}

#[cfg(test)]
mod tests {
    use house::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::entity::{Memory, Outgoing, Role, Saying};
    use crate::payload::Payload;

    #[test]
    fn a_relay_is_told_and_reports() {
        let config = json!({"command_topic": "cmnd/plug/POWER", "state_topic": "tele/plug/STATE",
            "value_template": "{{ value_json.POWER }}", "payload_on": "1", "payload_off": "0",
            "state_on": "ON", "state_off": "OFF", "retain": true, "qos": 1});
        let role = Role::parse("switch", Fields(config.as_object().unwrap())).unwrap();
        assert_eq!(
            role.command("", true).unwrap(),
            [Outgoing {
                topic: "cmnd/plug/POWER".into(),
                payload: "1".into(),
                retain: true,
                qos: 1
            }]
        );
        let payload = Payload::new(br#"{"POWER": "OFF"}"#, Timestamp(0));
        assert_eq!(
            role.read(&mut Memory::default(), "tele/plug/STATE", &payload),
            Ok(vec![Saying::State { part: "", on: false }])
        );
        assert!(!role.is_optimistic());
    }

    #[test]
    fn a_switch_that_never_reports_is_optimistic() {
        let config = json!({"command_topic": "c"});
        let role = Role::parse("switch", Fields(config.as_object().unwrap())).unwrap();
        assert!(role.is_optimistic() && role.state_topics().is_empty());
    }

    #[test]
    fn a_switch_without_a_command_topic_is_refused() {
        let config = json!({"state_topic": "s"});
        let fault = Role::parse("switch", Fields(config.as_object().unwrap())).unwrap_err();
        assert_eq!(fault.to_string(), "command_topic is missing");
    }
}
