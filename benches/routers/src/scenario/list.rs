//! The scenarios by name.

use wamp_protocol::Serializer;

use super::{Pace, Publishing, Shape, Taker};
use crate::wire::Carrier;

/// Which servers a scenario is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// All, WAMP over WebSocket in JSON.
    All,
    /// Those that know calls: WAMP routers and the relay.
    Callable,
    /// This router alone, in every encoding over every carrier, and the relay.
    Encodings,
    /// WAMP routers alone.
    Routers,
    /// This router alone, with the limits that it has by default.
    Own,
}

/// How routers are spoken to in [`Who::Encodings`].
pub(crate) const ENCODINGS: [(&str, Carrier, Serializer); 6] = [
    ("WebSocket JSON", Carrier::WebSocket, Serializer::Json),
    ("WebSocket MessagePack", Carrier::WebSocket, Serializer::MsgPack),
    ("WebSocket CBOR", Carrier::WebSocket, Serializer::Cbor),
    ("RawSocket JSON", Carrier::RawSocket, Serializer::Json),
    ("RawSocket MessagePack", Carrier::RawSocket, Serializer::MsgPack),
    ("RawSocket CBOR", Carrier::RawSocket, Serializer::Cbor),
];

/// A scenario, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    /// What it does, for people.
    pub(crate) title: String,
    pub(crate) who: Who,
    pub(crate) shape: Shape,
}

const EACH: Pace = Pace::Saturation { per_write: 1 };
const MANY: Pace = Pace::Saturation { per_write: 64 };

/// Every scenario, in the order in which they are measured.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = Vec::new();
    let mut add = |name: &str, who, title: String, shape| {
        all.push(Scenario {
            name: name.to_owned(),
            title,
            who,
            shape,
        });
    };
    let fan_out = |subscribers, size, pace| {
        Shape::Publishing(Publishing {
            publishers: 1,
            subscribers,
            by_prefix: false,
            size,
            pace,
        })
    };
    for count in [1, 10, 100] {
        let title = format!("1 publisher → {count}, 100 octets, one message a write");
        add(&format!("fan-out-{count}"), Who::All, title, fan_out(count, 100, EACH));
    }
    let title = "1 publisher → 10, 100 octets, 64 messages a write".to_owned();
    add("fan-out-10-batched", Who::All, title, fan_out(10, 100, MANY));
    let many = Publishing {
        publishers: 50,
        subscribers: 1,
        by_prefix: false,
        size: 100,
        pace: EACH,
    };
    let title = "50 publishers → 1, 100 octets, one message a write".to_owned();
    add("many-to-one", Who::All, title, Shape::Publishing(many));
    for (callers, in_flight) in [(1, 1), (1, 64), (10, 1), (10, 64)] {
        let shape = Shape::Calls {
            callers,
            in_flight,
            size: 100,
        };
        let title = format!("calls, 100 octets both ways: {callers} callers × {in_flight} in flight, 1 callee");
        add(&format!("calls-{callers}x{in_flight}"), Who::Callable, title, shape);
    }
    let sensors = Publishing {
        publishers: 500,
        subscribers: 10,
        by_prefix: true,
        size: 100,
        pace: Pace::Rate(500.0),
    };
    let title = "500 sensors at 1/s → 10 subscribers by prefix".to_owned();
    add("sensors", Who::All, title, Shape::Publishing(sensors));
    let title = "1 publisher at 2,000/s → 10, 100 octets".to_owned();
    add("rate", Who::All, title, fan_out(10, 100, Pace::Rate(2000.0)));
    let title = "sessions opened and closed, 4 clients at once".to_owned();
    add("sessions", Who::Callable, title, Shape::Sessions);
    let title = "1,000 idle sessions".to_owned();
    add("idle", Who::All, title, Shape::Idle { sessions: 1000 });
    for (name, others) in [("lookup-0", 0), ("lookup-100", 100), ("lookup-100000", 100_000)] {
        let title =
            format!("1 publisher → 10 with {others} other subscriptions: exact, prefix, wildcard; half of them near");
        add(name, Who::Routers, title, Shape::Lookup { others });
    }
    for (name, taker, whom) in [
        ("slow-none", Taker::Nobody, "that nobody takes"),
        ("slow-reads", Taker::Reads, "to one more who reads"),
        (
            "slow-one",
            Taker::DoesNotRead,
            "to one more who does not read and is ended",
        ),
    ] {
        let title = format!("500 publications a second → 99, during 38,000 of 2,000 octets {whom}");
        let shape = Shape::Slow { subscribers: 99, taker };
        add(name, Who::Own, title, shape);
    }
    for (name, size) in [("100", 100), ("4k", 4096), ("64k", 65_536)] {
        let title = format!("1 publisher → 10, {size} octets, in every encoding");
        add(
            &format!("encodings-{name}"),
            Who::Encodings,
            title,
            fan_out(10, size, EACH),
        );
    }
    all
}
