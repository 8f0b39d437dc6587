//! Sleep that ends when it should.

use std::fs;

/// While this lives, the main thread wakes up when it asked to, not up to 50 µs later: that would be
/// in every latency that is measured from when a message is due.
///
/// Made and dropped by the main thread, whose file it is. What the main thread starts meanwhile
/// inherits it, so no server is to be started meanwhile.
#[derive(Debug)]
pub(super) struct Punctual(());

/// The kernel's file for it, in nanoseconds.
const SLACK: &str = "/proc/self/timerslack_ns";

impl Punctual {
    pub(super) fn new() -> Self {
        // Without the file all servers are measured a little late alike.
        let _ = fs::write(SLACK, "1");
        Self(())
    }
}

impl Drop for Punctual {
    fn drop(&mut self) {
        // What it was in the beginning.
        let _ = fs::write(SLACK, "0");
    }
}
