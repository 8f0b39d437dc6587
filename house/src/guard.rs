//! What stands between what a controller wants and what its actuator does: minimum times, the
//! longest run, and people.

use std::time::Duration;

use crate::{ActuatorState, Pace, Threshold, Timestamp, duration_text};

/// The longest that a person's command can keep controllers away.
pub const LONGEST_OVERRIDE: Duration = Duration::from_secs(24 * 3600);

/// How the cause begins of an actuator that was heard of for the first time ever. When it last
/// changed is not known, so no minimum time counts from its `at`.
pub const FIRST_HEARD: &str = "first heard of";

/// How the cause of an off begins when the longest run was reached. The rest that must follow is
/// known by it, also after a restart.
const LONGEST_RUN: &str = "longest run of ";

/// What a controller's rule asks for; each switch with its reason for people.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// Be on.
    On(String),
    /// Be off.
    Off(String),
    /// Be off for safety: no minimum time holds it up.
    SafeOff(String),
    /// Stay as it is.
    Keep,
}

/// What to do about a wish.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// Switch to this, for this reason; `None` leaves the actuator as it is.
    pub switch: Option<(bool, String)>,
    /// When the verdict may differ though nothing else changes.
    pub wake_at: Option<Timestamp>,
}

impl Verdict {
    fn switch(on: bool, text: String) -> Self {
        Self {
            switch: Some((on, text)),
            wake_at: None,
        }
    }

    fn keep_until(wake_at: Option<Timestamp>) -> Self {
        Self { switch: None, wake_at }
    }
}

/// The times an actuator's threshold asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guard {
    /// Shortest time on.
    pub min_on: Duration,
    /// Shortest time off.
    pub min_off: Duration,
    /// Longest time on; then it rests for a quarter of that, and at least `min_off`.
    pub max_run: Option<Duration>,
}

impl Guard {
    /// The guard of one threshold at one pace.
    pub fn new(threshold: &Threshold, pace: Pace) -> Self {
        Self {
            min_on: threshold.min_on(pace),
            min_off: threshold.min_off(pace),
            max_run: threshold.max_run(pace),
        }
    }

    /// What becomes of `wish`, the actuator being as `state` says.
    ///
    /// A person's command holds until it expires, against everything. Then safety (which the
    /// longest run is part of) goes before minimum times, and those before the wish.
    pub fn apply(&self, wish: Wish, state: &ActuatorState, now: Timestamp) -> Verdict {
        if let Some(until) = override_end(state, now) {
            return Verdict::keep_until(Some(until));
        }
        if state.on {
            self.while_on(wish, state, now)
        } else {
            self.while_off(wish, state, now)
        }
    }

    fn while_on(&self, wish: Wish, state: &ActuatorState, now: Timestamp) -> Verdict {
        let run_end = self.max_run.and_then(|run| wait_end(state.at, run, now));
        if let (Some(run), None) = (self.max_run, run_end) {
            return Verdict::switch(false, format!("{LONGEST_RUN}{} reached", duration_text(run)));
        }
        match wish {
            Wish::SafeOff(text) => Verdict::switch(false, text),
            Wish::Off(text) => match wait_end(state.at, self.min_on, now) {
                Some(until) => Verdict::keep_until(Some(run_end.map_or(until, |end| end.min(until)))),
                None => Verdict::switch(false, text),
            },
            Wish::On(_) | Wish::Keep => Verdict::keep_until(run_end),
        }
    }

    fn while_off(&self, wish: Wish, state: &ActuatorState, now: Timestamp) -> Verdict {
        let Wish::On(text) = wish else {
            return Verdict::default();
        };
        if state.cause.text.starts_with(FIRST_HEARD) {
            return Verdict::switch(true, text);
        }
        let rest = match self.max_run {
            Some(run) if state.cause.text.starts_with(LONGEST_RUN) => self.min_off.max(run / 4),
            _ => self.min_off,
        };
        match wait_end(state.at, rest, now) {
            Some(until) => Verdict::keep_until(Some(until)),
            None => Verdict::switch(true, text),
        }
    }
}

/// Until when controllers leave the actuator to the person who switched it; `None` when they
/// need not.
///
/// An end further away than any override can be is a leftover from before the clock was set back.
pub fn override_end(state: &ActuatorState, now: Timestamp) -> Option<Timestamp> {
    state
        .override_until
        .filter(|until| *until > now && until.since(now) <= LONGEST_OVERRIDE)
}

