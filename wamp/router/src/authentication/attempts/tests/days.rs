//! Days in a house, second by second.

use super::*;

const DAY: u64 = 24 * 3600;

/// The address of a house that its family is seen under from outside.
const HOME: &str = "203.0.113.7";

/// Guesses that are looked at of all that somebody sends in a day, one each second, from one of
/// `addresses` after the other, and then for the next of `names`; `meanwhile` sees the day too.
fn guesses_in_a_day(
    attempts: &mut Attempts,
    names: u64,
    addresses: u64,
    mut meanwhile: impl FnMut(&mut Attempts, Duration),
) -> u64 {
    let mut looked_at = 0;
    for second in 0..DAY {
        let now = NOW + seconds(second);
        let address = second % addresses;
        let address = format!("10.0.{}.{}", address / 256, address % 256);
        let name = format!("name{}", second / addresses % names);
        looked_at += u64::from(attempts.try_wrong(&name, &address, now) == Settled::Wrong);
        meanwhile(attempts, now);
    }
    looked_at
}

#[test]
fn from_one_address_a_name_can_be_guessed_three_hundred_times_a_day_and_nobody_else_waits() {
    let mut attempts = Attempts::default();
    assert_eq!(attempts.try_right("name0", HERE, NOW), Settled::Accepted);
    let guesses = guesses_in_a_day(&mut attempts, 1, 1, |attempts, now| {
        // Its owner, at a place that is known and at one that is not; and others from where it is tried.
        for (name, address) in [("name0", HERE), ("name0", THERE), ("name0", ""), ("ann", "10.0.0.0")] {
            assert_eq!(attempts.wait_of(name, address, now), Duration::ZERO);
        }
    });
    assert!((280..=310).contains(&guesses), "{guesses}");
}

#[test]
fn from_a_thousand_addresses_a_name_can_be_guessed_once_a_minute_and_who_is_known_does_not_wait() {
    let mut attempts = Attempts::default();
    assert_eq!(attempts.try_right("name0", HERE, NOW), Settled::Accepted);
    let guesses = guesses_in_a_day(&mut attempts, 1, 1000, |attempts, now| {
        for address in [HERE, "127.0.0.1", ""] {
            assert_eq!(attempts.wait_of("name0", address, now), Duration::ZERO);
        }
        assert!(attempts.wait_of("name0", THERE, now) <= seconds(60));
        assert_eq!(attempts.wait_of("ann", THERE, now), Duration::ZERO);
    });
    assert!((1440..=1461).contains(&guesses), "{guesses}");
}

#[test]
fn from_one_address_names_can_be_tried_one_a_minute() {
    let mut attempts = Attempts::default();
    let guesses = guesses_in_a_day(&mut attempts, 1_000_000, 1, |attempts, now| {
        assert!(attempts.wait_of("ann", "10.0.0.0", now) <= seconds(60));
        assert_eq!(attempts.wait_of("ann", THERE, now), Duration::ZERO);
    });
    assert!((1440..=1461).contains(&guesses), "{guesses}");
}

/// A tablet whose password is old tries again every ten seconds; the longest time until its owner
/// is in who tries every second, at any moment of the day.
fn longest_wait_of_the_owner(ticket: Option<&str>) -> Duration {
    let mut attempts = Attempts::default();
    let family = ["bob", "ann", "carl", "dora"];
    for name in family {
        assert_eq!(attempts.try_right(name, HOME, NOW), Settled::Accepted);
    }
    let mut longest = Duration::ZERO;
    for second in 0..DAY {
        let now = NOW + seconds(second);
        if second % 10 == 0 {
            let ticket = ticket.map(|ticket| attempts.fingerprint(ticket));
            attempts.settle(&by("bob", HOME), false, ticket, now);
        }
        longest = longest.max(attempts.wait_of("bob", HOME, now));
        for name in &family[1..] {
            assert_eq!(attempts.wait_of(name, HOME, now), Duration::ZERO);
        }
        // Who comes to visit.
        assert_eq!(attempts.wait_of("guest", HOME, now), Duration::ZERO);
    }
    longest
}

#[test]
fn a_tablet_with_an_old_secret_holds_up_nobody_else_in_the_house() {
    assert!(longest_wait_of_the_owner(None) <= LONGEST_WAIT);
    assert!(longest_wait_of_the_owner(Some("remember.old")) <= seconds(4));
}

#[test]
fn a_tablet_with_an_old_secret_does_not_keep_out_a_phone_with_the_new_one() {
    for interval in [5, 10, 15, 20, 30, 60] {
        let mut attempts = Attempts::default();
        let (mut comes, mut longest) = (None, 0);
        for second in 0..DAY {
            let now = NOW + seconds(second);
            if second % interval == 0 {
                attempts.try_wrong("bob", HOME, now);
            }
            // The phone comes back once an hour, and tries once more when the wait is over.
            if second % 3600 == 1800 {
                comes = Some((second, second));
            }
            if let Some((first, again)) = comes
                && again == second
            {
                comes = match attempts.try_right("bob", HOME, now) {
                    Settled::TooEarly(wait) => Some((first, second + wait.as_secs())),
                    settled => {
                        assert_eq!(settled, Settled::Accepted);
                        longest = longest.max(second - first);
                        None
                    }
                };
            }
        }
        assert!(comes.is_none() && longest <= 291, "every {interval} s: {longest} s");
    }
}
