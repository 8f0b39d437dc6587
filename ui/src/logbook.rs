//! The logbook: what happened in the house, line by line.

use house::{ActuatorState, Alert, AreaId, DeviceId, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::wording;

/// One line of the logbook, as `history.events` gives it and as it is heard live.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) at: Timestamp,
    /// `actuator`, `alert`, `config`, `device`, `status`, …
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) area: Option<AreaId>,
    #[serde(default)]
    pub(crate) device: Option<DeviceId>,
    /// For an actuator: which one of its device, from the event the line was made of.
    #[serde(default, rename = "detail", deserialize_with = "entity_of")]
    pub(crate) entity: Option<String>,
    /// The sentence for people.
    #[serde(default, alias = "message", alias = "sentence")]
    pub(crate) text: String,
    /// For an actuator: whether it went on or off.
    #[serde(default)]
    pub(crate) on: Option<bool>,
}

/// The entity an event names; `None` for anything that is no actuator's event.
fn entity_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let detail = Value::deserialize(deserializer)?;
    Ok(detail.get("entity").and_then(Value::as_str).map(str::to_owned))
}

/// Where two entries belong in one list: newest first, `entries` of the same moment keep order.
pub(crate) fn newest_first(entries: &mut [LogEntry]) {
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
}

impl LogEntry {
    /// The line an actuator's change makes.
    pub(crate) fn of_actuator(state: &ActuatorState) -> Self {
        let place = state
            .area
            .as_ref()
            .map(|area| format!("{} ", area.name()))
            .unwrap_or_default();
        let switch = if state.on { "on" } else { "off" };
        let text = wording::capitalized(&format!(
            "{place}{} {switch}: {}",
            state.kind.label(),
            wording::cause(state)
        ));
        Self {
            at: state.at,
            kind: "actuator".into(),
            area: state.area.clone(),
            device: Some(state.device.clone()),
            entity: Some(state.entity.clone()),
            text,
            on: Some(state.on),
        }
    }

    /// The line an alert makes when it is raised, and again when it clears.
    pub(crate) fn of_alert(alert: &Alert) -> Self {
        let text = if alert.cleared_at.is_some() {
            format!("Over: {}", alert.message)
        } else {
            alert.message.clone()
        };
        Self {
            at: alert.cleared_at.unwrap_or(alert.at),
            kind: "alert".into(),
            area: alert.area.clone(),
            device: alert.device.clone(),
            entity: None,
            text,
            on: None,
        }
    }

    /// The line a device makes: `Hygrometer went offline`.
    pub(crate) fn of_text(at: Timestamp, kind: &str, text: String) -> Self {
        Self {
            at,
            kind: kind.to_owned(),
            area: None,
            device: None,
            entity: None,
            text,
            on: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use house::{ActuatorKind, Cause};

    use super::*;

    #[test]
    fn an_actuators_line_says_where_what_and_why() {
        let state = ActuatorState {
            device: "simulated-fan".into(),
            entity: "fan".into(),
            area: AreaId::new("bathroom"),
            kind: ActuatorKind::Fan,
            on: true,
            confirmed: true,
            at: Timestamp(0),
            cause: Cause {
                by: "humidity-fan".into(),
                manual: false,
                text: "humidity 71 % ≥ 65 %".into(),
            },
            override_until: None,
        };
        assert_eq!(
            LogEntry::of_actuator(&state).text,
            "Bathroom fan on: humidity 71 % ≥ 65 %"
        );
    }

    #[test]
    fn a_line_with_more_than_we_know_is_read() {
        let entry: LogEntry = serde_json::from_str(
            r#"{"id":7,"at":"2026-05-03T07:30:00Z","kind":"config","message":"High set to 26.0 °C","by":"admin","detail":{"entity":"relay"}}"#,
        )
        .unwrap();
        assert_eq!(entry.entity.as_deref(), Some("relay"));
        assert_eq!(entry.text, "High set to 26.0 °C");
    }
}
