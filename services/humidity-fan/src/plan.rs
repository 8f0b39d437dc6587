//! What is to be done in one area: what to switch, and what people should know.

use std::time::Duration;

use house::{
    ActuatorKey, ActuatorKind, ActuatorState, Alert, AlertKind, AreaId, Cause, ControlView, Pace, Quantity, Reading,
    Severity, Threshold, Timestamp, duration_text, override_end,
};

use crate::baseline::Baseline;
use crate::control::{Climate, decide, drives, inside_since, release};

/// The actuators that change a humidity.
pub const KINDS: &[ActuatorKind] = &[ActuatorKind::Fan];

/// How the humidity of an area has gone lately.
#[derive(Debug, Clone)]
pub struct Trend {
    baseline: Baseline,
    inside_since: Option<Timestamp>,
}

impl Trend {
    /// A trend that knows nothing yet.
    pub fn new(pace: Pace) -> Self {
        Self {
            baseline: Baseline::new(pace),
            inside_since: None,
        }
    }

    /// Takes the area's newest humidity, and its threshold if it has one.
    pub fn take(&mut self, reading: Reading, threshold: Option<&Threshold>) {
        self.baseline.take(reading.value, reading.at);
        self.inside_since =
            threshold.and_then(|threshold| inside_since(threshold, self.baseline.value(), reading, self.inside_since));
    }
}

/// One fan to switch.
#[derive(Debug, Clone, PartialEq)]
pub struct Switch {
    /// Which.
    pub actuator: ActuatorKey,
    /// What it is.
    pub kind: ActuatorKind,
    /// On or off.
    pub on: bool,
    /// Why.
    pub cause: Cause,
}

/// What is to be done in one area.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// What to switch.
    pub switches: Vec<Switch>,
    /// The alerts that hold.
    pub holds: Vec<Alert>,
    /// The ids of the alerts that do not, with a sentence on why.
    pub gone: Vec<(String, String)>,
    /// When the plan may differ though nothing else changes.
    pub wake_at: Option<Timestamp>,
}

/// The plan for `area` at `now`; an empty one while the view does not know enough.
pub fn plan(view: &ControlView, area: &AreaId, trend: Option<&Trend>, pace: Pace, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    if !view.is_ready() {
        return plan;
    }
    let climate = view.threshold(area).map(|threshold| Climate {
        threshold,
        reading: view.reading(threshold, pace, now),
        since: view.quiet_since(threshold),
        baseline: trend.and_then(|trend| trend.baseline.value()),
        inside_since: trend.and_then(|trend| trend.inside_since),
        pace,
    });
    for fan in view.actuators(area) {
        let decision = match &climate {
            Some(climate) => decide(climate, fan, now),
            None => release(fan, now),
        };
        plan.wake(decision.wake_at);
        if let Some((on, cause)) = decision.switch {
            plan.switches.push(Switch {
                actuator: (fan.device.clone(), fan.entity.clone()),
                kind: fan.kind,
                on,
                cause,
            });
        }
    }
    let driven = |climate: &Climate<'_>, actuator: &ActuatorState| {
        drives(climate.threshold) && override_end(actuator, now).is_none()
    };
    let any_driven = climate
        .as_ref()
        .is_some_and(|climate| view.actuators(area).any(|actuator| driven(climate, actuator)));
    plan.tell_of_lost_sensor(area, climate.as_ref(), any_driven, now);
    let present = view.actuators(area).next().is_some();
    plan.tell_of_missing_fan(area, climate.as_ref(), present, now);
    plan
}

impl Plan {
    fn wake(&mut self, at: Option<Timestamp>) {
        self.wake_at = [self.wake_at, at].into_iter().flatten().min();
    }

    fn tell_of_lost_sensor(&mut self, area: &AreaId, climate: Option<&Climate<'_>>, any_driven: bool, now: Timestamp) {
        let id = Alert::id_for(&format!("{area}.{}", Quantity::Humidity), AlertKind::SensorLost);
        let name = area.name();
        match climate {
            None => {
                let sentence = format!("{name} has no humidity threshold any more");
                self.gone.push((id, sentence));
            }
            Some(climate) if climate.is_lost(now) => {
                let quiet = duration_text(climate.threshold.stale_after(climate.pace));
                let off = if any_driven { "; the fan is off" } else { "" };
                let message = format!("{name}: no humidity for {quiet}{off}");
                self.holds
                    .push(alert(id, AlertKind::SensorLost, climate.threshold, message, now));
            }
            Some(climate) => {
                self.wake(Some(climate.stale_at()));
                // After a restart an alert from before holds until the sensor is heard.
                if climate.reading.is_some() {
                    self.gone.push((id, format!("{name} reports its humidity again")));
                }
            }
        }
    }

    fn tell_of_missing_fan(&mut self, area: &AreaId, climate: Option<&Climate<'_>>, present: bool, now: Timestamp) {
        let id = Alert::id_for(&format!("{area}.{}", ActuatorKind::Fan.name()), AlertKind::NoActuator);
        let name = area.name();
        let asked_for = climate.map_or(Some(false), |climate| climate.asks_for_fan(now));
        match (climate, asked_for) {
            (Some(climate), Some(true)) if !present => {
                let message = format!("{name} should be aired, but has no fan");
                let alert = alert(id, AlertKind::NoActuator, climate.threshold, message, now);
                self.holds.push(Alert {
                    severity: Severity::Info,
                    notify: false,
                    ..alert
                });
            }
            (_, None) if !present => {}
            _ => self.gone.push((id, format!("{name} lacks no fan now"))),
        }
    }
}

fn alert(id: String, kind: AlertKind, threshold: &Threshold, message: String, now: Timestamp) -> Alert {
    Alert {
        id,
        kind,
        severity: Severity::Warning,
        area: Some(threshold.area.clone()),
        device: None,
        quantity: Some(threshold.quantity),
        value: None,
        limit: None,
        message,
        notify: true,
        at: now,
        cleared_at: None,
        acknowledged_by: None,
    }
}

/// How long the service sleeps at most: a clock that was set is noticed in this time.
pub const LONGEST_SLEEP: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
