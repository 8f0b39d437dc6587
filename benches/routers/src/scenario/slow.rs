//! Whether one who does not read is noticed by the others, what that costs in memory, and that the
//! router ends it.
//!
//! In the first half of the run a session gets so much that, unread, it is more than may wait for
//! it. Others get what they always get, and only what is due in that half counts for them. Beside it
//! stand two runs with the same publications: nobody takes what the session would get, or it reads.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use wamp_protocol::{Message, error_uri};

use super::publishing::{Pace, Publishing, Talker};
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};
use crate::wire::Wire;

/// Who takes the flood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taker {
    Nobody,
    /// One who reads it.
    Reads,
    /// One who does not.
    DoesNotRead,
}

/// Publications to the others in a second, and octets of each.
const RATE: f64 = 500.0;
const SIZE: usize = 100;
/// The flood. With 32,768 messages or 64 MiB, whichever comes first, waiting for it by default a
/// session is full; the operating system may take a few MiB before.
const FLOOD: u64 = 38_000;
const FLOOD_SIZE: usize = 2000;
/// Resident KiB by which the router grows at least when so much waits.
const GROWS: f64 = 32.0 * 1024.0;
/// The flood lasts no longer: who is ended has two seconds to read that.
const LONGEST: Duration = Duration::from_secs(2);
/// How long the flood may take beyond its time.
const LATE: Duration = Duration::from_millis(500);
/// Between two writes of the flood.
const TICK: Duration = Duration::from_millis(1);

pub(super) fn run(place: Place<'_>, subscribers: usize, taker: Taker) -> Result<Run> {
    let run = next_run();
    let topic = format!("bench.run{run}");
    let flooded = format!("bench.flood{run}");
    let open = |part| Connection::open(place.server.address, place.wire, run, part);
    let mut one = match taker {
        Taker::DoesNotRead => Connection::open_narrow(place.server.address, place.wire, run)?,
        Taker::Reads | Taker::Nobody => open(Part::Listener)?,
    };
    if taker != Taker::Nobody {
        one.subscribe(&flooded, false)?;
    }
    let mut listeners = Vec::new();
    for _ in 0..subscribers {
        let mut connection = open(Part::Listener)?;
        connection.subscribe(&topic, false)?;
        listeners.push(connection.into_ready()?);
    }
    let talker = Talker::new(0, open(Part::Talker)?.into_stream()?, place.wire, &topic, SIZE);
    let flooding = Talker::new(0, open(Part::Talker)?.into_stream()?, place.wire, &flooded, FLOOD_SIZE);
    let publishing = Publishing {
        publishers: 1,
        subscribers,
        by_prefix: false,
        size: SIZE,
        pace: Pace::Rate(RATE),
    };
    let time = (place.time / 2).min(LONGEST);
    let rest = place.server.resident().context("a server that was not started here")?;
    let (mut measured, taken) = std::thread::scope(|scope| {
        let wire = place.wire;
        let taking = scope.spawn(move || match taker {
            Taker::Nobody => flood(flooding, time).map(|()| None),
            Taker::DoesNotRead => {
                flood(flooding, time)?;
                Taken::read(one, wire).map(Some)
            }
            Taker::Reads => {
                let reading = std::thread::spawn(move || Taken::read(one, wire));
                flood(flooding, time)?;
                reading.join().ok().context("the reader panicked")?.map(Some)
            }
        });
        let measured = publishing.measure(place, listeners, vec![talker], time);
        let taken = taking.join().ok().context("the flood's thread panicked")?;
        Ok::<_, anyhow::Error>((measured?, taken?))
    })?;
    let peak = place.server.peak().context("a server that was not started here")?;
    if let Some(taken) = taken {
        taken.check(taker, peak - rest)?;
    }
    measured.memory = Some((rest, peak));
    Ok(measured)
}

/// Publishes evenly over the time.
fn flood(mut talker: Talker, time: Duration) -> Result<()> {
    let began = Instant::now();
    let mut sent = 0;
    while sent < FLOOD {
        std::thread::sleep(TICK);
        let elapsed = began.elapsed();
        if elapsed > time + LATE {
            bail!("after {elapsed:?} only {sent} of {FLOOD} messages are published, which were to take {time:?}");
        }
        let due = (FLOOD as f64 * elapsed.as_secs_f64() / time.as_secs_f64()) as u64;
        let count = due.min(FLOOD) - sent;
        talker.publish(count as usize, 0)?;
        sent += count;
    }
    Ok(())
}

/// What the one who was flooded found.
#[derive(Debug)]
struct Taken {
    /// Messages without a gap.
    messages: u64,
    /// Why it was ended, if it was.
    ended: Option<String>,
}

impl Taken {
    /// Reads until everything has come, or the router ends the session.
    fn read(mut connection: Connection, wire: Wire) -> Result<Self> {
        let Wire::Wamp(_, serializer) = wire else {
            bail!("this is no WAMP connection");
        };
        let mut messages = 0;
        while messages < FLOOD {
            let octets = connection
                .next()
                .with_context(|| format!("the session that is flooded, after {messages} messages"))?;
            if wire.is_last_word(&octets, Some(&(0..octets.len()))) {
                let Message::Goodbye(goodbye) = serializer.decode(Bytes::from(octets))? else {
                    bail!("a GOODBYE that is none");
                };
                return Ok(Self {
                    messages,
                    ended: Some(goodbye.reason.as_str().to_owned()),
                });
            }
            let stamp = wire.stamp(&octets, FLOOD_SIZE)?;
            messages += 1;
            if stamp.count != messages {
                bail!("message {messages} of the flood says that it is {}", stamp.count);
            }
        }
        Ok(Self { messages, ended: None })
    }

    /// Sees that who reads got all, and that for who does not it was filled up and ended.
    fn check(&self, taker: Taker, grown: f64) -> Result<()> {
        let Self { messages, ended } = self;
        match taker {
            Taker::DoesNotRead if ended.as_deref() != Some(error_uri::CLOSE_KILLED) => {
                bail!("who did not read got {messages} of {FLOOD} messages and was not ended for it: {ended:?}")
            }
            Taker::DoesNotRead if grown < GROWS => {
                bail!("the router grew by {grown} KiB only: hardly anything waited")
            }
            Taker::Reads if *messages != FLOOD => {
                bail!("who read got {messages} of {FLOOD} messages and was ended: {ended:?}")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_session_counts_only_if_much_waited_and_the_router_ended_it() {
        let taken = |messages, ended: Option<&str>| Taken {
            messages,
            ended: ended.map(str::to_owned),
        };
        let killed = taken(100, Some(error_uri::CLOSE_KILLED));
        assert!(killed.check(Taker::DoesNotRead, GROWS).is_ok());
        assert!(
            killed.check(Taker::DoesNotRead, 24.0).is_err(),
            "in the kernel's buffers"
        );
        assert!(taken(FLOOD, None).check(Taker::DoesNotRead, GROWS).is_err());
        let left = taken(100, Some(error_uri::CLOSE_SYSTEM_SHUTDOWN));
        assert!(left.check(Taker::DoesNotRead, GROWS).is_err());
        assert!(taken(FLOOD, None).check(Taker::Reads, 0.0).is_ok());
        assert!(killed.check(Taker::Reads, 0.0).is_err());
    }
}
