//! Refused readings in the logbook, seldom: a broken sensor says the same thing every second.

use std::collections::HashMap;
use std::time::Duration;

use house::Timestamp;
use serde_json::json;

use crate::logbook::{Entry, SENSOR};

/// A sensor's refusals are told at most this often.
const EVERY: Duration = Duration::from_secs(600);
/// Sensors remembered; beyond, those told longest ago are forgotten.
const MOST_SENSORS: usize = 1000;

/// Which sensors' refusals were told when, and how many since were not.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    told_by_sensor: HashMap<String, (Timestamp, u64)>,
}

impl Refusals {
    /// The entry that says so, unless the same sensor was told of lately.
    pub(crate) fn refuse(&mut self, sensor: &str, area: Option<&str>, reason: &str, now: Timestamp) -> Option<Entry> {
        let untold = match self.told_by_sensor.get_mut(sensor) {
            Some((told, untold)) if now.since(*told) < EVERY && *told <= now => {
                *untold += 1;
                return None;
            }
            known => known.map_or(0, |(_, untold)| *untold),
        };
        if self.told_by_sensor.len() >= MOST_SENSORS {
            let oldest = self.told_by_sensor.iter().min_by_key(|(_, (told, _))| *told);
            if let Some(oldest) = oldest.map(|(sensor, _)| sensor.clone()) {
                self.told_by_sensor.remove(&oldest);
            }
        }
        self.told_by_sensor.insert(sensor.to_owned(), (now, 0));
        let more = match untold {
            0 => String::new(),
            1 => " (and 1 more since last told)".to_owned(),
            untold => format!(" (and {untold} more since last told)"),
        };
        Some(Entry {
            at: now,
            kind: SENSOR.to_owned(),
            area: area.map(str::to_owned),
            device: Some(sensor.to_owned()),
            on: None,
            text: format!("Sensor {sensor}: {reason}{more}"),
            detail: json!({"sensorId": sensor, "reason": reason, "more": untold}),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_sensor_is_told_of_seldom_and_counted() {
        let mut refusals = Refusals::default();
        let texts: Vec<String> = (0..1300)
            .filter_map(|second| refusals.refuse("a", None, "no number", Timestamp::from_secs(second)))
            .map(|entry| entry.text)
            .collect();
        assert_eq!(
            texts,
            [
                "Sensor a: no number",
                "Sensor a: no number (and 599 more since last told)",
                "Sensor a: no number (and 599 more since last told)"
            ]
        );
        assert!(
            refusals
                .refuse("b", None, "no number", Timestamp::from_secs(1300))
                .is_some()
        );
        for sensor in 0..5000 {
            refusals.refuse(&sensor.to_string(), None, "x", Timestamp::from_secs(1301));
        }
        assert!(refusals.told_by_sensor.len() <= MOST_SENSORS);
    }
}
