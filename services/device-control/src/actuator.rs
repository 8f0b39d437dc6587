//! One actuator: its commands on their way out, its device's word on the way in, and which of
//! that word is an echo and which a person.
//!
//! Plain state: each method takes what happened and `now`, and returns what is to be done.

use std::time::Duration;

use house::Timestamp;

use crate::pending::{Due, Pending};
use crate::state::{Command, Known};

/// How long after a command its echo may still be on its way.
const LATE_ECHO: Duration = Duration::from_secs(10);
/// How long an echo is awaited before a change is announced without it.
const ANNOUNCE_WAIT: Duration = Duration::from_millis(300);
/// How many times in a row the bridge may refuse a command before people are told.
const REFUSALS: u32 = 3;

/// A caller waiting for what becomes of its command.
pub type Ticket = u64;
/// One hand-over of a command to the bridge.
pub type Attempt = u64;

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Hand this to the bridge; its answer comes back through [`Actuator::answered`].
    Send {
        /// On or off.
        on: bool,
        /// Which hand-over the answer belongs to.
        attempt: Attempt,
    },
    /// The bridge took these callers' commands, or they changed nothing.
    Accepted(Vec<Ticket>),
    /// The device does what these callers wanted.
    Confirmed(Vec<Ticket>),
    /// The bridge refused these callers' commands, and why.
    Refused(Vec<Ticket>, String),
    /// Tell the house what is known.
    Announce,
    /// Keep what is known.
    Save,
    /// Tell people that the device does not follow, and what is wrong.
    Raise(String),
    /// It follows again.
    Clear,
}

/// One actuator.
#[derive(Debug, Clone)]
pub struct Actuator {
    known: Known,
    /// How long controllers leave it alone when it was switched at the device.
    override_for: Duration,
    /// The device has said what it does since the start, or since it was last gone.
    heard: bool,
    current: Option<InFlight>,
    /// Comes after the bridge has answered; a newer command takes the place of an older one.
    next: Option<(Command, Vec<Ticket>)>,
    attempt: Attempt,
    /// When `off` and `on` were last sent.
    sent: [Option<Timestamp>; 2],
    suspect: Option<Suspect>,
    announce_at: Option<Timestamp>,
    refusals: u32,
    /// People were told that it does not follow.
    told: bool,
}

#[derive(Debug, Clone)]
struct InFlight {
    command: Command,
    pending: Pending,
    tickets: Vec<Ticket>,
}

/// A report that may be a late echo; believed when nothing contradicts it in time.
#[derive(Debug, Clone, Copy)]
struct Suspect {
    on: bool,
    believe_at: Timestamp,
}

impl Actuator {
    /// An actuator of which nothing is known.
    pub fn new(override_for: Duration) -> Self {
        Self::with(Known::unknown(), override_for)
    }

    /// An actuator as it was known before a restart. A command without its echo goes on.
    pub fn restored(known: Known, override_for: Duration, now: Timestamp) -> Self {
        let unfinished = !known.confirmed && known != Known::unknown();
        let current = unfinished.then(|| InFlight {
            command: Command {
                on: known.on,
                cause: known.cause.clone(),
                override_until: known.override_until,
            },
            pending: Pending::resumed(known.on, now),
            tickets: Vec::new(),
        });
        Self {
            current,
            ..Self::with(known, override_for)
        }
    }

    fn with(known: Known, override_for: Duration) -> Self {
        Self {
            known,
            override_for,
            heard: false,
            current: None,
            next: None,
            attempt: 0,
            sent: [None; 2],
            suspect: None,
            announce_at: None,
            refusals: 0,
            told: false,
        }
    }

    /// What is known of it.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// A caller wants it on or off.
    ///
    /// A controller's command changes nothing while a person's holds, nor when it asks for what is
    /// so already. A person's is always sent: they may see that what is known is wrong.
    pub fn command(&mut self, command: Command, ticket: Ticket, now: Timestamp) -> Vec<Effect> {
        if !command.cause.manual && (self.known.is_overridden(now) || self.is_bound_for(command.on)) {
            return vec![Effect::Accepted(vec![ticket])];
        }
        self.suspect = None;
        match &mut self.current {
            Some(current) if current.pending.is_sending() => {
                let waiting = self.next.take().map(|(_, tickets)| tickets).unwrap_or_default();
                self.next = Some((command, [waiting, vec![ticket]].concat()));
                Vec::new()
            }
            _ => vec![self.send(command, vec![ticket], now)],
        }
    }

    fn is_bound_for(&self, on: bool) -> bool {
        let bound_for = match (&self.next, &self.current) {
            (Some((command, _)), _) => command.on,
            (None, Some(current)) => current.pending.on,
            (None, None) => self.known.on,
        };
        bound_for == on
    }

    /// The bridge answered a hand-over.
    pub fn answered(&mut self, attempt: Attempt, answer: Result<(), String>, now: Timestamp) -> Vec<Effect> {
        let awaited = |current: &mut InFlight| attempt == self.attempt && current.pending.is_sending();
        let Some(mut current) = self.current.take_if(awaited) else {
            return Vec::new();
        };
        let mut effects = Vec::new();
        match answer {
            Err(fault) if current.pending.is_first() => {
                self.refusals += 1;
                if self.refusals >= REFUSALS {
                    effects.extend(self.tell(&fault));
                }
                effects.push(Effect::Refused(current.tickets, fault));
            }
            answer => {
                if answer.is_ok() && current.pending.is_first() {
                    effects.extend(self.accept(&current, now));
                }
                current.pending.answered(now);
                self.current = Some(current);
            }
        }
        effects.extend(self.send_next(now));
        effects
    }

