//! The house as this browser knows it: pure state, fed with what is heard over WAMP.

mod room;
mod shelf;
mod trend;

use std::collections::{BTreeMap, VecDeque};

use house::{
    ActuatorState, Alert, AreaId, Device, DeviceId, Quantity, Registry, SensorEvent, SensorId, Threshold, Timestamp,
};

pub(crate) use room::{Measure, Room, RoomActuator, Standing};
pub(crate) use shelf::Shelf;
pub(crate) use trend::Trend;

use crate::logbook::LogEntry;

/// How many logbook lines are kept for "what happened last".
const LOG_LINES: usize = 50;
/// How many cleared alerts are kept.
const PAST_ALERTS: usize = 200;

/// The newest value of one quantity from one sensor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reading {
    pub(crate) value: f64,
    pub(crate) at: Timestamp,
}

/// Something heard about the house. The plural ones replace all that was known of their kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    Devices(Vec<Device>),
    Device(Box<Device>),
    Thresholds(Vec<Threshold>),
    Threshold(Box<Threshold>),
    ThresholdRemoved(AreaId, Quantity),
    Actuators(Vec<ActuatorState>),
    Actuator(Box<ActuatorState>),
    /// A reading, and when it got here: its own time counts when it has one.
    Reading(SensorEvent, Timestamp),
    /// Older readings of one sensor, to draw its recent past.
    Past(SensorId, Quantity, Vec<(Timestamp, f64)>),
    Alerts(Vec<Alert>),
    Alert(Box<Alert>),
    Log(Vec<LogEntry>),
    Logged(Box<LogEntry>),
}

/// Everything known of the house.
#[derive(Debug, Clone, Default)]
pub(crate) struct HouseView {
    registry: Registry,
    devices_version: u64,
    threshold_by_subject: BTreeMap<(AreaId, Quantity), Threshold>,
    actuator_by_entity: BTreeMap<(DeviceId, String), ActuatorState>,
    readings_by_sensor: BTreeMap<SensorId, BTreeMap<Quantity, Reading>>,
    area_by_sensor: BTreeMap<SensorId, AreaId>,
    trend_by_series: BTreeMap<(SensorId, Quantity), Trend>,
    alert_by_id: BTreeMap<String, Alert>,
    past_alerts: VecDeque<Alert>,
    log: VecDeque<LogEntry>,
}

