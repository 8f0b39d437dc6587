//! What is known of an actuator: what it does, since when, why, and who has a hand on it.

use house::{ActuatorState, Cause, FIRST_HEARD, Timestamp};

use crate::resolve::Target;

/// Who switched, when it was a hand at the device itself.
const DEVICE: &str = "device";

/// A command as device control takes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// On or off.
    pub on: bool,
    /// Why.
    pub cause: Cause,
    /// Until when controllers leave it to the person who gave it; `None` for controllers, and for
    /// people who hand it back.
    pub override_until: Option<Timestamp>,
}

/// What is known of one actuator.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Whether it is on.
    pub on: bool,
    /// The device itself has said so since it was last told.
    pub confirmed: bool,
    /// When it last changed; the epoch when that is not known.
    pub at: Timestamp,
    /// Why.
    pub cause: Cause,
    /// Until when controllers leave it to a person.
    pub override_until: Option<Timestamp>,
}

impl Known {
    /// An actuator that was never commanded and never heard of: taken for off, since so long that
    /// no minimum time holds it up.
    pub fn unknown() -> Self {
        Self {
            on: false,
            confirmed: false,
            at: Timestamp(0),
            cause: found("not heard of yet"),
            override_until: None,
        }
    }

    /// Its bridge took a command.
    pub fn accept(&mut self, command: &Command, now: Timestamp) {
        self.change(command.on, now);
        self.confirmed = false;
        self.cause = command.cause.clone();
        self.override_until = command.override_until;
    }

    /// The device said what it does for the first time since the start, or since it was gone.
    ///
    /// Nobody can tell whether a person or a power cut made the difference, so controllers decide
    /// afresh.
    pub fn found(&mut self, on: bool, now: Timestamp) {
        if self.at == Timestamp(0) {
            self.on = on;
            self.at = now;
            let word = if on { "on" } else { "off" };
            self.cause = found(&format!("{FIRST_HEARD}, switched {word}"));
            self.override_until = None;
        } else if self.on != on {
            self.change(on, now);
            self.cause = found(if on { "found switched on" } else { "found switched off" });
            self.override_until = None;
        }
        self.confirmed = true;
    }

    /// A person switched it at the device.
    pub fn by_hand(&mut self, on: bool, override_until: Timestamp, now: Timestamp) {
        self.change(on, now);
        self.confirmed = true;
        let text = if on {
            "switched on at the device"
        } else {
            "switched off at the device"
        };
        self.cause = Cause {
            manual: true,
            ..found(text)
        };
        self.override_until = Some(override_until);
    }

    /// The device said at last that it does not do what it was told.
    pub fn did_not_follow(&mut self, on: bool, now: Timestamp) {
        self.change(on, now);
        self.confirmed = true;
        self.cause = found(if on { "did not go off" } else { "did not go on" });
        self.override_until = None;
    }

    /// Whether a person's command keeps controllers away at `now`.
    pub fn is_overridden(&self, now: Timestamp) -> bool {
        self.override_until.is_some_and(|until| until > now)
    }

    /// As others are told.
    pub fn to_state(&self, target: &Target) -> ActuatorState {
        ActuatorState {
            device: target.device.clone(),
            entity: target.entity.clone(),
            area: target.area.clone(),
            kind: target.kind,
            on: self.on,
            confirmed: self.confirmed,
            at: self.at,
            cause: self.cause.clone(),
            override_until: self.override_until,
        }
    }

    fn change(&mut self, on: bool, now: Timestamp) {
        if self.on != on {
            self.on = on;
            self.at = now;
        }
    }
}

fn found(text: &str) -> Cause {
    Cause {
        by: DEVICE.into(),
        manual: false,
        text: text.into(),
    }
}
