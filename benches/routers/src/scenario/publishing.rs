//! Publications: from one or many, to one or many, as fast as they go or at a rate.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::receiving::{Expected, Progress, receive};
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};
use crate::wire::{Stamp, Wire};

/// Who publishes to whom, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Publishing {
    pub(crate) publishers: usize,
    pub(crate) subscribers: usize,
    /// Each publisher has a topic of its own, and subscribers take all of them by a prefix.
    pub(crate) by_prefix: bool,
    /// Octets of a text.
    pub(crate) size: usize,
    pub(crate) pace: Pace,
}

/// How fast.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Pace {
    /// As fast as it goes with nothing lost: publishers wait for the slowest subscriber when it is
    /// too far behind. So many messages go with one write; a simple client writes each.
    Saturation { per_write: usize },
    /// So many publications a second, all publishers together.
    Rate(f64),
}

/// Octets that may be on their way to a subscriber.
const UNDER_WAY: usize = 256 * 1024;

impl Publishing {
    pub(super) fn run(self, place: Place<'_>) -> Result<Run> {
        let run = next_run();
        let topic = format!("bench.run{run}");
        let open = |part| Connection::open(place.server.address, place.wire, run, part);
        let mut listeners = Vec::new();
        for _ in 0..self.subscribers {
            let mut connection = open(Part::Listener)?;
            if self.by_prefix {
                connection.subscribe(&format!("{topic}."), true)?;
            } else {
                connection.subscribe(&topic, false)?;
            }
            listeners.push(connection.into_stream()?);
        }
        let mut talkers = Vec::new();
        for index in 0..self.publishers {
            let topic = if self.by_prefix {
                format!("{topic}.sensor{index}")
            } else {
                topic.clone()
            };
            let connection = open(Part::Talker)?;
            talkers.push(Talker::new(
                index,
                connection.into_stream()?,
                place.wire,
                &topic,
                self.size,
            ));
        }
        self.measure(place, listeners, talkers)
    }

    /// Publishes and receives on connections that are ready.
    pub(super) fn measure(self, place: Place<'_>, listeners: Vec<TcpStream>, mut talkers: Vec<Talker>) -> Result<Run> {
        let subscribers = listeners.len() as u64;
        let expected = Expected {
            wire: place.wire,
            publishers: talkers.len(),
            size: self.size,
            timed: matches!(self.pace, Pace::Rate(_)),
        };
        let progress = Arc::new(Progress::new());
        let before = place.server.cpu_seconds();
        let latencies = std::thread::scope(|scope| {
            let receiving = scope.spawn(|| receive(listeners, expected, &progress));
            let published = match self.pace {
                Pace::Saturation { per_write } => self.saturate(&mut talkers, per_write, place.time, &progress),
                Pace::Rate(rate) => keep_rate(&mut talkers, rate, place.time, &progress),
            };
            let complete = published.and_then(|sent| progress.complete(sent).map(|()| sent));
            if let Err(error) = &complete {
                progress.fail(error);
                // Lets the receivers stop.
                let _ = progress.complete(0);
            }
            let received = receiving.join().ok().context("a receiver panicked")?;
            Ok::<_, anyhow::Error>((complete?, received?))
        });
        let (sent, latencies) = latencies?;
        let after = place.server.cpu_seconds();
        Ok(Run {
            done: sent * subscribers,
            seconds: progress.last.load(Relaxed) as f64 / 1e9,
            cpu: before.zip(after).map(|(before, after)| after - before),
            latencies,
            memory: None,
        })
    }

    fn saturate(self, talkers: &mut [Talker], per_write: usize, time: Duration, progress: &Progress) -> Result<u64> {
        let window = (UNDER_WAY / self.size).clamp(16, 2048) as u64;
        let until = Instant::now() + time;
        let mut sent = 0;
        'talking: loop {
            for talker in &mut *talkers {
                if Instant::now() >= until {
                    break 'talking;
                }
                while sent - progress.slowest.load(Relaxed) > window {
                    progress.check()?;
                    std::thread::sleep(Duration::from_micros(20));
                    if Instant::now() >= until {
                        break 'talking;
                    }
                }
                talker.publish(per_write, 0)?;
                sent += per_write as u64;
            }
        }
        Ok(sent)
    }
}

fn keep_rate(talkers: &mut [Talker], rate: f64, time: Duration, progress: &Progress) -> Result<u64> {
    let count = (time.as_secs_f64() * rate) as u64;
    let mut talkers_in_turn = 0;
    for sent in 0..count {
        let due = progress.began + Duration::from_secs_f64(sent as f64 / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        progress.check()?;
        let talker = &mut talkers[talkers_in_turn];
        talker.publish(1, progress.nanoseconds())?;
        talkers_in_turn = (talkers_in_turn + 1) % talkers.len();
    }
    Ok(count)
}

/// A publisher.
#[derive(Debug)]
pub(super) struct Talker {
    stream: TcpStream,
    wire: Wire,
    topic: String,
    text: Vec<u8>,
    stamp: Stamp,
    output: Vec<u8>,
}

impl Talker {
    pub(super) fn new(index: usize, stream: TcpStream, wire: Wire, topic: &str, size: usize) -> Self {
        Self {
            stream,
            wire,
            topic: wire.topic(topic),
            text: vec![b'x'; size],
            stamp: Stamp {
                publisher: index as u64,
                count: 0,
                nanoseconds: 0,
            },
            output: Vec::new(),
        }
    }

    /// Publishes so many messages with one write.
    fn publish(&mut self, count: usize, nanoseconds: u64) -> Result<()> {
        self.output.clear();
        for _ in 0..count {
            self.stamp.count += 1;
            self.stamp.nanoseconds = nanoseconds;
            self.stamp.write(&mut self.text);
            self.wire
                .publish(&mut self.output, &self.topic, self.stamp.count, &self.text);
        }
        self.stream.write_all(&self.output).context("publishing")
    }
}
