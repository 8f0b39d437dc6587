//! When a value is worth an alert: a pure function of threshold, value and the alerts that hold.
//!
//! An alert is raised when the value reaches its limit and cleared when it has come back inside by
//! the hysteresis, so a value that wavers around the limit alerts once. A limit that is changed
//! counts at once and without hysteresis: the person who moved it wants to see what it does.

use house::{Alert, AlertKind, AreaId, Quantity, Raised, Severity, Threshold, Timestamp};

/// What to publish.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// On `alert.raised`.
    Raised(Alert),
    /// On `alert.cleared`.
    Cleared(Alert),
}

impl Change {
    /// The alert, whose `cleared_at` says which of the two it is.
    pub fn into_alert(self) -> Alert {
        match self {
            Self::Raised(alert) | Self::Cleared(alert) => alert,
        }
    }
}

/// Clears what was raised about a place that nothing measures any more.
pub fn unmeasured((area, quantity): (&AreaId, Quantity), raised: &mut Raised, now: Timestamp) -> Vec<Alert> {
    let sentence = Sentence { area, quantity };
    [Side::High, Side::Low]
        .into_iter()
        .filter_map(|side| {
            let id = Alert::id_for(&format!("{area}.{quantity}"), side.kind());
            raised.clear(&id, sentence.unmeasured(), None, now)
        })
        .collect()
}

/// Compares the newest `value` of an area's quantity with its threshold.
///
/// Without a threshold, or with one that lacks a limit, what was raised about that limit is
/// cleared. Without a value nothing is known, and nothing changes.
pub fn evaluate(
    place: (&AreaId, Quantity),
    threshold: Option<&Threshold>,
    value: Option<f64>,
    raised: &mut Raised,
    now: Timestamp,
) -> Vec<Change> {
    [Side::High, Side::Low]
        .into_iter()
        .filter_map(|side| evaluate_side(side, place, threshold, value, raised, now))
        .collect()
}

fn evaluate_side(
    side: Side,
    (area, quantity): (&AreaId, Quantity),
    threshold: Option<&Threshold>,
    value: Option<f64>,
    raised: &mut Raised,
    now: Timestamp,
) -> Option<Change> {
    let id = Alert::id_for(&format!("{area}.{quantity}"), side.kind());
    let sentence = Sentence { area, quantity };
    let Some((threshold, limit)) = threshold.and_then(|threshold| Some((threshold, side.limit(threshold)?))) else {
        return raised
            .clear(&id, sentence.unlimited(side), value, now)
            .map(Change::Cleared);
    };
    let value = value?;
    let known = raised.get(&id);
    let hysteresis = match known {
        Some(alert) if alert.limit == Some(limit) => effective_hysteresis(threshold),
        _ => 0.0,
    };
    if side.is_back_inside(value, limit, hysteresis) {
        return raised
            .clear(&id, sentence.inside(side, value, threshold), Some(value), now)
            .map(Change::Cleared);
    }
    if !side.is_crossed(value, limit) {
        return None;
    }
    if known.is_some_and(|alert| alert.limit != Some(limit)) {
        // Still beyond, but of another limit: the same alert, saying what is true now.
        raised.clear(&id, String::new(), None, now);
    }
    raised
        .raise(Alert {
            id,
            kind: side.kind(),
            severity: severity(quantity),
            area: Some(area.clone()),
            device: None,
            quantity: Some(quantity),
            value: Some(value),
            limit: Some(limit),
            message: sentence.beyond(side, value, limit),
            notify: threshold.notify,
            at: now,
            cleared_at: None,
            acknowledged_by: None,
        })
        .map(Change::Raised)
}

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    High,
    Low,
}

impl Side {
    const fn kind(self) -> AlertKind {
        match self {
            Self::High => AlertKind::High,
            Self::Low => AlertKind::Low,
        }
    }

    const fn opposite(self) -> Self {
        match self {
            Self::High => Self::Low,
            Self::Low => Self::High,
        }
    }

