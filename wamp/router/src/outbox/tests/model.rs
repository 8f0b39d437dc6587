//! An outbox beside a queue that is as plain as can be.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Step {
    Push,
    Event { subscription: u64, keep: u32 },
    Take(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Push),
        6 => (1..4_u64, 1..7_u32).prop_map(|(subscription, keep)| Step::Event { subscription, keep }),
        2 => prop_oneof![Just(1), 1..400_usize, Just(usize::MAX)].prop_map(Step::Take),
    ];
    prop::collection::vec(step, 1..80)
}

/// What has to wait after each step, said as plainly as can be.
#[derive(Default)]
struct Model {
    waiting: Vec<Waits>,
    dropped: HashMap<u64, u64>,
}

impl Model {
    fn events(&self, of: Option<u64>) -> usize {
        let counts =
            |one: &&Waits| matches!(one, Waits::Event(subscription, _) if of.is_none_or(|of| of == *subscription));
        self.waiting.iter().filter(counts).count()
    }

    fn drop_oldest(&mut self, of: Option<u64>) {
        let oldest = self.waiting.iter().enumerate().find_map(|(at, one)| match one {
            Waits::Event(subscription, _) if of.is_none_or(|of| of == *subscription) => Some((at, *subscription)),
            _ => None,
        });
        let (at, subscription) = oldest.unwrap();
        self.waiting.remove(at);
        *self.dropped.entry(subscription).or_default() += 1;
    }

    /// How many were dropped.
    fn event(&mut self, subscription: u64, publication: u64, keep: u32, limit: usize) -> usize {
        let before: u64 = self.dropped.values().sum();
        while self.events(Some(subscription)) >= keep as usize {
            self.drop_oldest(Some(subscription));
        }
        self.waiting.push(Waits::Event(subscription, publication));
        while self.events(None) > limit {
            self.drop_oldest(None);
        }
        (self.dropped.values().sum::<u64>() - before) as usize
    }

    fn take(&mut self) -> (Waits, u64) {
        let next = self.waiting.remove(0);
        let dropped = match next {
            Waits::Event(subscription, _) => self.dropped.remove(&subscription).unwrap_or(0),
            Waits::Lasting(_) => 0,
        };
        (next, dropped)
    }
}

proptest! {
    #[test]
    fn what_waits_is_what_a_naive_queue_would_hold(steps in steps()) {
        const LIMIT: usize = 9;
        for outbox in outboxes(LIMIT, 1 << 20) {
            let (mut model, mut written, mut number) = (Model::default(), Octets::default(), 0);
            for step in &steps {
                let was_empty = model.waiting.is_empty();
                match *step {
                    Step::Push => {
                        number += 1;
                        let message = Unsubscribed { request: RequestId::new(number), details: None };
                        let pushed = outbox.push(message.into(), Cause::default(), &mut Tally::new());
                        if let Pushed::Full { dropped } = pushed {
                            prop_assert_eq!(dropped, model.waiting.len() + 1);
                            let left = taken(&outbox);
                            prop_assert!(matches!(&left[..], [Message::Goodbye(_)]));
                            break;
                        }
                        prop_assert!(model.waiting.len() - model.events(None) < LIMIT);
                        prop_assert_eq!(pushed, if was_empty { Pushed::First } else { Pushed::Behind });
                        model.waiting.push(Waits::Lasting(number));
                    }
                    Step::Event { subscription, keep } => {
                        number += 1;
                        let expected = match model.event(subscription, number, keep, LIMIT) {
                            0 if was_empty => Pushed::First,
                            0 => Pushed::Behind,
                            dropped => Pushed::Instead { dropped },
                        };
                        prop_assert_eq!(push_event(&outbox, subscription, number, keep), expected);
                    }
                    Step::Take(octets) => {
                        let got: Vec<_> = taken_up_to(&outbox, &mut written, octets).iter().map(seen).collect();
                        prop_assert!(was_empty || !got.is_empty());
                        for one in got {
                            prop_assert_eq!(one, model.take());
                        }
                        prop_assert!(octets < usize::MAX || model.waiting.is_empty());
                    }
                }
                prop_assert_eq!(outbox.is_empty(), model.waiting.is_empty());
            }
        }
    }
}
