//! What waits, taken by the session's own task.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use super::Outbox;
use super::newest::Newest;
use super::octets::Octets;
use super::queue::{Queue, Waiting};
use crate::effects::Outgoing;

impl Outbox {
    /// Moves the messages that wait to the end of `batch`, up to so many octets (and at least one
    /// message). Where octets wait, they come first: [`Self::exchange`] takes them.
    pub(crate) fn take(&self, batch: &mut Vec<Outgoing>, octets: usize) {
        self.free_what_was_dropped();
        let mut queue = self.lock();
        let Queue {
            waiting, behind, load, ..
        } = &mut *queue;
        let mut taken = 0;
        if let Waiting::Messages(waiting) = waiting {
            while taken < octets {
                let Some(message) = waiting.pop_front() else {
                    break;
                };
                let weight = message.weight();
                taken += weight;
                load.subtract(weight);
                batch.push(message);
            }
            // A burst's memory is not kept for a session that is idle most of the time.
            if waiting.is_empty() && waiting.capacity() > 64 {
                *waiting = VecDeque::new();
            }
        }
        while taken < octets
            && let Some(next) = behind.as_deref_mut().and_then(Newest::pop)
        {
            taken += next.weight;
            if next.lasting {
                load.subtract(next.weight);
            }
            batch.push(next.message);
        }
        queue.taken(self.limit);
    }

    /// Exchanges the octets that wait for `written`, which has been written wholly, and whose memory
    /// serves for what comes next. Whether messages wait behind them, to be had by [`Self::take`].
    pub(crate) fn exchange(&self, written: &mut Octets) -> bool {
        self.free_what_was_dropped();
        let mut queue = self.lock();
        let Queue {
            waiting,
            behind,
            load,
            in_hand,
            ..
        } = &mut *queue;
        let Waiting::Octets(waiting) = waiting else {
            return false;
        };
        written.clear();
        std::mem::swap(waiting, written);
        load.messages -= in_hand.messages;
        load.octets -= in_hand.octets;
        *in_hand = *load;
        let behind = behind.as_ref().filter(|behind| !behind.is_empty());
        let lasting = behind.map(|behind| behind.lasting_load());
        if let Some(lasting) = lasting {
            in_hand.messages -= lasting.messages;
            in_hand.octets -= lasting.octets;
        }
        queue.taken(self.limit);
        lasting.is_some()
    }

    /// Without the lock, which routing needs.
    fn free_what_was_dropped(&self) {
        if self.ended.load(Ordering::Acquire) {
            let dropped = self.lock().dropped.take();
            drop(dropped);
        }
    }
}
