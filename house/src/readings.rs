//! The newest reading of every sensor, by area, and what an area's value is when it has several.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{AreaId, Quantity, SensorEvent, SensorId, Timestamp};

/// One value at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// In the quantity's unit.
    pub value: f64,
    /// When it was measured.
    pub at: Timestamp,
}

/// The newest reading of every sensor.
///
/// An area with several sensors of a quantity has the mean of their newest readings that are not
/// stale: with the newest reading alone, two thermometers that differ would switch an air
/// conditioner at every message. Of yes/no quantities it has the highest: one wet leak sensor of
/// three is a leak.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    by_place: BTreeMap<(AreaId, Quantity), BTreeMap<SensorId, Reading>>,
}

impl Readings {
    /// Takes one event of a sensor in `area`, received at `now`.
    ///
    /// A sender's time in the future is a wrong clock, so the time of receipt counts. A sensor
    /// that has moved no longer counts where it was. An event older than what is known of the
    /// same sensor changes nothing.
    pub fn take(&mut self, area: &AreaId, event: &SensorEvent, now: Timestamp) {
        let at = event.at.filter(|at| *at <= now).unwrap_or(now);
        for (place, sensors) in &mut self.by_place {
            if place.0 != *area {
                sensors.remove(&event.sensor_id);
            }
        }
        for &(quantity, value) in &event.values {
            let sensors = self.by_place.entry((area.clone(), quantity)).or_default();
            let known = sensors.get(&event.sensor_id);
            // A reading "of the future" was taken before the clock was set back.
            if known.is_none_or(|known| known.at <= at || known.at > now) {
                sensors.insert(event.sensor_id.clone(), Reading { value, at });
            }
        }
    }

    /// Forgets a sensor that is no longer part of the house.
    pub fn forget(&mut self, sensor: &str) {
        for sensors in self.by_place.values_mut() {
            sensors.remove(sensor);
        }
    }

    /// The clock was set back to `now`: what was heard before counts as heard now, so that a dead
    /// sensor is still found out in time.
    pub fn clock_set_back(&mut self, now: Timestamp) {
        for reading in self.by_place.values_mut().flat_map(BTreeMap::values_mut) {
            reading.at = reading.at.min(now);
        }
    }

    /// The value of `quantity` in `area` from readings no older than `stale_after`, with the time
    /// of the newest; `None` when every sensor has gone quiet or there is none.
    pub fn fresh(&self, area: &AreaId, quantity: Quantity, stale_after: Duration, now: Timestamp) -> Option<Reading> {
        let fresh = self
            .of(area, quantity)
            .filter(|reading| now.since(reading.at) < stale_after);
        let (mut sum, mut highest, mut count, mut at) = (0.0, f64::NEG_INFINITY, 0u32, Timestamp(i64::MIN));
        for reading in fresh {
            sum += reading.value;
            highest = reading.value.max(highest);
            count += 1;
            at = reading.at.max(at);
        }
        let value = if quantity.is_binary() {
            highest
        } else {
            sum / f64::from(count)
        };
        (count > 0).then_some(Reading { value, at })
    }

    /// When any sensor of `quantity` in `area` was last heard.
    pub fn last_heard(&self, area: &AreaId, quantity: Quantity) -> Option<Timestamp> {
        self.of(area, quantity).map(|reading| reading.at).max()
    }

    fn of(&self, area: &AreaId, quantity: Quantity) -> impl Iterator<Item = &Reading> {
        self.by_place
            .get(&(area.clone(), quantity))
            .into_iter()
            .flat_map(BTreeMap::values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALE: Duration = Duration::from_secs(900);

    fn area(name: &str) -> AreaId {
        AreaId::new(name).unwrap()
    }

    fn event(sensor: &str, quantity: Quantity, value: f64, at: Option<i64>) -> SensorEvent {
        SensorEvent {
            sensor_id: sensor.into(),
            at: at.map(Timestamp::from_secs),
            values: vec![(quantity, value)],
            ..SensorEvent::default()
        }
    }

    fn temperature(readings: &Readings, place: &str, now: i64) -> Option<f64> {
        readings
            .fresh(&area(place), Quantity::Temperature, STALE, Timestamp::from_secs(now))
            .map(|reading| reading.value)
    }

    #[test]
    fn several_thermometers_give_their_mean_until_one_goes_quiet() {
        let mut readings = Readings::default();
        let t = Timestamp::from_secs;
        readings.take(&area("hall"), &event("a", Quantity::Temperature, 20.0, None), t(0));
        readings.take(&area("hall"), &event("b", Quantity::Temperature, 24.0, None), t(600));
        assert_eq!(temperature(&readings, "hall", 600), Some(22.0));
        assert_eq!(temperature(&readings, "hall", 900), Some(24.0));
        assert_eq!(temperature(&readings, "hall", 1500), None);
        assert_eq!(readings.last_heard(&area("hall"), Quantity::Temperature), Some(t(600)));
    }

    #[test]
    fn one_wet_leak_sensor_is_a_leak() {
        let mut readings = Readings::default();
        for (sensor, value) in [("a", 0.0), ("b", 1.0), ("c", 0.0)] {
            readings.take(
                &area("cellar"),
                &event(sensor, Quantity::Leak, value, None),
                Timestamp(0),
            );
        }
        let leak = readings.fresh(&area("cellar"), Quantity::Leak, STALE, Timestamp(0));
        assert_eq!(leak.map(|leak| leak.value), Some(1.0));
    }

    #[test]
    fn a_sensor_that_moved_counts_only_where_it_is() {
        let mut readings = Readings::default();
        let now = Timestamp::from_secs(10);
        readings.take(&area("hall"), &event("a", Quantity::Temperature, 20.0, None), now);
        readings.take(&area("attic"), &event("a", Quantity::Temperature, 30.0, None), now);
        assert_eq!(temperature(&readings, "hall", 10), None);
        assert_eq!(temperature(&readings, "attic", 10), Some(30.0));
        readings.forget("a");
        assert_eq!(temperature(&readings, "attic", 10), None);
    }

    #[test]
    fn wrong_clocks_neither_freshen_nor_block() {
        let mut readings = Readings::default();
        let now = Timestamp::from_secs(10_000);
        readings.take(
            &area("hall"),
            &event("a", Quantity::Temperature, 20.0, Some(99_999)),
            now,
        );
        assert_eq!(readings.last_heard(&area("hall"), Quantity::Temperature), Some(now));
        readings.take(
            &area("hall"),
            &event("a", Quantity::Temperature, 15.0, Some(9_000)),
            now,
        );
        assert_eq!(
            temperature(&readings, "hall", 10_000),
            Some(20.0),
            "an older reading is older"
        );
        let set_back = Timestamp::from_secs(5_000);
        readings.take(&area("hall"), &event("a", Quantity::Temperature, 21.0, None), set_back);
        assert_eq!(temperature(&readings, "hall", 5_000), Some(21.0));
    }
}
