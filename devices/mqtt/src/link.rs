//! The bridge's way to an MQTT server: the embedded one, or one outside.

use bytes::Bytes;
use house::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use crate::client::Client;
use crate::entity::Outgoing;
use crate::server::Local;

/// What comes from the server.
#[derive(Debug)]
pub(crate) enum LinkEvent {
    /// Connected; nothing is subscribed yet.
    Connected,
    /// The connection is gone; it is being made again.
    Lost(String),
    /// A message.
    Message(Message),
}

/// A message from the server.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Bytes,
    /// It was published at this time and kept since, not just now.
    pub(crate) retained_at: Option<Timestamp>,
    /// Room in the queue, free again when the message is dropped.
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}

/// Publishes and subscribes without ever waiting for the network.
#[derive(Clone)]
pub(crate) enum Link {
    /// The embedded server.
    Embedded(Local),
    /// A server outside.
    Outside(Client),
}

/// The message was not taken: there is no connection, or it is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the MQTT server cannot be reached")]
pub(crate) struct Unreachable;

impl Link {
    pub(crate) fn publish(&self, message: Outgoing) -> Result<(), Unreachable> {
        match self {
            Self::Embedded(local) => {
                local.publish(message);
                Ok(())
            }
            Self::Outside(client) => client.publish(message),
        }
    }

    pub(crate) fn subscribe(&self, filter: &str) {
        match self {
            Self::Embedded(local) => local.subscribe(filter),
            Self::Outside(client) => client.subscribe(filter),
        }
    }

    pub(crate) fn unsubscribe(&self, filter: &str) {
        match self {
            Self::Embedded(local) => local.unsubscribe(filter),
            Self::Outside(client) => client.unsubscribe(filter),
        }
    }
}
