//! What is measured of each server.

mod calls;
mod idle;
mod list;
mod lookup;
mod publishing;
mod punctual;
mod receiving;
mod sessions;
mod slow;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;

use crate::target::Server;
use crate::wire::Wire;

pub(crate) use self::list::{ENCODINGS, Scenario, Who, all};
pub(crate) use self::publishing::{Pace, Publishing};
pub(crate) use self::slow::Taker;

/// One thing to be measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Publications and their events.
    Publishing(Publishing),
    /// Calls to one callee.
    Calls {
        callers: usize,
        in_flight: usize,
        size: usize,
    },
    /// Sessions opened and closed, by four clients at once.
    Sessions,
    /// Sessions that do nothing.
    Idle { sessions: usize },
    /// One event to ten receivers, with so many subscriptions of other topics.
    Lookup { others: usize },
    /// Events to many, while one more is flooded.
    Slow { subscribers: usize, taker: Taker },
}

/// What came of one run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    /// Messages that arrived, calls that were answered, sessions that were opened.
    pub(crate) done: u64,
    pub(crate) seconds: f64,
    /// CPU seconds of the server, where they can be known.
    pub(crate) cpu: Option<f64>,
    /// In nanoseconds; empty where none are measured.
    pub(crate) latencies: Vec<u64>,
    /// KiB resident: at rest; and for each idle session, or at the most.
    pub(crate) memory: Option<(f64, f64)>,
}

/// Where and how a run is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) server: &'a Server,
    pub(crate) wire: Wire,
    pub(crate) time: Duration,
}

impl Shape {
    /// Whether the server is started for this alone.
    pub(crate) const fn wants_fresh_server(self) -> bool {
        matches!(self, Self::Idle { .. } | Self::Slow { .. })
    }

    pub(crate) fn run(self, place: Place<'_>) -> Result<Run> {
        match self {
            Self::Publishing(publishing) => publishing.run(place),
            Self::Calls {
                callers,
                in_flight,
                size,
            } => calls::run(place, callers, in_flight, size),
            Self::Sessions => sessions::run(place),
            Self::Idle { sessions } => idle::run(place, sessions),
            Self::Lookup { others } => lookup::run(place, others),
            Self::Slow { subscribers, taker } => slow::run(place, subscribers, taker),
        }
    }
}

/// A number that no other run has.
fn next_run() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
