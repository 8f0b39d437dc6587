//! The WAMP router: realms, broker, dealer, meta API, and the listeners that carry sessions to
//! them. It knows nothing of what is published and called through it.
//!
//! Broker and dealer are plain state: a message in, a list of effects out. A realm joins them
//! under one short lock that the sessions' own tasks take; what they return is put into the
//! sessions' bounded outboxes, in order, before the lock is given back. Nothing is awaited under
//! it, so no session ever waits for another's network. Payloads are the octets that came in;
//! they are converted only where the two ends' serializers differ, and once for all who share
//! one.
//!
//! ```text
//!  port ─┬ WebSocket ┐                 ┌ handshake          ┌ broker ┐
//!        ├ RawSocket ┼─► connection ─► session ─► realm ────┤        ├─► effects ─► outboxes
//!        └ long-poll │                 └ permission (lock)  └ dealer ┘                 │
//!  linked channels ──┘      ▲                                                          │
//!                           └──────────── all that waits, in one write ────────────────┘
//! ```
//!
//! ```no_run
//! use wamp_router::authorization::{Rule, Rules};
//! use wamp_router::{Authentication, Authorization, HttpFallback, RealmConfig, Router, RouterConfig};
//!
//! # async fn run() -> std::io::Result<()> {
//! let realm = RealmConfig {
//!     authentication: Authentication { anonymous: Some("guest".to_owned()), ..Authentication::default() },
//!     authorization: Authorization::by(Rules::new([Rule::everything("guest")])),
//!     ..RealmConfig::new("realm1")
//! };
//! let router = Router::new(RouterConfig { realms: vec![realm], ..RouterConfig::default() });
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! router.serve(listener, None, HttpFallback::none(), std::future::pending()).await;
//! # Ok(())
//! # }
//! ```

pub mod authentication;
pub mod authorization;
pub mod config;
pub mod tls;

mod broker;
mod connection;
mod dealer;
mod effects;
mod framing;
mod handshake;
mod history_store;
mod http_fallback;
mod id_map;
mod inside;
mod limit;
mod listener;
mod member;
mod meta_event;
mod metrics;
mod moment;
mod network;
mod outbox;
mod pattern_map;
mod random_ids;
mod realm;
mod reflection;
mod router;
mod session;
mod uri_rules;

pub use authentication::{Authentication, Authenticator};
pub use authorization::Authorization;
pub use config::{Disclose, Disclosure, KeepAlive, KeepNewest, Limits, RealmConfig, RouterConfig, Strictness};
pub use history_store::{HistoryStore, PastEvent, Publisher};
pub use http_fallback::HttpFallback;
pub use member::{Tls, Transport, TransportKind};
pub use metrics::Metrics;
pub use network::{Network, NetworkError};
pub use reflection::{Definition, DefinitionKind};
pub use router::{AttachError, Router};
