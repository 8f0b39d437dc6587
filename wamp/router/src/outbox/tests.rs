mod model;

use bytes::Bytes;
use wamp_protocol::framing::rawsocket::MaxLength;
use wamp_protocol::message::{Event, EventDetails, ResultMessage, Sparse, Unsubscribed};
use wamp_protocol::{Payload, PublicationId, RequestId, Serializer, SubscriptionId};

use super::*;

fn message() -> Message {
    Unsubscribed {
        request: RequestId::new(7),
        details: None,
    }
    .into()
}

/// One of several messages that have one cause.
fn push_of(outbox: &Outbox, cause: Cause) -> Pushed {
    outbox.push(message(), cause, &mut Tally::new())
}

fn push(outbox: &Outbox) -> Pushed {
    push_of(outbox, Cause::default())
}

fn taken(outbox: &Outbox) -> Vec<Message> {
    taken_up_to(outbox, &mut Octets::default(), usize::MAX)
}

/// Octets that wait are taken wholly, messages up to so many octets.
fn taken_up_to(outbox: &Outbox, octets: &mut Octets, limit: usize) -> Vec<Message> {
    outbox.exchange(octets);
    let mut batch = Vec::new();
    outbox.take(&mut batch, limit);
    let mut messages = Vec::new();
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
    messages.extend(batch.iter().map(|outgoing| outgoing.message().clone()));
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
fn what_one_cause_brings_fits_and_is_read_before_it_counts() {
    for outbox in outboxes(3, 1 << 20) {
        let mut cause = Cause::default();
        push(&outbox);
        let burst = cause.next();
        for _ in 0..10 {
            assert_eq!(push_of(&outbox, burst), Pushed::Behind);
        }
        // As many as ever may wait beside it, and no more.
        for _ in 0..3 {
            assert_eq!(push_of(&outbox, cause.next()), Pushed::Behind);
        }
        assert_eq!(push_of(&outbox, cause.next()), Pushed::Full { dropped: 15 });
    }
    for outbox in outboxes(3, 1 << 20) {
        let mut cause = Cause::default();
        let burst = cause.next();
        for _ in 0..10 {
            push_of(&outbox, burst);
        }
        assert_eq!(taken(&outbox).len(), 10);
        assert_eq!(taken(&outbox).len(), 0, "what was taken has been written");
        for _ in 0..3 {
            push_of(&outbox, cause.next());
        }
        assert_eq!(
            push_of(&outbox, cause.next()),
            Pushed::Full { dropped: 4 },
            "whoever has caught up has no more room"
        );
    }
}

#[test]
fn many_causes_that_bring_much_are_bounded_together() {
    for outbox in outboxes(10, 1 << 20) {
        let mut cause = Cause::default();
        let mut pushed = 0;
        let full = loop {
            let burst = cause.next();
            let outcomes = [(); 3].map(|()| push_of(&outbox, burst));
            pushed += 3;
            assert!(pushed < 100, "what waits has no bound");
            if let Some(full) = outcomes
                .into_iter()
                .find(|pushed| matches!(pushed, Pushed::Full { .. }))
            {
                break full;
            }
        };
        // The limit, what the cause brought that began within it, and the limit once more.
        assert_eq!(full, Pushed::Full { dropped: 23 });
    }
}

#[test]
fn what_one_cause_brings_to_a_full_outbox_does_not_fit() {
    for outbox in outboxes(3, 1 << 20) {
        let mut cause = Cause::default();
        for _ in 0..3 {
            push_of(&outbox, cause.next());
        }
        let burst = cause.next();
        assert_eq!(push_of(&outbox, burst), Pushed::Full { dropped: 4 });
        assert_eq!(push_of(&outbox, burst), Pushed::Late);
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
    let limit = MaxLength::at_most(512);
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
        outbox.push(event.into(), Cause::default(), &mut tally),
        Pushed::Undeliverable(_)
    ));
    assert!(matches!(
        outbox.push_shared(&shared, Cause::default(), &mut tally),
        Pushed::Undeliverable(_)
    ));
    assert!(outbox.is_empty());
    assert_eq!(push(&outbox), Pushed::First);
    assert_eq!(shared.message().message_type(), MessageType::Event);
}

