//! Subscribers: one thread for all of them, which sees that every message comes, once and in order.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};

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

    /// Waits until every subscriber has so many messages, and lets them stop.
    pub(super) fn complete(&self, sent: u64) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while self.slowest.load(Relaxed) < sent {
            self.check()?;
            if Instant::now() > until {
                self.complete.notify_one();
                let slowest = self.slowest.load(Relaxed);
                bail!("of {sent} messages the slowest subscriber has only {slowest}: messages are lost");
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        self.complete.notify_one();
        Ok(())
    }
}

/// What all subscribers of a run are told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    pub(super) wire: Wire,
    pub(super) publishers: usize,
    /// Octets of a text.
    pub(super) size: usize,
    /// Whether latencies are kept.
    pub(super) timed: bool,
}

/// What the subscribers share: they run in one thread.
struct Shared {
    counts: Vec<Cell<u64>>,
    latencies: RefCell<Vec<u64>>,
    buffer: RefCell<Vec<u8>>,
    progress: Arc<Progress>,
}

/// Receives until everything has come; the latencies.
pub(super) fn receive(streams: Vec<TcpStream>, expected: Expected, progress: &Arc<Progress>) -> Result<Vec<u64>> {
    let shared = Rc::new(Shared {
        counts: streams.iter().map(|_| Cell::new(0)).collect(),
        latencies: RefCell::default(),
        buffer: RefCell::new(vec![0; READ]),
        progress: Arc::clone(progress),
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let received = LocalSet::new().block_on(&runtime, async {
        let mut subscribers = JoinSet::new();
        for (index, stream) in streams.into_iter().enumerate() {
            stream.set_nonblocking(true)?;
            let subscriber = Subscriber {
                stream: tokio::net::TcpStream::from_std(stream)?,
                index,
                expected,
                seen: vec![0; expected.publishers],
                shared: Rc::clone(&shared),
            };
            subscribers.spawn_local(subscriber.run());
        }
        tokio::select! {
            ended = subscribers.join_next() => ended.context("no subscribers")??,
            () = progress.complete.notified() => Ok(()),
        }
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
            self.stream.readable().await?;
            let mut buffer = shared.buffer.borrow_mut();
            let count = match self.stream.try_read(&mut buffer) {
                Ok(0) => bail!("the server closed a subscriber's connection"),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error.into()),
            };
            let octets = &buffer[..count];
            if rest.is_empty() {
                let used = self.take(octets)?;
                rest.extend_from_slice(&octets[used..]);
            } else {
                rest.extend_from_slice(octets);
                let used = self.take(&rest)?;
                rest.drain(..used);
            }
        }
    }

    /// Looks at every frame that has come wholly; how many octets they are.
    fn take(&mut self, octets: &[u8]) -> Result<usize> {
        let now = self.shared.progress.nanoseconds();
        let Expected { wire, size, timed, .. } = self.expected;
        let (mut at, mut count) = (0, 0);
        while let Some(Frame { size: whole, body }) = wire.frame(&octets[at..])? {
            if let Some(body) = body {
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
                if timed {
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
        Ok(at)
    }
}
