//! Conversations in short turns: whether to keep looking for the next message.
//!
//! Going to sleep and being woken takes longer than most programs on the same machine need for an
//! answer. Where a connection's last answers came that quickly, and hardly anybody else had anything
//! to say meanwhile, the next one is looked for without going to sleep, for as long as it may take.
//! If it does not come by then, those that follow are waited for asleep again, the longer the more
//! often that happens: it may be that whoever is to answer has been given the very processor on
//! which it is looked for. A connection on which messages go one way, or many at a time, is never
//! watched so, nor one over a network or in TLS, nor any while many talk: there messages that wait
//! for each other are the better for it, and time is lost elsewhere.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// An answer within so long is quick. Nobody is watched for longer.
const QUICK: Duration = Duration::from_micros(20);
/// So many quick answers in a row make one expect the next.
const ENOUGH: u8 = 3;
/// So often may the router have heard something, since a connection said something before, while
/// only that one talks: a call takes two times, the caller's and the callee's.
const FEW: u64 = 4;
/// So many quick answers are waited for asleep after one that was watched for and did not come; twice as
/// many after each further one, until there have been so many that came.
const REST: u16 = 8;
const LONGEST_REST: u16 = 4096;
const TRUSTED: u8 = 64;
/// Every so many times others are looked for too.
const OTHERS: u8 = 4;

/// What has been said on a connection of late.
#[derive(Debug)]
pub(super) struct Turns {
    /// A single message has come, and nothing has been sent since.
    one_came: bool,
    /// When that was answered, once; nothing has come since.
    answered: Option<Instant>,
    /// So many quick answers have come in a row, or more.
    quick: u8,
    /// How often the router had heard something, when it heard this connection last.
    last: u64,
    /// How often it has been watched for.
    watched: u8,
    /// It is being watched for.
    watching: bool,
    /// So many came in a row of those that were watched for.
    came: u8,
    /// Others have been woken by what came, and had no turn yet.
    others_wait: bool,
    /// So many quick answers are not watched for.
    rest: u16,
    /// So many will not be when the next does not come.
    next_rest: u16,
}

impl Default for Turns {
    fn default() -> Self {
        Self {
            one_came: false,
            answered: None,
            quick: 0,
            last: 0,
            watched: 0,
            watching: false,
            came: 0,
            others_wait: false,
            rest: 0,
            next_rest: REST,
        }
    }
}

impl Turns {
    /// So many messages have come at once; `count` is how often the router has heard something.
    pub(super) fn heard(&mut self, messages: usize, count: u64, now: impl FnOnce() -> Instant) {
        self.one_came = messages == 1;
        let alone = count.wrapping_sub(std::mem::replace(&mut self.last, count)) <= FEW;
        let quick = match self.answered.take() {
            Some(answered) if self.one_came && alone => now().duration_since(answered) <= QUICK,
            _ => false,
        };
        self.quick = if quick { ENOUGH.min(self.quick + 1) } else { 0 };
        if std::mem::take(&mut self.watching) {
            self.came = self.came.saturating_add(1);
            if self.came >= TRUSTED {
                self.next_rest = REST;
            }
        } else if quick {
            self.rest = self.rest.saturating_sub(1);
        }
    }

    /// Everything there was to send has been.
    pub(super) fn sent(&mut self, now: impl FnOnce() -> Instant) {
        let answer = std::mem::take(&mut self.one_came);
        self.answered = answer.then(now);
        if !answer {
            self.quick = 0;
        }
    }

    /// Until when the next message is worth watching for.
    pub(super) fn watch_until(&self) -> Option<Instant> {
        let wanted = self.quick >= ENOUGH && self.rest == 0 && !self.others_wait;
        let answered = self.answered.filter(|_| wanted)?;
        answered.checked_add(QUICK)
    }

    /// What came has given others something to do, on this very thread perhaps: watching would hold
    /// them up.
    pub(super) fn others_are_woken(&mut self) {
        self.others_wait = true;
    }

