//! Subscribers: one thread for all of them, which sees that every message comes, once and in order,
//! and that none comes after the last.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinSet, LocalSet};

use crate::connection::Ready;
use crate::wire::{Frame, Wire};

/// Octets read at once.
pub(super) const READ: usize = 256 * 1024;
/// How long a message may be on its way at the end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the threads of a run tell each other.
#[derive(Debug)]
pub(super) struct Progress {
    /// When the run began; messages carry times since then.
    pub(super) began: Instant,
    /// What the slowest subscriber has received.
    pub(super) slowest: AtomicU64,
    /// When something was received last, in nanoseconds.
    pub(super) last: AtomicU64,
    /// Nobody needs to receive any more.
    complete: Notify,
    failure: Mutex<Option<String>>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            slowest: AtomicU64::new(0),
            last: AtomicU64::new(0),
            complete: Notify::new(),
            failure: Mutex::default(),
        }
    }

    pub(super) fn nanoseconds(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    pub(super) fn fail(&self, error: &anyhow::Error) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert_with(|| format!("{error:#}"));
    }

    /// What went wrong in another thread, if something did.
    pub(super) fn check(&self) -> Result<()> {
        match &*self.failure.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Ok(()),
            Some(sentence) => bail!("{sentence}"),
        }
    }

    /// Waits until every subscriber has so many messages.
    pub(super) fn wait_for(&self, sent: u64) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while self.slowest.load(Relaxed) < sent {
            self.check()?;
            if Instant::now() > until {
                let slowest = self.slowest.load(Relaxed);
                bail!("of {sent} messages the slowest subscriber has only {slowest}: messages are lost");
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        Ok(())
    }

    /// Lets the subscribers stop: at once if something went wrong, otherwise when they have seen
    /// that nothing more comes.
    pub(super) fn stop(&self) {
        self.complete.notify_one();
    }
}

/// What all subscribers of a run are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) wire: Wire,
    pub(super) publishers: usize,
    /// Octets of a text.
    pub(super) size: usize,
    /// Latencies are kept of what was due within this time from the beginning.
    pub(super) timed: Duration,
}

/// What the subscribers share: they run in one thread.
struct Shared {
    counts: Vec<Cell<u64>>,
    latencies: RefCell<Vec<u64>>,
    buffer: RefCell<Vec<u8>>,
    progress: Arc<Progress>,
}

