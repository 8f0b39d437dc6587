//! What an air conditioner or a heater should do: a pure function of the area's threshold, its
//! temperature, the actuator and the time.
//!
//! It knows no more of how things got here than the actuator's own state says, so it can be asked
//! at any time and as often as one likes, also right after a restart.

use std::time::Duration;

use house::{
    ActuatorKind, ActuatorState, Cause, Guard, Mode, Pace, Quantity, Reading, Threshold, Timestamp, Verdict, Wish,
    duration_text,
};

/// The service's name, in every cause it gives.
pub const NAME: &str = "thermostat";

/// One area as the thermostat sees it.
#[derive(Debug, Clone, Copy)]
pub struct Climate<'a> {
    /// What the admin wants there.
    pub threshold: &'a Threshold,
    /// The area's newest temperature, if there ever was one.
    pub reading: Option<Reading>,
    /// Since when a reading could have come: what counts as long as there is none.
    pub since: Timestamp,
    /// An actuator that does the opposite is on: a heater while cooling, or the other way round.
    pub opposite_on: bool,
    /// How fast the house's time runs.
    pub pace: Pace,
}

impl Climate<'_> {
    /// When the area counts as lost unless it is heard of again.
    pub fn stale_at(&self) -> Timestamp {
        let last = self.reading.map_or(self.since, |reading| reading.at);
        last.after(self.threshold.stale_after(self.pace))
    }

    /// Whether the area's temperature is unknown by now.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.stale_at() <= now
    }

    /// Whether the temperature asks for an actuator of this kind to run; `None` when it is not
    /// known, or between the point where it asks and the one where it no longer does.
    pub fn asks_for(&self, kind: ActuatorKind, now: Timestamp) -> Option<bool> {
        let Some(limit) = Limit::of(self.threshold, kind) else {
            return Some(false);
        };
        let value = self.reading.filter(|_| !self.is_lost(now))?.value;
        if limit.is_crossed(value) {
            return Some(true);
        }
        limit.is_back_inside(value).then_some(false)
    }
}

/// What to do with one actuator.
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

/// Whether the threshold has the thermostat drive actuators of this kind.
pub fn drives(threshold: &Threshold, kind: ActuatorKind) -> bool {
    Limit::of(threshold, kind).is_some()
}

/// What `actuator` should do at `now`.
pub fn decide(climate: &Climate<'_>, actuator: &ActuatorState, now: Timestamp) -> Decision {
    let guard = Guard::new(climate.threshold, climate.pace);
    let Some(limit) = Limit::of(climate.threshold, actuator.kind) else {
        let wish = let_go(
            actuator,
            format!("not wanted any more, {}", climate.threshold.provenance()),
        );
        let guard = Guard { max_run: None, ..guard };
        return guard.apply(wish, actuator, now).into();
    };
    let mut decision = Decision::from(guard.apply(wish(climate, limit, now), actuator, now));
    let stale_at = climate.stale_at();
    if stale_at > now {
        decision.wake_at = Some(decision.wake_at.map_or(stale_at, |wake_at| wake_at.min(stale_at)));
    }
    decision
}

/// What an actuator should do where there is no threshold any more: off, if the thermostat put it
/// on; what a person put on is theirs.
pub fn release(actuator: &ActuatorState, now: Timestamp) -> Decision {
    let at_once = Guard {
        min_on: Duration::ZERO,
        min_off: Duration::ZERO,
        max_run: None,
    };
    let wish = let_go(actuator, "its threshold was removed".into());
    at_once.apply(wish, actuator, now).into()
}

fn let_go(actuator: &ActuatorState, text: String) -> Wish {
    let ours = !actuator.cause.manual && actuator.cause.by == NAME;
    if ours { Wish::Off(text) } else { Wish::Keep }
}

fn wish(climate: &Climate<'_>, limit: Limit, now: Timestamp) -> Wish {
    if climate.is_lost(now) {
        let quiet = duration_text(climate.threshold.stale_after(climate.pace));
        return Wish::SafeOff(format!("no temperature for {quiet}, off for safety"));
    }
    let Some(Reading { value, .. }) = climate.reading else {
        return Wish::Keep;
    };
    let because = |sign, limit| {
        let (value, limit) = (Quantity::Temperature.format(value), Quantity::Temperature.format(limit));
        format!("temperature {value} {sign} {limit}, {}", climate.threshold.provenance())
    };
    match limit {
        limit if limit.is_crossed(value) && climate.opposite_on => Wish::Keep,
        Limit::Above { on, .. } if limit.is_crossed(value) => Wish::On(because("≥", on)),
        Limit::Above { off, .. } if limit.is_back_inside(value) => Wish::Off(because("≤", off)),
        Limit::Below { on, .. } if limit.is_crossed(value) => Wish::On(because("≤", on)),
        Limit::Below { off, .. } if limit.is_back_inside(value) => Wish::Off(because("≥", off)),
        Limit::Above { .. } | Limit::Below { .. } => Wish::Keep,
    }
}

/// Where an actuator goes on, and where off again; between the two it stays as it is.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    /// Runs above.
    Above { on: f64, off: f64 },
    /// Runs below.
    Below { on: f64, off: f64 },
}

impl Limit {
    /// The limit at which `kind` works, if mode and threshold have it work at all.
    ///
    /// Where `low` and `high` are closer than two hystereses, each gets half the way between:
    /// cooling ends where heating would end, and neither wakes the other.
    fn of(threshold: &Threshold, kind: ActuatorKind) -> Option<Self> {
        let mut hysteresis = threshold.hysteresis();
        if let (Some(low), Some(high)) = (threshold.low, threshold.high) {
            hysteresis = hysteresis.min((high - low) / 2.0);
        }
        match (kind, threshold.mode) {
            (ActuatorKind::Ac, Mode::Cool | Mode::Auto) => threshold.high.map(|high| Self::Above {
                on: high,
                off: high - hysteresis,
            }),
            (ActuatorKind::Heater, Mode::Heat | Mode::Auto) => threshold.low.map(|low| Self::Below {
                on: low,
                off: low + hysteresis,
            }),
            (ActuatorKind::Ac | ActuatorKind::Heater | ActuatorKind::Fan | ActuatorKind::Switch, _) => None,
        }
    }

    fn is_crossed(self, value: f64) -> bool {
        match self {
            Self::Above { on, .. } => value >= on,
            Self::Below { on, .. } => value <= on,
        }
    }

    fn is_back_inside(self, value: f64) -> bool {
        match self {
            Self::Above { off, .. } => value <= off,
            Self::Below { off, .. } => value >= off,
        }
    }
}

#[cfg(test)]
mod tests;
