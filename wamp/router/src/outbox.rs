//! What waits to be sent to one session: a bounded queue.

mod goodbye;
mod newest;
pub(crate) mod octets;
mod pushed;
mod queue;
mod signal;
mod taking;

use std::future::poll_fn;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};

use wamp_protocol::message::Event;
use wamp_protocol::{Message, MessageType, Serializer, error_uri};

use self::goodbye::goodbye;
use self::octets::{Octets, not_encoded, too_large};
pub(crate) use self::pushed::{End, Pushed};
pub(crate) use self::queue::Cause;
use self::queue::{Load, Queue, Waiting};
use self::signal::Signal;
use crate::effects::{Outgoing, Refusal, SharedMessage, convert, detach};
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
/// that says so. Nobody ever waits for it. Events of which only the newest are wanted are bounded
/// by themselves, and never end it: the oldest give way.
#[derive(Debug)]
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
    /// How messages become octets; unset where they wait as they are.
    frames: OnceLock<Frames>,
    /// What the payloads of messages are put into that wait as they are.
    serializer: OnceLock<Serializer>,
    /// Wakes the session's task.
    filled: Signal,
    /// Whether `queue.end` is set, to be asked without the lock.
    ended: AtomicBool,
    limit: Load,
}

impl Outbox {
    /// Takes so many messages, which may hold so many octets, before it is full.
    pub(crate) fn new(messages: usize, octets: usize) -> Self {
        Self {
            queue: Mutex::default(),
            frames: OnceLock::new(),
            serializer: OnceLock::new(),
            filled: Signal::default(),
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

    /// Messages will leave in `serializer`, each when it is taken. What cannot be put into it is found
    /// when it is added, while somebody can be told.
    pub(crate) fn write_in(&self, serializer: Serializer) {
        let _ = self.serializer.set(serializer);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the receiver takes messages of the size of this one. Only those that take little are
    /// asked: messages of the handshake are never large.
    ///
    /// # Errors
    /// If it does not.
    pub(crate) fn admits(&self, message: &Message) -> Result<(), Refusal> {
        /// More than a handshake's message needs.
        const AMPLE: usize = 1 << 20;
        match self.frames.get().filter(|frames| frames.largest() < AMPLE) {
            Some(frames) => Octets::default().encode(*frames, message).map(drop),
            None => Ok(()),
        }
    }

    /// Adds a message. Does not wake the session's task: after [`Pushed::First`] and
    /// [`Pushed::Full`] that is the caller's to do with [`Self::wake`], best when it has added
    /// all that it has.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "where messages wait as they are it is kept"
    )]
    pub(crate) fn push(&self, mut message: Message, cause: Cause, tally: &mut Tally) -> Pushed {
        match self.frames.get() {
            None => match self.serializer.get().map_or(Ok(false), |to| convert(&mut message, *to)) {
                Ok(converted) => {
                    if !converted {
                        detach(&mut message);
                    }
                    self.push_message(Outgoing::Own(Box::new(message)), cause, tally)
                }
                Err(error) => Pushed::Undeliverable(not_encoded(&error)),
            },
            Some(frames) => self.push_octets(
                message.message_type(),
                (cause, tally),
                |octets| octets.encode(*frames, &message),
                || {
                    let mut message = message.clone();
                    detach(&mut message);
                    Outgoing::Own(Box::new(message))
                },
            ),
        }
    }

    /// Adds a message that others get too.
    pub(crate) fn push_shared(&self, message: &Arc<SharedMessage>, cause: Cause, tally: &mut Tally) -> Pushed {
        match self.frames.get() {
            None => self.push_message(Outgoing::Shared(Arc::clone(message.detached())), cause, tally),
            Some(frames) => self.push_octets(
                message.message().message_type(),
                (cause, tally),
                |octets| octets.add(*frames, message.encoded(frames.serializer())),
                || Outgoing::Shared(Arc::clone(message.detached())),
            ),
        }
    }

    /// Adds an event that others get too, of which, with those of its subscription that wait already,
    /// `keep` are wanted. Does not wake the session's task, as [`Self::push`] does not.
    pub(crate) fn push_newest(
        &self,
        event: &Arc<SharedMessage>,
        keep: NonZeroU32,
        cause: Cause,
        tally: &mut Tally,
    ) -> Pushed {
        let Message::Event(Event { subscription, .. }) = event.message() else {
            return self.push_shared(event, cause, tally);
        };
        // Asked now: nobody else may be told that events were dropped for one that is not sent.
        if let Some(frames) = self.frames.get()
            && frames.largest() < usize::MAX
        {
            match event.encoded(frames.serializer()) {
                Ok(octets) if octets.len() <= frames.largest() => {}
                Ok(octets) => return Pushed::Undeliverable(too_large(octets.len(), frames.largest())),
                Err(error) => return Pushed::Undeliverable(not_encoded(error)),
            }
        }
        let mut queue = self.lock();
        if queue.end.is_some() {
            return Pushed::Late;
        }
        let first = queue.is_empty();
        let behind = queue.behind.get_or_insert_default();
        match behind.push_event(*subscription, event.detached(), keep, self.limit) {
            0 if first => Pushed::First,
            0 => Pushed::Behind,
            dropped => Pushed::Instead { dropped },
        }
    }

    fn push_message(&self, message: Outgoing, cause: Cause, tally: &mut Tally) -> Pushed {
        let mut queue = self.lock();
        let pushed = self.push_whole(&mut queue, message, cause);
        tally.turns = tally.turns.max(queue.load.turns(self.limit));
        pushed
    }

    /// Adds a message as it is, where messages wait so.
    fn push_whole(&self, queue: &mut Queue, message: Outgoing, cause: Cause) -> Pushed {
        if queue.end.is_some() {
            return Pushed::Late;
        }
        let first = queue.is_empty();
        let weight = message.weight();
        if let Some(behind) = queue.behind() {
            behind.push(message);
        } else if let Waiting::Messages(messages) = &mut queue.waiting {
            messages.push_back(message);
        }
        self.added(queue, first, weight, cause)
    }

    /// `add` appends the message and says how large its body is; `whole` gives it as it is, to wait
    /// behind events that may give way.
    fn push_octets(
        &self,
        message: MessageType,
        (cause, tally): (Cause, &mut Tally),
        add: impl FnOnce(&mut Octets) -> Result<usize, Refusal>,
        whole: impl FnOnce() -> Outgoing,
    ) -> Pushed {
        let mut queue = self.lock();
        if queue.behind().is_some() {
            return self.push_behind(&mut queue, whole(), cause);
        }
        let Queue { waiting, end, .. } = &mut *queue;
        let (Waiting::Octets(octets), None) = (waiting, end) else {
            return Pushed::Late;
        };
        let first = octets.is_empty();
        match add(octets) {
            Ok(size) => {
                tally.count(message, size);
                tally.turns = tally.turns.max(queue.load.turns(self.limit));
                self.added(&mut queue, first, size + HEAD, cause)
            }
            Err(refusal) => Pushed::Undeliverable(refusal),
        }
    }

    /// Adds a message behind events that may give way. Whether it can be sent is found now all the
    /// same, while somebody can be told.
    #[cold]
    fn push_behind(&self, queue: &mut Queue, message: Outgoing, cause: Cause) -> Pushed {
        let encoded = match (self.frames.get(), &message) {
            (None, _) => Ok(0),
            (Some(frames), Outgoing::Own(message)) => Octets::default().encode(*frames, message),
            (Some(frames), Outgoing::Shared(shared)) => {
                Octets::default().add(*frames, shared.encoded(frames.serializer()))
            }
        };
        match encoded {
            Ok(_) => self.push_whole(queue, message, cause),
            Err(refusal) => Pushed::Undeliverable(refusal),
        }
    }

    /// A message of so many octets has been added; whether there was room for it.
    fn added(&self, queue: &mut Queue, first: bool, octets: usize, cause: Cause) -> Pushed {
        if queue.count(octets, cause, self.limit) {
            return if first { Pushed::First } else { Pushed::Behind };
        }
        self.overflow(queue)
    }

    #[cold]
    fn overflow(&self, queue: &mut Queue) -> Pushed {
        let behind = queue.behind.take();
        let events = behind.as_ref().map_or(0, |behind| behind.events());
        let dropped = queue.load.messages - queue.in_hand.messages + events;
        let empty = match &queue.waiting {
            Waiting::Messages(_) => Waiting::default(),
            Waiting::Octets(_) => Waiting::Octets(Octets::default()),
        };
        queue.dropped = Some(Box::new((std::mem::replace(&mut queue.waiting, empty), behind)));
        queue.load = queue.in_hand;
        let sentence = format!("{dropped} messages waited for this session, which did not read them");
        self.end(queue, End::TooSlow, error_uri::CLOSE_KILLED, Some(&sentence));
        Pushed::Full { dropped }
    }

    /// Adds a GOODBYE as the last message and wakes the session's task.
    pub(crate) fn dismiss(&self, reason: &str, sentence: Option<&str>) {
        let mut queue = self.lock();
        if queue.end.is_none() {
            self.end(&mut queue, End::Dismissed, reason, sentence);
        }
        drop(queue);
        self.wake();
    }

    fn end(&self, queue: &mut Queue, end: End, reason: &str, sentence: Option<&str>) {
        let last = goodbye(self.frames.get(), reason, sentence);
        queue.end = Some(end);
        self.ended.store(true, Ordering::Release);
        if let Some(behind) = queue.behind() {
            let weight = behind.push(Outgoing::Own(Box::new(last)));
            return queue.load.add(weight);
        }
        match (&mut queue.waiting, self.frames.get()) {
            (Waiting::Octets(octets), Some(frames)) => {
                if let Err(Refusal { sentence, .. }) = octets.encode(*frames, &last) {
                    tracing::debug!(sentence, "a GOODBYE cannot be sent");
                }
            }
            (Waiting::Messages(messages), _) => messages.push_back(Outgoing::Own(Box::new(last))),
            (Waiting::Octets(_), None) => {}
        }
    }

    /// Lets the session's task look.
    pub(crate) fn wake(&self) {
        self.filled.raise();
    }

    /// Waits until there is something to take, or has been since last asked.
    pub(crate) async fn filled(&self) {
        poll_fn(|context| self.poll_filled(context)).await;
    }

    /// The same; one task at a time may wait.
    pub(crate) fn poll_filled(&self, context: &mut Context<'_>) -> Poll<()> {
        self.filled.poll(context)
    }

    /// Gives back memory that is kept for the next burst.
    pub(crate) fn shrink(&self) {
        let mut queue = self.lock();
        if let Waiting::Octets(octets) = &mut queue.waiting {
            octets.shrink();
        }
        if queue.behind.as_ref().is_some_and(|behind| behind.is_idle()) {
            queue.behind = None;
        }
    }

    /// How many messages wait, about.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().load.messages
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
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

#[cfg(test)]
mod tests;
