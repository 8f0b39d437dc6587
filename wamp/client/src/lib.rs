//! A WAMP client session over any transport: native sockets, the browser, or linked in-process.
//!
//! A [`Session`] is a handle: cheap to clone, and it survives the connection. Behind it one driver
//! task moves messages between the transport and the handles; handlers and consumers run in tasks
//! of their own, so a slow one holds up nothing but itself. When the connection is lost the driver
//! dials again, and subscribes and registers again all that was in place.
//!
//! ```no_run
//! # use wamp_client::{Connector, Credentials, Error};
//! # async fn example() -> Result<(), Error> {
//! let session = Connector::new("ws://localhost:8080/ws", "homeapp")
//!     .credentials(Credentials::Ticket { authid: "anna".into(), ticket: "secret".into() })
//!     .connect()
//!     .await?;
//! let mut events = session.subscribe("sensor.events").open().await?;
//! while let Some(event) = events.next().await {
//!     println!("{:?}", event.kwargs::<std::collections::BTreeMap<String, f64>>());
//! }
//! # Ok(())
//! # }
//! ```

pub mod linked;

mod backoff;
mod call;
mod command;
mod connector;
mod credentials;
mod driver;
mod encoding;
mod error;
mod event_queue;
mod features;
mod invocation;
mod join;
mod publish;
mod register;
mod runtime;
mod session;
mod state;
mod subscribe;
mod testament;
mod transport;
mod watch;

pub use backoff::Backoff;
pub use call::{CallInput, CallRequest, CallResult, ChunkRequest, ProgressiveCall};
pub use connector::Connector;
pub use credentials::Credentials;
pub use error::{CallError, Error};
pub use invocation::{Chunk, Invocation, Reply};
pub use publish::PublishRequest;
pub use register::{RegisterRequest, Registration};
pub use runtime::{MaybeSend, MaybeSync};
pub use session::{CloseReason, ConnectionState, Session, SessionInfo};
pub use subscribe::{Event, SubscribeRequest, Subscription};
pub use testament::TestamentRequest;
pub use transport::TransportError;
pub use watch::StateStream;

pub use wamp_protocol::message::{CancelMode, InvocationPolicy, PassThru};
pub use wamp_protocol::{
    ArgumentError, Dict, EncodeError, MatchPolicy, Payload, PublicationId, RegistrationId, Serializer, SessionId,
    SubscriptionId, Uri, Value, error_uri,
};
