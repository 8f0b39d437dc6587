//! Where a connection to the port comes from.

use std::net::SocketAddr;

use hyper::header::HeaderMap;

use super::proxy::Proxies;
use crate::member::{Tls, Transport, TransportKind};

/// A connection that has been accepted, its TLS handshake done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    /// The other end; with a request that a trusted proxy passes on, the one beyond it.
    pub(super) peer: SocketAddr,
    pub(super) tls: Option<Tls>,
}

impl Arrival {
    /// As a request with these headers comes: from whom a trusted proxy asks for.
    pub(super) fn of_request(self, proxies: &Proxies, headers: &HeaderMap) -> Self {
        Self {
            peer: proxies.client(self.peer, headers),
            ..self
        }
    }

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
