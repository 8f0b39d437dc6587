//! The logbook: what happened in the house, each entry a sentence with its cause.

use house::uri::topic;
use house::{ActuatorEvent, Alert, AreaId, Availability, Device, Lifecycle, Registry, Threshold, Timestamp, who};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The kind of entries about readings that were refused.
pub(crate) const SENSOR: &str = "sensor";

/// One entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    /// `actuator`, `alert`, `config`, `device`, `sensor` or `status`.
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) area: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<String>,
    /// For an actuator: whether it went on or off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<bool>,
    pub(crate) text: String,
    /// The payload it was made from.
    pub(crate) detail: Value,
}

/// The topics that make entries.
pub(crate) const TOPICS: [&str; 8] = [
    topic::ACTUATOR_EVENTS,
    topic::ALERT_RAISED,
    topic::ALERT_CLEARED,
    topic::ALERT_ACKNOWLEDGED,
    topic::CONFIG_CHANGED,
    topic::DEVICE_FOUND,
    topic::DEVICE_CHANGED,
    topic::STATUS_CHANGE,
];

#[derive(Deserialize)]
struct ConfigChange {
    key: String,
    #[serde(default)]
    old: Value,
    #[serde(default)]
    new: Value,
    #[serde(default)]
    by: Option<String>,
    #[serde(default)]
    at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct StatusChange {
    component: String,
    status: String,
    #[serde(default)]
    detail: Value,
    #[serde(default)]
    at: Option<Timestamp>,
}

/// The entry that an event makes, or `None` when it is not worth one. `registry` is as it was
/// before the event.
///
/// # Errors
/// A sentence when the payload is not what the topic carries.
pub(crate) fn entry(
    topic_uri: &str,
    payload: Value,
    registry: &Registry,
    now: Timestamp,
) -> Result<Option<Entry>, serde_json::Error> {
    let mut at = now;
    let (mut area, mut device) = (None::<AreaId>, None);
    let text = match topic_uri {
        topic::ACTUATOR_EVENTS => {
            let event = ActuatorEvent::deserialize(&payload)?;
            at = event.at;
            let text = actuator(&event, registry);
            (area, device) = (event.area, Some(event.device));
            Some(text)
        }
        topic::ALERT_RAISED | topic::ALERT_CLEARED | topic::ALERT_ACKNOWLEDGED => {
            let alert = Alert::deserialize(&payload)?;
            let text = match (topic_uri, &alert.acknowledged_by) {
                (topic::ALERT_RAISED, _) => alert.message.clone(),
                (topic::ALERT_CLEARED, _) => format!("Over: {}", alert.message),
                (_, Some(by)) => format!("{by} has seen to it: {}", alert.message),
                (_, None) => format!("Acknowledged: {}", alert.message),
            };
            at = match topic_uri {
                topic::ALERT_RAISED => alert.at,
                topic::ALERT_CLEARED => alert.cleared_at.unwrap_or(now),
                _ => now,
            };
            (area, device) = (alert.area, alert.device);
            Some(text)
        }
        topic::CONFIG_CHANGED => {
            let change = ConfigChange::deserialize(&payload)?;
            at = change.at.unwrap_or(now);
            let (text, place) = config(&change);
            area = place;
            Some(text)
        }
        topic::DEVICE_FOUND => {
            let found = Device::deserialize(&payload)?;
            let text = format!("Found {}", described(&found));
            (area, device) = (found.area, Some(found.id));
            Some(text)
        }
        topic::DEVICE_CHANGED => {
            let changed = Device::deserialize(&payload)?;
            let by = payload.get("by").and_then(Value::as_str);
            // What is one with another device from now on was not taken away.
            let is_joined = payload.get("joined").is_some_and(|other| !other.is_null());
            let text = if is_joined {
                None
            } else {
                device_change(registry.device(&changed.id), &changed, by)
            };
            (area, device) = (changed.area, Some(changed.id));
            text
        }
        topic::STATUS_CHANGE => {
            let change = StatusChange::deserialize(&payload)?;
            at = change.at.unwrap_or(now);
            Some(match change.detail.as_str() {
                Some(detail) if !detail.is_empty() => format!("{}: {}, {detail}", change.component, change.status),
                _ => format!("{}: {}", change.component, change.status),
            })
        }
        _ => None,
    };
    Ok(text.map(|text| Entry {
        // A sender's wrong clock shall not put an entry where nobody looks for it.
        at: if at <= now { at } else { now },
        kind: topic_uri.split('.').next().unwrap_or_default().to_owned(),
        on: on_of(&payload),
        area: area.map(|area| area.as_str().to_owned()),
        device,
        text,
        detail: payload,
    }))
}

/// Whether the payload of an actuator's entry says on or off.
pub(crate) fn on_of(detail: &Value) -> Option<bool> {
    detail.get("on").and_then(Value::as_bool)
}

fn actuator(event: &ActuatorEvent, registry: &Registry) -> String {
    let on = if event.on { "on" } else { "off" };
    let what = match (&event.area, registry.device(&event.device)) {
        (Some(area), _) => format!("{} {}", area.name(), event.kind.label()),
        (None, Some(device)) => device.name.clone(),
        (None, None) => event.kind.label().to_owned(),
    };
    if event.cause.text.is_empty() {
        format!("{what} {on}")
    } else {
        format!("{what} {on}: {}", event.cause.text)
    }
}

fn config(change: &ConfigChange) -> (String, Option<AreaId>) {
    let by = change.by.as_deref().map_or("somebody", who);
    let threshold = |value: &Value| Threshold::deserialize(value).ok();
    let (old, new) = (threshold(&change.old), threshold(&change.new));
    let Some(any) = new.as_ref().or(old.as_ref()) else {
        return (format!("{by} changed {}", change.key), None);
    };
    let subject = format!(
        "the {} threshold of {}",
        any.quantity.name().replace('_', " "),
        any.area.name()
    );
    let text = match (&old, &new) {
        (_, None) => format!("{by} removed {subject}"),
        (None, Some(new)) => format!("{by} set {subject}: {}", limits(new)),
        (Some(old), Some(new)) if limits(old) == limits(new) => format!("{by} changed {subject}: {}", limits(new)),
        (Some(old), Some(new)) => format!("{by} set {subject}: {} (it was {})", limits(new), limits(old)),
    };
    (text, Some(any.area.clone()))
}

fn limits(threshold: &Threshold) -> String {
    let limit = |name, value: Option<f64>| value.map(|value| format!("{name} {}", threshold.quantity.format(value)));
    let limits: Vec<String> = [limit("low", threshold.low), limit("high", threshold.high)]
        .into_iter()
        .flatten()
        .collect();
    if limits.is_empty() {
        "no limits".into()
    } else {
        limits.join(", ")
    }
}

fn described(device: &Device) -> String {
    let make: Vec<&str> = [device.manufacturer.as_deref(), device.model.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    if make.is_empty() {
        device.name.clone()
    } else {
        format!("{} ({})", device.name, make.join(" "))
    }
}

/// What changed, where it is worth an entry: life, name, place, reach.
fn device_change(old: Option<&Device>, new: &Device, by: Option<&str>) -> Option<String> {
    let name = &new.name;
    let place = new
        .area
        .as_ref()
        .map(|area| format!(" in {}", area.name()))
        .unwrap_or_default();
    let passive = |done: &str| match by {
        Some(by) => format!("{} {done}", who(by)),
        None => format!("Somebody {done}"),
    };
    let was = old.map(|old| old.lifecycle);
    if was != Some(new.lifecycle) {
        return match new.lifecycle {
            Lifecycle::Adopted if was.is_some() || by.is_some() => Some(passive(&format!("adopted {name}{place}"))),
            Lifecycle::Ignored if was.is_some() || by.is_some() => Some(passive(&format!("ignores {name}"))),
            Lifecycle::Removed => Some(passive(&format!("removed {name}"))),
            Lifecycle::Discovered | Lifecycle::Adopted | Lifecycle::Ignored => None,
        };
    }
    let old = old?;
    if new.lifecycle != Lifecycle::Adopted {
        return None;
    }
    if by.is_some() && old.parts != new.parts {
        return Some(passive(&format!("put another device in the place of {name}{place}")));
    }
    if old.area != new.area {
        return Some(passive(&format!("moved {name} to {}", new.area.as_ref()?.name())));
    }
    if old.name != new.name {
        return Some(passive(&format!("renamed {} to {name}", old.name)));
    }
    match (old.availability, new.availability) {
        (Availability::Online | Availability::Unknown, Availability::Offline) => {
            Some(format!("{name}{place} cannot be reached"))
        }
        (Availability::Offline, Availability::Online) => Some(format!("{name}{place} is back")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
