//! What is to be done in one area: what to switch, and what people should know.

use house::{
    ActuatorKey, ActuatorKind, ActuatorState, Alert, AlertKind, AreaId, Cause, ControlView, Pace, Severity, Threshold,
    Timestamp, duration_text, override_end,
};

use crate::{Climate, Rule, decide, release};

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
pub fn plan<R: Rule>(view: &ControlView, area: &AreaId, rule: &R, pace: Pace, now: Timestamp) -> Plan {
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
                decide(rule, &Climate { opposite_on, ..climate }, actuator, now)
            }
            None => release::<R>(actuator, now),
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
    let is_driven = |climate: Climate<'_>, actuator: &ActuatorState| {
        R::drives(climate.threshold, actuator.kind) && override_end(actuator, now).is_none()
    };
    let any_driven = climate.is_some_and(|climate| view.actuators(area).any(|actuator| is_driven(climate, actuator)));
    plan.tell_of_lost_sensor::<R>(area, climate, any_driven, now);
    for &kind in R::KINDS {
        let is_present = view.actuators(area).any(|actuator| actuator.kind == kind);
        plan.tell_of_missing_actuator(area, climate, rule, kind, is_present, now);
    }
    plan
}

impl Plan {
    fn wake(&mut self, at: Option<Timestamp>) {
        self.wake_at = [self.wake_at, at].into_iter().flatten().min();
    }

    fn tell_of_lost_sensor<R: Rule>(
        &mut self,
        area: &AreaId,
        climate: Option<Climate<'_>>,
        any_driven: bool,
        now: Timestamp,
    ) {
        let (name, quantity) = (area.name(), R::QUANTITY);
        let id = Alert::id_for(&format!("{area}.{quantity}"), AlertKind::SensorLost);
        match climate {
            None => {
                let sentence = format!("{name} has no {quantity} threshold any more");
                self.gone.push((id, sentence));
            }
            Some(climate) if climate.is_lost(now) => {
                let quiet = duration_text(climate.threshold.stale_after(climate.pace));
                let mut message = format!("{name}: no {quantity} for {quiet}");
                if any_driven {
                    message = format!("{message}; {}", R::OFF_FOR_SAFETY);
                }
                let alert = alert(id, AlertKind::SensorLost, climate.threshold, message, now);
                self.holds.push(alert);
            }
            Some(climate) => {
                self.wake(Some(climate.stale_at()));
                // After a restart an alert from before holds until the sensor is heard.
                if climate.reading.is_some() {
                    self.gone.push((id, format!("{name} reports its {quantity} again")));
                }
            }
        }
    }

    fn tell_of_missing_actuator<R: Rule>(
        &mut self,
        area: &AreaId,
        climate: Option<Climate<'_>>,
        rule: &R,
        kind: ActuatorKind,
        is_present: bool,
        now: Timestamp,
    ) {
        let id = Alert::id_for(&format!("{area}.{}", kind.name()), AlertKind::NoActuator);
        let (name, label) = (area.name(), kind.label());
        let asked_for = match climate {
            Some(climate) if R::drives(climate.threshold, kind) => climate
                .value(now)
                .and_then(|value| rule.asks_for(climate.threshold, kind, value)),
            Some(_) | None => Some(false),
        };
        match (climate, asked_for) {
            (Some(climate), Some(true)) if !is_present => {
                let message = format!("{name} should be {}, but has no {label}", R::purpose(kind));
                let alert = alert(id, AlertKind::NoActuator, climate.threshold, message, now);
                self.holds.push(Alert {
                    severity: Severity::Info,
                    notify: false,
                    ..alert
                });
            }
            (_, None) if !is_present => {}
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
