//! One room as its card shows it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;

use house::{
    ActuatorKind, ActuatorState, Alert, AreaId, Availability, DeviceId, Pace, Quantity, SensorId, Threshold, Timestamp,
};

use super::{HouseView, Reading};

/// Where a value lies against its threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Inside,
    Low,
    High,
}

/// One quantity in a room: the newest reading of any sensor there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measure {
    pub(crate) quantity: Quantity,
    pub(crate) sensor: SensorId,
    pub(crate) reading: Option<Reading>,
    /// Too old to be trusted.
    pub(crate) is_stale: bool,
    pub(crate) threshold: Option<Threshold>,
    pub(crate) standing: Standing,
}

/// One actuator in a room.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RoomActuator {
    pub(crate) device: DeviceId,
    pub(crate) entity: String,
    pub(crate) name: String,
    pub(crate) kind: ActuatorKind,
    pub(crate) availability: Availability,
    pub(crate) state: Option<ActuatorState>,
}

/// A room and what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Room {
    pub(crate) area: AreaId,
    pub(crate) measures: Vec<Measure>,
    pub(crate) actuators: Vec<RoomActuator>,
    pub(crate) alerts: Vec<Alert>,
    /// Names of devices that cannot be reached.
    pub(crate) unreachable: Vec<String>,
}

impl Room {
    /// One quantity, when something measures it here.
    pub(crate) fn measure(&self, quantity: Quantity) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.quantity == quantity)
    }
}

impl HouseView {
    /// Every room that has an adopted device or a sensor that names it, by name.
    pub(crate) fn rooms(&self, now: Timestamp) -> Vec<Room> {
        let areas: BTreeSet<&AreaId> = self
            .registry
            .adopted()
            .filter_map(|device| device.area.as_ref())
            .chain(self.readings_by_sensor.keys().filter_map(|sensor| self.area_of(sensor)))
            .collect();
        areas.into_iter().map(|area| self.room(area, now)).collect()
    }

    fn room(&self, area: &AreaId, now: Timestamp) -> Room {
        let devices: Vec<_> = self
            .registry
            .adopted()
            .filter(|device| device.area.as_ref() == Some(area))
            .collect();
        let actuators = devices
            .iter()
            .flat_map(|device| {
                device.actuators().map(|(entity, kind)| RoomActuator {
                    device: device.id.clone(),
                    entity: entity.id.clone(),
                    name: device.name.clone(),
                    kind,
                    availability: device.availability,
                    state: self.actuator(&device.id, &entity.id).cloned(),
                })
            })
            .collect();
        let mut alerts = self.active_alerts();
        alerts.retain(|alert| alert.area.as_ref() == Some(area));
        Room {
            area: area.clone(),
            measures: self.measures(area, now),
            actuators,
            alerts,
            unreachable: devices
                .iter()
                .filter(|device| device.availability == Availability::Offline)
                .map(|device| device.name.clone())
                .collect(),
        }
    }

    fn measures(&self, area: &AreaId, now: Timestamp) -> Vec<Measure> {
        let promised = self
            .registry
            .adopted()
            .filter(|device| device.area.as_ref() == Some(area))
            .flat_map(|device| device.quantities().map(|quantity| (quantity, device.id.clone(), None)));
        let measured = self
            .readings_by_sensor
            .iter()
            .filter(|(sensor, _)| self.area_of(sensor) == Some(area))
            .flat_map(|(sensor, readings)| {
                readings
                    .iter()
                    .map(|(quantity, reading)| (*quantity, sensor.clone(), Some(*reading)))
            });
        let mut all: Vec<_> = promised.chain(measured).collect();
        all.sort_by_key(|(quantity, sensor, reading)| (*quantity, Reverse(reading.map(|r| r.at)), sensor.clone()));
        all.dedup_by_key(|(quantity, _, _)| *quantity);
        all.into_iter()
            .map(|(quantity, sensor, reading)| self.measure(area, quantity, sensor, reading, now))
            .collect()
    }

    fn measure(
        &self,
        area: &AreaId,
        quantity: Quantity,
        sensor: SensorId,
        reading: Option<Reading>,
        now: Timestamp,
    ) -> Measure {
        let threshold = self.threshold(area, quantity).cloned();
        let stale_after = threshold.as_ref().map_or(Duration::from_secs(900), |threshold| {
            threshold.stale_after(Pace::default())
        });
        let standing = match (reading, &threshold) {
            (Some(reading), Some(threshold)) => standing(reading.value, threshold),
            _ => Standing::Inside,
        };
        Measure {
            quantity,
            sensor,
            reading,
            is_stale: reading.is_some_and(|reading| now.since(reading.at) > stale_after),
            threshold,
            standing,
        }
    }
}

fn standing(value: f64, threshold: &Threshold) -> Standing {
    if threshold.high.is_some_and(|high| value >= high) {
        Standing::High
    } else if threshold.low.is_some_and(|low| value <= low) {
        Standing::Low
    } else {
        Standing::Inside
    }
}
