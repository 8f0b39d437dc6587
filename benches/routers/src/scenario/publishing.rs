//! Publications: from one or many, to one or many, as fast as they go or at a rate.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::punctual::Punctual;
use super::receiving::{Expected, Progress, receive};
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part, Ready};
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
        self.on(place, run, &format!("bench.run{run}"))
    }

    /// The same on this topic, or on topics below it.
    pub(super) fn on(self, place: Place<'_>, run: u32, topic: &str) -> Result<Run> {
        let open = |part| Connection::open(place.server.address, place.wire, run, part);
        let mut listeners = Vec::new();
        for _ in 0..self.subscribers {
            let mut connection = open(Part::Listener)?;
            if self.by_prefix {
                connection.subscribe(&format!("{topic}."), true)?;
            } else {
                connection.subscribe(topic, false)?;
            }
            listeners.push(connection.into_ready()?);
        }
        let mut talkers = Vec::new();
        for index in 0..self.publishers {
            let topic = if self.by_prefix {
                format!("{topic}.sensor{index}")
            } else {
                topic.to_owned()
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
        let timed = match self.pace {
            Pace::Saturation { .. } => Duration::ZERO,
            Pace::Rate(_) => Duration::MAX,
        };
        self.measure(place, listeners, talkers, timed)
    }

    /// Publishes and receives on connections that are ready; keeps the latencies of what is due
    /// within the time `timed`.
    pub(super) fn measure(
        self,
        place: Place<'_>,
        listeners: Vec<Ready>,
        mut talkers: Vec<Talker>,
        timed: Duration,
    ) -> Result<Run> {
        let subscribers = listeners.len() as u64;
        let expected = Expected {
            wire: place.wire,
            publishers: talkers.len(),
            size: self.size,
            timed,
        };
        let progress = Arc::new(Progress::new());
        let before = place.server.cpu_seconds();
        let (sent, latencies, after) = std::thread::scope(|scope| {
            let receiving = scope.spawn(|| receive(listeners, expected, &progress));
            let published = match self.pace {
                Pace::Saturation { per_write } => self.saturate(&mut talkers, per_write, place.time, &progress),
                Pace::Rate(rate) => keep_rate(&mut talkers, rate, place.time, &progress),
            };
            let complete = published.and_then(|sent| progress.wait_for(sent).map(|()| sent));
            if let Err(error) = &complete {
                progress.fail(error);
            }
            let after = place.server.cpu_seconds();
            progress.stop();
            let received = receiving.join().ok().context("a receiver panicked")?;
            Ok::<_, anyhow::Error>((complete?, received?, after))
        })?;
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

/// Messages carry the time when they are due, not when they are sent: a server that holds up the
/// publisher makes the messages behind it late too.
fn keep_rate(talkers: &mut [Talker], rate: f64, time: Duration, progress: &Progress) -> Result<u64> {
    let count = (time.as_secs_f64() * rate) as u64;
    let mut talkers_in_turn = 0;
    let _punctual = Punctual::new();
    for sent in 0..count {
        let due = Duration::from_secs_f64(sent as f64 / rate);
        std::thread::sleep(due.saturating_sub(progress.began.elapsed()));
        progress.check()?;
        let talker = &mut talkers[talkers_in_turn];
        talker.publish(1, due.as_nanos() as u64)?;
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

    /// Publishes so many messages, due at that time, with one write.
    pub(super) fn publish(&mut self, count: usize, nanoseconds: u64) -> Result<()> {
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn messages_at_a_rate_carry_the_time_when_they_are_due() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let stream = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        let (mut server, _) = listener.accept().expect("a connection");
        let mut talkers = [Talker::new(0, stream, Wire::Relay, "", 40)];
        let progress = Progress::new();
        let sent = keep_rate(&mut talkers, 2000.0, Duration::from_millis(5), &progress).expect("nothing is wrong");
        assert_eq!(sent, 10);
        drop(talkers);
        let mut octets = Vec::new();
        server.read_to_end(&mut octets).expect("messages");
        let mut due = Vec::new();
        while let Some(frame) = Wire::Relay.frame(&octets).expect("a frame") {
            let body = frame.body.expect("a message");
            due.push(Wire::Relay.stamp(&octets[body], 40).expect("a stamp").nanoseconds);
            octets.drain(..frame.size);
        }
        let every_half_millisecond: Vec<u64> = (0..10).map(|number| number * 500_000).collect();
        assert_eq!(due, every_half_millisecond);
    }
}
