//! From exec to ready, and what a hub holds that has nothing to do.

use std::time::Instant;

use anyhow::Result;
use domovoi_tests::hub::{Hub, Options};

use crate::figures::{median, row};
use crate::process::resident;

/// Starts measured, after one that warms the disk's cache.
const STARTS: usize = 11;

/// From exec to the ready line, with a data directory that exists, as after a reboot.
pub(crate) async fn measure() -> Result<()> {
    let mut hub = Hub::start(Options::default()).await;
    row(
        "resident memory, every service and the MQTT server, just started",
        &format!("{:.1} MB", resident(hub.pid())?),
    );
    let mut seconds = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        hub = hub.kill_and_restart().await;
        seconds.push(started.elapsed().as_secs_f64());
    }
    row(
        &format!("exec to ready, median of {STARTS} (kill -9 before each)"),
        &format!("{:.0} ms", 1000.0 * median(&mut seconds)),
    );
    hub.terminate().await;
    Ok(())
}
