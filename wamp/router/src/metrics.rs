//! What the router counts, and how that is read.

use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use wamp_protocol::MessageType;

use crate::limit::Limit;
use crate::member::TransportKind;

/// The message types that are counted, in the order of their codes.
const TYPES: [MessageType; 24] = [
    MessageType::Hello,
    MessageType::Welcome,
    MessageType::Abort,
    MessageType::Challenge,
    MessageType::Authenticate,
    MessageType::Goodbye,
    MessageType::Error,
    MessageType::Publish,
    MessageType::Published,
    MessageType::Subscribe,
    MessageType::Subscribed,
    MessageType::Unsubscribe,
    MessageType::Unsubscribed,
    MessageType::Event,
    MessageType::Call,
    MessageType::Cancel,
    MessageType::Result,
    MessageType::Register,
    MessageType::Registered,
    MessageType::Unregister,
    MessageType::Unregistered,
    MessageType::Invocation,
    MessageType::Interrupt,
    MessageType::Yield,
];

/// Where a message type stands in [`TYPES`], by its code; 255 where it does not.
const PLACES: [u8; 71] = {
    let mut places = [u8::MAX; 71];
    let mut place = 0;
    while place < TYPES.len() {
        places[TYPES[place] as usize] = place as u8;
        place += 1;
    }
    places
};

/// Counters that every session adds to.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// In the order of [`TransportKind::ALL`].
    sessions_open: [AtomicU64; 5],
    sessions_total: [AtomicU64; 5],
    /// In the order of [`TYPES`].
    messages_in: [AtomicU64; TYPES.len()],
    messages_out: [AtomicU64; TYPES.len()],
    pub(crate) octets_in: AtomicU64,
    pub(crate) octets_out: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) dropped: AtomicU64,
    pub(crate) gave_way: AtomicU64,
    pub(crate) too_slow: AtomicU64,
    pub(crate) silent: AtomicU64,
    pub(crate) oversized: AtomicU64,
    pub(crate) violations: AtomicU64,
    pub(crate) sign_ins_failed: AtomicU64,
    pub(crate) sign_ins_held_up: AtomicU64,
    pub(crate) handshakes_timed_out: AtomicU64,
    pub(crate) requests_refused: AtomicU64,
    pub(crate) request_id_gaps: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    /// In the order of [`Limit::ALL`].
    limits: [AtomicU64; Limit::ALL.len()],
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Relaxed);
    }

    /// Something exceeded `limit`.
    pub(crate) fn hit(&self, limit: Limit) {
        let place = Limit::ALL.iter().position(|other| *other == limit);
        if let Some(counter) = place.and_then(|place| self.limits.get(place)) {
            Self::add(counter, 1);
        }
    }

    pub(crate) fn joined(&self, kind: TransportKind) {
        for counter in [at(&self.sessions_open, kind), at(&self.sessions_total, kind)]
            .into_iter()
            .flatten()
        {
            Self::add(counter, 1);
        }
    }

    pub(crate) fn left(&self, kind: TransportKind) {
        if let Some(counter) = at(&self.sessions_open, kind) {
            counter.fetch_sub(1, Relaxed);
        }
    }

    /// Sessions over a network.
    pub(crate) fn remote_sessions(&self) -> u64 {
        let remote = TransportKind::ALL
            .into_iter()
            .filter(|kind| *kind != TransportKind::Linked);
        remote
            .filter_map(|kind| at(&self.sessions_open, kind))
            .map(|counter| counter.load(Relaxed))
            .sum()
    }
}

fn at(counters: &[AtomicU64; 5], kind: TransportKind) -> Option<&AtomicU64> {
    let place = TransportKind::ALL.iter().position(|other| *other == kind)?;
    counters.get(place)
}

/// Counts of a batch of messages, added to the common counters once per batch.
#[derive(Debug)]
pub(crate) struct Tally {
    counts: [u32; TYPES.len()],
    octets: u64,
    /// So many turns should those have who were sent something.
    pub(crate) turns: u8,
}

impl Tally {
    pub(crate) const fn new() -> Self {
        Self {
            counts: [0; TYPES.len()],
            octets: 0,
            turns: 0,
        }
    }

    pub(crate) fn count(&mut self, message: MessageType, octets: usize) {
        self.octets += octets as u64;
        let place = PLACES.get(message as usize).copied().unwrap_or(u8::MAX);
        if let Some(count) = self.counts.get_mut(usize::from(place)) {
            *count += 1;
        }
    }

    pub(crate) fn add_in(self, counters: &Counters) {
        self.add(&counters.messages_in, &counters.octets_in);
    }

    pub(crate) fn add_out(self, counters: &Counters) {
        self.add(&counters.messages_out, &counters.octets_out);
    }

