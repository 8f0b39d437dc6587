//! What somebody who guesses comes up against, and what the others in the house notice of it.

mod days;
mod programs;

use std::net::IpAddr;

use wamp_protocol::Dict;
use wamp_protocol::auth::scram;

use super::*;
use crate::authentication::AuthMethod;

const NOW: Duration = Duration::from_secs(3600);
/// An address of the house, and another one.
const HERE: &str = "192.168.1.5";
const THERE: &str = "192.168.1.6";

/// A sign-in by password; `address` is empty over a Unix socket.
fn by(name: &str, address: &str) -> SignIn {
    SignIn {
        realm: "realm1".to_owned(),
        authid: Some(name.to_owned()),
        method: AuthMethod::Scram(scram::Dialect::Specification),
        authextra: Dict::default(),
        address: (!address.is_empty()).then(|| (address.parse::<IpAddr>().unwrap(), 4000).into()),
    }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Attempts {
    fn try_wrong(&mut self, name: &str, address: &str, now: Duration) -> Settled {
        self.settle(&by(name, address), false, None, now)
    }

    fn try_right(&mut self, name: &str, address: &str, now: Duration) -> Settled {
        self.settle(&by(name, address), true, None, now)
    }

    fn try_ticket(&mut self, name: &str, address: &str, ticket: &str, now: Duration) -> Settled {
        let ticket = Some(self.fingerprint(ticket));
        self.settle(&by(name, address), false, ticket, now)
    }

    fn wait_of(&self, name: &str, address: &str, now: Duration) -> Duration {
        self.wait(&by(name, address), now).unwrap_or_default()
    }

    /// So many wrong secrets, each as soon as it may be sent; when the last was.
    fn fail(&mut self, count: u32, name: &str, address: &str) -> Duration {
        let mut now = NOW;
        for _ in 0..count {
            now += self.wait_of(name, address, now);
            assert_eq!(self.try_wrong(name, address, now), Settled::Wrong);
        }
        now
    }
}

#[test]
fn typing_errors_cost_nothing_and_guessing_gets_slower_and_slower() {
    for (failures, wait) in [(0, 0), (4, 0), (5, 1), (6, 2), (9, 16), (13, 256), (14, 291), (40, 291)] {
        let mut attempts = Attempts::default();
        let now = attempts.fail(failures, "ann", HERE);
        assert_eq!(attempts.wait_of("ann", HERE, now), seconds(wait), "{failures} failures");
        assert_eq!(attempts.wait_of("ann", HERE, now + seconds(wait)), Duration::ZERO);
    }
}

#[test]
fn whoever_has_to_wait_is_refused_alike_and_nothing_of_it_counts() {
    let mut attempts = Attempts::default();
    let now = attempts.fail(8, "ann", HERE);
    for half_seconds in 0..16 {
        let now = now + Duration::from_millis(500 * half_seconds);
        let left = Settled::TooEarly(Duration::from_millis(8000 - 500 * half_seconds));
        assert_eq!(attempts.try_wrong("ann", HERE, now), left);
        assert_eq!(attempts.try_right("ann", HERE, now), left);
        assert_eq!(attempts.try_ticket("ann", HERE, "guess", now), left);
    }
    // The wait ends when it was said to, however many came too early.
    assert_eq!(attempts.try_right("ann", HERE, now + seconds(8)), Settled::Accepted);
}

#[test]
fn the_right_secret_clears_the_count() {
    let mut attempts = Attempts::default();
    let now = attempts.fail(9, "ann", HERE) + seconds(16);
    assert_eq!(attempts.try_right("ann", HERE, now), Settled::Accepted);
    for _ in 0..5 {
        assert_eq!(attempts.try_wrong("ann", HERE, now), Settled::Wrong);
    }
    assert_eq!(attempts.wait_of("ann", HERE, now), seconds(1));
}

#[test]
fn failures_are_forgotten_when_there_were_none_for_long() {
    let mut attempts = Attempts::default();
    let now = attempts.fail(10, "ann", HERE) + FORGOTTEN_AFTER;
    assert_eq!(attempts.try_wrong("ann", HERE, now), Settled::Wrong);
    assert_eq!(attempts.wait_of("ann", HERE, now), Duration::ZERO);
}

#[test]
fn the_owner_gets_in_from_elsewhere_and_others_from_the_same_address() {
    let mut attempts = Attempts::default();
    let now = attempts.fail(19, "ann", HERE);
    for (name, address) in [("ann", THERE), ("bob", HERE), ("ann", "127.0.0.1"), ("ann", "")] {
        assert_eq!(
            attempts.wait_of(name, address, now),
            Duration::ZERO,
            "{name} at {address:?}"
        );
    }
}

#[test]
fn a_success_gives_back_to_the_name_and_the_address_what_it_failed() {
    let mut attempts = Attempts::default();
    for round in 0..30 {
        let (now, name) = (NOW + seconds(round), format!("name{round}"));
        // Each of many people behind one address mistypes, and then gets in.
        for _ in 0..4 {
            assert_eq!(attempts.try_wrong(&name, HERE, now), Settled::Wrong);
        }
        assert_eq!(attempts.try_right(&name, HERE, now), Settled::Accepted);
        // And one person does at each of many.
        let address = format!("10.0.0.{round}");
        for _ in 0..4 {
            assert_eq!(attempts.try_wrong("ann", &address, now), Settled::Wrong);
        }
        assert_eq!(attempts.try_right("ann", &address, now), Settled::Accepted);
    }
    assert_eq!(attempts.wait_of("another", HERE, NOW + seconds(30)), Duration::ZERO);
    assert_eq!(attempts.wait_of("ann", "10.1.0.1", NOW + seconds(30)), Duration::ZERO);
}

#[test]
fn trying_many_names_slows_the_address_and_its_network_but_not_who_is_known_there() {
    for (address, same, other) in [
        (HERE, "::ffff:192.168.1.5", THERE),
        ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1"),
    ] {
        let mut attempts = Attempts::default();
        assert_eq!(attempts.try_right("ann", address, NOW), Settled::Accepted);
        for guess in 0..20 {
            let name = format!("name{guess}");
            assert_eq!(attempts.try_wrong(&name, address, NOW), Settled::Wrong, "{name}");
        }
        assert_eq!(attempts.wait_of("another", address, NOW), seconds(60));
        assert_eq!(attempts.wait_of("another", same, NOW), seconds(60));
        assert_eq!(attempts.wait_of("another", other, NOW), Duration::ZERO);
        assert_eq!(attempts.wait_of("ann", same, NOW), Duration::ZERO);
        // One more each minute.
        assert_eq!(
            attempts.try_wrong("another", address, NOW + seconds(60)),
            Settled::Wrong
        );
        assert_eq!(attempts.wait_of("next", address, NOW + seconds(60)), seconds(60));
    }
}

#[test]
fn knowing_one_secret_is_no_licence_to_guess_others() {
    let mut attempts = Attempts::default();
    for guess in 0..20 {
        assert_eq!(attempts.try_wrong(&format!("name{guess}"), HERE, NOW), Settled::Wrong);
        assert_eq!(attempts.try_right("eve", THERE, NOW), Settled::Accepted);
        assert_eq!(
            attempts.try_wrong("ann", &format!("10.0.0.{guess}"), NOW),
            Settled::Wrong
        );
    }
    assert_eq!(attempts.wait_of("another", HERE, NOW), seconds(60));
    assert_eq!(attempts.wait_of("ann", THERE, NOW), seconds(60));
}

#[test]
fn who_is_known_at_a_place_keeps_a_count_of_its_own() {
    let mut attempts = Attempts::default();
    assert_eq!(attempts.try_right("ann", HERE, NOW), Settled::Accepted);
    let now = attempts.fail(9, "ann", HERE);
    assert_eq!(attempts.wait_of("ann", HERE, now), seconds(16));
}

#[test]
fn who_has_not_been_for_a_month_is_not_known_any_more() {
    let mut attempts = Attempts::default();
    assert_eq!(attempts.try_right("ann", HERE, NOW), Settled::Accepted);
    for (days, wait) in [(29, 0), (30, 60)] {
        let now = NOW + seconds(days * 24 * 3600);
        for guess in 0..20 {
            attempts.try_wrong("ann", &format!("10.0.{days}.{guess}"), now);
        }
        assert_eq!(attempts.wait_of("ann", HERE, now), seconds(wait), "{days} days");
    }
}

#[test]
fn this_machine_waits_for_what_failed_on_it_alone() {
    for address in ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1", ""] {
        let mut attempts = Attempts::default();
        for guess in 0..40 {
            assert_eq!(
                attempts.try_wrong(&format!("name{guess}"), address, NOW),
                Settled::Wrong
            );
            attempts.try_wrong("ann", &format!("10.0.0.{guess}"), NOW);
        }
        assert_eq!(attempts.wait_of("ann", address, NOW), Duration::ZERO, "{address}");
        let now = attempts.fail(9, "ann", address);
        assert_eq!(attempts.wait_of("ann", address, now), seconds(16), "{address}");
    }
}

