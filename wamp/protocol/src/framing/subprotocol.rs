//! The WebSocket subprotocols.

use std::fmt;

use crate::Serializer;

/// What travels in the WebSocket messages of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Subprotocol {
    /// What messages are encoded in.
    pub serializer: Serializer,
    /// Whether each WebSocket message is a batch of them.
    pub batched: bool,
}

impl Subprotocol {
    /// All that there are, one message per WebSocket message first.
    pub const ALL: [Self; 6] = {
        const fn of(serializer: Serializer, batched: bool) -> Subprotocol {
            Subprotocol { serializer, batched }
        }
        [
            of(Serializer::Json, false),
            of(Serializer::MsgPack, false),
            of(Serializer::Cbor, false),
            of(Serializer::Json, true),
            of(Serializer::MsgPack, true),
            of(Serializer::Cbor, true),
        ]
    };

    /// The name, as in `Sec-WebSocket-Protocol`.
    pub const fn name(self) -> &'static str {
        match (self.serializer, self.batched) {
            (Serializer::Json, false) => "wamp.2.json",
            (Serializer::MsgPack, false) => "wamp.2.msgpack",
            (Serializer::Cbor, false) => "wamp.2.cbor",
            (Serializer::Json, true) => "wamp.2.json.batched",
            (Serializer::MsgPack, true) => "wamp.2.msgpack.batched",
            (Serializer::Cbor, true) => "wamp.2.cbor.batched",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subprotocol| subprotocol.name() == name)
    }

    /// The first in a client's `Sec-WebSocket-Protocol` that there is: the client's order decides.
    pub fn negotiate(offered: &str) -> Option<Self> {
        offered.split(',').find_map(|name| Self::from_name(name.trim()))
    }
}

impl fmt::Display for Subprotocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subprotocol_is_found_by_its_name() {
        for subprotocol in Subprotocol::ALL {
            assert_eq!(Subprotocol::from_name(subprotocol.name()), Some(subprotocol));
        }
        assert_eq!(Subprotocol::from_name("wamp.2.ubjson"), None);
    }

    #[test]
    fn the_client_s_order_decides() {
        let negotiated = Subprotocol::negotiate("wamp.2.flatbuffers, wamp.2.cbor,wamp.2.json");
        assert_eq!(negotiated.map(Subprotocol::name), Some("wamp.2.cbor"));
        assert_eq!(Subprotocol::negotiate("mqtt"), None);
    }
}
