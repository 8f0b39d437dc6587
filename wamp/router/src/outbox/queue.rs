//! What an outbox holds, and what that weighs.

use std::collections::VecDeque;

use super::End;
use super::newest::Newest;
use super::octets::Octets;
use crate::effects::Outgoing;

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) waiting: Waiting,
    /// What waits behind that, from the first event on that may give way; `None` for the many
    /// sessions that never have one.
    pub(super) behind: Option<Box<Newest>>,
    /// Everything that is not known to have been written.
    pub(super) load: Load,
    /// The part of it that the session's task is writing.
    pub(super) in_hand: Load,
    /// What brought the last message, and whether it began with one for which there was room without
    /// anything extra.
    cause: Cause,
    began_within: bool,
    /// By so much more may wait than the limit, until less does.
    extra: Load,
    pub(super) end: Option<End>,
    /// What was dropped when it was full. Freeing much takes time, which is that of the session's own task.
    pub(super) dropped: Option<Box<(Waiting, Option<Box<Newest>>)>>,
}

/// Everything that follows from one message of a session, or from its end, has the same number: it
/// comes at once, and nobody could have read the first of it before the last was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cause(u64);

impl Cause {
    pub(crate) fn next(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

#[derive(Debug)]
pub(super) enum Waiting {
    Messages(VecDeque<Outgoing>),
    Octets(Octets),
}

impl Default for Waiting {
    fn default() -> Self {
        Self::Messages(VecDeque::new())
    }
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Messages(messages) => messages.is_empty(),
            Self::Octets(octets) => octets.is_empty(),
        }
    }
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.behind.as_ref().is_none_or(|behind| behind.is_empty())
    }

    /// Counts a message of so many octets; whether there is room for it.
    ///
    /// A single message may be larger than all that may wait: it is let through alone. So are the
    /// further messages of a cause that began within the limit, however many; what waits then does
    /// not count against the session until it has had the time to read it, and until it has, nothing
    /// more is let through so.
    pub(super) fn count(&mut self, octets: usize, cause: Cause, limit: Load) -> bool {
        let goes_on = std::mem::replace(&mut self.cause, cause) == cause && cause != Cause::default();
        self.load.add(octets);
        let within = !self.load.exceeds(limit) || self.load.messages == 1;
        if !goes_on {
            self.began_within = within;
        }
        if within {
            return true;
        }
        if goes_on && self.began_within {
            self.extra = self.load;
            return true;
        }
        !self.load.exceeds(limit.and(self.extra))
    }

    /// Something has been taken: whoever has caught up has no more room than others.
    pub(super) const fn taken(&mut self, limit: Load) {
        if !self.load.exceeds(limit) {
            self.extra = Load { messages: 0, octets: 0 };
        }
    }

    /// Where a message has to wait that comes after events that may give way.
    pub(super) fn behind(&mut self) -> Option<&mut Newest> {
        self.behind.as_deref_mut().filter(|behind| !behind.is_empty())
    }
}

/// So many messages, of so many octets together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Load {
    pub(super) messages: usize,
    pub(super) octets: usize,
}

impl Load {
    pub(super) const fn add(&mut self, octets: usize) {
        self.messages += 1;
        self.octets = self.octets.saturating_add(octets);
    }

    pub(super) const fn subtract(&mut self, octets: usize) {
        self.messages = self.messages.saturating_sub(1);
        self.octets = self.octets.saturating_sub(octets);
    }

    const fn and(self, other: Self) -> Self {
        Self {
            messages: self.messages.saturating_add(other.messages),
            octets: self.octets.saturating_add(other.octets),
        }
    }

    /// How many turns whoever is to read it should have before more is added, so that it is not for want of
    /// them that too much waits.
    pub(super) const fn turns(self, limit: Self) -> u8 {
        if self.messages <= limit.messages / 4 && self.octets <= limit.octets / 4 {
            0
        } else if self.messages <= limit.messages / 2 && self.octets <= limit.octets / 2 {
            1
        } else {
            8
        }
    }

    pub(super) const fn exceeds(self, limit: Self) -> bool {
        self.messages > limit.messages || self.octets > limit.octets
    }
}
