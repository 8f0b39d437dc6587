//! What waits to be sent to one session: a bounded queue.

pub(crate) mod octets;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;
use wamp_protocol::message::Goodbye;
use wamp_protocol::{Dict, Message, MessageType, Uri, error_uri};

use self::octets::Octets;
use crate::effects::{Outgoing, Refusal, SharedMessage};
use crate::framing::Frames;
use crate::metrics::Tally;

/// What a message weighs beside its body: about as much as its frame's head.
const HEAD: usize = 4;

/// The queue between routing, which only ever adds, and the session's own task, which takes all
/// that is there and writes it in one go.
///
/// Where the transport's frames hold one message each, messages are put into octets as they are
/// added, while they are at hand: there is one copy of each, and what the task takes is what it
/// writes. Other transports get the messages themselves.
///
/// When it is full the session ends: what waits is dropped, and its last message is a GOODBYE
/// that says so. Nobody ever waits for it.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    /// How messages become octets; unset where they wait as they are.
    frames: OnceLock<Frames>,
    /// Wakes the session's task.
    filled: Notify,
    /// Whether `queue.end` is set, to be asked without the lock.
    ended: AtomicBool,
    limit: Load,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Waiting,
    /// Everything that is not known to have been written.
    load: Load,
    /// The part of it that the session's task is writing.
    in_hand: Load,
    end: Option<End>,
}

#[derive(Debug)]
enum Waiting {
    Messages(VecDeque<Outgoing>),
    Octets(Octets),
}

impl Default for Waiting {
    fn default() -> Self {
        Self::Messages(VecDeque::new())
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        match self {
            Self::Messages(messages) => messages.is_empty(),
            Self::Octets(octets) => octets.is_empty(),
        }
    }
}

/// So many messages, of so many octets together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Load {
    messages: usize,
    octets: usize,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It waits, and the session's task has yet to be told.
    First,
    /// It waits behind others.
    Behind,
    /// It did not fit: it and so many others were dropped, and the session ends.
    Full { dropped: usize },
    /// The session is ending: it was dropped.
    Late,
    /// It cannot be sent, or the receiver takes none of that size.
    Undeliverable(Refusal),
}

impl Outbox {
    /// Takes so many messages, which may hold so many octets, before it is full.
    pub(crate) fn new(messages: usize, octets: usize) -> Self {
        Self {
            queue: Mutex::default(),
            frames: OnceLock::new(),
            filled: Notify::new(),
            ended: AtomicBool::new(false),
            limit: Load { messages, octets },
        }
    }

    /// From now on messages are put into octets as they come. Must be said before there are any.
    pub(crate) fn write_as(&self, frames: Frames) {
        if self.frames.set(frames).is_ok() {
            self.lock().waiting = Waiting::Octets(Octets::default());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message. Does not wake the session's task: after [`Pushed::First`] and
    /// [`Pushed::Full`] that is the caller's to do with [`Self::wake`], best when it has added
    /// all that it has.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "where messages wait as they are it is kept"
    )]
    pub(crate) fn push(&self, message: Message, tally: &mut Tally) -> Pushed {
        match self.frames.get() {
            None => self.push_message(Outgoing::Own(Box::new(message))),
            Some(frames) => self.push_octets(message.message_type(), tally, |octets| octets.encode(*frames, &message)),
        }
    }

    /// Adds a message that others get too.
    pub(crate) fn push_shared(&self, message: &Arc<SharedMessage>, tally: &mut Tally) -> Pushed {
        match self.frames.get() {
            None => self.push_message(Outgoing::Shared(Arc::clone(message))),
            Some(frames) => self.push_octets(message.message().message_type(), tally, |octets| {
                octets.add(*frames, message.encoded(frames.serializer()))
            }),
        }
    }

    fn push_message(&self, message: Outgoing) -> Pushed {
        let mut queue = self.lock();
        if queue.end.is_some() {
            return Pushed::Late;
        }
        let weight = message.weight();
        let first = queue.waiting.is_empty();
        if let Waiting::Messages(messages) = &mut queue.waiting {
            messages.push_back(message);
        }
        self.added(&mut queue, first, weight)
    }

