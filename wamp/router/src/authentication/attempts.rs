//! Brakes for whoever guesses secrets.
//!
//! Three counts, each of which says how long somebody has to wait:
//!
//! - **A name at one place** ([`Failures`]): five free failures, then each doubles the wait. It is the
//!   place's own, so nobody elsewhere can make somebody wait.
//! - **A name, wherever it is tried from** ([`Allowance`]): for guesses that are spread over many
//!   addresses.
//! - **An address, whatever names it tries** ([`Allowance`]): each name once, so that one client with
//!   an old secret, which tries a single name for ever, takes one of twenty.
//!
//! The last two spare whoever signed in from there lately ([`Known`]), and this machine: behind one
//! address there may be a whole house, and loopback may be a proxy in front of everybody.
//!
//! A sign-in that comes too early is refused whatever its secret is, and is not counted, neither as
//! right nor as wrong: nothing is learnt by it, and the wait ends when it was said to end. Keys
//! (cryptosign) cannot be guessed: they neither wait nor count.
//!
//! Time is since any fixed moment.

mod allowance;
mod bounded;
mod known;
mod place;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use self::allowance::Allowance;
use self::known::Known;
use self::place::{Pair, Place};
use super::SignIn;

/// Wrong secrets that somebody may send for a name before waiting.
const FREE_FAILURES: u32 = 5;
/// No multiple of what clients like to wait before they try again: one with an old secret would always be
/// the first when the wait is over, and its owner's other devices would never have a turn.
const LONGEST_WAIT: Duration = Duration::from_secs(291);
/// What sending the same wrong ticket again can count up to: four seconds of waiting.
const FAILURES_OF_REPETITION: u32 = FREE_FAILURES + 2;
/// Failures of a name at a place are forgotten after so long without another.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(900);
/// Names at places, names, and addresses remembered at once, of each.
const REMEMBERED: usize = 4096;

/// Sign-ins that failed, and those that did not.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    failures: HashMap<Pair, Failures>,
    names: HashMap<String, Allowance>,
    places: HashMap<Place, Allowance>,
    known: Known,
    fingerprints: RandomState,
}

/// What became of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It was right.
    Accepted,
    /// It was wrong.
    Wrong,
    /// It came too early by so much. Whether it was right plays no part.
    TooEarly(Duration),
}

/// By which a wrong ticket is known again, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64);

/// Of one name at one place.
#[derive(Debug, Clone, Copy, Default)]
struct Failures {
    count: u32,
    last: Duration,
    ticket: Option<Fingerprint>,
}

impl Failures {
    fn wait(self, now: Duration) -> Duration {
        let Some(over) = self.count.checked_sub(FREE_FAILURES) else {
            return Duration::ZERO;
        };
        let wait = Duration::from_secs(1 << over.min(16)).min(LONGEST_WAIT);
        wait.saturating_sub(now.saturating_sub(self.last))
    }

    fn are_forgotten(self, now: Duration) -> bool {
        now.saturating_sub(self.last) >= FORGOTTEN_AFTER
    }

    /// What is worth remembering most comes last.
    const fn rank(&self) -> (u32, Duration) {
        (self.count, self.last)
    }
}

impl Attempts {
    /// How long whoever signs in so has to wait still; `None` when they may try.
    pub(crate) fn wait(&self, sign_in: &SignIn, now: Duration) -> Option<Duration> {
        let pair = Pair::of(sign_in)?;
        let own = self.failures.get(&pair).map(|failures| failures.wait(now));
        let shared = [self.names.get(&pair.name), self.places.get(&pair.place)];
        let shared = shared.into_iter().flatten().map(|allowance| allowance.wait(now));
        own.into_iter()
            .chain(shared.filter(|_| !self.is_spared(&pair, now)))
            .max()
            .filter(|wait| !wait.is_zero())
    }

    /// Whether only what happened to this name at this place counts.
    fn is_spared(&self, pair: &Pair, now: Duration) -> bool {
        pair.place == Place::Here || self.known.is_known(pair, now)
    }

    /// What the same wrong ticket is known by when it comes again.
    pub(crate) fn fingerprint(&self, ticket: &str) -> Fingerprint {
        Fingerprint(self.fingerprints.hash_one(ticket))
    }

    /// A sign-in ends; `is_right` tells whether it was proven, by a ticket that is known by `ticket`
    /// if it was one.
    pub(crate) fn settle(
        &mut self,
        sign_in: &SignIn,
        is_right: bool,
        ticket: Option<Fingerprint>,
        now: Duration,
    ) -> Settled {
        if let Some(wait) = self.wait(sign_in, now) {
            return Settled::TooEarly(wait);
        }
        match (Pair::of(sign_in), is_right) {
            (Some(pair), true) => self.succeeded(pair, now),
            (Some(pair), false) => self.failed(pair, ticket, now),
            (None, _) => {}
        }
        if is_right { Settled::Accepted } else { Settled::Wrong }
    }

    /// It was the right secret: what this name failed here is forgiven, to the name and to the
    /// address too. What others failed is not: knowing one secret is no licence to guess others.
    fn succeeded(&mut self, pair: Pair, now: Duration) {
        let failures = self
            .failures
            .remove(&pair)
            .filter(|failures| !failures.are_forgotten(now));
        if let Some(failures) = failures {
            if let Some(allowance) = self.names.get_mut(&pair.name) {
                allowance.give_back(failures.count);
            }
            if let Some(allowance) = self.places.get_mut(&pair.place) {
                allowance.give_back(1);
            }
        }
        self.known.note(pair, now);
    }

    /// It was a wrong secret, sent when there was nothing to wait for.
    fn failed(&mut self, pair: Pair, ticket: Option<Fingerprint>, now: Duration) {
        let spared = self.is_spared(&pair, now);
        let earlier = self.failures.get(&pair).filter(|failures| !failures.are_forgotten(now));
        let count = earlier.map_or(0, |failures| failures.count);
        // No guess, but a client that does not know that its secret is old.
        let repeated = ticket.is_some() && earlier.is_some_and(|failures| failures.ticket == ticket);
        if !spared && !repeated {
            bounded::entry(&mut self.names, pair.name.clone(), Allowance::rank).spend(now);
            if count == 0 {
                bounded::entry(&mut self.places, pair.place, Allowance::rank).spend(now);
            }
        }
        let count = if repeated {
            (count + 1).min(FAILURES_OF_REPETITION.max(count))
        } else {
            count.saturating_add(1)
        };
        let failures = bounded::entry(&mut self.failures, pair, Failures::rank);
        *failures = Failures {
            count,
            last: now,
            ticket,
        };
    }
}

#[cfg(test)]
mod tests;