    fn add(self, messages: &[AtomicU64], octets: &AtomicU64) {
        for (counter, count) in messages.iter().zip(self.counts) {
            if count > 0 {
                Counters::add(counter, count.into());
            }
        }
        Counters::add(octets, self.octets);
    }
}

/// The router's counters at one moment.
#[derive(Debug, Clone)]
pub struct Metrics {
    text: String,
}

/// What OpenMetrics text ends with.
const END: &str = "# EOF\n";

impl Metrics {
    pub(crate) fn of(counters: &Counters) -> Self {
        let mut text = String::with_capacity(4096);
        // Writing to a String cannot fail.
        let _ = render(counters, &mut text);
        Self { text }
    }

    /// OpenMetrics text.
    pub fn render(&self) -> String {
        self.text.clone() + END
    }
}

fn render(counters: &Counters, out: &mut String) -> fmt::Result {
    family(out, "wamp_sessions", "gauge", "Sessions that are joined.")?;
    for (kind, counter) in TransportKind::ALL.iter().zip(&counters.sessions_open) {
        writeln!(
            out,
            "wamp_sessions{{transport=\"{}\"}} {}",
            kind.name(),
            counter.load(Relaxed)
        )?;
    }
    family(
        out,
        "wamp_sessions_joined",
        "counter",
        "Sessions that have joined since the start.",
    )?;
    for (kind, counter) in TransportKind::ALL.iter().zip(&counters.sessions_total) {
        writeln!(
            out,
            "wamp_sessions_joined_total{{transport=\"{}\"}} {}",
            kind.name(),
            counter.load(Relaxed)
        )?;
    }
    for (name, help, messages) in [
        ("wamp_messages_in", "Messages received.", &counters.messages_in),
        ("wamp_messages_out", "Messages sent.", &counters.messages_out),
    ] {
        family(out, name, "counter", help)?;
        for (message, counter) in TYPES.iter().zip(messages) {
            let count = counter.load(Relaxed);
            if count > 0 {
                writeln!(out, "{name}_total{{type=\"{}\"}} {count}", message.name())?;
            }
        }
    }
    family(
        out,
        "wamp_limits_hit",
        "counter",
        "Messages and requests refused because they exceed a limit of one session.",
    )?;
    for (limit, counter) in Limit::ALL.iter().zip(&counters.limits) {
        let count = counter.load(Relaxed);
        writeln!(out, "wamp_limits_hit_total{{limit=\"{}\"}} {count}", limit.name())?;
    }
    for (name, help, counter) in [
        (
            "wamp_octets_in",
            "Octets of messages received, framing aside.",
            &counters.octets_in,
        ),
        (
            "wamp_octets_out",
            "Octets of messages sent, framing aside.",
            &counters.octets_out,
        ),
        ("wamp_events_routed", "Events put into outboxes.", &counters.events),
        (
            "wamp_messages_dropped",
            "Messages that no session got because its outbox was full, it was ending, or only the newest were wanted.",
            &counters.dropped,
        ),
        (
            "wamp_events_gave_way",
            "Events dropped for newer ones of a subscription of which only the newest were wanted.",
            &counters.gave_way,
        ),
        (
            "wamp_sessions_too_slow",
            "Sessions ended because their outbox was full.",
            &counters.too_slow,
        ),
        (
            "wamp_sessions_silent",
            "Sessions ended because the other end did not answer a ping.",
            &counters.silent,
        ),
        (
            "wamp_messages_oversized",
            "Messages not sent because the receiver takes none of that size.",
            &counters.oversized,
        ),
        (
            "wamp_protocol_violations",
            "Sessions and connections ended because the client broke the protocol.",
            &counters.violations,
        ),
        (
            "wamp_sign_ins_failed",
            "Sign-ins that were refused.",
            &counters.sign_ins_failed,
        ),
        (
            "wamp_sign_ins_held_up",
            "Sign-ins refused, right or wrong, because too many failed before.",
            &counters.sign_ins_held_up,
        ),
        (
            "wamp_handshakes_timed_out",
            "Connections ended because the client did not join in time.",
            &counters.handshakes_timed_out,
        ),
        (
            "wamp_requests_refused",
            "Requests refused because the role may not do that.",
            &counters.requests_refused,
        ),
        (
            "wamp_request_id_gaps",
            "Requests whose id is not the last one plus one.",
            &counters.request_id_gaps,
        ),
        (
            "wamp_connections_refused",
            "Connections refused because there are too many sessions.",
            &counters.connections_refused,
        ),
    ] {
        family(out, name, "counter", help)?;
        writeln!(out, "{name}_total {}", counter.load(Relaxed))?;
    }
    Ok(())
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) -> fmt::Result {
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")
}
