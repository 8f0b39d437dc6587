//! Sessions opened and closed again.

use std::time::Instant;

use anyhow::{Context as _, Result};

use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};

/// Clients that do so at once.
const CLIENTS: usize = 4;

pub(super) fn run(place: Place<'_>) -> Result<Run> {
    let before = place.server.cpu_seconds();
    let began = Instant::now();
    let opened = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(|| client(place, began))).collect();
        let mut opened = 0;
        for client in clients {
            opened += client.join().ok().context("a client panicked")??;
        }
        Ok::<_, anyhow::Error>(opened)
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let after = place.server.cpu_seconds();
    Ok(Run {
        done: opened,
        seconds,
        cpu: before.zip(after).map(|(before, after)| after - before),
        ..Run::default()
    })
}

fn client(place: Place<'_>, began: Instant) -> Result<u64> {
    let mut opened = 0;
    while began.elapsed() < place.time {
        // At the relay each has a group of its own.
        let mut connection = Connection::open(place.server.address, place.wire, next_run(), Part::Listener)?;
        connection.exchange_as_wamp()?;
        connection.close()?;
        opened += 1;
    }
    Ok(opened)
}
