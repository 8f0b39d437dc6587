//! A bridge that runs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::oneshot;

/// What the bridge has counted since it started.
#[derive(Debug, Default)]
pub struct Counters {
    pub(crate) messages: AtomicU64,
    pub(crate) faults: AtomicU64,
    pub(crate) dropped: AtomicU64,
}

impl Counters {
    /// MQTT messages that reached the bridge.
    pub fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Messages that were not understood.
    pub fn faults(&self) -> u64 {
        self.faults.load(Ordering::Relaxed)
    }

    /// Messages that clients of the embedded server lost by being too slow.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// A handle on the running bridge.
#[derive(Debug)]
pub struct Running {
    address: Option<SocketAddr>,
    counters: Arc<Counters>,
    bridge: component::Running,
}

impl Running {
    pub(crate) fn spawn<F>(
        address: Option<SocketAddr>,
        counters: Arc<Counters>,
        task: impl FnOnce(oneshot::Receiver<()>) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            address,
            counters,
            bridge: component::Running::spawn(task),
        }
    }

    /// Where the embedded server listens; `None` when the server is outside.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// What the bridge has counted.
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Tells devices that the hub goes, saves what is pending, and waits until that is done.
    pub async fn stop(self) {
        self.bridge.stop().await;
    }

    /// Resolves when the bridge has ended.
    pub async fn finished(&mut self) {
        self.bridge.finished().await;
    }
}
