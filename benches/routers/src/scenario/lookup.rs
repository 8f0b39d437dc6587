//! What an event costs where there are many subscriptions that it has nothing to do with.

use anyhow::Result;

use super::publishing::{Pace, Publishing};
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};

pub(super) fn run(place: Place<'_>, others: usize) -> Result<Run> {
    let run = next_run();
    let mut other = Connection::open(place.server.address, place.wire, run, Part::Talker)?;
    // A third each; they begin as the topic does, or have a wildcard where the topic goes on.
    other.subscribe_all((0..others).map(|number| match number % 3 {
        0 => ("exact", format!("bench.other{number}")),
        1 => ("prefix", format!("bench.other{number}.")),
        _ => ("wildcard", format!("bench..other{number}")),
    }))?;
    let publishing = Publishing {
        publishers: 1,
        subscribers: 10,
        by_prefix: false,
        size: 100,
        pace: Pace::Saturation { per_write: 1 },
    };
    let measured = publishing.run(place)?;
    other.close()?;
    Ok(measured)
}
