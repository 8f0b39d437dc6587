//! The embedded MQTT server: MQTT 3.1, 3.1.1 and 5 over TCP, and the bridge as a client within.
//!
//! For a house, in one process: state under one lock that is held for microseconds, one task per
//! connection, a tree of subscriptions, and limits on all that a client can make it keep.
//! Publishers wait while the bridge is behind, so that no reading is lost; other clients that are
//! too slow lose their oldest messages, which is counted. Retained messages are handed out to be
//! saved, and live on after a restart.

mod client;
mod codec;
mod connection;
pub(crate) mod filter;
mod retained;
mod state;

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use component::now;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use self::connection::{Connection, Ended};
pub(crate) use self::retained::Retained;
use self::state::State;
use crate::entity::Outgoing;
use crate::link::LinkEvent;

/// Messages on their way to the bridge before publishers have to wait.
const BACKLOG: usize = 16_384;
/// Connections at once.
const CONNECTIONS: usize = 4_000;
/// Longest packet taken; announcements of whole devices run to some ten kilobytes.
const LONGEST_PACKET: usize = 1 << 20;

/// How long connections may take to end when the server stops.
const GOODBYE_WITHIN: Duration = Duration::from_millis(300);

struct Shared {
    state: Mutex<State>,
    users: BTreeMap<String, String>,
    room: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
    longest_packet: usize,
    assigned: AtomicU64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // The state is changed by whole steps, none of which can panic half way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Without users anyone may enter: then the server listens where its owner wants it so.
    fn may_enter(&self, user: Option<&str>, password: Option<&[u8]>) -> bool {
        if self.users.is_empty() {
            return true;
        }
        user.and_then(|user| self.users.get(user))
            .zip(password)
            .is_some_and(|(expected, given)| is_equal(expected.as_bytes(), given))
    }

    fn next_assigned(&self) -> u64 {
        self.assigned.fetch_add(1, Ordering::Relaxed)
    }
}

/// Compares without telling by its duration where two secrets of one length differ.
fn is_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

/// The running server.
pub(crate) struct Server {
    shared: Arc<Shared>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens at `listen`; port 0 takes a free one. With `users`, clients sign in.
    ///
    /// The receiver is the bridge's end.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub(crate) async fn start(
        listen: SocketAddr,
        users: BTreeMap<String, String>,
        retained: HashMap<String, Retained>,
    ) -> std::io::Result<(Self, mpsc::UnboundedReceiver<LinkEvent>)> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (local, events) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(local, retained)),
            users,
            room: Arc::new(Semaphore::new(BACKLOG)),
            stopping: watch::Sender::new(false),
            longest_packet: LONGEST_PACKET,
            assigned: AtomicU64::new(1),
        });
        // The bridge is connected from the start; nothing else can be in its queue yet.
        shared.state().greet_local();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        let server = Self {
            shared,
            address,
            accepting,
        };
        Ok((server, events))
    }

    /// The bridge's way to publish and subscribe.
    pub(crate) fn local(&self) -> Local {
        Local(Arc::clone(&self.shared))
    }

    /// Takes no more connections and ends those there are, once they have been sent what they are
    /// owed; one that takes nothing is not waited for.
    pub(crate) async fn stop(self) {
        self.accepting.abort();
        // An aborted task answers with just that.
        let _ = self.accepting.await;
        self.shared.stopping.send_replace(true);
        // Each connection listens to it as long as it lives.
        if tokio::time::timeout(GOODBYE_WITHIN, self.shared.stopping.closed())
            .await
            .is_err()
        {
            tracing::debug!("some MQTT connections did not end in time");
        }
    }
}

/// The bridge as a client of its own server, without a connection between.
#[derive(Clone)]
pub(crate) struct Local(Arc<Shared>);

impl Local {
    pub(crate) fn subscribe(&self, filter: &str) {
        self.0.state().subscribe_local(filter);
    }

    pub(crate) fn unsubscribe(&self, filter: &str) {
        self.0.state().unsubscribe_local(filter);
    }

    pub(crate) fn publish(&self, message: Outgoing) {
        let payload = Bytes::from(message.payload);
        self.0
            .state()
            .publish_local(message.topic, payload, message.qos, message.retain, now());
    }

    /// Retained messages that have changed since the last time; `None` is one that is gone.
    pub(crate) fn take_unsaved(&self) -> Vec<(String, Option<Retained>)> {
        self.0.state().take_unsaved()
    }

    /// How many messages clients have lost by being too slow.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.state().dropped()
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let open = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&open).acquire_owned().await else {
            return;
        };
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, most likely: some will be free again.
                tracing::warn!(%error, "an MQTT connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %peer, "an MQTT connection will be slower than it could be");
        }
        let connection = Connection::new(stream, Arc::clone(&shared));
        tokio::spawn(async move {
            let (client_id, ended) = connection.serve().await;
            match &ended {
                Ended::Protocol(_) | Ended::Refused(_) => {
                    tracing::warn!(%peer, client_id, "an MQTT client was sent away: {ended}");
                }
                _ => tracing::debug!(%peer, client_id, "an MQTT connection ended: {ended}"),
            }
            drop(permit);
        });
    }
}

#[cfg(test)]
mod tests;