    /// This connection has slept since.
    pub(super) fn others_had_theirs(&mut self) {
        self.others_wait = false;
    }

    /// It is watched for now. Whether it is to be read by way of the runtime, which then sees what has come on
    /// all other connections: every so many times.
    pub(super) fn watch(&mut self) -> bool {
        self.watching = true;
        self.watched = (self.watched + 1) % OTHERS;
        self.watched == 0
    }

    /// It did not come in time.
    pub(super) fn missed(&mut self) {
        self.watching = false;
        self.came = 0;
        self.rest = self.next_rest;
        self.next_rest = LONGEST_REST.min(self.next_rest * 2);
    }
}

/// The right to watch, which one connection of a router has at a time: whoever watches sees what
/// comes on the others too.
#[derive(Debug)]
pub(crate) struct Watch {
    taken: AtomicBool,
    heard: AtomicU64,
}

impl Watch {
    /// Nobody ever watches where there is only one processor: those watched for would have to wait
    /// for it.
    pub(crate) fn new(processors: usize) -> Self {
        Self {
            taken: AtomicBool::new(processors < 2),
            heard: AtomicU64::new(0),
        }
    }

    /// Something has come, on whichever connection; how often that was so far.
    pub(super) fn heard(&self) -> u64 {
        self.heard.fetch_add(1, Ordering::Relaxed).wrapping_add(1)
    }

    /// The right, unless somebody has it.
    pub(super) fn begin(&self) -> Option<Watching<'_>> {
        let taken = self.taken.load(Ordering::Relaxed) || self.taken.swap(true, Ordering::Relaxed);
        (!taken).then(|| Watching(self))
    }
}

