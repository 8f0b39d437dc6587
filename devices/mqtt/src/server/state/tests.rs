use std::collections::{BTreeMap, BTreeSet};

use bytes::BytesMut;
use proptest::prelude::*;

use super::super::codec::{decode, split_frame};
use super::super::filter::matches;
use super::*;

const NOW: Timestamp = Timestamp(1_777_793_400_000);

/// A message a client has been sent: topic, payload, quality of service, retained.
type Sent = (String, Vec<u8>, u8, bool);

struct Bench {
    state: State,
    out: BytesMut,
    _events: mpsc::UnboundedReceiver<LinkEvent>,
}

impl Bench {
    fn new() -> Self {
        let (local, events) = mpsc::unbounded_channel();
        Self {
            state: State::new(local, HashMap::new()),
            out: BytesMut::new(),
            _events: events,
        }
    }

    fn connect(&mut self, client_id: &str, clean: bool) -> (u64, u64, bool) {
        let connect = Connect {
            version: Version::V3,
            client_id: client_id.to_owned(),
            clean,
            keep_alive: 60,
            session_expiry: if clean { 0 } else { u32::MAX },
            will: None,
            user: None,
            password: None,
        };
        self.state.connect(&connect, NOW)
    }

    fn say(&mut self, number: u64, packet: Packet) -> Verdict {
        let mut writer = Writer {
            version: Version::V3,
            out: &mut self.out,
        };
        self.state.handle(number, packet, None, NOW, &mut writer)
    }

    fn subscribe(&mut self, number: u64, filter: &str, qos: u8) {
        let options = SubscribeOptions {
            qos,
            ..SubscribeOptions::default()
        };
        let filters = vec![(filter.to_owned(), options)];
        self.say(number, Packet::Subscribe { id: 1, filters });
    }

    fn publish(&mut self, number: u64, topic: &str, payload: &[u8], qos: u8, retain: bool) {
        let message = Publish {
            topic: topic.to_owned(),
            payload: Bytes::copy_from_slice(payload),
            qos,
            retain,
            id: u16::from(qos > 0),
            properties: Bytes::new(),
        };
        self.say(number, Packet::Publish(message));
        self.say(number, Packet::PubRel(1));
    }

    /// What a client is sent now; each message is acknowledged.
    fn receive(&mut self, number: u64) -> Vec<Sent> {
        let mut sent = Vec::new();
        loop {
            let mut out = BytesMut::new();
            let mut writer = Writer {
                version: Version::V3,
                out: &mut out,
            };
            let more = self.state.write(number, &mut writer, 1 << 20);
            let mut ids = Vec::new();
            while let Some((first, body)) = split_frame(&mut out, 1 << 20).unwrap() {
                if let Ok(Packet::Publish(message)) = decode(Version::V3, first, body) {
                    ids.push((message.qos, message.id));
                    sent.push((message.topic, message.payload.to_vec(), message.qos, message.retain));
                }
            }
            for (qos, id) in &ids {
                if *qos > 0 {
                    self.say(number, Packet::PubAck(*id));
                }
            }
            if !more && ids.is_empty() {
                return sent;
            }
        }
    }
}

#[test]
fn a_message_of_quality_2_is_taken_once_however_often_it_is_sent() {
    let mut bench = Bench::new();
    let (publisher, ..) = bench.connect("a", true);
    let (subscriber, ..) = bench.connect("b", true);
    bench.subscribe(subscriber, "#", 0);
    let message = Publish {
        topic: "t".into(),
        payload: Bytes::from_static(b"once"),
        qos: 2,
        retain: false,
        id: 7,
        properties: Bytes::new(),
    };
    bench.say(publisher, Packet::Publish(message.clone()));
    bench.say(publisher, Packet::Publish(message.clone()));
    assert_eq!(bench.receive(subscriber).len(), 1);
    bench.say(publisher, Packet::PubRel(7));
    bench.say(publisher, Packet::Publish(message));
    assert_eq!(bench.receive(subscriber).len(), 1, "the id is free again");
}

#[test]
fn what_was_not_acknowledged_is_sent_again_on_a_new_connection() {
    let mut bench = Bench::new();
    let (publisher, ..) = bench.connect("a", true);
    let (sleeper, connection, _) = bench.connect("b", false);
    bench.subscribe(sleeper, "t", 1);
    bench.publish(publisher, "t", b"first", 1, false);
    let mut out = BytesMut::new();
    let mut writer = Writer {
        version: Version::V3,
        out: &mut out,
    };
    bench.state.write(sleeper, &mut writer, 1 << 20);
    assert!(!out.is_empty());
    bench.state.disconnect(sleeper, connection, NOW);
    bench.publish(publisher, "t", b"second", 1, false);
    let (again, _, present) = bench.connect("b", false);
    assert!(present && again == sleeper);
    let payloads: Vec<Vec<u8>> = bench
        .receive(again)
        .into_iter()
        .map(|(_, payload, ..)| payload)
        .collect();
    assert_eq!(payloads, [b"first".to_vec(), b"second".to_vec()]);
}

