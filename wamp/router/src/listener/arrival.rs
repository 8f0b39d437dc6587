//! Where a connection to the port comes from.

use std::net::SocketAddr;

use crate::member::{Tls, Transport, TransportKind};

/// A connection that has been accepted, its TLS handshake done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) peer: SocketAddr,
    pub(super) tls: Option<Tls>,
}

impl Arrival {
    /// As a session's transport.
    pub(super) const fn transport(self, kind: TransportKind) -> Transport {
        // Each request of a long-poll client may come over another connection.
        let tls = match (kind, self.tls) {
            (TransportKind::LongPoll, Some(_)) => Some(Tls { exporter: None }),
            (_, tls) => tls,
        };
        Transport {
            kind,
            peer: Some(self.peer),
            tls,
        }
    }
}
