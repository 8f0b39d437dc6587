//! What makes one controller different from another.

use house::{ActuatorKind, ActuatorState, Pace, Quantity, Reading, Threshold, Timestamp, Wish};

/// One area at one moment, as a controller sees it.
#[derive(Debug, Clone, Copy)]
pub struct Climate<'a> {
    /// What the admin wants there.
    pub threshold: &'a Threshold,
    /// The area's newest value, if there ever was one.
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

    /// Whether the area's value is unknown by now.
    pub fn is_lost(&self, now: Timestamp) -> bool {
        self.stale_at() <= now
    }

    /// The area's value, unless it is unknown by now.
    pub fn value(&self, now: Timestamp) -> Option<f64> {
        self.reading.filter(|_| !self.is_lost(now)).map(|reading| reading.value)
    }
}

/// A rule by which one quantity is controlled, and what it remembers of one area. It is pure: it
/// knows no more of how things got here than it has been told, so it can be asked at any time and
/// as often as one likes, also right after a restart.
pub trait Rule: Send + Sync + 'static {
    /// The service's name, in every cause it gives.
    const NAME: &'static str;
    /// What it controls.
    const QUANTITY: Quantity;
    /// The actuators that change it. Those of different kinds do the opposite of one another.
    const KINDS: &'static [ActuatorKind];
    /// What people are told to have happened, where a sensor went quiet.
    const OFF_FOR_SAFETY: &'static str;

    /// The rule for an area of which nothing was heard yet.
    fn new(pace: Pace) -> Self;

    /// Takes the area's newest reading, and its threshold if it has one.
    fn take(&mut self, reading: Reading, threshold: Option<&Threshold>);

    /// Whether the threshold has actuators of this kind driven at all.
    fn drives(threshold: &Threshold, kind: ActuatorKind) -> bool;

    /// Whether `value` asks for an actuator of a driven kind to run; `None` between the point where
    /// it asks and the one where it no longer does.
    fn asks_for(&self, threshold: &Threshold, kind: ActuatorKind, value: f64) -> Option<bool>;

    /// What a driven actuator should do about a fresh `value`, and when that may differ though
    /// nothing else changes.
    fn wish(
        &self,
        climate: &Climate<'_>,
        actuator: &ActuatorState,
        value: f64,
        now: Timestamp,
    ) -> (Wish, Option<Timestamp>);

    /// What an area should be where an actuator of this kind is asked for: "cooled".
    fn purpose(kind: ActuatorKind) -> &'static str;
}