#[test]
fn a_ticket_that_is_sent_again_is_no_guess() {
    let mut attempts = Attempts::default();
    let mut now = NOW;
    for _ in 0..1000 {
        now += attempts.wait_of("ann", HERE, now);
        assert_eq!(attempts.try_ticket("ann", HERE, "old", now), Settled::Wrong);
        assert!(attempts.wait_of("ann", HERE, now) <= seconds(4));
    }
    // Neither the name nor the address has been charged with it.
    for guess in 0..18 {
        assert_eq!(
            attempts.try_wrong("ann", &format!("10.0.0.{guess}"), NOW),
            Settled::Wrong
        );
        assert_eq!(attempts.try_wrong(&format!("name{guess}"), HERE, NOW), Settled::Wrong);
    }
    // Another one is a guess, and what was guessed before is not forgotten over it.
    for guess in 0..10 {
        now += attempts.wait_of("ann", HERE, now);
        assert_eq!(
            attempts.try_ticket("ann", HERE, &format!("guess{guess}"), now),
            Settled::Wrong
        );
    }
    assert_eq!(attempts.wait_of("ann", HERE, now), LONGEST_WAIT);
    now += seconds(300);
    assert_eq!(attempts.try_ticket("ann", HERE, "guess9", now), Settled::Wrong);
    assert_eq!(attempts.wait_of("ann", HERE, now), LONGEST_WAIT);
}

