//! What a fan should do: a pure function of the area's threshold, its humidity and what that usually
//! is, the fan and the time.
//!
//! The fan goes on at the absolute limit `high`, or when the humidity has risen by `rise` over
//! its baseline; it goes off when it is back inside both, and `post_run` later. The longest run
//! bounds it all: humidity that a fan cannot lower (weather) does not keep it running for ever.

use controller::{Climate, Rule};
use house::{ActuatorKind, ActuatorState, Mode, Pace, Quantity, Reading, Threshold, Timestamp, Wish, duration_text};

use crate::baseline::Baseline;

/// The rule, and how the humidity of one area has gone lately.
#[derive(Debug, Clone)]
pub struct HumidityFan {
    baseline: Baseline,
    /// The usual humidity, when known.
    usual: Option<f64>,
    /// Since when the humidity has been back inside.
    inside_since: Option<Timestamp>,
}

impl Rule for HumidityFan {
    const NAME: &'static str = "humidity-fan";
    const QUANTITY: Quantity = Quantity::Humidity;
    const KINDS: &'static [ActuatorKind] = &[ActuatorKind::Fan];
    const OFF_FOR_SAFETY: &'static str = "the fan is off";

    fn new(pace: Pace) -> Self {
        Self {
            baseline: Baseline::new(pace),
            usual: None,
            inside_since: None,
        }
    }

    fn take(&mut self, reading: Reading, threshold: Option<&Threshold>) {
        self.baseline.take(reading.value, reading.at);
        self.usual = self.baseline.value();
        self.inside_since = threshold.and_then(|threshold| match self.zone(threshold, reading.value) {
            Zone::Humid(_) => None,
            // Between the limits it stays as it was.
            Zone::Between => self.inside_since,
            Zone::Inside(_) => self.inside_since.or(Some(reading.at)),
        });
    }

    fn drives(threshold: &Threshold, kind: ActuatorKind) -> bool {
        let has_limit = threshold.high.is_some() || threshold.rise.is_some();
        kind == ActuatorKind::Fan && threshold.mode != Mode::Off && has_limit
    }

    fn asks_for(&self, threshold: &Threshold, _: ActuatorKind, value: f64) -> Option<bool> {
        match self.zone(threshold, value) {
            Zone::Humid(_) => Some(true),
            Zone::Between => None,
            Zone::Inside(_) => Some(false),
        }
    }

    fn wish(
        &self,
        climate: &Climate<'_>,
        fan: &ActuatorState,
        value: f64,
        now: Timestamp,
    ) -> (Wish, Option<Timestamp>) {
        let threshold = climate.threshold;
        let text = match self.zone(threshold, value) {
            Zone::Humid(text) => return (Wish::On(format!("{text}, {}", threshold.provenance())), None),
            Zone::Between => return (Wish::Keep, None),
            Zone::Inside(text) => text,
        };
        let post_run = threshold.post_run(climate.pace);
        let end = self.inside_since.unwrap_or(now).after(post_run);
        if end > now {
            return (Wish::Keep, fan.on.then_some(end));
        }
        let ran_on = if post_run.is_zero() {
            String::new()
        } else {
            format!(" for {}", duration_text(post_run))
        };
        (Wish::Off(format!("{text}{ran_on}, {}", threshold.provenance())), None)
    }

    fn purpose(_: ActuatorKind) -> &'static str {
        "aired"
    }
}

impl HumidityFan {
    fn zone(&self, threshold: &Threshold, value: f64) -> Zone {
        let hysteresis = threshold.hysteresis();
        let absolute = threshold.high.map(|high| (high, high - hysteresis, String::new()));
        let relative = threshold.rise.zip(self.usual).map(|(rise, usual)| {
            let end = rise - hysteresis.min(rise / 2.0);
            let usual_text = Quantity::Humidity.format(usual);
            (usual + rise, usual + end, format!(" (usually {usual_text})"))
        });
        let limits = || absolute.iter().chain(&relative);
        let shown = Quantity::Humidity.format(value);
        let compare = |sign, limit: f64, note: &str| {
            let limit = Quantity::Humidity.format(limit);
            format!("humidity {shown} {sign} {limit}{note}")
        };
        if let Some((on, _, note)) = limits().find(|(on, ..)| value >= *on) {
            return Zone::Humid(compare("≥", *on, note));
        }
        match limits().min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((_, off, note)) if value <= *off => Zone::Inside(compare("≤", *off, note)),
            Some(_) => Zone::Between,
            // Only a rise counts, and what is usual is not known yet.
            None => Zone::Between,
        }
    }
}

/// Where a value is, with the comparison that says so.
#[derive(Debug, Clone, PartialEq)]
enum Zone {
    /// At a limit or beyond.
    Humid(String),
    /// Within the hysteresis of a limit.
    Between,
    /// Back inside both.
    Inside(String),
}

#[cfg(test)]
mod tests;
