//! How messages are cut out of transports: RawSocket frames, WebSocket subprotocols and batches.
//! Octets in, octets out; no sockets.

pub mod batch;
pub mod rawsocket;

mod subprotocol;

pub use self::subprotocol::Subprotocol;
