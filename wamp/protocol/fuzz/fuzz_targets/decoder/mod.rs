//! What must hold for whatever octets come in.

use bytes::Bytes;
use wamp_protocol::{Serializer, Value};

/// Refuses the octets, or takes them for a message that can be passed on to anybody.
pub(crate) fn decode(serializer: Serializer, octets: &[u8]) {
    let _ = Value::decode(serializer, octets);
    let Ok(message) = serializer.decode(Bytes::copy_from_slice(octets)) else {
        return;
    };
    if let Some(payload) = message.payload() {
        let _ = payload.args::<Vec<Value>>();
        let _ = payload.kwargs_value();
    }
    for to in Serializer::ALL {
        let encoded = to.encode(&message).expect("a message that was read can be written");
        let again = to.decode(encoded).expect("what was written can be read");
        assert_eq!(again.message_type(), message.message_type());
    }
}
