//! One client of the server: what it is owed, and what it has been sent and not acknowledged.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;

use tokio::sync::Notify;

use super::codec::{Publish, SubscribeOptions, Version, Writer};

/// Messages a client may be behind; then the oldest is dropped, and counted.
const QUEUE: usize = 10_000;
/// Bytes a client may be behind.
const QUEUE_BYTES: usize = 16 << 20;
/// Messages sent and not acknowledged.
const WINDOW: usize = 100;

/// A message on its way to a client.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) message: Arc<Publish>,
    pub(super) qos: u8,
    pub(super) retain: bool,
}

/// What a client has been sent and not yet acknowledged.
#[derive(Debug, Clone)]
enum Unacknowledged {
    /// PUBLISH sent.
    Sent(Delivery),
    /// PUBREL sent, PUBCOMP awaited.
    Released,
}

/// A client's session; it outlives the connection when the client wants that.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) client_id: String,
    pub(super) version: Version,
    /// Which connection it has now.
    pub(super) connection: Option<u64>,
    /// Tells its connection that there is something to send, or that another took over.
    pub(super) wake: Arc<Notify>,
    pub(super) filters: BTreeMap<String, SubscribeOptions>,
    /// QoS 2 messages received and not yet released.
    pub(super) received: HashSet<u16>,
    pub(super) will: Option<Publish>,
    /// Seconds that the session outlives its connection.
    pub(super) session_expiry: u32,
    queue: VecDeque<Delivery>,
    queue_bytes: usize,
    unacknowledged: BTreeMap<u16, Unacknowledged>,
    /// Ids to be sent again on a new connection, in order.
    resend: VecDeque<u16>,
    next_id: u16,
}

impl Client {
    pub(super) fn new(client_id: String, version: Version) -> Self {
        Self {
            client_id,
            version,
            connection: None,
            wake: Arc::new(Notify::new()),
            filters: BTreeMap::new(),
            received: HashSet::new(),
            will: None,
            session_expiry: 0,
            queue: VecDeque::new(),
            queue_bytes: 0,
            unacknowledged: BTreeMap::new(),
            resend: VecDeque::new(),
            next_id: 0,
        }
    }

    /// Queues a message; the number dropped to make room.
    pub(super) fn push(&mut self, delivery: Delivery) -> usize {
        if self.connection.is_none() && delivery.qos == 0 {
            // A session without a connection keeps what was promised to arrive, no more.
            return 0;
        }
        self.queue_bytes += size(&delivery);
        self.queue.push_back(delivery);
        let mut dropped = 0;
        while self.queue.len() > QUEUE || self.queue_bytes > QUEUE_BYTES {
            let Some(oldest) = self.queue.pop_front() else { break };
            self.queue_bytes -= size(&oldest);
            dropped += 1;
        }
        self.wake.notify_one();
        dropped
    }

    /// What was not acknowledged goes out again, before anything else (section 4.4).
    pub(super) fn resume(&mut self) {
        self.resend = self.unacknowledged.keys().copied().collect();
        self.wake.notify_one();
    }

    /// Writes as much of what is owed as `room` bytes allow; true when there is more.
    pub(super) fn write(&mut self, writer: &mut Writer<'_>, room: usize) -> bool {
        while let Some(id) = self.resend.pop_front() {
            match self.unacknowledged.get(&id) {
                Some(Unacknowledged::Sent(delivery)) => {
                    writer.publish(&delivery.message, delivery.qos, delivery.retain, true, id);
                }
                Some(Unacknowledged::Released) => writer.pubrel(id),
                None => {}
            }
            if writer.out.len() >= room {
                return true;
            }
        }
        while let Some(next) = self.queue.front() {
            if writer.out.len() >= room {
                return true;
            }
            if next.qos > 0 && self.unacknowledged.len() >= WINDOW {
                return false;
            }
            let Some(delivery) = self.queue.pop_front() else { break };
            self.queue_bytes -= size(&delivery);
            let id = if delivery.qos == 0 { 0 } else { self.take_id() };
            writer.publish(&delivery.message, delivery.qos, delivery.retain, false, id);
            if delivery.qos > 0 {
                self.unacknowledged.insert(id, Unacknowledged::Sent(delivery));
            }
        }
        false
    }

    /// PUBACK, or PUBREC with a refusal.
    pub(super) fn acknowledged(&mut self, id: u16) {
        self.unacknowledged.remove(&id);
    }

    /// PUBREC: the message has arrived; its id is released.
    pub(super) fn arrived(&mut self, id: u16, writer: &mut Writer<'_>) {
        self.unacknowledged.insert(id, Unacknowledged::Released);
        writer.pubrel(id);
    }

    fn take_id(&mut self) -> u16 {
        loop {
            self.next_id = self.next_id.checked_add(1).unwrap_or(1);
            if !self.unacknowledged.contains_key(&self.next_id) {
                return self.next_id;
            }
        }
    }
}

fn size(delivery: &Delivery) -> usize {
    delivery.message.topic.len() + delivery.message.payload.len()
}
