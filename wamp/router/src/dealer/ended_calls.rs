//! Calls in pieces that ended before their last piece came.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use wamp_protocol::message::Call;
use wamp_protocol::{RequestId, Uri};

use crate::id_map::IdMap;

/// How many are remembered for one session.
const REMEMBERED: usize = 1024;

/// The newest of them. A CALL continues one only if it has its id and its procedure: clients in the
/// field draw ids at random, and ids wrap, so any other id is that of a call of its own.
#[derive(Debug, Default)]
pub(super) struct EndedCalls {
    by_id: IdMap<RequestId, Ended>,
    /// In the order in which they were added, with their numbers; some may be in `by_id` no more.
    order: VecDeque<(RequestId, u64)>,
    added: u64,
}

#[derive(Debug)]
struct Ended {
    /// A hash of the procedure: the text may be as long as a message.
    procedure: u64,
    number: u64,
}

impl EndedCalls {
    pub(super) fn add(&mut self, id: RequestId, procedure: &Uri) {
        self.added += 1;
        let number = self.added;
        let procedure = hash(procedure);
        self.by_id.insert(id, Ended { procedure, number });
        self.order.push_back((id, number));
        while self.order.len() > REMEMBERED {
            let Some((oldest, number)) = self.order.pop_front() else {
                return;
            };
            if self.by_id.get(&oldest).is_some_and(|ended| ended.number == number) {
                self.by_id.remove(&oldest);
            }
        }
    }

    /// Whether the CALL is a further piece of one of them.
    pub(super) fn are_continued_by(&self, message: &Call) -> bool {
        let ended = self.by_id.get(&message.request);
        ended.is_some_and(|ended| ended.procedure == hash(&message.procedure))
    }

    /// The same; of the call whose last piece it is, and of one whose id it takes for another call,
    /// nothing more is waited for.
    pub(super) fn take_piece(&mut self, message: &Call) -> bool {
        if self.by_id.is_empty() {
            return false;
        }
        let continued = self.are_continued_by(message);
        if !continued || !message.options.progress {
            self.by_id.remove(&message.request);
        }
        continued
    }
}

fn hash(procedure: &Uri) -> u64 {
    let mut hasher = DefaultHasher::new();
    procedure.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use wamp_protocol::Payload;
    use wamp_protocol::message::CallOptions;

    use super::*;

    fn call(id: u64, procedure: &str, progress: bool) -> Call {
        let options = CallOptions {
            progress,
            ..CallOptions::default()
        };
        Call {
            request: RequestId::new(id).unwrap(),
            options: options.into(),
            procedure: procedure.into(),
            payload: Payload::EMPTY,
        }
    }

    fn add(ended: &mut EndedCalls, id: u64, procedure: &str) {
        ended.add(RequestId::new(id).unwrap(), &procedure.into());
    }

    #[test]
    fn a_call_that_was_forgotten_makes_no_other_one_a_continuation() {
        let mut ended = EndedCalls::default();
        let first = RequestId::MAX.get() - 1100;
        let last = first + REMEMBERED as u64 + 5;
        for id in first..=last {
            add(&mut ended, id, "a.b");
        }
        for id in [1, 7, 12345, first - 1, first, first + 5, last + 1, RequestId::MAX.get()] {
            assert!(!ended.take_piece(&call(id, "a.b", false)), "{id}");
        }
        for id in [first + 6, last] {
            assert!(ended.take_piece(&call(id, "a.b", true)), "{id}");
            assert!(ended.take_piece(&call(id, "a.b", false)), "{id}");
            assert!(
                !ended.take_piece(&call(id, "a.b", false)),
                "the last piece of {id} has come"
            );
        }
    }

    #[test]
    fn one_that_ended_again_is_remembered_as_long_as_others() {
        let mut ended = EndedCalls::default();
        add(&mut ended, 1, "a.b");
        assert!(ended.take_piece(&call(1, "a.b", false)));
        for id in 2..10 {
            add(&mut ended, id, "a.b");
        }
        add(&mut ended, 1, "a.b");
        for id in 10..10 + REMEMBERED as u64 - 2 {
            add(&mut ended, id, "a.b");
        }
        assert!(ended.take_piece(&call(1, "a.b", true)));
    }

    proptest! {
        #[test]
        fn what_continues_a_call_is_what_a_plain_set_says(
            steps in prop::collection::vec((0..3, 1..6_u64, 0..2_usize, any::<bool>()), 0..200),
        ) {
            let (mut ended, mut plain) = (EndedCalls::default(), BTreeSet::new());
            for (step, id, procedure, progress) in steps {
                let procedure = ["a.b", "a.c"][procedure];
                let message = call(id, procedure, progress);
                if step == 0 {
                    add(&mut ended, id, procedure);
                    plain.retain(|(other, _)| *other != id);
                    plain.insert((id, procedure));
                } else {
                    let continued = plain.contains(&(id, procedure));
                    prop_assert_eq!(ended.are_continued_by(&message), continued);
                    prop_assert_eq!(ended.take_piece(&message), continued);
                    plain.retain(|(other, _)| *other != id || continued && progress);
                }
                prop_assert_eq!(ended.by_id.len(), plain.len());
            }
        }
    }
}