#[test]
fn keys_neither_wait_nor_count() {
    let mut attempts = Attempts::default();
    let by_key = SignIn {
        authid: None,
        method: AuthMethod::Cryptosign,
        ..by("", HERE)
    };
    for _ in 0..100 {
        assert_eq!(attempts.settle(&by_key, false, None, NOW), Settled::Wrong);
    }
    assert_eq!(attempts.settle(&by_key, true, None, NOW), Settled::Accepted);
    assert_eq!(attempts.wait_of("", HERE, NOW), Duration::ZERO);
    assert_eq!(attempts.sizes(), [0; 4]);
}

impl Attempts {
    /// What is remembered: of names at places, names, places, and names that signed in.
    fn sizes(&self) -> [usize; 4] {
        [
            self.failures.len(),
            self.names.len(),
            self.places.len(),
            self.known.sizes().0,
        ]
    }
}

#[test]
fn a_flood_of_names_and_addresses_fills_no_memory_and_makes_nobody_be_forgotten_who_waits() {
    let mut attempts = Attempts::default();
    assert_eq!(attempts.try_right("bob", HERE, NOW), Settled::Accepted);
    let mut now = attempts.fail(14, "ann", HERE);
    for guess in 0..20 {
        attempts.try_wrong("carl", &format!("10.0.0.{guess}"), now);
    }
    for flood in 0..3 * REMEMBERED {
        now += Duration::from_millis(1);
        let (name, address) = (format!("made-up-{flood}"), format!("2001:db8:0:{flood:x}::1"));
        assert_eq!(attempts.try_wrong(&name, &address, now), Settled::Wrong);
        assert!(attempts.sizes().into_iter().all(|size| size <= REMEMBERED));
    }
    assert!(attempts.wait_of("ann", HERE, now) > seconds(270));
    assert!(attempts.wait_of("carl", HERE, now) > seconds(40));
    assert_eq!(attempts.wait_of("bob", HERE, now), Duration::ZERO);
}

#[test]
fn sign_ins_from_everywhere_fill_no_memory() {
    let mut attempts = Attempts::default();
    for number in 0..3 * REMEMBERED {
        let now = NOW + Duration::from_millis(number as u64);
        // One who moves about, and many who do not.
        let address = format!("2001:db8:0:{number:x}::1");
        attempts.try_right("ann", &address, now);
        attempts.try_right(&format!("name{number}"), HERE, now);
        let (names, places) = attempts.known.sizes();
        assert!(names <= REMEMBERED && places <= 8);
        assert!(attempts.known.is_known(&Pair::of(&by("ann", &address)).unwrap(), now));
    }
}