impl HouseView {
    /// Takes what was heard.
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Devices(devices) => {
                self.devices_version += 1;
                self.registry.clear();
                for device in devices {
                    self.registry.apply(device);
                }
            }
            Change::Device(device) => {
                self.devices_version += 1;
                self.registry.apply(*device);
            }
            Change::Thresholds(thresholds) => {
                self.threshold_by_subject = thresholds
                    .into_iter()
                    .map(|threshold| (subject(&threshold), threshold))
                    .collect();
            }
            Change::Threshold(threshold) => {
                self.threshold_by_subject.insert(subject(&threshold), *threshold);
            }
            Change::ThresholdRemoved(area, quantity) => {
                self.threshold_by_subject.remove(&(area, quantity));
            }
            Change::Actuators(states) => {
                self.actuator_by_entity = states.into_iter().map(|state| (entity(&state), state)).collect();
            }
            Change::Actuator(state) => {
                self.actuator_by_entity.insert(entity(&state), *state);
            }
            Change::Reading(event, received) => self.take_reading(event, received),
            Change::Past(sensor, quantity, points) => {
                self.trend_by_series
                    .entry((sensor, quantity))
                    .or_default()
                    .prepend(points);
            }
            Change::Alerts(alerts) => {
                self.alert_by_id.clear();
                self.past_alerts.clear();
                for alert in alerts {
                    self.take_alert(alert);
                }
                self.past_alerts
                    .make_contiguous()
                    .sort_by_key(|alert| std::cmp::Reverse(alert.cleared_at));
            }
            Change::Alert(alert) => self.take_alert(*alert),
            Change::Log(entries) => {
                self.log = entries.into_iter().take(LOG_LINES).collect();
            }
            Change::Logged(entry) => {
                self.log.push_front(*entry);
                self.log.truncate(LOG_LINES);
            }
        }
    }

    fn take_reading(&mut self, mut event: SensorEvent, received: Timestamp) {
        if !self.registry.attribute(&mut event) {
            return;
        }
        let at = event.at.unwrap_or(received);
        if let Some(area) = &event.area {
            self.area_by_sensor.insert(event.sensor_id.clone(), area.clone());
        }
        let known = self.readings_by_sensor.entry(event.sensor_id.clone()).or_default();
        for &(quantity, value) in &event.values {
            if known.get(&quantity).is_some_and(|reading| reading.at > at) {
                continue;
            }
            known.insert(quantity, Reading { value, at });
            self.trend_by_series
                .entry((event.sensor_id.clone(), quantity))
                .or_default()
                .push(at, value);
        }
    }

    fn take_alert(&mut self, alert: Alert) {
        if alert.cleared_at.is_none() {
            self.alert_by_id.insert(alert.id.clone(), alert);
            return;
        }
        // A newer raising of the same condition stays: the clearing that arrives late was another's.
        if self
            .alert_by_id
            .get(&alert.id)
            .is_some_and(|active| Some(active.at) <= alert.cleared_at)
        {
            self.alert_by_id.remove(&alert.id);
        }
        let is_known = self
            .past_alerts
            .iter()
            .any(|past| past.id == alert.id && past.at == alert.at);
        if !is_known {
            self.past_alerts.push_front(alert);
            self.past_alerts.truncate(PAST_ALERTS);
        }
    }

    /// The devices.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Another number whenever a device is another.
    pub(crate) const fn devices_version(&self) -> u64 {
        self.devices_version
    }

    /// Every threshold, by area and quantity.
    pub(crate) fn thresholds(&self) -> impl Iterator<Item = &Threshold> {
        self.threshold_by_subject.values()
    }

    /// The threshold of one quantity in one area.
    pub(crate) fn threshold(&self, area: &AreaId, quantity: Quantity) -> Option<&Threshold> {
        self.threshold_by_subject.get(&(area.clone(), quantity))
    }

    /// What an actuator does, when it is known.
    pub(crate) fn actuator(&self, device: &str, entity: &str) -> Option<&ActuatorState> {
        self.actuator_by_entity.get(&(device.to_owned(), entity.to_owned()))
    }

    /// The newest values of one sensor.
    pub(crate) fn readings(&self, sensor: &str) -> Option<&BTreeMap<Quantity, Reading>> {
        self.readings_by_sensor.get(sensor)
    }

    /// The recent past of one quantity of one sensor.
    pub(crate) fn trend(&self, sensor: &str, quantity: Quantity) -> Option<&Trend> {
        self.trend_by_series.get(&(sensor.to_owned(), quantity))
    }

    /// What holds now, worst first, then newest first.
    pub(crate) fn active_alerts(&self) -> Vec<Alert> {
        let mut alerts: Vec<Alert> = self.alert_by_id.values().cloned().collect();
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), std::cmp::Reverse(alert.at)));
        alerts
    }

    /// How many alerts nobody has acknowledged.
    pub(crate) fn unseen_alerts(&self) -> usize {
        self.alert_by_id
            .values()
            .filter(|alert| alert.acknowledged_by.is_none())
            .count()
    }

    /// What has cleared, newest first.
    pub(crate) fn past_alerts(&self) -> impl Iterator<Item = &Alert> {
        self.past_alerts.iter()
    }

    /// The logbook's newest lines.
    pub(crate) fn log(&self) -> impl Iterator<Item = &LogEntry> {
        self.log.iter()
    }

    /// The newest value of one quantity in one area, of whichever sensor there.
    pub(crate) fn newest(&self, area: &AreaId, quantity: Quantity) -> Option<Reading> {
        let sensors = self
            .readings_by_sensor
            .iter()
            .filter(|(sensor, _)| self.area_of(sensor) == Some(area));
        sensors
            .filter_map(|(_, readings)| readings.get(&quantity).copied())
            .max_by_key(|reading| reading.at)
    }

    /// Where a sensor stands: where its device was adopted, else where it says.
    pub(crate) fn area_of(&self, sensor: &str) -> Option<&AreaId> {
        self.registry
            .device(sensor)
            .and_then(|device| device.area.as_ref())
            .or_else(|| self.area_by_sensor.get(sensor))
    }

    /// Every area somebody or something has named, for suggestions.
    pub(crate) fn areas(&self) -> Vec<AreaId> {
        let mut areas: Vec<AreaId> = self
            .registry
            .devices()
            .flat_map(|device| [device.area.clone(), device.suggested_area.clone()])
            .flatten()
            .chain(self.threshold_by_subject.keys().map(|(area, _)| area.clone()))
            .chain(self.area_by_sensor.values().cloned())
            .collect();
        areas.sort();
        areas.dedup();
        areas
    }

    /// The name for people of a sensor.
    pub(crate) fn sensor_name(&self, sensor: &str) -> String {
        self.registry
            .device(sensor)
            .map_or_else(|| format!("Sensor {sensor}"), |device| device.name.clone())
    }

    /// Every sensor there are readings of, with what it measures; adopted ones only.
    pub(crate) fn sensors(&self) -> Vec<(SensorId, Vec<Quantity>)> {
        let mut quantities_by_sensor: BTreeMap<SensorId, Vec<Quantity>> = self
            .registry
            .adopted()
            .map(|device| (device.id.clone(), device.quantities().collect::<Vec<_>>()))
            .filter(|(_, quantities)| !quantities.is_empty())
            .collect();
        for sensor in self.area_by_sensor.keys() {
            let measured = self
                .readings_by_sensor
                .get(sensor)
                .into_iter()
                .flat_map(BTreeMap::keys)
                .copied();
            quantities_by_sensor.entry(sensor.clone()).or_default().extend(measured);
        }
        let mut sensors: Vec<_> = quantities_by_sensor.into_iter().collect();
        for (_, quantities) in &mut sensors {
            quantities.sort();
            quantities.dedup();
        }
        sensors
    }
}

fn subject(threshold: &Threshold) -> (AreaId, Quantity) {
    (threshold.area.clone(), threshold.quantity)
}

fn entity(state: &ActuatorState) -> (DeviceId, String) {
    (state.device.clone(), state.entity.clone())
}

#[cfg(test)]
mod tests;
