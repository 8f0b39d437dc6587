//! MQTT 3.1, 3.1.1 and 5 packets, as far as a server reads and writes them.
//!
//! Sections in comments are of the OASIS standards (MQTT 3.1.1 and 5.0).

mod read;
mod write;

pub(super) use read::{decode, split_frame};
pub(super) use write::Writer;

use bytes::Bytes;

/// Which protocol a client speaks; 3.1 and 3.1.1 differ in nothing that matters after CONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// MQTT 3.1 or 3.1.1.
    V3,
    /// MQTT 5.
    V5,
}

/// A packet from a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Packet {
    Connect(Box<Connect>),
    Publish(Publish),
    PubAck(u16),
    /// `failed`: MQTT 5 says that the message was refused, so that no PUBREL follows.
    PubRec {
        id: u16,
        failed: bool,
    },
    PubRel(u16),
    PubComp(u16),
    Subscribe {
        id: u16,
        filters: Vec<(String, SubscribeOptions)>,
    },
    Unsubscribe {
        id: u16,
        filters: Vec<String>,
    },
    PingReq,
    /// `with_will`: MQTT 5 asks for the will all the same.
    Disconnect {
        with_will: bool,
    },
}

/// CONNECT.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Connect {
    pub(super) version: Version,
    pub(super) client_id: String,
    pub(super) clean: bool,
    /// Seconds; 0 is never.
    pub(super) keep_alive: u16,
    /// How long the session outlives the connection, in seconds.
    pub(super) session_expiry: u32,
    pub(super) will: Option<Publish>,
    pub(super) user: Option<String>,
    pub(super) password: Option<Bytes>,
}

/// A message, from a client or to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Publish {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    pub(super) qos: u8,
    pub(super) retain: bool,
    /// Zero for QoS 0.
    pub(super) id: u16,
    /// MQTT 5 properties as they came, for subscribers that speak MQTT 5.
    pub(super) properties: Bytes,
}

/// How a subscription wants its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct SubscribeOptions {
    pub(super) qos: u8,
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
    /// 0 send retained messages, 1 only for a new subscription, 2 never.
    pub(super) retain_handling: u8,
}

/// Why a connection cannot go on, as a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum CodecFault {
    #[error("a packet ends before its fields do")]
    TooShort,
    #[error("a packet of {length} bytes is longer than allowed")]
    TooLong { length: usize },
    #[error("a packet's length is not valid")]
    BadLength,
    #[error("a packet of type {0} is not one that clients send")]
    UnknownPacket(u8),
    #[error("a text is not UTF-8 or holds a null character")]
    BadText,
    #[error("a topic is not one that can be published to")]
    BadTopic,
    #[error("a topic filter is not valid")]
    BadFilter,
    #[error("a quality of service is not 0, 1 or 2")]
    BadQos,
    #[error("a packet identifier is 0")]
    BadIdentifier,
    #[error("the protocol is not MQTT")]
    NotMqtt,
    #[error("MQTT level {0} is not spoken here")]
    UnknownLevel(u8),
    #[error("a property is not valid")]
    BadProperty,
}

#[cfg(test)]
mod tests;