fn result(payload: Payload) -> Message {
    ResultMessage {
        request: RequestId::FIRST,
        details: Sparse::NONE,
        payload,
    }
    .into()
}

#[test]
fn what_a_receiver_does_not_take_is_refused_behind_events_that_may_give_way_too() {
    let outbox = Outbox::new(100, 1 << 20);
    outbox.write_as(Frames::RawSocket(Serializer::Json, MaxLength::at_most(512)));
    assert_eq!(push_event(&outbox, 1, 1, 5), Pushed::First);
    let large = Payload::with_args(Serializer::MsgPack, &["x".repeat(600)]).unwrap();
    let pushed = outbox.push(result(large), Cause::default(), &mut Tally::new());
    assert!(
        matches!(&pushed, Pushed::Undeliverable(refusal) if refusal.error == error_uri::PAYLOAD_SIZE_EXCEEDED),
        "{pushed:?}"
    );
    assert_eq!(push(&outbox), Pushed::Behind);
    let left: Vec<_> = taken(&outbox).iter().map(seen).collect();
    assert_eq!(left, [(Waits::Event(1, 1), 0), (Waits::Lasting(7), 0)]);
}

#[test]
fn what_cannot_be_put_into_the_receivers_serializer_is_refused_when_it_is_added() {
    let [plain, framed] = outboxes(10, 1 << 20);
    plain.write_in(Serializer::Json);
    let broken = Payload {
        serializer: Serializer::MsgPack,
        args: Bytes::from_static(b"\x91\xc1"),
        kwargs: Bytes::new(),
    };
    for outbox in [plain, framed] {
        let pushed = outbox.push(result(broken.clone()), Cause::default(), &mut Tally::new());
        assert!(
            matches!(&pushed, Pushed::Undeliverable(refusal) if refusal.error == error_uri::RUNTIME_ERROR),
            "{pushed:?}"
        );
        assert!(outbox.is_empty());
        let whole = Payload::with_args(Serializer::MsgPack, &[1]).unwrap();
        assert_eq!(
            outbox.push(result(whole), Cause::default(), &mut Tally::new()),
            Pushed::First
        );
        let Some(Message::Result(result)) = taken(&outbox).pop() else {
            panic!("no RESULT")
        };
        assert_eq!(
            (result.payload.serializer, &result.payload.args[..]),
            (Serializer::Json, &b"[1]"[..])
        );
    }
}

fn event(subscription: u64, publication: u64) -> Arc<SharedMessage> {
    let event = Event {
        subscription: SubscriptionId::new(subscription).unwrap(),
        publication: PublicationId::new(publication).unwrap(),
        details: EventDetails::default().into(),
        payload: Payload::EMPTY,
    };
    Arc::new(SharedMessage::new(event))
}

fn push_event(outbox: &Outbox, subscription: u64, publication: u64, keep: u32) -> Pushed {
    let keep = NonZeroU32::new(keep).unwrap();
    outbox.push_newest(
        &event(subscription, publication),
        keep,
        Cause::default(),
        &mut Tally::new(),
    )
}

/// Octets that say when nobody holds them any more.
struct Read {
    _held: Arc<()>,
}

impl AsRef<[u8]> for Read {
    fn as_ref(&self) -> &[u8] {
        b"[1]"
    }
}

