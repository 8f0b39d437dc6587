//! The handle to a session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_channel::oneshot;
use wamp_protocol::message::RouterRoles;
use wamp_protocol::{Serializer, SessionId, Uri, error_uri};

use crate::command::{Command, CommandSender, LocalId};
use crate::watch::StateWatch;
use crate::{
    CallRequest, Error, PublishRequest, RegisterRequest, StateStream, SubscribeRequest, TestamentRequest, testament,
};

/// A session with a router, kept up over lost connections.
///
/// Clones are handles to the same session. It ends when it is [left](Self::leave), when the router
/// will not have it any more, or when the last handle (sessions, subscriptions, registrations) is
/// dropped.
#[derive(Debug, Clone)]
pub struct Session(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) commands: CommandSender,
    pub(crate) watch: StateWatch,
    pub(crate) serializer: Serializer,
    next_local: AtomicU64,
}

/// As whom, where and with which router a session is joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// The id; another one after each reconnect.
    pub session: SessionId,
    /// The realm.
    pub realm: String,
    /// The name the router knows the session by.
    pub authid: Option<String>,
    /// The role, which decides what the session may do.
    pub authrole: Option<String>,
    /// How it signed in.
    pub authmethod: Option<String>,
    /// Who vouched for it.
    pub authprovider: Option<String>,
    /// The router's name and version.
    pub router: Option<String>,
    /// What the router can do.
    pub roles: RouterRoles,
}

/// How the session stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// It is joined.
    Joined(SessionInfo),
    /// There is no connection; the driver is making one.
    Reconnecting {
        /// Which attempt in a row, from 1.
        attempt: u32,
        /// Why there is no connection, a sentence.
        cause: String,
    },
    /// It is over.
    Closed(CloseReason),
}

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// This side left, or dropped its last handle.
    Left,
    /// The router ended it with GOODBYE or ABORT, and it shall not or cannot come back.
    ByRouter {
        /// The reason URI.
        reason: String,
        /// The sentence for people, where the router gave one.
        message: Option<String>,
    },
    /// The connection was lost, and it shall not reconnect.
    Lost {
        /// What happened, a sentence.
        cause: String,
    },
}

impl Session {
    pub(crate) fn new(commands: CommandSender, watch: StateWatch, serializer: Serializer) -> Self {
        Self(Arc::new(Inner {
            commands,
            watch,
            serializer,
            next_local: AtomicU64::new(1),
        }))
    }

    /// As whom it is joined, or `None` while it is not.
    pub fn info(&self) -> Option<SessionInfo> {
        self.0.watch.with(|state| match state {
            ConnectionState::Joined(info) => Some(info.clone()),
            ConnectionState::Reconnecting { .. } | ConnectionState::Closed(_) => None,
        })
    }

    /// How it stands now.
    pub fn state(&self) -> ConnectionState {
        self.0.watch.get()
    }

    /// How it stands now, and each change.
    pub fn watch(&self) -> StateStream {
        self.0.watch.stream()
    }

    /// Leaves the realm: GOODBYE both ways, then the connection is closed. Calls that wait for an
    /// answer fail with [`Error::Closed`]; subscriptions end.
    pub async fn leave(&self) {
        self.leave_with(error_uri::CLOSE_REALM).await;
    }

    /// [Leaves](Self::leave) for this reason.
    pub async fn leave_with(&self, reason: impl Into<Uri>) {
        let (done, left) = oneshot::channel();
        if self
            .0
            .commands
            .post(Command::Leave {
                reason: reason.into(),
                done,
            })
            .is_ok()
        {
            // An error means the driver has ended: that is what was wanted.
            let _ = left.await;
        }
    }

    /// Publishes to `topic`.
    pub fn publish(&self, topic: impl Into<Uri>) -> PublishRequest {
        PublishRequest::new(self.clone(), topic.into())
    }

    /// Subscribes to `topic`.
    pub fn subscribe(&self, topic: impl Into<Uri>) -> SubscribeRequest {
        SubscribeRequest::new(self.clone(), topic.into())
    }

    /// Calls `procedure`.
    pub fn call(&self, procedure: impl Into<Uri>) -> CallRequest {
        CallRequest::new(self.clone(), procedure.into())
    }

    /// Offers `procedure` to callers.
    pub fn register(&self, procedure: impl Into<Uri>) -> RegisterRequest {
        RegisterRequest::new(self.clone(), procedure.into())
    }

    /// Has the router publish to `topic` when this session is gone, however it went.
    pub fn testament(&self, topic: impl Into<Uri>) -> TestamentRequest {
        TestamentRequest::new(self.clone(), topic.into())
    }

    /// Takes back all [testaments](Self::testament).
    ///
    /// Errors: as [`CallRequest::send`].
    pub async fn flush_testaments(&self) -> Result<(), Error> {
        testament::flush(self).await
    }

    /// An id for something this client keeps: a call, a subscription, a registration.
    pub(crate) fn local_id(&self) -> LocalId {
        LocalId(self.0.next_local.fetch_add(1, Ordering::Relaxed))
    }

    /// The error that a request would meet that needs a connection, if it would.
    pub(crate) fn check_connected(&self) -> Result<(), Error> {
        self.0.watch.with(|state| match state {
            ConnectionState::Joined(_) => Ok(()),
            ConnectionState::Reconnecting { .. } => Err(Error::NotConnected),
            ConnectionState::Closed(_) => Err(Error::Closed),
        })
    }
}
