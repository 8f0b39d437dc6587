//! What an air conditioner or a heater should do: a pure function of the area's threshold, its
//! temperature, the actuator and the time.

use controller::{Climate, Rule};
use house::{ActuatorKind, ActuatorState, Mode, Pace, Quantity, Reading, Threshold, Timestamp, Wish};

/// The rule. It remembers nothing: a temperature says all by itself.
#[derive(Debug, Clone, Copy)]
pub struct Thermostat;

impl Rule for Thermostat {
    const NAME: &'static str = "thermostat";
    const QUANTITY: Quantity = Quantity::Temperature;
    const KINDS: &'static [ActuatorKind] = &[ActuatorKind::Ac, ActuatorKind::Heater];
    const OFF_FOR_SAFETY: &'static str = "what depends on it is off";

    fn new(_: Pace) -> Self {
        Self
    }

    fn take(&mut self, _: Reading, _: Option<&Threshold>) {}

    fn drives(threshold: &Threshold, kind: ActuatorKind) -> bool {
        Limit::of(threshold, kind).is_some()
    }

    fn asks_for(&self, threshold: &Threshold, kind: ActuatorKind, value: f64) -> Option<bool> {
        let limit = Limit::of(threshold, kind)?;
        if limit.is_crossed(value) {
            return Some(true);
        }
        limit.is_back_inside(value).then_some(false)
    }

    fn wish(
        &self,
        climate: &Climate<'_>,
        actuator: &ActuatorState,
        value: f64,
        _: Timestamp,
    ) -> (Wish, Option<Timestamp>) {
        let limit = Limit::of(climate.threshold, actuator.kind);
        (limit.map_or(Wish::Keep, |limit| wish(climate, limit, value)), None)
    }

    fn purpose(kind: ActuatorKind) -> &'static str {
        if kind == ActuatorKind::Ac { "cooled" } else { "heated" }
    }
}

fn wish(climate: &Climate<'_>, limit: Limit, value: f64) -> Wish {
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
            _ => None,
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
