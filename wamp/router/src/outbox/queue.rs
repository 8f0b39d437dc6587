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
    pub(super) end: Option<End>,
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

    pub(super) const fn exceeds(self, limit: Self) -> bool {
        self.messages > limit.messages || self.octets > limit.octets
    }
}
