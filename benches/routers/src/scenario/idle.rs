//! What a session costs that does nothing.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};

/// How long the server may take to settle.
const SETTLED: Duration = Duration::from_millis(500);

pub(super) fn run(place: Place<'_>, sessions: usize) -> Result<Run> {
    // Once through everything, so that what is needed once is there.
    Connection::open(place.server.address, place.wire, next_run(), Part::Listener)?.close()?;
    std::thread::sleep(SETTLED);
    let rest = place.server.resident().context("a server that was not started here")?;
    let run = next_run();
    let mut open = Vec::new();
    for _ in 0..sessions {
        open.push(Connection::open(place.server.address, place.wire, run, Part::Listener)?);
    }
    std::thread::sleep(SETTLED);
    let full = place.server.resident().context("a server that was not started here")?;
    Ok(Run {
        done: sessions as u64,
        memory: Some((rest, (full - rest) / sessions as f64)),
        ..Run::default()
    })
}
