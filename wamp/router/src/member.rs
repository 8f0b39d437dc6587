//! A session as broker and dealer see it.

use std::fmt;
use std::net::SocketAddr;

use wamp_protocol::message::{ClientRoles, Features};
use wamp_protocol::{Dict, SessionId};

/// What is known of a session from its WELCOME on; never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: SessionId,
    pub(crate) authid: String,
    pub(crate) authrole: String,
    pub(crate) authmethod: String,
    pub(crate) authprovider: String,
    /// Needs no permission: the hub's own linked sessions.
    pub(crate) trusted: bool,
    /// What EVENT and INVOCATION say about how far this session's role is trusted.
    pub(crate) trustlevel: Option<u64>,
    pub(crate) features: MemberFeatures,
    pub(crate) transport: Transport,
}

/// How a session reaches the router, as the session meta API tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transport {
    /// Which kind.
    pub kind: TransportKind,
    /// The other end, beyond trusted proxies; `None` in-process and over a Unix socket. The port is 0
    /// where a proxy did not say it.
    pub peer: Option<SocketAddr>,
    /// The TLS connection below, if there is one.
    pub tls: Option<Tls>,
}

impl Transport {
    /// A transport without TLS.
    pub const fn plain(kind: TransportKind, peer: Option<SocketAddr>) -> Self {
        Self { kind, peer, tls: None }
    }

    /// As authenticators and authorizers are told.
    pub(crate) fn details(&self) -> Dict {
        let mut details = Dict::default();
        details.insert("type", self.kind.name());
        if let Some(peer) = self.peer {
            details.insert("peer", peer.to_string());
        }
        details.insert("tls", self.tls.is_some());
        details
    }

    /// What a sign-in can be bound to: `tls-exporter` of RFC 9266.
    pub(crate) const fn exporter(&self) -> Option<[u8; 32]> {
        match self.tls {
            Some(Tls { exporter }) => exporter,
            None => None,
        }
    }
}

/// What is known of a TLS connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tls {
    /// The octets that both ends, and nobody else, see of this connection (RFC 9266): with TLS
    /// 1.3, and where the session stays on the one connection.
    pub exporter: Option<[u8; 32]>,
}

/// Whether there is a binding, and not which.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("exporter", &self.exporter.is_some())
            .finish()
    }
}

/// The kinds of transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransportKind {
    /// WebSocket.
    WebSocket,
    /// RawSocket over TCP.
    RawSocket,
    /// RawSocket over a Unix socket.
    Unix,
    /// HTTP long-poll.
    LongPoll,
    /// In this process.
    Linked,
}

impl TransportKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::WebSocket,
        Self::RawSocket,
        Self::Unix,
        Self::LongPoll,
        Self::Linked,
    ];

    /// The name, as logs, metrics and the meta API have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::RawSocket => "rawsocket",
            Self::Unix => "unix",
            Self::LongPoll => "longpoll",
            Self::Linked => "linked",
        }
    }
}

/// The announced features that routing asks for, found once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MemberFeatures {
    pub(crate) caller: CallerFeatures,
    pub(crate) callee: CalleeFeatures,
    pub(crate) publisher: PublisherFeatures,
    pub(crate) subscriber: SubscriberFeatures,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct CallerFeatures {
    pub(crate) progressive_call_invocations: bool,
    pub(crate) payload_passthru_mode: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a feature flag of the specification"
)]
pub(crate) struct CalleeFeatures {
    pub(crate) progressive_call_results: bool,
    pub(crate) progressive_call_invocations: bool,
    pub(crate) call_canceling: bool,
    pub(crate) call_timeout: bool,
    pub(crate) call_reroute: bool,
    pub(crate) call_trustlevels: bool,
    pub(crate) caller_identification: bool,
    pub(crate) registration_revocation: bool,
    pub(crate) payload_passthru_mode: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PublisherFeatures {
    pub(crate) payload_passthru_mode: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SubscriberFeatures {
    pub(crate) publisher_identification: bool,
    pub(crate) publication_trustlevels: bool,
    pub(crate) subscription_revocation: bool,
    pub(crate) payload_passthru_mode: bool,
}

impl MemberFeatures {
    /// Picks out of a HELLO's roles what routing asks for.
    pub(crate) fn of(roles: &ClientRoles) -> Self {
        let has = |role: &Option<Features>, feature| role.as_ref().is_some_and(|features| features.has(feature));
        let callee = |feature| has(&roles.callee, feature);
        let subscriber = |feature| has(&roles.subscriber, feature);
        Self {
            caller: CallerFeatures {
                progressive_call_invocations: has(&roles.caller, "progressive_call_invocations"),
                payload_passthru_mode: has(&roles.caller, "payload_passthru_mode"),
            },
            callee: CalleeFeatures {
                progressive_call_results: callee("progressive_call_results"),
                progressive_call_invocations: callee("progressive_call_invocations"),
                // One chapter of the specification spells it with two l.
                call_canceling: callee("call_canceling") || callee("call_cancelling"),
                call_timeout: callee("call_timeout"),
                call_reroute: callee("call_reroute"),
                call_trustlevels: callee("call_trustlevels"),
                caller_identification: callee("caller_identification"),
                registration_revocation: callee("registration_revocation"),
                payload_passthru_mode: callee("payload_passthru_mode"),
            },
            publisher: PublisherFeatures {
                payload_passthru_mode: has(&roles.publisher, "payload_passthru_mode"),
            },
            subscriber: SubscriberFeatures {
                publisher_identification: subscriber("publisher_identification"),
                publication_trustlevels: subscriber("publication_trustlevels"),
                subscription_revocation: subscriber("subscription_revocation"),
                payload_passthru_mode: subscriber("payload_passthru_mode"),
            },
        }
    }
}

#[cfg(test)]
impl MemberFeatures {
    /// Everything.
    pub(crate) fn all() -> Self {
        let features = Some(Features(
            wamp_protocol::feature::ALL
                .iter()
                .map(|name| (*name).to_owned())
                .collect(),
        ));
        Self::of(&ClientRoles {
            publisher: features.clone(),
            subscriber: features.clone(),
            caller: features.clone(),
            callee: features,
        })
    }
}

#[cfg(test)]
impl Member {
    /// A session of a test.
    pub(crate) fn for_test(id: u64, authrole: &str, features: MemberFeatures) -> Self {
        Self {
            id: SessionId::new(id).unwrap(),
            authid: format!("authid{id}"),
            authrole: authrole.to_owned(),
            authmethod: "anonymous".to_owned(),
            authprovider: "test".to_owned(),
            trusted: false,
            trustlevel: None,
            features,
            transport: Transport::plain(TransportKind::Linked, None),
        }
    }
}
