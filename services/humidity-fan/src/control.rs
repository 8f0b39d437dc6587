//! What a fan should do: a pure function of the area's threshold, its humidity, the fan and the
//! time.
//!
//! The fan goes on at the absolute limit `high`, or when the humidity has risen by `rise` over
//! its baseline; it goes off when it is back inside both, and `post_run` later. The longest run
//! bounds it all: humidity that a fan cannot lower (weather) does not keep it running for ever.

use std::time::Duration;

use house::{
    ActuatorState, Cause, Guard, Mode, Pace, Quantity, Reading, Threshold, Timestamp, Verdict, Wish, duration_text,
};

/// The service's name, in every cause it gives.
pub const NAME: &str = "humidity-fan";

/// One area as the humidity fan sees it.
#[derive(Debug, Clone, Copy)]
pub struct Climate<'a> {
    /// What the admin wants there.
    pub threshold: &'a Threshold,
    /// The area's newest humidity, if there ever was one.
    pub reading: Option<Reading>,
    /// Since when a reading could have come: what counts as long as there is none.
    pub since: Timestamp,
    /// The usual humidity, when known ([`crate::baseline::Baseline`]).
    pub baseline: Option<f64>,
    /// Since when the humidity has been back inside ([`inside_since`]).
    pub inside_since: Option<Timestamp>,
    /// How fast the house's time runs.
    pub pace: Pace,
}

impl Climate<'_> {
    /// When the area counts as lost unless it is heard of again.
    pub fn stale_at(&self) -> Timestamp {
        let last = self.reading.map_or(self.since, |reading| reading.at);
        last.after(self.threshold.stale_after(self.pace))
    }

    /// Whether the area's humidity is unknown by now.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.stale_at() <= now
    }

    /// Whether the humidity asks for a fan to run; `None` when it is not known, or between the
    /// point where it asks and the one where it no longer does.
    pub fn asks_for_fan(&self, now: Timestamp) -> Option<bool> {
        if !drives(self.threshold) {
            return Some(false);
        }
        match self.zone().filter(|_| !self.is_lost(now))? {
            Zone::Humid(_) => Some(true),
            Zone::Between => None,
            Zone::Inside(_) => Some(false),
        }
    }

    fn zone(&self) -> Option<Zone> {
        Some(zone(self.threshold, self.baseline, self.reading?.value))
    }
}

/// What to do with one fan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// Switch it to this, for this reason; `None` keeps it as it is.
    pub switch: Option<(bool, Cause)>,
    /// When the decision may differ though nothing else changes.
    pub wake_at: Option<Timestamp>,
}

impl From<Verdict> for Decision {
    fn from(verdict: Verdict) -> Self {
        let cause = |text| Cause {
            by: NAME.into(),
            manual: false,
            text,
        };
        Self {
            switch: verdict.switch.map(|(on, text)| (on, cause(text))),
            wake_at: verdict.wake_at,
        }
    }
}

/// Whether the threshold has fans driven at all.
pub fn drives(threshold: &Threshold) -> bool {
    threshold.mode != Mode::Off && (threshold.high.is_some() || threshold.rise.is_some())
}

/// Since when the humidity has been back inside, after a reading: `before` is what this returned
/// for the reading before. Between the limits it stays as it was.
pub fn inside_since(
    threshold: &Threshold,
    baseline: Option<f64>,
    reading: Reading,
    before: Option<Timestamp>,
) -> Option<Timestamp> {
    match zone(threshold, baseline, reading.value) {
        Zone::Humid(_) => None,
        Zone::Between => before,
        Zone::Inside(_) => before.or(Some(reading.at)),
    }
}

/// What `fan` should do at `now`.
pub fn decide(climate: &Climate<'_>, fan: &ActuatorState, now: Timestamp) -> Decision {
    let guard = Guard::new(climate.threshold, climate.pace);
    if !drives(climate.threshold) {
        let wish = let_go(fan, format!("not wanted any more, {}", climate.threshold.provenance()));
        let guard = Guard { max_run: None, ..guard };
        return guard.apply(wish, fan, now).into();
    }
    let (wish, post_run_end) = wish(climate, now);
    let mut decision = Decision::from(guard.apply(wish, fan, now));
    let stale_at = Some(climate.stale_at()).filter(|at| *at > now);
    let post_run_end = post_run_end.filter(|_| fan.on);
    decision.wake_at = [decision.wake_at, stale_at, post_run_end].into_iter().flatten().min();
    decision
}

/// What `fan` should do where there is no threshold any more: off, if this service put it on;
/// what a person put on is theirs.
pub fn release(fan: &ActuatorState, now: Timestamp) -> Decision {
    let at_once = Guard {
        min_on: Duration::ZERO,
        min_off: Duration::ZERO,
        max_run: None,
    };
    at_once
        .apply(let_go(fan, "its threshold was removed".into()), fan, now)
        .into()
}

fn let_go(fan: &ActuatorState, text: String) -> Wish {
    let ours = !fan.cause.manual && fan.cause.by == NAME;
    if ours { Wish::Off(text) } else { Wish::Keep }
}

/// The wish, and when a post-run that holds it up will end.
fn wish(climate: &Climate<'_>, now: Timestamp) -> (Wish, Option<Timestamp>) {
    let threshold = climate.threshold;
    if climate.is_lost(now) {
        let quiet = duration_text(threshold.stale_after(climate.pace));
        return (Wish::SafeOff(format!("no humidity for {quiet}, off for safety")), None);
    }
    match climate.zone() {
        None | Some(Zone::Between) => (Wish::Keep, None),
        Some(Zone::Humid(text)) => (Wish::On(format!("{text}, {}", threshold.provenance())), None),
        Some(Zone::Inside(text)) => {
            let post_run = threshold.post_run(climate.pace);
            let since = climate.inside_since.unwrap_or(now);
            let end = since.after(post_run);
            if end > now {
                return (Wish::Keep, Some(end));
            }
            let ran_on = if post_run.is_zero() {
                String::new()
            } else {
                format!(" for {}", duration_text(post_run))
            };
            (Wish::Off(format!("{text}{ran_on}, {}", threshold.provenance())), None)
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

fn zone(threshold: &Threshold, baseline: Option<f64>, value: f64) -> Zone {
    let hysteresis = threshold.hysteresis();
    let absolute = threshold.high.map(|high| (high, high - hysteresis, String::new()));
    let relative = threshold.rise.zip(baseline).map(|(rise, usual)| {
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

#[cfg(test)]
mod tests;
