//! What holds whoever tries what, from where and when.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 4] = ["ann", "bob", "carl", "dora"];
const ADDRESSES: [&str; 6] = [
    "",
    "127.0.0.1",
    "192.168.1.5",
    "192.168.1.6",
    "2001:db8::1",
    "2001:db8:0:1::1",
];

/// Somebody tries to sign in, so long after the one before.
#[derive(Debug, Clone)]
struct Try {
    after: Duration,
    name: &'static str,
    address: &'static str,
    is_right: bool,
    ticket: Option<u8>,
}

fn tries(addresses: &'static [&'static str], rights: bool) -> impl Strategy<Value = Vec<Try>> {
    let after = prop_oneof![
        4 => Just(0),
        4 => 0..3_000_u64,
        2 => 0..70_000_u64,
        1 => 0..1_000_000_u64,
    ];
    let one = (
        after,
        prop::sample::select(&NAMES[..]),
        prop::sample::select(addresses),
        prop::bool::weighted(0.1),
        prop::option::of(0..3_u8),
    );
    let one = one.prop_map(move |(after, name, address, is_right, ticket)| Try {
        after: Duration::from_millis(after),
        name,
        address,
        is_right: is_right && rights,
        ticket,
    });
    prop::collection::vec(one, 1..150)
}

fn run(attempts: &mut Attempts, tries: &[Try], mut seen: impl FnMut(&mut Attempts, &Try, Settled, Duration)) {
    let mut now = NOW;
    for one in tries {
        now += one.after;
        let ticket = one.ticket.map(|ticket| attempts.fingerprint(&ticket.to_string()));
        let settled = attempts.settle(&by(one.name, one.address), one.is_right, ticket, now);
        seen(attempts, one, settled, now);
    }
}

fn waits(attempts: &Attempts, now: Duration) -> Vec<Duration> {
    NAMES
        .iter()
        .flat_map(|name| ADDRESSES.iter().map(move |address| (name, address)))
        .map(|(name, address)| attempts.wait_of(name, address, now))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_wait_ends_when_it_was_said_to_and_coming_too_early_changes_nothing(tries in tries(&ADDRESSES, true)) {
        let mut attempts = Attempts::default();
        run(&mut attempts, &tries, |attempts, one, settled, now| {
            let before = waits(attempts, now);
            assert!(before.iter().all(|wait| *wait <= LONGEST_WAIT));
            if let Settled::TooEarly(wait) = settled {
                assert_eq!(wait, attempts.wait_of(one.name, one.address, now));
                assert_eq!(attempts.wait_of(one.name, one.address, now + wait), Duration::ZERO);
                let last = wait.saturating_sub(Duration::from_millis(1));
                for is_right in [true, false] {
                    for now in [now, now + last] {
                        let again = attempts.settle(&by(one.name, one.address), is_right, None, now);
                        assert!(matches!(again, Settled::TooEarly(_)));
                    }
                }
                assert_eq!(waits(attempts, now), before);
            }
        });
    }

    #[test]
    fn whatever_is_tried_from_one_address_nobody_elsewhere_waits(tries in tries(&["192.168.1.5"], true)) {
        let mut attempts = Attempts::default();
        run(&mut attempts, &tries, |attempts, _, _, now| {
            for name in NAMES {
                for address in ADDRESSES.iter().filter(|address| **address != "192.168.1.5") {
                    assert_eq!(attempts.wait_of(name, address, now), Duration::ZERO);
                }
            }
        });
    }

    #[test]
    fn whoever_is_known_waits_for_their_own_failures_alone(tries in tries(&ADDRESSES, false)) {
        let mut attempts = Attempts::default();
        for address in ADDRESSES {
            attempts.try_right("eve", address, NOW);
        }
        run(&mut attempts, &tries, |attempts, _, _, now| {
            for address in ADDRESSES {
                assert_eq!(attempts.wait_of("eve", address, now), Duration::ZERO);
            }
        });
    }

    #[test]
    fn guesses_at_a_name_from_places_where_it_is_unknown_are_twenty_and_one_a_minute(
        tries in tries(&ADDRESSES[2..], false)
    ) {
        let mut attempts = Attempts::default();
        let (mut guessed, mut last) = (HashMap::<&str, Vec<Duration>>::new(), HashMap::new());
        run(&mut attempts, &tries, |_, one, settled, now| {
            if settled != Settled::Wrong {
                return;
            }
            let before = last.insert((one.name, one.address), one.ticket);
            if one.ticket.is_none() || before != Some(one.ticket) {
                guessed.entry(one.name).or_default().push(now);
            }
        });
        for times in guessed.values() {
            for (first, start) in times.iter().enumerate() {
                for (later, end) in times.iter().enumerate().skip(first) {
                    let minutes = (end.saturating_sub(*start)).as_secs() / 60;
                    assert!((later - first) as u64 <= 20 + minutes);
                }
            }
        }
    }
}
