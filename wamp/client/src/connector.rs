//! Opening a session.

use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot;
use wamp_protocol::framing::Subprotocol;
use wamp_protocol::{Serializer, Uri};

use crate::command::CommandSender;
use crate::driver::Driver;
use crate::linked::LinkedPeer;
use crate::runtime::{self, MaybeSend, MaybeSync};
use crate::transport::{Dialing, Endpoint};
use crate::watch::StateWatch;
use crate::{Backoff, ConnectionState, Credentials, Error, Session};

/// Requests that may wait for the driver before their senders do.
const COMMAND_QUEUE: usize = 256;

/// How to reach a router, and as whom.
#[derive(Debug, Clone)]
#[must_use = "nothing is connected until `connect` is awaited"]
pub struct Connector {
    pub(crate) endpoint: Endpoint,
    pub(crate) realm: Uri,
    dialing: Dialing,
    pub(crate) credentials: Credentials,
    /// The sign-in must be bound to the connection.
    pub(crate) bound: bool,
    /// What the router must prove to have the private key to.
    pub(crate) router_key: Option<[u8; 32]>,
    pub(crate) reconnect: Option<Backoff>,
    pub(crate) keep_trying: bool,
    pub(crate) join_timeout: Duration,
    pub(crate) agent: String,
}

impl Connector {
    /// A router at `url`: `ws://host:port/path`, `wss://…`, and natively also RawSocket,
    /// `rs://host:port` over TCP, `rss://host:port` over TLS and `unix:///path` over a Unix socket, and
    /// long-poll, `http://host:port/path` and `https://…`, which is Domovoi's at `/lp`.
    /// A URL that is none of these is told by [`connect`](Self::connect).
    pub fn new(url: impl Into<String>, realm: impl Into<Uri>) -> Self {
        Self::to(Endpoint::Url(url.into()), realm.into())
    }

    /// A router in this process: `dial` gives the client's end of a new
    /// [`linked::pair`](crate::linked::pair), first and after each loss of the connection.
    pub fn linked(dial: impl Fn() -> LinkedPeer + MaybeSend + MaybeSync + 'static, realm: impl Into<Uri>) -> Self {
        Self::to(Endpoint::Linked(Arc::new(dial)), realm.into())
    }

    fn to(endpoint: Endpoint, realm: Uri) -> Self {
        Self {
            endpoint,
            realm,
            dialing: Dialing {
                subprotocol: Subprotocol {
                    serializer: Serializer::MsgPack,
                    batched: false,
                },
                keepalive: Duration::from_secs(10),
                #[cfg(all(feature = "tls", not(target_arch = "wasm32")))]
                authorities: None,
            },
            credentials: Credentials::default(),
            bound: false,
            router_key: None,
            reconnect: Some(Backoff::default()),
            keep_trying: false,
            join_timeout: Duration::from_secs(10),
            agent: concat!("Domovoi/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// How messages are encoded; MessagePack unless told.
    pub fn serializer(mut self, serializer: Serializer) -> Self {
        self.dialing.subprotocol.serializer = serializer;
        self
    }

    /// Sends several messages in one WebSocket message where several wait. Routers other than
    /// Domovoi's and Crossbar.io may not offer this; other transports, and browsers, go without.
    pub fn batched(mut self) -> Self {
        self.dialing.subprotocol.batched = true;
        self
    }

    pub(crate) const fn dialing(&self) -> &Dialing {
        &self.dialing
    }

    /// How to sign in; anonymously unless told.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// Trusts these authorities, certificates in PEM, instead of those that the machine trusts:
    /// for a router whose certificate is its owner's own.
    #[cfg(all(feature = "tls", not(target_arch = "wasm32")))]
    pub fn authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.dialing.authorities = Some(pem.into().into());
        self
    }

    /// Binds the sign-in, by SCRAM or cryptosign, to the TLS 1.3 connection it happens on
    /// (`tls-exporter`): somebody in between who has deceived this client about the router's
    /// certificate cannot pass the sign-in on. A proxy that ends TLS before the router is such a
    /// somebody too. Where the connection or the router cannot do it, the session does not open.
    #[cfg(all(feature = "tls", not(target_arch = "wasm32")))]
    pub fn channel_binding(mut self) -> Self {
        self.bound = true;
        self
    }

    /// The router must prove that it is the one with this public key (Ed25519), or the session does not
    /// open. Only signing in by cryptosign has such a proof; without
    /// channel binding somebody in between can pass it on.
    pub const fn router_key(mut self, public_key: [u8; 32]) -> Self {
        self.router_key = Some(public_key);
        self
    }

    /// How long to wait between attempts to come back after the connection is lost.
    pub fn reconnect(mut self, backoff: Backoff) -> Self {
        self.reconnect = Some(backoff);
        self
    }

    /// Ends the session when the connection is lost.
    pub fn no_reconnect(mut self) -> Self {
        self.reconnect = None;
        self
    }

    /// Retries the first connection too, until it is there or the router refuses the sign-in.
    pub fn keep_trying(mut self) -> Self {
        self.keep_trying = true;
        self
    }

    /// How long dialing and joining may take together, each time.
    pub fn join_timeout(mut self, timeout: Duration) -> Self {
        self.join_timeout = timeout;
        self
    }

    /// How often a silent network connection is asked for a sign of life. One that has given none
    /// for twice this time is taken for lost. The browser does not let pages do this.
    pub fn keepalive(mut self, interval: Duration) -> Self {
        self.dialing.keepalive = interval;
        self
    }

    /// The name and version this client gives the router.
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.agent = agent.into();
        self
    }

    /// Connects, signs in and joins the realm.
    ///
    /// Errors: [`Error::Connect`] when the router cannot be reached (unless told to
    /// [keep trying](Self::keep_trying)), [`Error::Refused`] when it does not let the session in,
    /// [`Error::Timeout`].
    pub async fn connect(self) -> Result<Session, Error> {
        let (commands, requests) = CommandSender::channel(COMMAND_QUEUE);
        let watch = StateWatch::new(ConnectionState::Reconnecting {
            attempt: 1,
            cause: "not connected yet".to_owned(),
        });
        let session = Session::new(commands, watch.clone(), self.dialing.subprotocol.serializer);
        let (first, joined) = oneshot::channel();
        let driver = Driver::new(self, requests, Arc::downgrade(&session.0), watch);
        runtime::spawn(driver.run(first));
        joined.await.unwrap_or(Err(Error::Closed))?;
        Ok(session)
    }
}
