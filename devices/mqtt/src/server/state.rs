//! Everything the server knows, as plain state: packets in, answers and queued deliveries out.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use house::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::client::{Client, Delivery};
use super::codec::{Connect, Packet, Publish, SubscribeOptions, Version, Writer};
use super::filter::Subscriptions;
use super::retained::{Retained, RetainedMessages};
use crate::link::{LinkEvent, Message};

/// The bridge's own number among the subscribers.
const LOCAL: u64 = 0;
/// Sessions without a connection that are kept.
const SLEEPING_SESSIONS: usize = 2_000;

/// What is to be done with a connection after a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    GoOn,
    Close,
}

#[derive(Debug)]
pub(super) struct State {
    clients: HashMap<u64, Client>,
    number_by_client_id: HashMap<String, u64>,
    subscriptions: Subscriptions,
    retained: RetainedMessages,
    local: mpsc::UnboundedSender<LinkEvent>,
    next_number: u64,
    next_connection: u64,
    dropped: u64,
}

impl State {
    pub(super) fn new(local: mpsc::UnboundedSender<LinkEvent>, retained: HashMap<String, Retained>) -> Self {
        Self {
            clients: HashMap::new(),
            number_by_client_id: HashMap::new(),
            subscriptions: Subscriptions::default(),
            retained: RetainedMessages::new(retained),
            local,
            next_number: LOCAL + 1,
            next_connection: 1,
            dropped: 0,
        }
    }

    /// A client has proved who it is: its number, its connection's number, and whether its
    /// session was there before.
    pub(super) fn connect(&mut self, connect: &Connect, now: Timestamp) -> (u64, u64, bool) {
        let connection = self.next_connection;
        self.next_connection += 1;
        if let Some(&number) = self.number_by_client_id.get(&connect.client_id) {
            // Section 3.1.4: the older connection of the same client ends, and its will is done.
            self.publish_will(number, now);
            if let Some(client) = self.clients.get_mut(&number) {
                client.wake.notify_one();
            }
            if connect.clean {
                self.remove(number);
            }
        }
        let known = self.number_by_client_id.get(&connect.client_id).copied();
        let number = known.unwrap_or_else(|| {
            let number = self.next_number;
            self.next_number += 1;
            self.number_by_client_id.insert(connect.client_id.clone(), number);
            number
        });
        let client = self
            .clients
            .entry(number)
            .or_insert_with(|| Client::new(connect.client_id.clone(), connect.version));
        client.version = connect.version;
        client.connection = Some(connection);
        client.will.clone_from(&connect.will);
        client.session_expiry = connect.session_expiry;
        client.wake = Arc::default();
        client.resume();
        (number, connection, known.is_some())
    }

    /// What wakes a client's connection.
    pub(super) fn wake_of(&self, number: u64) -> Arc<tokio::sync::Notify> {
        self.clients
            .get(&number)
            .map_or_else(Arc::default, |client| Arc::clone(&client.wake))
    }

    /// Whether this is still the client's connection; false when another took over.
    pub(super) fn is_current(&self, number: u64, connection: u64) -> bool {
        self.clients
            .get(&number)
            .is_some_and(|client| client.connection == Some(connection))
    }

    /// A connection has ended; without a DISCONNECT its will is done.
    pub(super) fn disconnect(&mut self, number: u64, connection: u64, now: Timestamp) {
        if !self.is_current(number, connection) {
            return;
        }
        self.publish_will(number, now);
        let Some(client) = self.clients.get_mut(&number) else {
            return;
        };
        client.connection = None;
        if client.session_expiry == 0 || self.sleeping() > SLEEPING_SESSIONS {
            self.remove(number);
        }
    }

    fn sleeping(&self) -> usize {
        self.clients
            .values()
            .filter(|client| client.connection.is_none())
            .count()
    }

    fn remove(&mut self, number: u64) {
        if let Some(client) = self.clients.remove(&number) {
            for filter in client.filters.keys() {
                self.subscriptions.remove(filter, number);
            }
            self.number_by_client_id.remove(&client.client_id);
        }
    }

    fn publish_will(&mut self, number: u64, now: Timestamp) {
        if let Some(will) = self.clients.get_mut(&number).and_then(|client| client.will.take()) {
            self.publish(number, will, None, now);
        }
    }

    /// Takes a packet of a client and writes the answer.
    pub(super) fn handle(
        &mut self,
        number: u64,
        packet: Packet,
        permit: Option<OwnedSemaphorePermit>,
        now: Timestamp,
        writer: &mut Writer<'_>,
    ) -> Verdict {
        match packet {
            // A second CONNECT (section 3.1).
            Packet::Connect(_) => return Verdict::Close,
            Packet::Disconnect { with_will } => {
                if !with_will && let Some(client) = self.clients.get_mut(&number) {
                    client.will = None;
                }
                return Verdict::Close;
            }
            Packet::PingReq => writer.pingresp(),
            Packet::Publish(message) => self.receive(number, message, permit, now, writer),
            Packet::PubRel(id) => {
                if let Some(client) = self.clients.get_mut(&number) {
                    client.received.remove(&id);
                }
                writer.pubcomp(id);
            }
            Packet::PubAck(id) | Packet::PubComp(id) | Packet::PubRec { id, failed: true } => {
                if let Some(client) = self.clients.get_mut(&number) {
                    client.acknowledged(id);
                }
            }
            Packet::PubRec { id, failed: false } => {
                if let Some(client) = self.clients.get_mut(&number) {
                    client.arrived(id, writer);
                }
            }
            Packet::Subscribe { id, filters } => {
                let codes: Vec<u8> = filters
                    .iter()
                    .map(|(filter, options)| self.subscribe(number, filter, *options))
                    .collect();
                writer.suback(id, &codes);
            }
            Packet::Unsubscribe { id, filters } => {
                for filter in &filters {
                    self.subscriptions.remove(filter, number);
                    if let Some(client) = self.clients.get_mut(&number) {
                        client.filters.remove(filter);
                    }
                }
                writer.unsuback(id, filters.len());
            }
        }
        Verdict::GoOn
    }

