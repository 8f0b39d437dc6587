//! What is heard from the house, made into changes of the [`HouseView`](crate::house_view::HouseView).

use std::time::Duration;

use house::uri::{procedure, topic};
use house::{
    ActuatorState, Alert, AreaId, Availability, Device, Lifecycle, Quantity, SensorEvent, Threshold, Timestamp,
};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wire::Wire;
use super::{Connection, Fault};
use crate::house_view::Change;
use crate::logbook::LogEntry;
use crate::wording;

/// How far back a room's sparkline goes.
const PAST: Duration = Duration::from_secs(3 * 3600);
/// For so many series the past is asked for; a larger house fills in as it speaks.
const MOST_PASTS: usize = 48;

#[derive(Deserialize)]
struct ConfigChange {
    key: String,
    #[serde(default)]
    new: Option<Value>,
    #[serde(default)]
    by: Option<String>,
    at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct StatusChange {
    component: String,
    status: String,
    #[serde(default)]
    detail: Option<String>,
    at: Option<Timestamp>,
}

/// Subscribes to everything shown, then takes what holds already: nothing falls between.
pub(super) async fn listen(connection: Connection, wire: &Wire) {
    follow(connection, wire, topic::SENSOR_EVENTS, take_reading).await;
    follow(connection, wire, topic::DEVICE_FOUND, take_device).await;
    follow(connection, wire, topic::DEVICE_CHANGED, take_device).await;
    follow(connection, wire, topic::ACTUATOR_EVENTS, take_actuator).await;
    follow(connection, wire, topic::ALERT_RAISED, take_raised).await;
    follow(connection, wire, topic::ALERT_CLEARED, take_cleared).await;
    follow(connection, wire, topic::ALERT_ACKNOWLEDGED, take_acknowledged).await;
    follow(connection, wire, topic::CONFIG_CHANGED, take_config).await;
    follow(connection, wire, topic::STATUS_CHANGE, take_status).await;
    spawn_local(load(connection));
}

async fn follow<T: DeserializeOwned + 'static>(
    connection: Connection,
    wire: &Wire,
    topic: &'static str,
    take: fn(Connection, T),
) {
    match wire.subscribe::<T>(topic).await {
        Ok(mut events) => spawn_local(async move {
            while let Some(event) = events.next().await {
                take(connection, event);
            }
        }),
        // A role may be kept from a topic; the rest is still worth showing.
        Err(fault) => leptos::logging::warn!("{topic}: {fault}"),
    }
}

/// Takes every list, after joining and after each return.
pub(super) async fn load(connection: Connection) {
    if let Ok(time) = connection.time().await {
        connection.clock.follow(time.time);
    }
    take_list(
        connection,
        connection.list(procedure::DEVICE_LIST).await,
        Change::Devices,
    );
    take_list(
        connection,
        connection.list(procedure::THRESHOLDS_LIST).await,
        Change::Thresholds,
    );
    take_list(
        connection,
        connection.list(procedure::ACTUATOR_LIST).await,
        Change::Actuators,
    );
    take_list(connection, connection.list_alerts().await, Change::Alerts);
    if let Ok(latest) = connection.list::<SensorEvent>(procedure::HISTORY_LATEST).await {
        let now = connection.now();
        connection.house.update(|house| {
            for event in latest {
                house.apply(Change::Reading(event, now));
            }
        });
    }
    take_list(connection, connection.log(None, None, 30, None).await, Change::Log);
    connection.is_loaded.set(true);
    load_past(connection).await;
}

fn take_list<T>(connection: Connection, list: Result<Vec<T>, Fault>, change: fn(Vec<T>) -> Change) {
    match list {
        Ok(list) => connection.house.update(|house| house.apply(change(list))),
        Err(fault) => leptos::logging::warn!("{fault}"),
    }
}

/// What the sparklines show of the time before this page was opened.
async fn load_past(connection: Connection) {
    let wanted: Vec<(String, Quantity)> = connection.house.with_untracked(|house| {
        house
            .sensors()
            .into_iter()
            .flat_map(|(sensor, quantities)| quantities.into_iter().map(move |quantity| (sensor.clone(), quantity)))
            .filter(|(_, quantity)| matches!(quantity, Quantity::Temperature | Quantity::Humidity | Quantity::Co2))
            .take(MOST_PASTS)
            .collect()
    });
    let now = connection.now();
    for (sensor, quantity) in wanted {
        let Ok(series) = connection.readings(&sensor, quantity, now.before(PAST), now).await else {
            continue;
        };
        let points = series
            .points
            .iter()
            .map(|point| (Timestamp(point.at), point.value))
            .collect();
        connection.hear(Change::Past(sensor, quantity, points));
    }
}

fn note(connection: Connection, entry: LogEntry) {
    connection.hear(Change::Logged(Box::new(entry)));
}

fn take_reading(connection: Connection, event: SensorEvent) {
    let now = connection.now();
    connection.hear(Change::Reading(event, now));
}

