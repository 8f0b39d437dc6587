//! Ways for messages to travel. Each is a [`Link`] that the driver polls.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod keepalive;
mod linked;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod longpoll;
#[cfg(not(target_arch = "wasm32"))]
mod native;
#[cfg(not(target_arch = "wasm32"))]
mod rawsocket;
#[cfg(not(target_arch = "wasm32"))]
mod sign_of_life;
#[cfg(all(feature = "tls", not(target_arch = "wasm32")))]
mod tls;
#[cfg(all(feature = "native", not(target_arch = "wasm32")))]
mod websocket;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use wamp_protocol::Message;
use wamp_protocol::framing::Subprotocol;

use crate::linked::LinkedPeer;
use crate::runtime::MaybeSend;

/// An open connection to a router, polled by one task.
pub(crate) trait Link: MaybeSend {
    /// Whether there is room for one more message.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;
    /// Takes a message, after [`poll_ready`](Self::poll_ready) said that there is room.
    fn send(&mut self, message: Message) -> Result<(), SendError>;
    /// Gets all that was taken on its way.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;
    /// The next message; `None` when the other side has closed the connection.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, TransportError>>>;
    /// Closes the connection in the transport's own manner.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// A message was not taken.
#[derive(Debug)]
pub(crate) enum SendError {
    /// This message cannot travel; others can. It comes back.
    Unsendable(Box<Message>, TransportError),
    /// Nothing can.
    Broken(TransportError),
}

/// What went wrong with a connection.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TransportError {
    /// The address is none.
    #[error("{url} is not an address of a router: {why}")]
    Address {
        /// What was given.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The network said no.
    #[error("{0}")]
    Io(Arc<std::io::Error>),
    /// The other side does not speak the transport that was asked for.
    #[error("the other side does not accept the connection: {0}")]
    Handshake(String),
    /// What came is not what the transport allows.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// What came is no WAMP message.
    #[error("received what is no WAMP message: {0}")]
    Undecodable(String),
    /// A message cannot be put into bytes.
    #[error("the message cannot be encoded: {0}")]
    Unencodable(String),
    /// A message is longer than the other side takes.
    #[error("the message is {length} octets long, and the router takes {limit}")]
    TooLong {
        /// Its length.
        length: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// The sign-in was to be bound to the connection.
    #[error("the sign-in cannot be bound to the connection: that takes TLS 1.3, and SCRAM or cryptosign")]
    Unbound,
    /// No sign of life came.
    #[error("no sign of life for {} s", .0.as_secs())]
    Silent(Duration),
    /// The other side closed the connection.
    #[error("the router closed the connection")]
    Closed,
}

impl From<std::io::Error> for TransportError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(Arc::new(error))
    }
}

/// Where a router is.
#[derive(Clone)]
pub(crate) enum Endpoint {
    Url(String),
    Linked(Arc<Dial>),
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) type Dial = dyn Fn() -> LinkedPeer + Send + Sync;
#[cfg(target_arch = "wasm32")]
pub(crate) type Dial = dyn Fn() -> LinkedPeer;

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => f.write_str(url),
            Self::Linked(_) => f.write_str("linked"),
        }
    }
}

/// Octets that the two ends of a TLS connection, and nobody else, see of it (RFC 9266).
pub(crate) type Channel = [u8; 32];

/// How connections are opened. Pages cannot send pings, nor choose whom to trust: the browser
/// does both.
#[derive(Debug, Clone)]
#[cfg_attr(target_arch = "wasm32", allow(dead_code, reason = "browsers see to it themselves"))]
pub(crate) struct Dialing {
    pub(crate) subprotocol: Subprotocol,
    pub(crate) keepalive: Duration,
    /// Certificates in PEM to trust instead of the machine's.
    #[cfg(all(feature = "tls", not(target_arch = "wasm32")))]
    pub(crate) authorities: Option<Arc<[u8]>>,
}

/// A connection that is open.
pub(crate) struct Dialed {
    pub(crate) link: Box<dyn Link>,
    /// What a sign-in can be bound to.
    pub(crate) channel: Option<Channel>,
}

impl Dialed {
    fn plain(link: impl Link + 'static) -> Self {
        Self {
            link: Box::new(link),
            channel: None,
        }
    }
}

impl Endpoint {
    /// Opens a connection.
    pub(crate) async fn dial(&self, dialing: &Dialing) -> Result<Dialed, TransportError> {
        match self {
            Self::Linked(dial) => Ok(Dialed::plain(linked::Linked::new(dial()))),
            #[cfg(not(target_arch = "wasm32"))]
            Self::Url(url) => native::dial(url, dialing).await,
            #[cfg(target_arch = "wasm32")]
            Self::Url(url) => {
                let link = browser::dial(url, dialing.subprotocol.serializer).await?;
                Ok(Dialed::plain(link))
            }
        }
    }
}
