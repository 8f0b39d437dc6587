//! What waits to be sent to one session: a bounded queue.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use wamp_protocol::message::Goodbye;
use wamp_protocol::{Dict, Uri, error_uri};

use crate::effects::Outgoing;

/// The queue between routing, which only ever adds, and the session's own task, which takes all
/// that is there and writes it in one go.
///
/// When it is full the session ends: what waits is dropped, and its last message is a GOODBYE
/// that says so. Nobody ever waits for it.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    /// Wakes the session's task.
    filled: Notify,
    /// Whether `queue.end` is set, to be asked without the lock.
    ended: AtomicBool,
    messages: usize,
    octets: usize,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Outgoing>,
    /// The weight of what waits.
    octets: usize,
    end: Option<End>,
}

/// Why nothing more is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// It was full.
    TooSlow,
    /// The router ended the session with a GOODBYE.
    Dismissed,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits, and the session's task has yet to be told.
    First,
    /// It waits behind others.
    Behind,
    /// It did not fit: it and so many others were dropped, and the session ends.
    Full { dropped: usize },
    /// The session is ending: it was dropped.
    Late,
}

impl Outbox {
    /// Takes so many messages, which may hold so many octets, before it is full.
    pub(crate) fn new(messages: usize, octets: usize) -> Self {
        Self {
            queue: Mutex::default(),
            filled: Notify::new(),
            ended: AtomicBool::new(false),
            messages,
            octets,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message. Does not wake the session's task: after [`Pushed::First`] and
    /// [`Pushed::Full`] that is the caller's to do with [`Self::wake`], best when it has added
    /// all that it has.
    pub(crate) fn push(&self, message: Outgoing) -> Pushed {
        let weight = message.weight();
        let mut queue = self.lock();
        if queue.end.is_some() {
            return Pushed::Late;
        }
        let empty = queue.waiting.is_empty();
        let octets = queue.octets.saturating_add(weight);
        // A single message may be larger than all that may wait: it is let through alone.
        if !empty && (queue.waiting.len() >= self.messages || octets > self.octets) {
            let dropped = queue.waiting.len() + 1;
            queue.waiting.clear();
            let sentence = format!("{dropped} messages waited for this session, which did not read them");
            queue
                .waiting
                .push_back(goodbye(error_uri::CLOSE_KILLED, Some(&sentence)));
            queue.octets = 0;
            self.end(&mut queue, End::TooSlow);
            return Pushed::Full { dropped };
        }
        queue.octets = octets;
        queue.waiting.push_back(message);
        if empty { Pushed::First } else { Pushed::Behind }
    }

    /// Adds a GOODBYE as the last message and wakes the session's task.
    pub(crate) fn dismiss(&self, reason: &str, sentence: Option<&str>) {
        let mut queue = self.lock();
        if queue.end.is_none() {
            queue.waiting.push_back(goodbye(reason, sentence));
            self.end(&mut queue, End::Dismissed);
        }
        drop(queue);
        self.wake();
    }

    fn end(&self, queue: &mut Queue, end: End) {
        queue.end = Some(end);
        self.ended.store(true, Ordering::Release);
    }

    /// Lets the session's task look.
    pub(crate) fn wake(&self) {
        self.filled.notify_one();
    }

    /// Waits until there is something to take, or has been since last asked.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    /// Moves what waits to the end of `batch`, up to so many octets (and at least one message).
    pub(crate) fn take(&self, batch: &mut Vec<Outgoing>, octets: usize) {
        let mut queue = self.lock();
        let mut taken = 0;
        while taken < octets {
            let Some(message) = queue.waiting.pop_front() else {
                break;
            };
            let weight = message.weight();
            taken += weight;
            queue.octets = queue.octets.saturating_sub(weight);
            batch.push(message);
        }
        if queue.waiting.is_empty() {
            queue.octets = 0;
            // A burst's memory is not kept for a session that is idle most of the time.
            if queue.waiting.capacity() > 64 {
                queue.waiting = VecDeque::new();
            }
        }
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// Whether the session is ending, and why.
    pub(crate) fn ended(&self) -> Option<End> {
        if self.ended.load(Ordering::Acquire) {
            self.lock().end
        } else {
            None
        }
    }
}

fn goodbye(reason: &str, sentence: Option<&str>) -> Outgoing {
    let mut details = Dict::default();
    if let Some(sentence) = sentence {
        details.insert("message", sentence);
    }
    Outgoing::Own(Box::new(
        Goodbye {
            details,
            reason: Uri::from(reason),
        }
        .into(),
    ))
}

#[cfg(test)]
mod tests {
    use wamp_protocol::message::Unsubscribed;
    use wamp_protocol::{Message, RequestId};

    use super::*;

    fn message() -> Outgoing {
        let message = Unsubscribed {
            request: RequestId::new(7),
            details: None,
        };
        Outgoing::Own(Box::new(message.into()))
    }

    fn taken(outbox: &Outbox) -> Vec<Outgoing> {
        let mut batch = Vec::new();
        outbox.take(&mut batch, usize::MAX);
        batch
    }

    #[test]
    fn a_full_outbox_drops_what_waits_and_says_goodbye() {
        let outbox = Outbox::new(3, 1 << 20);
        assert_eq!(outbox.push(message()), Pushed::First);
        assert_eq!(outbox.push(message()), Pushed::Behind);
        assert_eq!(outbox.push(message()), Pushed::Behind);
        assert_eq!(outbox.push(message()), Pushed::Full { dropped: 4 });
        assert_eq!(outbox.push(message()), Pushed::Late);
        assert_eq!(outbox.ended(), Some(End::TooSlow));
        let left = taken(&outbox);
        assert_eq!(left.len(), 1);
        assert!(
            matches!(left[0].message(), Message::Goodbye(goodbye) if goodbye.reason.as_str() == "wamp.close.killed")
        );
    }

    #[test]
    fn octets_are_bounded_too_but_one_large_message_passes() {
        let outbox = Outbox::new(100, 100);
        assert_eq!(outbox.push(message()), Pushed::First);
        assert_eq!(outbox.push(message()), Pushed::Full { dropped: 2 });
        let small = Outbox::new(100, 1);
        assert_eq!(small.push(message()), Pushed::First);
        assert_eq!(taken(&small).len(), 1);
        assert_eq!(small.push(message()), Pushed::First);
    }

    #[test]
    fn goodbye_comes_after_what_waits() {
        let outbox = Outbox::new(3, 1 << 20);
        outbox.push(message());
        outbox.dismiss("wamp.close.system_shutdown", None);
        assert_eq!(outbox.push(message()), Pushed::Late);
        assert_eq!(taken(&outbox).len(), 2);
    }
}
