//! Doors to the router: each brings sessions over one kind of transport.

mod arrival;
pub(crate) mod linked;
pub(crate) mod port;
#[cfg(unix)]
pub(crate) mod unix;

mod http;
pub(crate) mod longpoll;
pub(crate) mod origin;
pub(crate) mod proxy;
mod rawsocket;
mod replay;
mod upgrade;
