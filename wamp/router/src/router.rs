//! The router: its realms, and the doors to them.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wamp_protocol::Message;

use crate::authentication::{Principal, RouterKey};
use crate::config::{KeepAlive, Limits, RouterConfig};
use crate::connection::Watch;
use crate::http_fallback::HttpFallback;
use crate::inside::Inside;
use crate::listener;
use crate::listener::longpoll::LongPolls;
use crate::listener::origin::Origins;
use crate::listener::proxy::Proxies;
use crate::member::{Transport, TransportKind};
use crate::metrics::{Counters, Metrics};
use crate::realm::Realm;
use crate::session::Session;

/// A WAMP router; a cheap handle. Needs a Tokio runtime around it.
#[derive(Debug, Clone)]
pub struct Router {
    core: Arc<Core>,
}

/// What every connection of a router shares.
#[derive(Debug)]
pub(crate) struct Core {
    realms: HashMap<String, Arc<Realm>>,
    /// By realm: who asks procedures there that decide for the router.
    inside: HashMap<String, Inside>,
    pub(crate) limits: Limits,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) agent: String,
    pub(crate) router_key: Option<RouterKey>,
    pub(crate) origins: Origins,
    pub(crate) proxies: Proxies,
    pub(crate) counters: Arc<Counters>,
    pub(crate) long_polls: LongPolls,
    /// A token of each session that has joined and not ended.
    pub(crate) joined: TaskTracker,
    /// The tasks of all connections.
    pub(crate) tasks: TaskTracker,
    /// Canceled when the router stops and the goodbyes are said: connections without a session
    /// end.
    pub(crate) closing: CancellationToken,
    /// Which connection looks for its next message without going to sleep.
    pub(crate) watch: Watch,
}

impl Core {
    /// Whether there may be no more sessions.
    pub(crate) fn is_full(&self) -> bool {
        self.counters.remote_sessions() >= self.limits.sessions as u64
    }

    pub(crate) fn realm(&self, name: &str) -> Option<Arc<Realm>> {
        self.realms.get(name).map(Arc::clone)
    }

    pub(crate) fn inside(&self, realm: &str) -> Option<&Inside> {
        self.inside.get(realm)
    }
}

/// Why a session cannot be attached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// The router has no such realm.
    #[error("there is no realm {0:?}")]
    NoSuchRealm(String),
}

impl Router {
    /// A router with these realms; of two with one name the later counts. Must be called in a
    /// Tokio runtime: each realm watches the time of its calls in a task.
    pub fn new(config: RouterConfig) -> Self {
        let RouterConfig {
            realms,
            limits,
            keep_alive,
            agent,
            router_key,
            allowed_origins,
            trusted_proxies,
        } = config;
        let counters = Arc::new(Counters::default());
        let closing = CancellationToken::new();
        let realms: HashMap<String, Arc<Realm>> = realms
            .into_iter()
            .map(|config| {
                (
                    config.name.clone(),
                    Arc::new(Realm::new(config, &limits, Arc::clone(&counters))),
                )
            })
            .collect();
        for realm in realms.values() {
            tokio::spawn(
                closing
                    .clone()
                    .run_until_cancelled_owned(watch_deadlines(Arc::clone(realm))),
            );
        }
        let inside = realms
            .iter()
            .map(|(name, realm)| (name.clone(), Inside::new(Arc::clone(realm), closing.clone())))
            .collect();
        let core = Core {
            realms,
            inside,
            limits,
            keep_alive,
            agent,
            router_key,
            origins: Origins::new(allowed_origins),
            proxies: Proxies::new(trusted_proxies),
            counters,
            long_polls: LongPolls::default(),
            joined: TaskTracker::new(),
            tasks: TaskTracker::new(),
            closing,
            watch: Watch::new(std::thread::available_parallelism().map_or(1, usize::from)),
        };
        Self { core: Arc::new(core) }
    }

    /// Serves one TCP port until `shutdown`: WAMP over WebSocket at `/ws`, RawSocket by its first
    /// octet, everything else by `http`. With `tls`, all of it in TLS. Connections that are open
    /// then stay so; [`Self::shutdown`] ends them.
    pub async fn serve(
        &self,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        http: HttpFallback,
        shutdown: impl Future<Output = ()>,
    ) {
        listener::port::serve(&self.core, listener, tls, http, shutdown).await;
    }

    /// Serves one connection, as those of a port are, to its end: over whatever stream carries it.
    pub async fn serve_stream<S>(&self, stream: S, peer: SocketAddr, http: HttpFallback)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        listener::port::serve_stream(Arc::clone(&self.core), stream, peer, http).await;
    }

    /// Serves RawSocket on a Unix socket until `shutdown`.
    #[cfg(unix)]
    pub async fn serve_unix(&self, listener: tokio::net::UnixListener, shutdown: impl Future<Output = ()>) {
        listener::unix::serve(&self.core, listener, shutdown).await;
    }

    /// Attaches one end of a pair of channels as a session of this process. It joins with HELLO
    /// like any other, but without sign-in, as `principal`, and needs no permission for anything.
    /// Payloads are MessagePack both ways. Dropping the other ends ends the session.
    ///
    /// # Errors
    /// If there is no such realm.
    pub fn attach(
        &self,
        realm: &str,
        principal: Principal,
        tx: impl Sink<Message> + Send + Unpin + 'static,
        rx: impl Stream<Item = Message> + Send + Unpin + 'static,
    ) -> Result<(), AttachError> {
        let realm = self
            .core
            .realm(realm)
            .ok_or_else(|| AttachError::NoSuchRealm(realm.to_owned()))?;
        let transport = Transport::plain(TransportKind::Linked, None);
        let session = Session::linked(Arc::clone(&self.core), transport, realm, principal);
        self.core.tasks.spawn(listener::linked::run(session, tx, rx));
        Ok(())
    }

    /// Ends every session with GOODBYE `reason` and lets no new one join; waits until all have
    /// gone, at most for `limit`.
    pub async fn shutdown(&self, reason: &str, limit: Duration) {
        for realm in self.core.realms.values() {
            realm.close(reason);
        }
        self.core.joined.close();
        self.core.tasks.close();
        let gone = async {
            self.core.joined.wait().await;
            self.core.closing.cancel();
            self.core.tasks.wait().await;
        };
        let in_time = tokio::time::timeout(limit, gone).await.is_ok();
        self.core.closing.cancel();
        if !in_time {
            // Whoever reads no more, or keeps a page open, is cut off; nothing is lost by it here.
            tracing::debug!(
                connections = self.core.tasks.len(),
                "connections are still open after the time to say goodbye"
            );
        }
    }

    /// What the router has counted so far.
    pub fn metrics(&self) -> Metrics {
        Metrics::of(&self.core.counters)
    }
}

/// Ends calls whose time is up, for as long as the realm is there.
async fn watch_deadlines(realm: Arc<Realm>) {
    loop {
        let changed = realm.deadline_changed.notified();
        match realm.next_deadline() {
            None => changed.await,
            Some(deadline) => {
                let left = deadline.saturating_sub(realm.now().monotonic);
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep(left) => realm.expire(),
                }
            }
        }
    }
}