fn take_device(connection: Connection, device: Device) {
    let now = connection.now();
    let said = connection
        .house
        .with_untracked(|house| what_changed(house.registry().device(&device.id), &device));
    connection.hear(Change::Device(Box::new(device)));
    if let Some(text) = said {
        note(connection, LogEntry::of_text(now, "device", text));
    }
}

fn what_changed(before: Option<&Device>, now: &Device) -> Option<String> {
    let name = &now.name;
    let Some(before) = before else {
        return (now.lifecycle == Lifecycle::Discovered).then(|| format!("Found {name}"));
    };
    if before.lifecycle != now.lifecycle {
        return Some(match now.lifecycle {
            Lifecycle::Discovered => format!("Found {name} again"),
            Lifecycle::Adopted => {
                let place = now.area.as_ref().map_or_else(|| "the house".into(), AreaId::name);
                format!("{name} was adopted into {place}")
            }
            Lifecycle::Ignored => format!("{name} is ignored from now on"),
            Lifecycle::Removed => format!("{name} was removed"),
        });
    }
    let has_moved = before.availability != now.availability && before.availability != Availability::Unknown;
    (has_moved && now.lifecycle == Lifecycle::Adopted)
        .then(|| format!("{name} is {}", wording::availability_label(now.availability)))
}

fn take_actuator(connection: Connection, state: ActuatorState) {
    let entry = LogEntry::of_actuator(&state);
    connection.hear(Change::Actuator(Box::new(state)));
    note(connection, entry);
}

fn take_raised(connection: Connection, alert: Alert) {
    let entry = LogEntry::of_alert(&alert);
    connection.toasts.alert(&alert.message, alert.severity);
    connection.hear(Change::Alert(Box::new(alert)));
    note(connection, entry);
}

fn take_cleared(connection: Connection, alert: Alert) {
    let entry = LogEntry::of_alert(&alert);
    connection.hear(Change::Alert(Box::new(alert)));
    note(connection, entry);
}

fn take_acknowledged(connection: Connection, alert: Alert) {
    connection.hear(Change::Alert(Box::new(alert)));
}

fn take_config(connection: Connection, change: ConfigChange) {
    let Some((area, quantity)) = threshold_key(&change.key) else {
        return;
    };
    let at = change.at.unwrap_or_else(|| connection.now());
    let by = change.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let subject = format!("{} {}", area.name(), wording::quantity_name(quantity).to_lowercase());
    let threshold = change
        .new
        .filter(|new| !new.is_null())
        .and_then(|new| serde_json::from_value::<Threshold>(new).ok());
    let (change, text) = match threshold {
        Some(threshold) => {
            let limits = wording::limits(&threshold).unwrap_or_else(|| "no limits".into());
            (
                Change::Threshold(Box::new(threshold)),
                format!("{subject}: threshold set to {limits}{by}"),
            )
        }
        None => (
            Change::ThresholdRemoved(area, quantity),
            format!("{subject}: threshold removed{by}"),
        ),
    };
    connection.hear(change);
    note(connection, LogEntry::of_text(at, "config", text));
}

/// `thresholds.<area>.<quantity>`.
fn threshold_key(key: &str) -> Option<(AreaId, Quantity)> {
    let (area, quantity) = key.strip_prefix("thresholds.")?.rsplit_once('.')?;
    Some((AreaId::new(area)?, quantity.parse().ok()?))
}

fn take_status(connection: Connection, change: StatusChange) {
    let at = change.at.unwrap_or_else(|| connection.now());
    let detail = change
        .detail
        .filter(|detail| !detail.is_empty())
        .map(|text| format!(": {text}"))
        .unwrap_or_default();
    let text = format!(
        "{} {}{detail}",
        wording::component_name(&change.component),
        change.status
    );
    note(connection, LogEntry::of_text(at, "status", text));
}

#[cfg(test)]
mod tests {
    use house::Bridge;

    use super::*;

    #[test]
    fn a_thresholds_key_names_area_and_quantity() {
        let (area, quantity) = threshold_key("thresholds.living_room.temperature").unwrap();
        assert_eq!((area.as_str(), quantity), ("living_room", Quantity::Temperature));
        assert!(threshold_key("notifier.url").is_none());
        assert!(threshold_key("thresholds.x.warmth").is_none());
    }

    #[test]
    fn only_what_matters_of_a_device_is_noted() {
        let found = Device::found(Bridge::Mqtt, "1", "Plug");
        assert_eq!(what_changed(None, &found).unwrap(), "Found Plug");
        assert_eq!(what_changed(Some(&found), &found), None);
        let adopted = Device {
            lifecycle: Lifecycle::Adopted,
            area: AreaId::new("bath room"),
            availability: Availability::Online,
            ..found.clone()
        };
        assert_eq!(
            what_changed(Some(&found), &adopted).unwrap(),
            "Plug was adopted into Bath room"
        );
        let gone = Device {
            availability: Availability::Offline,
            ..adopted.clone()
        };
        assert_eq!(what_changed(Some(&adopted), &gone).unwrap(), "Plug is offline");
    }
}