    /// `add` appends the message and says how large its body is.
    fn push_octets(
        &self,
        message: MessageType,
        tally: &mut Tally,
        add: impl FnOnce(&mut Octets) -> Result<usize, Refusal>,
    ) -> Pushed {
        let mut queue = self.lock();
        let Queue { waiting, end, .. } = &mut *queue;
        let (Waiting::Octets(octets), None) = (waiting, end) else {
            return Pushed::Late;
        };
        let first = octets.is_empty();
        match add(octets) {
            Ok(size) => {
                tally.count(message, size);
                self.added(&mut queue, first, size + HEAD)
            }
            Err(refusal) => Pushed::Undeliverable(refusal),
        }
    }

    /// A message of so many octets has been added; whether there was room for it.
    fn added(&self, queue: &mut Queue, first: bool, octets: usize) -> Pushed {
        // A single message may be larger than all that may wait: it is let through alone.
        let alone = queue.load.messages == 0;
        queue.load.messages += 1;
        queue.load.octets = queue.load.octets.saturating_add(octets);
        if alone || queue.load.messages <= self.limit.messages && queue.load.octets <= self.limit.octets {
            return if first { Pushed::First } else { Pushed::Behind };
        }
        let dropped = queue.load.messages - queue.in_hand.messages;
        queue.waiting = match &queue.waiting {
            Waiting::Messages(_) => Waiting::default(),
            Waiting::Octets(_) => Waiting::Octets(Octets::default()),
        };
        queue.load = queue.in_hand;
        let sentence = format!("{dropped} messages waited for this session, which did not read them");
        self.end(queue, End::TooSlow, goodbye(error_uri::CLOSE_KILLED, Some(&sentence)));
        Pushed::Full { dropped }
    }

    /// Adds a GOODBYE as the last message and wakes the session's task.
    pub(crate) fn dismiss(&self, reason: &str, sentence: Option<&str>) {
        let mut queue = self.lock();
        if queue.end.is_none() {
            self.end(&mut queue, End::Dismissed, goodbye(reason, sentence));
        }
        drop(queue);
        self.wake();
    }

    fn end(&self, queue: &mut Queue, end: End, last: Message) {
        match (&mut queue.waiting, self.frames.get()) {
            (Waiting::Octets(octets), Some(frames)) => {
                if let Err(Refusal { sentence, .. }) = octets.encode(*frames, &last) {
                    tracing::debug!(sentence, "a GOODBYE cannot be sent");
                }
            }
            (Waiting::Messages(messages), _) => messages.push_back(Outgoing::Own(Box::new(last))),
            (Waiting::Octets(_), None) => {}
        }
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

    /// Moves the messages that wait to the end of `batch`, up to so many octets (and at least one
    /// message).
    pub(crate) fn take(&self, batch: &mut Vec<Outgoing>, octets: usize) {
        let mut queue = self.lock();
        let Queue { waiting, load, .. } = &mut *queue;
        let Waiting::Messages(waiting) = waiting else { return };
        let mut taken = 0;
        while taken < octets {
            let Some(message) = waiting.pop_front() else {
                break;
            };
            let weight = message.weight();
            taken += weight;
            load.octets = load.octets.saturating_sub(weight);
            load.messages = load.messages.saturating_sub(1);
            batch.push(message);
        }
        if waiting.is_empty() {
            *load = Load::default();
            // A burst's memory is not kept for a session that is idle most of the time.
            if waiting.capacity() > 64 {
                *waiting = VecDeque::new();
            }
        }
    }

    /// Exchanges what waits for `written`, which has been written wholly, and whose memory serves
    /// for what comes next.
    pub(crate) fn exchange(&self, written: &mut Octets) {
        let mut queue = self.lock();
        let Queue {
            waiting, load, in_hand, ..
        } = &mut *queue;
        let Waiting::Octets(waiting) = waiting else { return };
        written.clear();
        std::mem::swap(waiting, written);
        load.messages -= in_hand.messages;
        load.octets -= in_hand.octets;
        *in_hand = *load;
    }

    /// Gives back memory that is kept for the next burst.
    pub(crate) fn shrink(&self) {
        if let Waiting::Octets(octets) = &mut self.lock().waiting {
            octets.shrink();
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

fn goodbye(reason: &str, sentence: Option<&str>) -> Message {
    let mut details = Dict::default();
    if let Some(sentence) = sentence {
        details.insert("message", sentence);
    }
    let reason = Uri::from(reason);
    Goodbye { details, reason }.into()
}

#[cfg(test)]
mod tests;
