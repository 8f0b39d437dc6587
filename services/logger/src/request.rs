//! The arguments of the `history.…` procedures, checked.

use std::time::Duration;

use house::{AreaId, Quantity, Timestamp};
use serde::Deserialize;
use wamp_client::CallError;

use crate::plan::Resolution;

/// The most logbook entries in one answer.
const MOST_ENTRIES: i64 = 1000;

/// A sensor's id: text, or a number as in the talk.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum SensorName {
    Text(String),
    Whole(i64),
    Number(f64),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Steps {
    Named(String),
    Seconds(f64),
}

/// kwargs of `history.readings`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct ReadingsRequest {
    #[serde(default)]
    sensor: Option<SensorName>,
    #[serde(default)]
    quantity: Option<Quantity>,
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
    #[serde(default)]
    resolution: Option<Steps>,
}

impl ReadingsRequest {
    pub(crate) fn sensor(&self) -> Result<String, CallError> {
        match &self.sensor {
            Some(SensorName::Text(name)) if !name.is_empty() => Ok(name.clone()),
            Some(SensorName::Whole(number)) => Ok(number.to_string()),
            Some(SensorName::Number(number)) if number.fract() == 0.0 => Ok(format!("{number:.0}")),
            _ => Err(CallError::invalid_argument("sensor must be the id of a sensor")),
        }
    }

    pub(crate) const fn quantity(&self) -> Option<Quantity> {
        self.quantity
    }

    /// `from..to`; the last day when neither is given.
    pub(crate) fn range(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), CallError> {
        range(self.from, self.to, now, Duration::from_secs(86_400))
    }

    pub(crate) fn resolution(&self) -> Result<Resolution, CallError> {
        let wrong =
            || CallError::invalid_argument("resolution must be \"raw\", \"5min\", \"1h\" or a number of seconds");
        match &self.resolution {
            None => Ok(Resolution::Auto),
            Some(Steps::Named(name)) => match name.as_str() {
                "raw" => Ok(Resolution::Raw),
                "5min" => Ok(Resolution::Every(300_000)),
                "1h" => Ok(Resolution::Every(3_600_000)),
                "auto" => Ok(Resolution::Auto),
                _ => Err(wrong()),
            },
            Some(Steps::Seconds(seconds)) if (0.001..=1e9).contains(seconds) => {
                Ok(Resolution::Every((seconds * 1000.0).round() as i64))
            }
            Some(Steps::Seconds(_)) => Err(wrong()),
        }
    }
}

/// kwargs of `history.events`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct EventsRequest {
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
    #[serde(default)]
    pub(crate) kind: Option<String>,
    #[serde(default)]
    pub(crate) area: Option<AreaId>,
    #[serde(default)]
    pub(crate) device: Option<String>,
    #[serde(default)]
    limit: Option<i64>,
}

impl EventsRequest {
    pub(crate) fn range(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), CallError> {
        range(Some(self.from.unwrap_or_default()), self.to, now, Duration::ZERO)
    }

    pub(crate) fn limit(&self) -> Result<i64, CallError> {
        match self.limit.unwrap_or(100) {
            limit @ 1..=MOST_ENTRIES => Ok(limit),
            _ => Err(CallError::invalid_argument(format!(
                "limit must be a number from 1 to {MOST_ENTRIES}"
            ))),
        }
    }
}

fn range(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
    usual: Duration,
) -> Result<(Timestamp, Timestamp), CallError> {
    // What came within this millisecond belongs to "until now".
    let to = to.unwrap_or_else(|| now.after(Duration::from_millis(1)));
    let from = from.unwrap_or_else(|| to.before(usual));
    if from >= to {
        return Err(CallError::invalid_argument("from must be earlier than to"));
    }
    if from.millis() < 0 {
        return Err(CallError::invalid_argument("from must not be before 1970"));
    }
    Ok((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_777_809_600);

    #[test]
    fn arguments_that_make_no_sense_are_named() {
        for (json, argument) in [
            ("{}", "sensor"),
            (r#"{"sensor": ""}"#, "sensor"),
            (r#"{"sensor": 1.5}"#, "sensor"),
            (r#"{"sensor": 25, "from": 20, "to": 10}"#, "from"),
            (r#"{"sensor": 25, "from": -10}"#, "from"),
            (r#"{"sensor": 25, "resolution": "fine"}"#, "resolution"),
            (r#"{"sensor": 25, "resolution": 0}"#, "resolution"),
        ] {
            let request: ReadingsRequest = serde_json::from_str(json).unwrap();
            let fault = request
                .sensor()
                .and_then(|_| request.range(NOW))
                .and_then(|_| request.resolution())
                .unwrap_err();
            assert!(fault.message().unwrap().starts_with(argument), "{json}: {fault}");
        }
        let many: EventsRequest = serde_json::from_str(r#"{"limit": 5000}"#).unwrap();
        assert!(many.limit().unwrap_err().message().unwrap().starts_with("limit"));
    }

    #[test]
    fn what_is_left_out_has_a_sense() {
        let request: ReadingsRequest = serde_json::from_str(r#"{"sensor": 25}"#).unwrap();
        assert_eq!(request.sensor().unwrap(), "25");
        let (from, to) = request.range(NOW).unwrap();
        assert_eq!(to.since(from), Duration::from_secs(86_400));
        let events = EventsRequest::default();
        assert_eq!(
            (events.range(NOW).unwrap().0, events.limit().unwrap()),
            (Timestamp(0), 100)
        );
    }
}