/// When `duration` from `start` is over, or `None` when it is. A start further in the future than
/// `duration` is a leftover from before the clock was set back, and holds nothing up.
fn wait_end(start: Timestamp, duration: Duration, now: Timestamp) -> Option<Timestamp> {
    let end = start.after(duration);
    (end > now && start.since(now) <= duration).then_some(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ActuatorKind, Cause};

    const GUARD: Guard = Guard {
        min_on: Duration::from_secs(60),
        min_off: Duration::from_secs(180),
        max_run: Some(Duration::from_secs(7200)),
    };

    fn state(on: bool, at: i64) -> ActuatorState {
        ActuatorState {
            device: "simulated-ac".into(),
            entity: "ac".into(),
            area: None,
            kind: ActuatorKind::Ac,
            on,
            confirmed: true,
            at: Timestamp::from_secs(at),
            cause: Cause {
                by: "thermostat".into(),
                manual: false,
                text: "warm".into(),
            },
            override_until: None,
        }
    }

    fn on() -> Wish {
        Wish::On("warm".into())
    }
    fn off() -> Wish {
        Wish::Off("cool".into())
    }
    fn safe_off() -> Wish {
        Wish::SafeOff("blind".into())
    }

    #[test]
    fn minimum_times_hold_up_everything_but_safety() {
        let t = Timestamp::from_secs;
        for (wish, is_on, now, switch, wake) in [
            (on(), false, 179, None, Some(180)),
            (on(), false, 180, Some(true), None),
            (off(), true, 59, None, Some(60)),
            (off(), true, 60, Some(false), None),
            (safe_off(), true, 1, Some(false), None),
            (safe_off(), false, 1, None, None),
            (on(), true, 1, None, Some(7200)),
            (Wish::Keep, true, 1, None, Some(7200)),
            (Wish::Keep, true, 7200, Some(false), None),
            (on(), true, 7200, Some(false), None),
            (Wish::Keep, false, 7200, None, None),
            (off(), false, 1, None, None),
        ] {
            let verdict = GUARD.apply(wish.clone(), &state(is_on, 0), t(now));
            assert_eq!(verdict.switch.map(|(on, _)| on), switch, "{wish:?} at {now}");
            assert_eq!(verdict.wake_at, wake.map(t), "{wish:?} at {now}");
        }
    }

    #[test]
    fn after_the_longest_run_comes_a_rest() {
        let ran = GUARD.apply(on(), &state(true, 0), Timestamp::from_secs(7200));
        let (_, text) = ran.switch.unwrap();
        assert_eq!(text, "longest run of 2 h reached");
        let mut resting = state(false, 7200);
        resting.cause.text = text;
        let early = GUARD.apply(on(), &resting, Timestamp::from_secs(7200 + 1799));
        assert_eq!(early, Verdict::keep_until(Some(Timestamp::from_secs(9000))));
        assert!(GUARD.apply(on(), &resting, Timestamp::from_secs(9000)).switch.is_some());
    }

    #[test]
    fn a_person_is_respected_until_the_override_expires() {
        let mut held = state(true, 0);
        held.override_until = Some(Timestamp::from_secs(1800));
        for wish in [on(), off(), safe_off(), Wish::Keep] {
            let verdict = GUARD.apply(wish, &held, Timestamp::from_secs(1799));
            assert_eq!(verdict, Verdict::keep_until(Some(Timestamp::from_secs(1800))));
        }
        assert!(GUARD.apply(off(), &held, Timestamp::from_secs(1800)).switch.is_some());
    }

    #[test]
    fn a_clock_set_back_holds_nothing_up_for_long() {
        let mut changed_tomorrow = state(false, 86_400 * 3);
        changed_tomorrow.override_until = Some(Timestamp::from_secs(86_400 * 3));
        assert!(GUARD.apply(on(), &changed_tomorrow, Timestamp(0)).switch.is_some());
        let skewed = GUARD.apply(on(), &state(false, 1), Timestamp(0));
        assert_eq!(
            skewed.switch, None,
            "a clock a second ahead does not shorten the minimum"
        );
    }

    fn wishes() -> impl Strategy<Value = Wish> {
        prop_oneof![Just(on()), Just(off()), Just(safe_off()), Just(Wish::Keep)]
    }

    proptest! {
        /// Whatever a controller wants and whenever it is asked, no change comes sooner after the
        /// last than the minimum time, except off for safety, and no run is longer than the longest.
        #[test]
        fn no_sequence_of_wishes_breaks_the_minimum_times(
            steps in proptest::collection::vec((0u64..400, wishes()), 1..200)
        ) {
            let mut actuator = state(false, 0);
            let mut now = Timestamp::from_secs(1000);
            for (seconds, wish) in steps {
                now = now.after(Duration::from_secs(seconds));
                let safe = matches!(wish, Wish::SafeOff(_));
                let verdict = GUARD.apply(wish, &actuator, now);
                if let Some((on, text)) = verdict.switch {
                    prop_assert_ne!(on, actuator.on);
                    let held = now.since(actuator.at);
                    let longest_run = held >= Duration::from_secs(7200);
                    let least = if on { GUARD.min_off } else { GUARD.min_on };
                    prop_assert!(held >= least || (!on && (safe || longest_run)), "{held:?}");
                    actuator.on = on;
                    actuator.at = now;
                    actuator.cause.text = text;
                } else {
                    prop_assert!(!actuator.on || now.since(actuator.at) < Duration::from_secs(7200));
                }
                prop_assert!(verdict.wake_at.is_none_or(|at| at > now));
            }
        }
    }
}