    /// The device said what it does.
    pub fn reported(&mut self, on: bool, now: Timestamp) -> Vec<Effect> {
        let first = !std::mem::replace(&mut self.heard, true);
        match self.current.take() {
            Some(current) if current.pending.on == on => self.echoed(current, now),
            Some(current) if current.pending.is_told() && !current.pending.is_sending() => {
                self.known.did_not_follow(on, now);
                [self.changed(), self.clear()].concat()
            }
            // What it did before the command reached it.
            Some(current) => {
                self.current = Some(current);
                Vec::new()
            }
            None => self.said_unasked(on, first, now),
        }
    }

    /// The device was gone and can be reached again: what it says next is no person's doing.
    pub fn returned(&mut self, now: Timestamp) {
        self.heard = false;
        if let Some(current) = &mut self.current {
            current.pending.hurry(now);
        }
    }

    /// It is no longer part of the house: nothing is sent any more, and nobody is told.
    pub fn abandon(&mut self) -> Vec<Effect> {
        let tickets = [
            self.current.take().map(|current| current.tickets),
            self.next.take().map(|(_, t)| t),
        ];
        let tickets = tickets.into_iter().flatten().flatten().collect();
        let refused = Effect::Refused(tickets, "the device was taken out of the house".into());
        [vec![refused], self.clear()].concat()
    }

    /// What has become due.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let Some(suspect) = self.suspect.take_if(|suspect| suspect.believe_at <= now) {
            effects.extend(self.by_hand(suspect.on, now));
        }
        let due = self
            .current
            .as_mut()
            .and_then(|current| Some((current.pending.on, current.pending.due(now)?)));
        if let Some((on, due)) = due {
            if due == Due::TellAndResend {
                effects.extend(self.tell("the device does not answer"));
            }
            effects.push(self.hand_over(on, now));
        }
        if self.announce_at.take_if(|at| *at <= now).is_some() {
            effects.push(Effect::Announce);
        }
        effects
    }

    /// When [`Actuator::tick`] has something to do.
    pub fn wake_at(&self) -> Option<Timestamp> {
        let pending = self.current.as_ref().and_then(|current| current.pending.wake_at());
        let suspect = self.suspect.map(|suspect| suspect.believe_at);
        [pending, suspect, self.announce_at].into_iter().flatten().min()
    }

    fn send(&mut self, command: Command, tickets: Vec<Ticket>, now: Timestamp) -> Effect {
        let on = command.on;
        self.current = Some(InFlight {
            command,
            pending: Pending::sending(on),
            tickets,
        });
        self.hand_over(on, now)
    }

    fn send_next(&mut self, now: Timestamp) -> Option<Effect> {
        let (command, tickets) = self.next.take()?;
        Some(self.send(command, tickets, now))
    }

    fn hand_over(&mut self, on: bool, now: Timestamp) -> Effect {
        self.attempt += 1;
        self.sent[usize::from(on)] = Some(now);
        Effect::Send {
            on,
            attempt: self.attempt,
        }
    }

    fn accept(&mut self, current: &InFlight, now: Timestamp) -> Vec<Effect> {
        self.known.accept(&current.command, now);
        self.announce_at = Some(now.after(ANNOUNCE_WAIT));
        vec![Effect::Accepted(current.tickets.clone()), Effect::Save]
    }

    fn echoed(&mut self, current: InFlight, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        if current.pending.is_sending() && current.pending.is_first() {
            // The device was quicker than its bridge's answer.
            self.refusals = 0;
            effects.extend(self.accept(&current, now));
        }
        self.known.confirmed = true;
        effects.extend(self.changed());
        effects.extend(self.clear());
        effects.push(Effect::Confirmed(current.tickets));
        effects.extend(self.send_next(now));
        effects
    }

    fn said_unasked(&mut self, on: bool, first: bool, now: Timestamp) -> Vec<Effect> {
        let known_before = self.known.clone();
        if on == self.known.on || first {
            self.suspect = None;
            self.known.found(on, now);
            return if self.known == known_before {
                Vec::new()
            } else {
                self.changed()
            };
        }
        let late_until = self.sent[usize::from(on)].map(|sent| sent.after(LATE_ECHO));
        match late_until.filter(|until| *until > now) {
            Some(believe_at) => {
                self.suspect = Some(Suspect { on, believe_at });
                Vec::new()
            }
            None => self.by_hand(on, now),
        }
    }

    fn by_hand(&mut self, on: bool, now: Timestamp) -> Vec<Effect> {
        self.suspect = None;
        self.known.by_hand(on, now.after(self.override_for), now);
        self.changed()
    }

    fn changed(&mut self) -> Vec<Effect> {
        self.announce_at = None;
        vec![Effect::Announce, Effect::Save]
    }

    fn tell(&mut self, fault: &str) -> Option<Effect> {
        let newly = !std::mem::replace(&mut self.told, true);
        newly.then(|| Effect::Raise(fault.to_owned()))
    }

    fn clear(&mut self) -> Vec<Effect> {
        let told = std::mem::replace(&mut self.told, false);
        if told { vec![Effect::Clear] } else { Vec::new() }
    }
}

#[cfg(test)]
mod tests;