    const fn limit(self, threshold: &Threshold) -> Option<f64> {
        match self {
            Self::High => threshold.high,
            Self::Low => threshold.low,
        }
    }

    fn is_crossed(self, value: f64, limit: f64) -> bool {
        match self {
            Self::High => value >= limit,
            Self::Low => value <= limit,
        }
    }

    /// Never true together with [`Side::is_crossed`], whatever the hysteresis.
    fn is_back_inside(self, value: f64, limit: f64, hysteresis: f64) -> bool {
        let far_enough = match self {
            Self::High => value <= limit - hysteresis,
            Self::Low => value >= limit + hysteresis,
        };
        far_enough && !self.is_crossed(value, limit)
    }
}

/// Never more than half the way between the limits, so that some value clears both.
fn effective_hysteresis(threshold: &Threshold) -> f64 {
    match (threshold.low, threshold.high) {
        (Some(low), Some(high)) => threshold.hysteresis().min((high - low) / 2.0),
        _ => threshold.hysteresis(),
    }
}

fn severity(quantity: Quantity) -> Severity {
    match quantity {
        Quantity::Smoke | Quantity::Co | Quantity::CoDetected | Quantity::GasDetected | Quantity::Leak => {
            Severity::Critical
        }
        _ => Severity::Warning,
    }
}

/// How an area's value is told to people.
struct Sentence<'a> {
    area: &'a AreaId,
    quantity: Quantity,
}

impl Sentence<'_> {
    /// `Living room is 27.4 °C`, `Bathroom humidity is 71 %`, `Cellar: leak`.
    fn is(&self, value: f64) -> String {
        let (area, value_text) = (self.area.name(), self.quantity.format(value));
        match self.quantity {
            Quantity::Temperature => format!("{area} is {value_text}"),
            quantity if quantity.is_binary() => {
                let no = if value == 0.0 { "no " } else { "" };
                format!("{area}: {no}{}", self.name())
            }
            _ => format!("{area} {} is {value_text}", self.name()),
        }
    }

    fn beyond(&self, side: Side, value: f64, limit: f64) -> String {
        let is = self.is(value);
        if self.quantity.is_binary() {
            return is;
        }
        let limit_text = self.quantity.format(limit);
        if limit_text == self.quantity.format(value) {
            return format!("{is}, at its limit of {limit_text}");
        }
        match side {
            Side::High => format!("{is}, above {limit_text}"),
            Side::Low => format!("{is}, below {limit_text}"),
        }
    }

    /// Back inside one limit, which may be beyond the other.
    fn inside(&self, side: Side, value: f64, threshold: &Threshold) -> String {
        let is = self.is(value);
        if self.quantity.is_binary() {
            return is;
        }
        let other = side.opposite();
        match (side.limit(threshold), other.limit(threshold)) {
            (Some(limit), Some(beyond)) if other.is_crossed(value, beyond) => {
                let word = match side {
                    Side::High => "above",
                    Side::Low => "below",
                };
                format!("{is}, no longer {word} {}", self.quantity.format(limit))
            }
            _ => format!("{is}, back inside its limits"),
        }
    }

    fn unlimited(&self, side: Side) -> String {
        let side = match side {
            Side::High => "upper",
            Side::Low => "lower",
        };
        format!("{} {}: the {side} limit was removed", self.area.name(), self.name())
    }

    fn unmeasured(&self) -> String {
        format!("{} {}: no sensor measures it any more", self.area.name(), self.name())
    }

    fn name(&self) -> String {
        match self.quantity {
            Quantity::Co2 => "CO₂".into(),
            Quantity::Pm1 => "PM1".into(),
            Quantity::Pm25 => "PM2.5".into(),
            Quantity::Pm4 => "PM4".into(),
            Quantity::Pm10 => "PM10".into(),
            quantity => quantity.name().replace('_', " "),
        }
    }
}

#[cfg(test)]
mod tests;
