//! The transport within one process: messages pass as they are, nothing is serialized.

use futures_channel::mpsc;
use wamp_protocol::Message;

/// One end of an in-process connection. Dropping it ends the connection.
#[derive(Debug)]
pub struct LinkedPeer {
    /// To the other end.
    pub tx: mpsc::Sender<Message>,
    /// From the other end.
    pub rx: mpsc::Receiver<Message>,
}

/// The two ends of a new connection, with room for `capacity` messages each way.
pub fn pair(capacity: usize) -> (LinkedPeer, LinkedPeer) {
    let (to_right, from_left) = mpsc::channel(capacity);
    let (to_left, from_right) = mpsc::channel(capacity);
    (
        LinkedPeer {
            tx: to_right,
            rx: from_right,
        },
        LinkedPeer {
            tx: to_left,
            rx: from_left,
        },
    )
}