/// Gives the right back when dropped.
#[derive(Debug)]
pub(super) struct Watching<'a>(&'a Watch);

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens on a connection, and how many microseconds after what happened before.
    #[derive(Clone, Copy)]
    enum Step {
        Heard(usize, u64),
        Sent(u64),
        /// So many times on other connections.
        Others(u64),
    }
    use Step::{Heard, Others, Sent};

    /// Whether the next message is watched for after all that, and for how long from the last step.
    fn watched(steps: &[Step]) -> Option<u64> {
        let mut turns = Turns::default();
        let mut now = Instant::now();
        let mut count = 0;
        for step in steps {
            match *step {
                Heard(messages, after) => {
                    now += Duration::from_micros(after);
                    count += 1;
                    turns.heard(messages, count, || now);
                }
                Sent(after) => {
                    now += Duration::from_micros(after);
                    turns.sent(|| now);
                }
                Others(times) => count += times,
            }
        }
        let until = turns.watch_until()?;
        Some(until.duration_since(now).as_micros() as u64)
    }

    /// The same turn so many times: an answer to the router after `wait`, the router's after 5 µs.
    fn turns(count: usize, wait: u64) -> Vec<Step> {
        let mut steps = vec![Heard(1, 0), Sent(5)];
        for _ in 0..count {
            steps.extend([Heard(1, wait), Sent(5)]);
        }
        steps
    }

    fn followed_by(mut steps: Vec<Step>, more: &[Step]) -> Vec<Step> {
        steps.extend_from_slice(more);
        steps
    }

    #[test]
    fn the_next_answer_is_watched_for_after_three_quick_ones() {
        assert_eq!(watched(&turns(2, 10)), None);
        assert_eq!(watched(&turns(3, 10)), Some(20));
        assert_eq!(watched(&turns(300, 20)), Some(20));
    }

    #[test]
    fn slow_answers_are_not_watched_for() {
        assert_eq!(watched(&turns(10, 21)), None);
        let one_slow = followed_by(turns(10, 10), &[Heard(1, 1000), Sent(5)]);
        assert_eq!(watched(&one_slow), None);
        let quick_again = followed_by(
            one_slow,
            &[Heard(1, 9), Sent(5), Heard(1, 9), Sent(5), Heard(1, 9), Sent(5)],
        );
        assert_eq!(watched(&quick_again), Some(20));
    }

    #[test]
    fn nothing_is_watched_for_before_the_router_has_answered() {
        assert_eq!(watched(&followed_by(turns(10, 10), &[Heard(1, 10)])), None);
    }

    #[test]
    fn messages_that_go_one_way_are_not_watched_for() {
        assert_eq!(watched(&[Heard(1, 3); 20]), None);
        assert_eq!(watched(&[Sent(3); 20]), None);
        assert_eq!(watched(&followed_by(turns(10, 10), &[Sent(3)])), None);
        assert_eq!(
            watched(&followed_by(turns(10, 10), &[Heard(1, 3), Heard(1, 3), Sent(5)])),
            None
        );
    }

    #[test]
    fn many_messages_at_a_time_are_not_watched_for() {
        let many: Vec<Step> = [Heard(2, 5), Sent(5)].repeat(20);
        assert_eq!(watched(&many), None);
        assert_eq!(watched(&followed_by(turns(10, 10), &[Heard(2, 5), Sent(5)])), None);
    }

    #[test]
    fn nobody_is_watched_while_many_talk() {
        let turn = |others| [Heard(1, 5), Sent(5), Others(others)];
        assert_eq!(watched(&[turn(3)].concat().repeat(20)), Some(20));
        assert_eq!(watched(&[turn(4)].concat().repeat(20)), None);
    }

    /// Plays so many quick turns, but that each that is watched for is late if they do not come; how
    /// many were watched for.
    fn play(turns: &mut Turns, count: u64, comes: bool) -> usize {
        let mut now = Instant::now();
        let mut watched = 0;
        for _ in 0..count {
            if turns.watch_until().is_some() {
                watched += 1;
                turns.watch();
                if !comes {
                    now += 2 * QUICK;
                    turns.missed();
                }
            }
            turns.heard(1, turns.last + 1, || now);
            turns.sent(|| now);
        }
        watched
    }

    #[test]
    fn whoever_does_not_answer_in_time_is_watched_for_ever_less() {
        let mut turns = Turns::default();
        assert_eq!(play(&mut turns, 4, false), 0);
        assert_eq!(play(&mut turns, 8, false), 1);
        assert_eq!(play(&mut turns, 16, false), 1);
        assert_eq!(play(&mut turns, 32, false), 1);
        assert!(play(&mut turns, 100_000, false) < 40);
    }

    #[test]
    fn whoever_answers_in_time_is_watched_for_each_time_and_forgiven_what_they_missed() {
        let mut turns = Turns::default();
        assert_eq!(play(&mut turns, 1000, true), 996);
        for _ in 0..100 {
            assert_eq!(play(&mut turns, 1, false), 1);
            let rest = u64::from(REST);
            assert_eq!(play(&mut turns, rest, true), 0);
            assert_eq!(play(&mut turns, 100, true), 100);
        }
    }

    #[test]
    fn others_are_looked_for_every_fourth_time() {
        let mut turns = Turns::default();
        let times: Vec<bool> = (0..8).map(|_| turns.watch()).collect();
        assert_eq!(times, [false, false, false, true, false, false, false, true]);
    }

    #[test]
    fn whoever_was_woken_by_what_came_has_a_turn_first() {
        let mut turns = Turns::default();
        play(&mut turns, 10, true);
        turns.others_are_woken();
        assert_eq!(play(&mut turns, 10, true), 0);
        turns.others_had_theirs();
        assert_eq!(play(&mut turns, 10, true), 10);
    }

    #[test]
    fn one_at_a_time_watches() {
        let watch = Watch::new(2);
        let watching = watch.begin();
        assert!(watching.is_some());
        for _ in 0..3 {
            assert!(watch.begin().is_none());
        }
        drop(watching);
        assert!(watch.begin().is_some());
    }

    #[test]
    fn nobody_watches_on_a_single_processor() {
        let watch = Watch::new(1);
        for _ in 0..3 {
            assert!(watch.begin().is_none());
        }
    }
}
