//! Brakes for whoever guesses passwords.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Wrong passwords somebody may type before waiting.
const FREE_ATTEMPTS: u32 = 5;
/// The same for everything from one address, whatever names it tries.
const FREE_ATTEMPTS_OF_ADDRESS: u32 = 20;
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// Failures are forgotten after so long without another.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(900);
/// Names and addresses remembered at once; the ones that failed longest ago go first.
const REMEMBERED: usize = 4096;

/// Failed sign-ins, counted for each name and address, and for each address alone.
///
/// After the free attempts each failure doubles the wait, from one second up to five minutes. A
/// waiting name is refused from that address even with the right password; from other addresses
/// its owner still gets in.
#[derive(Debug, Default)]
pub struct Attempts {
    failures: HashMap<Key, Failures>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    authid: Option<String>,
    address: String,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Attempts {
    /// How long `authid` at `address` has to wait still; `None` when it may try.
    pub fn wait(&self, authid: &str, address: &str, now: Instant) -> Option<Duration> {
        keys(authid, address)
            .into_iter()
            .filter_map(|(key, free)| {
                let failures = self.failures.get(&key)?;
                let over = failures.count.checked_sub(free)?;
                let wait = Duration::from_secs(1 << over.min(16)).min(LONGEST_WAIT);
                wait.checked_sub(now.saturating_duration_since(failures.last))
            })
            .filter(|wait| !wait.is_zero())
            .max()
    }

    /// It was the wrong password.
    pub fn failed(&mut self, authid: &str, address: &str, now: Instant) {
        if self.failures.len() >= REMEMBERED {
            self.forget_old(now);
        }
        for (key, _) in keys(authid, address) {
            let failures = self.failures.entry(key).or_insert(Failures { count: 0, last: now });
            if now.saturating_duration_since(failures.last) >= FORGOTTEN_AFTER {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
        }
    }

    /// It was the right one. The address keeps its count: knowing one password is no licence to
    /// guess others.
    pub fn succeeded(&mut self, authid: &str, address: &str) {
        let [(key, _), _] = keys(authid, address);
        self.failures.remove(&key);
    }

    fn forget_old(&mut self, now: Instant) {
        self.failures
            .retain(|_, failures| now.saturating_duration_since(failures.last) < FORGOTTEN_AFTER);
        if self.failures.len() < REMEMBERED {
            return;
        }
        let mut times: Vec<Instant> = self.failures.values().map(|failures| failures.last).collect();
        times.sort_unstable();
        if let Some(&median) = times.get(times.len() / 2) {
            self.failures.retain(|_, failures| failures.last > median);
        }
    }
}

fn keys(authid: &str, address: &str) -> [(Key, u32); 2] {
    let key = |authid| Key {
        authid,
        address: address.to_owned(),
    };
    // A name nobody can have is as long as a map key needs to be.
    let name = authid.chars().take(64).collect();
    [(key(Some(name)), FREE_ATTEMPTS), (key(None), FREE_ATTEMPTS_OF_ADDRESS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "192.168.1.5";

    fn after_failures(count: u32, now: Instant) -> Attempts {
        let mut attempts = Attempts::default();
        for _ in 0..count {
            attempts.failed("ann", HERE, now);
        }
        attempts
    }

    #[test]
    fn typing_errors_cost_nothing() {
        let now = Instant::now();
        assert_eq!(after_failures(4, now).wait("ann", HERE, now), None);
    }

    #[test]
    fn guessing_gets_slower_and_slower() {
        let now = Instant::now();
        for (failures, seconds) in [(5, 1), (6, 2), (9, 16), (14, 300), (1000, 300)] {
            let wait = after_failures(failures, now).wait("ann", HERE, now);
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{failures} failures");
        }
        let later = now + Duration::from_secs(2);
        assert_eq!(after_failures(6, now).wait("ann", HERE, later), None);
    }

    #[test]
    fn the_owner_gets_in_from_elsewhere() {
        let now = Instant::now();
        let attempts = after_failures(10, now);
        assert_eq!(attempts.wait("ann", "192.168.1.6", now), None);
        assert_eq!(attempts.wait("bob", HERE, now), None);
    }

    #[test]
    fn trying_many_names_slows_the_address() {
        let now = Instant::now();
        let mut attempts = Attempts::default();
        for guess in 0..25 {
            attempts.failed(&format!("name{guess}"), HERE, now);
        }
        assert!(attempts.wait("another", HERE, now).is_some());
    }

    #[test]
    fn the_right_password_clears_the_count() {
        let now = Instant::now();
        let mut attempts = after_failures(5, now);
        attempts.succeeded("ann", HERE);
        assert_eq!(attempts.wait("ann", HERE, now), None);
    }

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let now = Instant::now();
        let mut attempts = Attempts::default();
        for guess in 0..3 * REMEMBERED {
            let now = now + Duration::from_millis(guess as u64);
            attempts.failed("x", &format!("2001:db8::{guess:x}"), now);
            assert!(attempts.failures.len() <= REMEMBERED + 2);
        }
    }
}