#[test]
fn what_waits_as_it_is_keeps_nothing_alive_that_came_with_it() {
    let came = Arc::new(());
    let payload = || Payload {
        serializer: Serializer::Json,
        args: Bytes::from_owner(Read {
            _held: Arc::clone(&came),
        }),
        kwargs: Bytes::new(),
    };
    let event = || {
        let event = Event {
            subscription: SubscriptionId::FIRST,
            publication: PublicationId::FIRST,
            details: EventDetails::default().into(),
            payload: payload(),
        };
        Arc::new(SharedMessage::new(event))
    };
    let mut tally = Tally::new();
    for outbox in outboxes(10, 1 << 20) {
        outbox.push_newest(&event(), NonZeroU32::MIN, Cause::default(), &mut tally);
        outbox.push(result(payload()), Cause::default(), &mut tally);
        outbox.push_shared(&event(), Cause::default(), &mut tally);
        assert_eq!(Arc::strong_count(&came), 1);
        assert_eq!(taken(&outbox).len(), 3);
    }
    let [plain, _] = outboxes(10, 1 << 20);
    plain.push(result(payload()), Cause::default(), &mut tally);
    plain.push_shared(&event(), Cause::default(), &mut tally);
    assert_eq!(Arc::strong_count(&came), 1);
    assert_eq!(taken(&plain).len(), 2);
}

/// What a message is in the model below, and how many events it says were dropped.
fn seen(message: &Message) -> (Waits, u64) {
    match message {
        Message::Unsubscribed(m) => (Waits::Lasting(m.request.unwrap().get()), 0),
        Message::Event(m) => {
            let (subscription, publication) = (m.subscription.get(), m.publication.get());
            (Waits::Event(subscription, publication), m.details.dropped)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_oldest_event_gives_way_and_the_next_one_says_how_many_did() {
    for outbox in outboxes(10, 1 << 20) {
        assert_eq!(push_event(&outbox, 1, 1, 2), Pushed::First);
        assert_eq!(push(&outbox), Pushed::Behind);
        assert_eq!(push_event(&outbox, 1, 2, 2), Pushed::Behind);
        assert_eq!(push_event(&outbox, 1, 3, 2), Pushed::Instead { dropped: 1 });
        assert_eq!(push_event(&outbox, 1, 4, 2), Pushed::Instead { dropped: 1 });
        assert_eq!(push_event(&outbox, 2, 5, 2), Pushed::Behind);
        let left: Vec<_> = taken(&outbox).iter().map(seen).collect();
        let events = [(1, 3, 2), (1, 4, 0), (2, 5, 0)];
        let expected =
            events.map(|(subscription, publication, dropped)| (Waits::Event(subscription, publication), dropped));
        assert_eq!(left[0], (Waits::Lasting(7), 0));
        assert_eq!(left[1..], expected);
        assert!(outbox.is_empty());
        assert_eq!(push_event(&outbox, 1, 6, 2), Pushed::First);
        assert_eq!(
            taken(&outbox).iter().map(seen).collect::<Vec<_>>(),
            [(Waits::Event(1, 6), 0)]
        );
    }
}

#[test]
fn events_that_give_way_take_no_room_from_other_messages_and_these_end_the_session_as_ever() {
    for outbox in outboxes(3, 1 << 20) {
        for publication in 1..=10 {
            assert_ne!(push_event(&outbox, publication, publication, 5), Pushed::Late);
        }
        for _ in 0..3 {
            assert_eq!(push(&outbox), Pushed::Behind);
        }
        assert_eq!(push(&outbox), Pushed::Full { dropped: 7 });
        assert_eq!(push_event(&outbox, 1, 11, 5), Pushed::Late);
        assert_eq!(outbox.ended(), Some(End::TooSlow));
        let left = taken(&outbox);
        assert!(matches!(&left[..], [Message::Goodbye(_)]), "{left:?}");
    }
}

#[test]
fn goodbye_comes_after_events_that_may_give_way() {
    for outbox in outboxes(3, 1 << 20) {
        push_event(&outbox, 1, 1, 5);
        outbox.dismiss("wamp.close.system_shutdown", None);
        let left = taken(&outbox);
        assert!(
            matches!(&left[..], [Message::Event(_), Message::Goodbye(_)]),
            "{left:?}"
        );
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waits {
    Lasting(u64),
    /// Subscription and publication.
    Event(u64, u64),
}
