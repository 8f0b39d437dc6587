use bytes::Bytes;
use wamp_protocol::message::{Event, EventDetails, Unsubscribed};
use wamp_protocol::{Payload, PublicationId, RequestId, Serializer, SubscriptionId};

use super::*;

fn message() -> Message {
    Unsubscribed {
        request: RequestId::new(7),
        details: None,
    }
    .into()
}

fn push(outbox: &Outbox) -> Pushed {
    outbox.push(message(), &mut Tally::new())
}

fn taken(outbox: &Outbox) -> Vec<Message> {
    let mut batch = Vec::new();
    outbox.take(&mut batch, usize::MAX);
    let mut octets = Octets::default();
    outbox.exchange(&mut octets);
    let mut messages: Vec<_> = batch.iter().map(|outgoing| outgoing.message().clone()).collect();
    let mut octets = Bytes::from(octets.to_vec());
    while !octets.is_empty() {
        let length = usize::from(octets[1]);
        let (head, length) = if length < 126 {
            (2, length)
        } else {
            (4, usize::from(octets[2]) << 8 | usize::from(octets[3]))
        };
        let body = octets.slice(head..head + length);
        messages.push(Serializer::Json.decode(body).unwrap());
        octets = octets.slice(head + length..);
    }
    messages
}

/// One whose messages wait as they are, and one whose messages become octets.
fn outboxes(messages: usize, octets: usize) -> [Outbox; 2] {
    let framed = Outbox::new(messages, octets);
    framed.write_as(Frames::WebSocket(Serializer::Json));
    [Outbox::new(messages, octets), framed]
}

#[test]
fn a_full_outbox_drops_what_waits_and_says_goodbye() {
    for outbox in outboxes(3, 1 << 20) {
        assert_eq!(push(&outbox), Pushed::First);
        assert_eq!(push(&outbox), Pushed::Behind);
        assert_eq!(push(&outbox), Pushed::Behind);
        assert_eq!(push(&outbox), Pushed::Full { dropped: 4 });
        assert_eq!(push(&outbox), Pushed::Late);
        assert_eq!(outbox.ended(), Some(End::TooSlow));
        let left = taken(&outbox);
        assert_eq!(left.len(), 1);
        assert!(matches!(&left[0], Message::Goodbye(goodbye) if goodbye.reason.as_str() == "wamp.close.killed"));
    }
}

#[test]
fn octets_are_bounded_too_but_one_large_message_passes() {
    for outbox in outboxes(100, 12) {
        assert_eq!(push(&outbox), Pushed::First);
        assert_eq!(push(&outbox), Pushed::Full { dropped: 2 });
    }
    for small in outboxes(100, 1) {
        assert_eq!(push(&small), Pushed::First);
        assert_eq!(taken(&small).len(), 1);
        assert_eq!(taken(&small).len(), 0, "what was taken has been written");
        assert_eq!(push(&small), Pushed::First);
    }
}

#[test]
fn what_is_being_written_counts_until_it_has_been() {
    let [_, outbox] = outboxes(3, 1 << 20);
    let mut written = Octets::default();
    push(&outbox);
    push(&outbox);
    outbox.exchange(&mut written);
    assert_eq!(push(&outbox), Pushed::First);
    outbox.exchange(&mut written);
    assert_eq!(push(&outbox), Pushed::First);
    assert_eq!(push(&outbox), Pushed::Behind);
    assert_eq!(push(&outbox), Pushed::Full { dropped: 3 });
}

#[test]
fn goodbye_comes_after_what_waits() {
    for outbox in outboxes(3, 1 << 20) {
        push(&outbox);
        outbox.dismiss("wamp.close.system_shutdown", None);
        assert_eq!(push(&outbox), Pushed::Late);
        assert_eq!(taken(&outbox).len(), 2);
    }
}

#[test]
fn what_a_receiver_does_not_take_is_refused_and_leaves_no_trace() {
    let outbox = Outbox::new(100, 1 << 20);
    let limit = wamp_protocol::framing::rawsocket::MaxLength::at_most(512);
    outbox.write_as(Frames::RawSocket(Serializer::MsgPack, limit));
    let event = Event {
        subscription: SubscriptionId::FIRST,
        publication: PublicationId::FIRST,
        details: EventDetails::default().into(),
        payload: Payload::with_args(Serializer::MsgPack, &["x".repeat(600)]).unwrap(),
    };
    let shared = Arc::new(SharedMessage::new(event.clone()));
    let mut tally = Tally::new();
    assert!(matches!(
        outbox.push(event.into(), &mut tally),
        Pushed::Undeliverable(_)
    ));
    assert!(matches!(
        outbox.push_shared(&shared, &mut tally),
        Pushed::Undeliverable(_)
    ));
    assert!(outbox.is_empty());
    assert_eq!(push(&outbox), Pushed::First);
    assert_eq!(shared.message().message_type(), MessageType::Event);
}
