//! Brakes for whoever guesses secrets.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::SignIn;

/// Wrong secrets somebody may send before waiting.
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
/// waiting name is refused from that address even with the right secret; from other addresses
/// its owner still gets in. `now` is the time since any fixed moment.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failures: HashMap<Key, Failures>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    authid: Option<String>,
    /// `None` for this machine.
    address: Option<IpAddr>,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Duration,
}

impl Attempts {
    /// How long whoever signs in so has to wait still; `None` when they may try.
    pub(crate) fn wait(&self, sign_in: &SignIn, now: Duration) -> Option<Duration> {
        keys(sign_in)
            .into_iter()
            .filter_map(|(key, free)| {
                let failures = self.failures.get(&key)?;
                let over = failures.count.checked_sub(free)?;
                let wait = Duration::from_secs(1 << over.min(16)).min(LONGEST_WAIT);
                wait.checked_sub(now.saturating_sub(failures.last))
            })
            .filter(|wait| !wait.is_zero())
            .max()
    }

    /// It was the wrong secret.
    pub(crate) fn failed(&mut self, sign_in: &SignIn, now: Duration) {
        if self.failures.len() >= REMEMBERED {
            self.forget_old(now);
        }
        for (key, _) in keys(sign_in) {
            let failures = self.failures.entry(key).or_insert(Failures { count: 0, last: now });
            if now.saturating_sub(failures.last) >= FORGOTTEN_AFTER {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
        }
    }

    /// It was the right one. The address keeps its count: knowing one secret is no licence to
    /// guess others.
    pub(crate) fn succeeded(&mut self, sign_in: &SignIn) {
        let [(key, _), _] = keys(sign_in);
        self.failures.remove(&key);
    }

    fn forget_old(&mut self, now: Duration) {
        self.failures
            .retain(|_, failures| now.saturating_sub(failures.last) < FORGOTTEN_AFTER);
        if self.failures.len() < REMEMBERED {
            return;
        }
        let mut times: Vec<Duration> = self.failures.values().map(|failures| failures.last).collect();
        times.sort_unstable();
        if let Some(&median) = times.get(times.len() / 2) {
            self.failures.retain(|_, failures| failures.last > median);
        }
    }
}

fn keys(sign_in: &SignIn) -> [(Key, u32); 2] {
    let address = sign_in.address.map(|address| network(address.ip()));
    let key = |authid| Key { authid, address };
    // A name nobody can have is as long as a map key needs to be.
    let name = sign_in.name().chars().take(64).collect();
    [(key(Some(name)), FREE_ATTEMPTS), (key(None), FREE_ATTEMPTS_OF_ADDRESS)]
}

/// Whoever has one address of IPv6 has all 2^64 of its network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) >> 64 << 64;
            IpAddr::V6(Ipv6Addr::from(network))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use wamp_protocol::Dict;

    use super::*;
    use crate::authentication::AuthMethod;

    const HERE: &str = "192.168.1.5";
    const NOW: Duration = Duration::from_secs(3600);

    fn by(authid: &str, address: &str) -> SignIn {
        SignIn {
            realm: "realm1".to_owned(),
            authid: Some(authid.to_owned()),
            method: AuthMethod::Ticket,
            authextra: Dict::default(),
            address: Some((address.parse::<IpAddr>().unwrap(), 4000).into()),
        }
    }

    fn after_failures(count: u32) -> Attempts {
        let mut attempts = Attempts::default();
        for _ in 0..count {
            attempts.failed(&by("ann", HERE), NOW);
        }
        attempts
    }

    #[test]
    fn typing_errors_cost_nothing() {
        assert_eq!(after_failures(4).wait(&by("ann", HERE), NOW), None);
    }

    #[test]
    fn guessing_gets_slower_and_slower() {
        for (failures, seconds) in [(5, 1), (6, 2), (9, 16), (14, 300), (1000, 300)] {
            let wait = after_failures(failures).wait(&by("ann", HERE), NOW);
            assert_eq!(wait, Some(Duration::from_secs(seconds)), "{failures} failures");
        }
        let later = NOW + Duration::from_secs(2);
        assert_eq!(after_failures(6).wait(&by("ann", HERE), later), None);
    }

    #[test]
    fn failures_are_forgotten_when_there_were_none_for_long() {
        let mut attempts = after_failures(10);
        let later = NOW + FORGOTTEN_AFTER;
        attempts.failed(&by("ann", HERE), later);
        assert_eq!(attempts.wait(&by("ann", HERE), later), None);
    }

    #[test]
    fn the_owner_gets_in_from_elsewhere() {
        let attempts = after_failures(10);
        assert_eq!(attempts.wait(&by("ann", "192.168.1.6"), NOW), None);
        assert_eq!(attempts.wait(&by("bob", HERE), NOW), None);
    }

    #[test]
    fn trying_many_names_slows_the_address_and_its_network() {
        let mut attempts = Attempts::default();
        for guess in 0..25 {
            attempts.failed(&by(&format!("name{guess}"), HERE), NOW);
            attempts.failed(&by(&format!("name{guess}"), &format!("2001:db8::{guess}")), NOW);
        }
        assert!(attempts.wait(&by("another", HERE), NOW).is_some());
        assert!(attempts.wait(&by("another", &format!("::ffff:{HERE}")), NOW).is_some());
        assert!(attempts.wait(&by("another", "2001:db8::ffff"), NOW).is_some());
        assert_eq!(attempts.wait(&by("another", "2001:db8:1::1"), NOW), None);
    }

    #[test]
    fn the_right_secret_clears_the_count() {
        let mut attempts = after_failures(5);
        attempts.succeeded(&by("ann", HERE));
        assert_eq!(attempts.wait(&by("ann", HERE), NOW), None);
    }

    #[test]
    fn a_flood_of_names_does_not_fill_the_memory() {
        let mut attempts = Attempts::default();
        for guess in 0..3 * REMEMBERED {
            let now = NOW + Duration::from_millis(guess as u64);
            attempts.failed(&by("x", &format!("2001:db8:0:{guess:x}::1")), now);
            assert!(attempts.failures.len() <= REMEMBERED + 2);
        }
    }
}
