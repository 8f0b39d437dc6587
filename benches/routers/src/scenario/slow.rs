//! Whether one who does not read is noticed by the others.

use anyhow::{Context as _, Result};

use super::publishing::{Pace, Publishing, Talker};
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};

/// Publications a second, and octets of each.
const RATE: f64 = 500.0;
const SIZE: usize = 4096;

pub(super) fn run(place: Place<'_>, subscribers: usize, with_slow: bool) -> Result<Run> {
    let run = next_run();
    let topic = format!("bench.run{run}");
    let apart = if with_slow { run } else { next_run() };
    let mut slow = Connection::open_narrow(place.server.address, place.wire, apart)?;
    if with_slow {
        slow.subscribe(&topic, false)?;
    }
    let mut listeners = Vec::new();
    for _ in 0..subscribers {
        let mut connection = Connection::open(place.server.address, place.wire, run, Part::Listener)?;
        connection.subscribe(&topic, false)?;
        listeners.push(connection.into_stream()?);
    }
    let talker = Connection::open(place.server.address, place.wire, run, Part::Talker)?.into_stream()?;
    let publishing = Publishing {
        publishers: 1,
        subscribers,
        by_prefix: false,
        size: SIZE,
        pace: Pace::Rate(RATE),
    };
    let rest = place.server.resident().context("a server that was not started here")?;
    let talkers = vec![Talker::new(0, talker, place.wire, &topic, SIZE)];
    let mut measured = publishing.measure(place, listeners, talkers)?;
    let peak = place.server.peak().context("a server that was not started here")?;
    measured.memory = Some((rest, peak));
    drop(slow);
    Ok(measured)
}