/// Receives until everything has come and the server has nothing more; the latencies.
pub(super) fn receive(listeners: Vec<Ready>, expected: Expected, progress: &Arc<Progress>) -> Result<Vec<u64>> {
    let shared = Rc::new(Shared {
        counts: listeners.iter().map(|_| Cell::new(0)).collect(),
        latencies: RefCell::default(),
        buffer: RefCell::new(vec![0; READ]),
        progress: Arc::clone(progress),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let received = LocalSet::new().block_on(&runtime, async {
        let mut subscribers = JoinSet::new();
        let (complete, told) = watch::channel(false);
        for (index, Ready { stream, last_word }) in listeners.into_iter().enumerate() {
            stream.set_nonblocking(true)?;
            let subscriber = Subscriber {
                stream: tokio::net::TcpStream::from_std(stream)?,
                index,
                told: told.clone(),
                last_word,
                leaving: false,
                expected,
                seen: vec![0; expected.publishers],
                shared: Rc::clone(&shared),
            };
            subscribers.spawn_local(subscriber.run());
        }
        tokio::select! {
            ended = subscribers.join_next() => ended.context("no subscribers")??,
            () = progress.complete.notified() => Ok(()),
        }?;
        if progress.check().is_err() {
            return Ok(());
        }
        complete.send_replace(true);
        let leave = async {
            while let Some(left) = subscribers.join_next().await {
                left??;
            }
            Ok(())
        };
        let left = tokio::time::timeout(PATIENCE, leave).await;
        left.context("the server does not answer a subscriber's last word")?
    });
    if let Err(error) = &received {
        progress.fail(error);
    }
    received.map(|()| shared.latencies.take())
}

struct Subscriber {
    stream: tokio::net::TcpStream,
    index: usize,
    expected: Expected,
    /// Whether everything has come.
    told: watch::Receiver<bool>,
    last_word: Vec<u8>,
    /// The last word has been said.
    leaving: bool,
    /// How much has come from each publisher.
    seen: Vec<u64>,
    shared: Rc<Shared>,
}

impl Subscriber {
    async fn run(mut self) -> Result<()> {
        // What has come of a frame that is not whole.
        let mut rest: Vec<u8> = Vec::new();
        let shared = Rc::clone(&self.shared);
        loop {
            tokio::select! {
                biased;
                readable = self.stream.readable() => readable?,
                told = self.told.changed(), if !self.leaving => {
                    told?;
                    self.leaving = true;
                    self.stream.write_all(&self.last_word).await?;
                    continue;
                }
            }
            let mut buffer = shared.buffer.borrow_mut();
            let count = match self.stream.try_read(&mut buffer) {
                Ok(0) => bail!("the server closed a subscriber's connection"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            };
            let octets = &buffer[..count];
            let taken = if rest.is_empty() {
                let taken = self.take(octets)?;
                rest.extend_from_slice(&octets[taken.octets..]);
                taken
            } else {
                rest.extend_from_slice(octets);
                let taken = self.take(&rest)?;
                rest.drain(..taken.octets);
                taken
            };
            if taken.last {
                return Ok(());
            }
        }
    }

    /// Looks at every frame that has come wholly.
    fn take(&mut self, octets: &[u8]) -> Result<Taken> {
        let now = self.shared.progress.nanoseconds();
        let Expected { wire, size, timed, .. } = self.expected;
        let timed = u64::try_from(timed.as_nanos()).unwrap_or(u64::MAX);
        let (mut at, mut count, mut last) = (0, 0, false);
        while let Some(Frame { size: whole, body }) = wire.frame(&octets[at..])? {
            if wire.is_last_word(&octets[at..at + whole], body.as_ref()) {
                if !self.leaving {
                    bail!("the server says goodbye to a subscriber that did not");
                }
                last = true;
            } else if let Some(body) = body {
                let stamp = wire.stamp(&octets[at..][body], size)?;
                let seen = self
                    .seen
                    .get_mut(stamp.publisher as usize)
                    .context("no such publisher")?;
                if stamp.count != *seen + 1 {
                    bail!(
                        "after message {seen} of publisher {} comes {}",
                        stamp.publisher,
                        stamp.count
                    );
                }
                *seen += 1;
                count += 1;
                if stamp.nanoseconds < timed {
                    self.shared
                        .latencies
                        .borrow_mut()
                        .push(now.saturating_sub(stamp.nanoseconds));
                }
            }
            at += whole;
        }
        if count > 0 {
            let counts = &self.shared.counts;
            counts[self.index].set(counts[self.index].get() + count);
            let slowest = counts.iter().map(Cell::get).min().unwrap_or_default();
            self.shared.progress.last.store(now, Relaxed);
            self.shared.progress.slowest.store(slowest, Relaxed);
        }
        Ok(Taken { octets: at, last })
    }
}

/// What has been looked at.
struct Taken {
    octets: usize,
    /// The last word was answered: nothing comes after it.
    last: bool,
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};

    use super::*;
    use crate::wire::Stamp;

    fn message(count: u64) -> Vec<u8> {
        let mut text = [b'x'; 40];
        let stamp = Stamp {
            publisher: 0,
            count,
            nanoseconds: count,
        };
        stamp.write(&mut text);
        let mut frame = Vec::new();
        Wire::Relay.publish(&mut frame, "", count, &text);
        frame
    }

    /// What is said of a server that sends `first`, and `late` once the last word is said, where
    /// `sent` messages were published.
    fn received(first: &[u64], late: &[u64], sent: u64) -> Result<Vec<u64>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        let (mut server, _) = listener.accept()?;
        let last_word = Wire::Relay.last_word(0)?;
        let expected = Expected {
            wire: Wire::Relay,
            publishers: 1,
            size: 40,
            timed: Duration::from_nanos(3),
        };
        let progress = Arc::new(Progress::new());
        std::thread::scope(|scope| {
            let ready = Ready {
                stream,
                last_word: last_word.clone(),
            };
            let receiving = scope.spawn(|| receive(vec![ready], expected, &progress));
            for count in first {
                server.write_all(&message(*count))?;
            }
            if let Err(error) = progress.wait_for(sent) {
                progress.fail(&error);
            }
            progress.stop();
            let mut word = vec![0; last_word.len()];
            // Whoever found something wrong leaves without a word.
            if server.read_exact(&mut word).is_ok() {
                for count in late {
                    server.write_all(&message(*count))?;
                }
                server.write_all(&word)?;
            }
            let latencies = receiving.join().expect("a receiver")?;
            progress.check().map(|()| latencies)
        })
    }

    fn refused(received: Result<Vec<u64>>) -> String {
        format!("{:#}", received.expect_err("something is wrong"))
    }

    #[test]
    fn everything_once_and_in_order_is_taken_and_timed_where_it_was_due_in_time() {
        let latencies = received(&[1, 2, 3, 4], &[], 4).expect("nothing is wrong");
        assert_eq!(latencies.len(), 2, "of those due at 1 and 2 ns");
    }

    #[test]
    fn a_message_that_comes_again_after_the_last_is_noticed() {
        assert_eq!(
            refused(received(&[1, 2, 3], &[3], 3)),
            "after message 3 of publisher 0 comes 3"
        );
    }

    #[test]
    fn a_message_that_is_missing_or_out_of_order_is_noticed() {
        for (first, sentence) in [
            (&[1, 3][..], "after message 1 of publisher 0 comes 3"),
            (&[2, 1], "after message 0 of publisher 0 comes 2"),
        ] {
            assert_eq!(refused(received(first, &[], 3)), sentence);
        }
    }
}
