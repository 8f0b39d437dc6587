//! The WAMP router: realms, broker, dealer, meta API, and the listeners that carry sessions to
//! them.
//!
//! Broker and dealer are plain state: a message in, a list of effects out. A realm joins them
//! under one short lock that the sessions' own tasks take; what they return is put into the
//! sessions' bounded outboxes, in order, before the lock is given back. Nothing is awaited under
//! it, so no session ever waits for another's network.
//!
//! ```text
//! Router::new(RouterConfig) -> Router                      // a cheap handle, Clone
//!   .serve(TcpListener, Option<TlsAcceptor>, HttpFallback, shutdown: impl Future<Output = ()>).await
//!   .serve_unix(UnixListener, shutdown: impl Future<Output = ()>).await
//!   .attach(realm, Principal, impl Sink<Message>, impl Stream<Item = Message>) -> Result<(), AttachError>
//!   .shutdown(reason, limit: Duration).await               // GOODBYE to all, waits at most `limit`
//!   .metrics() -> Metrics                                  // .render() gives OpenMetrics text
//! HttpFallback::new(hyper::service::Service<Request<Incoming>>)  // e.g. TowerToHyperService::new(axum::Router)
//! HttpFallback::none()                                     // 404 for everything but WAMP
//! ```

pub mod authentication;
pub mod authorization;
pub mod config;

mod broker;
mod connection;
mod dealer;
mod effects;
mod framing;
mod handshake;
mod http_fallback;
mod listener;
mod member;
mod meta_event;
mod metrics;
mod moment;
mod outbox;
mod pattern_map;
mod random_ids;
mod realm;
mod router;
mod session;
mod uri_rules;

pub use authentication::{Authentication, Authenticator};
pub use authorization::Authorization;
pub use config::{Disclose, Disclosure, KeepAlive, Limits, RealmConfig, RouterConfig, Strictness};
pub use http_fallback::HttpFallback;
pub use member::{Transport, TransportKind};
pub use metrics::Metrics;
pub use router::{AttachError, Router};