    fn receive(
        &mut self,
        number: u64,
        message: Publish,
        permit: Option<OwnedSemaphorePermit>,
        now: Timestamp,
        writer: &mut Writer<'_>,
    ) {
        let (qos, id) = (message.qos, message.id);
        let is_new = qos < 2
            || self
                .clients
                .get_mut(&number)
                .is_some_and(|client| client.received.insert(id));
        if is_new {
            self.publish(number, message, permit, now);
        }
        match qos {
            1 => writer.puback(id),
            2 => writer.pubrec(id),
            _ => {}
        }
    }

    /// The granted quality of service, or failure.
    fn subscribe(&mut self, number: u64, filter: &str, options: SubscribeOptions) -> u8 {
        let Some(client) = self.clients.get_mut(&number) else {
            return 0x80;
        };
        if filter.starts_with("$share/") {
            return if client.version == Version::V5 { 0x9e } else { 0x80 };
        }
        let is_new = client.filters.insert(filter.to_owned(), options).is_none();
        self.subscriptions.insert(filter, number, options);
        if options.retain_handling == 0 || (options.retain_handling == 1 && is_new) {
            for (topic, kept) in self.retained.matching(filter) {
                let delivery = Delivery {
                    qos: kept.qos.min(options.qos),
                    retain: true,
                    message: Arc::new(Publish {
                        topic,
                        payload: kept.payload,
                        qos: kept.qos,
                        retain: true,
                        id: 0,
                        properties: Bytes::new(),
                    }),
                };
                if let Some(client) = self.clients.get_mut(&number) {
                    self.dropped += client.push(delivery) as u64;
                }
            }
        }
        options.qos
    }

    /// Hands a message to everyone who asked for it. `from` is who published it.
    fn publish(&mut self, from: u64, message: Publish, permit: Option<OwnedSemaphorePermit>, now: Timestamp) {
        if message.retain {
            self.retained.keep(&message, now);
        }
        let mut permit = permit;
        let message = Arc::new(message);
        for (subscriber, options) in self.subscriptions.find(&message.topic) {
            if options.no_local && subscriber == from {
                continue;
            }
            if subscriber == LOCAL {
                self.tell_local(Message {
                    topic: message.topic.clone(),
                    payload: message.payload.clone(),
                    retained_at: None,
                    permit: permit.take(),
                });
            } else if let Some(client) = self.clients.get_mut(&subscriber) {
                let dropped = client.push(Delivery {
                    message: Arc::clone(&message),
                    qos: message.qos.min(options.qos),
                    retain: message.retain && options.retain_as_published,
                });
                if dropped > 0 {
                    if self.dropped == 0 {
                        tracing::warn!(
                            client = client.client_id,
                            "an MQTT client is too slow: it loses messages"
                        );
                    }
                    self.dropped += dropped as u64;
                }
            }
        }
    }

    /// Writes what a client is owed; true when there is more.
    pub(super) fn write(&mut self, number: u64, writer: &mut Writer<'_>, room: usize) -> bool {
        self.clients
            .get_mut(&number)
            .is_some_and(|client| client.write(writer, room))
    }

    /// The bridge publishes.
    pub(super) fn publish_local(&mut self, topic: String, payload: Bytes, qos: u8, retain: bool, now: Timestamp) {
        let message = Publish {
            topic,
            payload,
            qos,
            retain,
            id: 0,
            properties: Bytes::new(),
        };
        self.publish(LOCAL, message, None, now);
    }

    /// The bridge subscribes; it gets what is retained, with the time it was published.
    pub(super) fn subscribe_local(&mut self, filter: &str) {
        self.subscriptions.insert(filter, LOCAL, SubscribeOptions::default());
        for (topic, kept) in self.retained.matching(filter) {
            self.tell_local(Message {
                topic,
                payload: kept.payload,
                retained_at: Some(kept.at),
                permit: None,
            });
        }
    }

    pub(super) fn unsubscribe_local(&mut self, filter: &str) {
        self.subscriptions.remove(filter, LOCAL);
    }

    /// Tells the bridge that it is connected.
    pub(super) fn greet_local(&self) {
        // Without a bridge the server is being stopped.
        let _ = self.local.send(LinkEvent::Connected);
    }

    fn tell_local(&self, message: Message) {
        // Without a bridge the server is being stopped.
        let _ = self.local.send(LinkEvent::Message(message));
    }

    /// Retained messages that have changed since the last time; `None` is one that is gone.
    pub(super) fn take_unsaved(&mut self) -> Vec<(String, Option<Retained>)> {
        self.retained.take_unsaved()
    }

    /// How many messages were dropped because a client was too slow.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many connected clients have subscribed to something.
    #[cfg(test)]
    pub(super) fn subscribed(&self) -> usize {
        let is_subscribed = |client: &&Client| client.connection.is_some() && !client.filters.is_empty();
        self.clients.values().filter(is_subscribed).count()
    }

    /// How many clients are connected.
    #[cfg(test)]
    pub(super) fn connected(&self) -> usize {
        self.clients
            .values()
            .filter(|client| client.connection.is_some())
            .count()
    }
}

#[cfg(test)]
mod tests;
