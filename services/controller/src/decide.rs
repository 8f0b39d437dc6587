//! What one actuator should do: a pure function of its area's climate, its own state and the time.

use std::time::Duration;

use house::{ActuatorState, Cause, Guard, Timestamp, Verdict, Wish, duration_text};

use crate::{Climate, Rule};

/// What to do with one actuator.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// Switch it to this, for this reason; `None` keeps it as it is.
    pub switch: Option<(bool, Cause)>,
    /// When the decision may differ though nothing else changes.
    pub wake_at: Option<Timestamp>,
}

impl Decision {
    fn of<R: Rule>(verdict: Verdict) -> Self {
        let cause = |text| Cause {
            by: R::NAME.into(),
            manual: false,
            text,
        };
        Self {
            switch: verdict.switch.map(|(on, text)| (on, cause(text))),
            wake_at: verdict.wake_at,
        }
    }
}

/// What `actuator` should do at `now`.
pub fn decide<R: Rule>(rule: &R, climate: &Climate<'_>, actuator: &ActuatorState, now: Timestamp) -> Decision {
    let threshold = climate.threshold;
    let guard = Guard::new(threshold, climate.pace);
    if !R::drives(threshold, actuator.kind) {
        let wish = let_go::<R>(actuator, format!("not wanted any more, {}", threshold.provenance()));
        let guard = Guard { max_run: None, ..guard };
        return Decision::of::<R>(guard.apply(wish, actuator, now));
    }
    let (wish, ends_at) = if climate.is_lost(now) {
        let quiet = duration_text(threshold.stale_after(climate.pace));
        let text = format!("no {} for {quiet}, off for safety", R::QUANTITY);
        (Wish::SafeOff(text), None)
    } else {
        match climate.reading {
            Some(reading) => rule.wish(climate, actuator, reading.value, now),
            None => (Wish::Keep, None),
        }
    };
    let mut decision = Decision::of::<R>(guard.apply(wish, actuator, now));
    let stale_at = Some(climate.stale_at()).filter(|at| *at > now);
    decision.wake_at = [decision.wake_at, stale_at, ends_at].into_iter().flatten().min();
    decision
}

/// What an actuator should do where there is no threshold any more: off, if this controller put it
/// on; what a person put on is theirs.
pub fn release<R: Rule>(actuator: &ActuatorState, now: Timestamp) -> Decision {
    let at_once = Guard {
        min_on: Duration::ZERO,
        min_off: Duration::ZERO,
        max_run: None,
    };
    let wish = let_go::<R>(actuator, "its threshold was removed".into());
    Decision::of::<R>(at_once.apply(wish, actuator, now))
}

fn let_go<R: Rule>(actuator: &ActuatorState, text: String) -> Wish {
    let ours = !actuator.cause.manual && actuator.cause.by == R::NAME;
    if ours { Wish::Off(text) } else { Wish::Keep }
}
