//! What is to be done in one area: what to switch, and what people should know.

use std::time::Duration;

use house::{
    ActuatorKey, ActuatorKind, ActuatorState, Alert, AlertKind, AreaId, Cause, ControlView, Pace, Quantity, Severity,
    Threshold, Timestamp, duration_text, override_end,
};

use crate::control::{Climate, decide, drives, release};

/// The actuators that change a temperature.
pub const KINDS: &[ActuatorKind] = &[ActuatorKind::Ac, ActuatorKind::Heater];

/// One actuator to switch.
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
pub fn plan(view: &ControlView, area: &AreaId, pace: Pace, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    if !view.is_ready() {
        return plan;
    }
    let climate = view.threshold(area).map(|threshold| Climate {
        threshold,
        reading: view.reading(threshold, pace, now),
        since: view.quiet_since(threshold),
        opposite_on: false,
        pace,
    });
    for actuator in view.actuators(area) {
        let decision = match climate {
            Some(climate) => {
                let opposite = |other: &ActuatorState| other.on && other.kind != actuator.kind;
                let opposite_on = view.actuators(area).any(opposite);
                decide(&Climate { opposite_on, ..climate }, actuator, now)
            }
            None => release(actuator, now),
        };
        plan.wake(decision.wake_at);
        if let Some((on, cause)) = decision.switch {
            plan.switches.push(Switch {
                actuator: (actuator.device.clone(), actuator.entity.clone()),
                kind: actuator.kind,
                on,
                cause,
            });
        }
    }
    let driven = |climate: &Climate<'_>, actuator: &ActuatorState| {
        drives(climate.threshold, actuator.kind) && override_end(actuator, now).is_none()
    };
    let any_driven = climate
        .as_ref()
        .is_some_and(|climate| view.actuators(area).any(|actuator| driven(climate, actuator)));
    plan.tell_of_lost_sensor(area, climate.as_ref(), any_driven, now);
    for &kind in KINDS {
        let present = view.actuators(area).any(|actuator| actuator.kind == kind);
        plan.tell_of_missing_actuator(area, climate.as_ref(), kind, present, now);
    }
    plan
}

impl Plan {
    fn wake(&mut self, at: Option<Timestamp>) {
        self.wake_at = [self.wake_at, at].into_iter().flatten().min();
    }

    fn tell_of_lost_sensor(&mut self, area: &AreaId, climate: Option<&Climate<'_>>, any_driven: bool, now: Timestamp) {
        let id = Alert::id_for(&format!("{area}.{}", Quantity::Temperature), AlertKind::SensorLost);
        let name = area.name();
        match climate {
            None => {
                let sentence = format!("{name} has no temperature threshold any more");
                self.gone.push((id, sentence));
            }
            Some(climate) if climate.is_lost(now) => {
                let quiet = duration_text(climate.threshold.stale_after(climate.pace));
                let off = if any_driven { "; what depends on it is off" } else { "" };
                let message = format!("{name}: no temperature for {quiet}{off}");
                self.holds
                    .push(alert(id, AlertKind::SensorLost, climate.threshold, message, now));
            }
            Some(climate) => {
                self.wake(Some(climate.stale_at()));
                // After a restart an alert from before holds until the sensor is heard.
                if climate.reading.is_some() {
                    self.gone.push((id, format!("{name} reports its temperature again")));
                }
            }
        }
    }

    fn tell_of_missing_actuator(
        &mut self,
        area: &AreaId,
        climate: Option<&Climate<'_>>,
        kind: ActuatorKind,
        present: bool,
        now: Timestamp,
    ) {
        let id = Alert::id_for(&format!("{area}.{}", kind.name()), AlertKind::NoActuator);
        let (name, label) = (area.name(), kind.label());
        let asked_for = climate.map_or(Some(false), |climate| climate.asks_for(kind, now));
        match (climate, asked_for) {
            (Some(climate), Some(true)) if !present => {
                let verb = if kind == ActuatorKind::Ac { "cooled" } else { "heated" };
                let message = format!("{name} should be {verb}, but has no {label}");
                let alert = alert(id, AlertKind::NoActuator, climate.threshold, message, now);
                self.holds.push(Alert {
                    severity: Severity::Info,
                    notify: false,
                    ..alert
                });
            }
            (_, None) if !present => {}
            _ => self.gone.push((id, format!("{name} lacks no {label} now"))),
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