#[test]
fn a_client_that_comes_twice_is_one_client() {
    let mut bench = Bench::new();
    let (number, first, _) = bench.connect("a", true);
    let (newer, second, _) = bench.connect("a", true);
    assert!(!bench.state.is_current(number, first) && bench.state.is_current(newer, second));
    bench.state.disconnect(number, first, NOW);
    assert!(
        bench.state.is_current(newer, second),
        "the older connection's end does not end the newer"
    );
}

#[derive(Debug, Clone)]
enum Step {
    Subscribe(usize, usize),
    Unsubscribe(usize, usize),
    Publish {
        from: usize,
        topic: usize,
        qos: u8,
        retain: bool,
        empty: bool,
    },
    Reconnect(usize),
}

const FILTERS: [&str; 6] = ["a/b", "a/+", "a/#", "#", "+/b", "b"];
const TOPICS: [&str; 4] = ["a/b", "a/c", "b", "a/b/c"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3usize, 0..FILTERS.len()).prop_map(|(client, filter)| Step::Subscribe(client, filter)),
        (0..3usize, 0..FILTERS.len()).prop_map(|(client, filter)| Step::Unsubscribe(client, filter)),
        (0..3usize, 0..TOPICS.len(), 0..3u8, any::<bool>(), any::<bool>()).prop_map(
            |(from, topic, qos, retain, empty)| Step::Publish {
                from,
                topic,
                qos,
                retain,
                empty
            }
        ),
        (0..3usize).prop_map(Step::Reconnect),
    ]
}

proptest! {
    /// Against a server that a child could write: lists, searched from end to end.
    #[test]
    fn everybody_gets_what_they_asked_for_and_nothing_else(steps in proptest::collection::vec(step(), 1..40)) {
        let mut bench = Bench::new();
        let mut numbers: Vec<(u64, u64)> = Vec::new();
        for name in ["0", "1", "2"] {
            let (number, connection, _) = bench.connect(name, true);
            numbers.push((number, connection));
        }
        let mut filters: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); 3];
        let mut kept: BTreeMap<&str, Vec<u8>> = BTreeMap::new();
        for (count, step) in steps.into_iter().enumerate() {
            let mut expected: Vec<Vec<(String, Vec<u8>, bool)>> = vec![Vec::new(); 3];
            match step {
                Step::Subscribe(client, filter) => {
                    bench.subscribe(numbers[client].0, FILTERS[filter], 1);
                    filters[client].insert(filter);
                    for (topic, payload) in kept.iter().filter(|(topic, _)| matches(FILTERS[filter], topic)) {
                        expected[client].push(((*topic).to_owned(), payload.clone(), true));
                    }
                }
                Step::Unsubscribe(client, filter) => {
                    let wanted = vec![FILTERS[filter].to_owned()];
                    bench.say(numbers[client].0, Packet::Unsubscribe { id: 1, filters: wanted });
                    filters[client].remove(&filter);
                }
                Step::Publish { from, topic, qos, retain, empty } => {
                    let payload = if empty { Vec::new() } else { count.to_string().into_bytes() };
                    bench.publish(numbers[from].0, TOPICS[topic], &payload, qos, retain);
                    if retain && empty {
                        kept.remove(TOPICS[topic]);
                    } else if retain {
                        kept.insert(TOPICS[topic], payload.clone());
                    }
                    for (client, filters) in filters.iter().enumerate() {
                        if filters.iter().any(|filter| matches(FILTERS[*filter], TOPICS[topic])) {
                            expected[client].push((TOPICS[topic].to_owned(), payload.clone(), false));
                        }
                    }
                }
                Step::Reconnect(client) => {
                    let (number, connection) = numbers[client];
                    bench.state.disconnect(number, connection, NOW);
                    let (number, connection, present) = bench.connect(&client.to_string(), true);
                    prop_assert!(!present);
                    numbers[client] = (number, connection);
                    filters[client].clear();
                }
            }
            for (client, mut expected) in expected.into_iter().enumerate() {
                let mut got: Vec<(String, Vec<u8>, bool)> = bench
                    .receive(numbers[client].0)
                    .into_iter()
                    .map(|(topic, payload, _, retain)| (topic, payload, retain))
                    .collect();
                got.sort();
                expected.sort();
                prop_assert_eq!(got, expected);
            }
        }
    }
}
