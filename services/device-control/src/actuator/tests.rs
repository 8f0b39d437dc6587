use house::Cause;
use proptest::prelude::*;

use super::*;

const OVERRIDE: Duration = Duration::from_secs(1800);

/// An actuator, a clock in milliseconds, and a device that can be told what to say.
struct Bench {
    actuator: Actuator,
    now: Timestamp,
    tickets: Ticket,
}

impl Bench {
    fn new() -> Self {
        let mut bench = Self {
            actuator: Actuator::new(OVERRIDE),
            now: Timestamp::from_secs(1_000_000),
            tickets: 0,
        };
        bench.actuator.reported(false, bench.now);
        bench.pass(60_000);
        bench
    }

    fn pass(&mut self, millis: u64) -> Vec<Effect> {
        let end = self.now.after(Duration::from_millis(millis));
        let mut effects = Vec::new();
        while let Some(at) = self.actuator.wake_at().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            let due = self.actuator.tick(self.now);
            for effect in &due {
                if let Effect::Send { attempt, .. } = effect {
                    effects.extend(self.actuator.answered(*attempt, Ok(()), self.now));
                }
            }
            effects.extend(due);
        }
        self.now = end;
        effects
    }

    fn command(&mut self, on: bool, manual: bool) -> Vec<Effect> {
        self.tickets += 1;
        let by = if manual { "anna" } else { "thermostat" };
        let command = Command {
            on,
            cause: Cause {
                by: by.into(),
                manual,
                text: "because".into(),
            },
            override_until: manual.then(|| self.now.after(OVERRIDE)),
        };
        self.actuator.command(command, self.tickets, self.now)
    }

    /// A command that its bridge takes.
    fn taken(&mut self, on: bool) -> Vec<Effect> {
        let effects = self.command(on, false);
        let [Effect::Send { attempt, .. }] = effects.as_slice() else {
            panic!("not sent: {effects:?}");
        };
        self.answer(*attempt, Ok(()))
    }

    fn answer(&mut self, attempt: Attempt, answer: Result<(), String>) -> Vec<Effect> {
        self.actuator.answered(attempt, answer, self.now)
    }

    fn says(&mut self, on: bool) -> Vec<Effect> {
        self.actuator.reported(on, self.now)
    }

    fn known(&self) -> &Known {
        self.actuator.known()
    }
}

fn count(effects: &[Effect], wanted: impl Fn(&Effect) -> bool) -> usize {
    effects.iter().filter(|effect| wanted(effect)).count()
}

#[test]
fn a_command_is_taken_echoed_and_announced_once() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(true, false), [Effect::Send { on: true, attempt: 1 }]);
    assert!(!bench.known().on, "nothing has happened before the bridge took it");
    assert_eq!(bench.answer(1, Ok(())), [Effect::Accepted(vec![1]), Effect::Save]);
    assert!(bench.known().on && !bench.known().confirmed);
    bench.pass(100);
    assert_eq!(
        bench.says(true),
        [Effect::Announce, Effect::Save, Effect::Confirmed(vec![1])]
    );
    assert!(bench.known().confirmed);
    assert!(bench.pass(600_000).is_empty());
    assert!(bench.says(true).is_empty(), "a repeated echo is no news");
    assert!(!bench.known().cause.manual);
}

#[test]
fn an_echo_before_the_bridges_answer_is_an_echo() {
    let mut bench = Bench::new();
    bench.command(true, false);
    let effects = bench.says(true);
    assert!(effects.contains(&Effect::Accepted(vec![1])) && effects.contains(&Effect::Confirmed(vec![1])));
    assert!(bench.answer(1, Ok(())).is_empty());
    assert!(bench.known().on && bench.known().confirmed && !bench.known().cause.manual);
}

#[test]
fn without_an_echo_it_is_announced_unconfirmed_sent_again_and_people_are_told_once() {
    let mut bench = Bench::new();
    bench.taken(true);
    assert_eq!(bench.pass(300), [Effect::Announce]);
    let effects = bench.pass(200_000);
    assert_eq!(count(&effects, |e| matches!(e, Effect::Send { on: true, .. })), 6);
    assert_eq!(count(&effects, |e| matches!(e, Effect::Raise(_))), 1);
    let effects = bench.says(true);
    assert!(effects.contains(&Effect::Clear) && effects.contains(&Effect::Announce));
    assert!(bench.pass(600_000).is_empty());
}

#[test]
fn what_the_device_did_before_the_command_is_no_contradiction() {
    let mut bench = Bench::new();
    bench.taken(true);
    assert!(bench.says(false).is_empty());
    assert!(bench.known().on);
}

#[test]
fn a_device_that_speaks_but_does_not_follow_is_believed_at_last() {
    let mut bench = Bench::new();
    bench.taken(true);
    bench.pass(20_000);
    let effects = bench.says(false);
    assert!(effects.contains(&Effect::Clear) && effects.contains(&Effect::Announce));
    assert!(!bench.known().on && !bench.known().cause.manual);
    assert_eq!(bench.known().override_until, None);
}

#[test]
fn a_hand_at_the_device_keeps_controllers_away() {
    let mut bench = Bench::new();
    bench.taken(true);
    bench.says(true);
    bench.pass(60_000);
    assert_eq!(bench.says(false), [Effect::Announce, Effect::Save]);
    assert!(!bench.known().on && bench.known().cause.manual);
    assert_eq!(bench.known().override_until, Some(bench.now.after(OVERRIDE)));
    assert_eq!(bench.command(true, false), [Effect::Accepted(vec![2])], "not sent");
    bench.pass(1_800_000);
    assert!(matches!(
        bench.command(true, false).as_slice(),
        [Effect::Send { on: true, .. }]
    ));
}

#[test]
fn a_late_echo_is_not_taken_for_a_person() {
    let mut bench = Bench::new();
    bench.taken(true);
    bench.says(true);
    bench.pass(1_000);
    bench.taken(false);
    bench.says(false);
    bench.pass(500);
    assert!(bench.says(true).is_empty(), "the echo of on, a second late");
    bench.pass(2_000);
    assert!(bench.says(false).is_empty());
    assert!(bench.pass(60_000).is_empty());
    assert!(!bench.known().on && !bench.known().cause.manual);
}

#[test]
fn a_quick_hand_is_believed_when_nothing_contradicts_it() {
    let mut bench = Bench::new();
    bench.taken(true);
    bench.says(true);
    bench.pass(1_000);
    bench.taken(false);
    bench.says(false);
    bench.pass(2_000);
    assert!(bench.says(true).is_empty());
    assert_eq!(bench.pass(10_000), [Effect::Announce, Effect::Save]);
    assert!(bench.known().on && bench.known().cause.manual);
}

#[test]
fn a_newer_command_waits_for_the_bridge_and_replaces_the_one_between() {
    let mut bench = Bench::new();
    bench.command(true, true);
    assert!(bench.command(false, true).is_empty());
    assert!(bench.command(true, true).is_empty());
    assert!(bench.command(false, true).is_empty());
    let effects = bench.answer(1, Ok(()));
    assert_eq!(effects.last(), Some(&Effect::Send { on: false, attempt: 2 }));
    assert!(bench.says(true).is_empty(), "the first command's echo");
    assert!(bench.answer(2, Ok(())).contains(&Effect::Accepted(vec![2, 3, 4])));
    assert!(bench.says(false).contains(&Effect::Confirmed(vec![2, 3, 4])));
}

#[test]
fn a_refused_command_changes_nothing_and_the_third_is_told() {
    let mut bench = Bench::new();
    for round in 1..=4u64 {
        bench.command(true, false);
        let effects = bench.answer(round, Err("gone".into()));
        let told = count(&effects, |e| matches!(e, Effect::Raise(_)));
        assert_eq!(told, usize::from(round == 3), "round {round}");
        assert!(effects.contains(&Effect::Refused(vec![round], "gone".into())));
        assert!(!bench.known().on);
    }
    bench.taken(true);
    assert!(bench.says(true).contains(&Effect::Clear));
}

#[test]
fn controllers_commands_are_idempotent_and_peoples_are_always_sent() {
    let mut bench = Bench::new();
    assert_eq!(bench.command(false, false), [Effect::Accepted(vec![1])]);
    assert!(matches!(
        bench.command(false, true).as_slice(),
        [Effect::Send { on: false, .. }]
    ));
}

#[test]
fn the_first_word_after_a_restart_is_nobodys_doing() {
    let mut known = Known::unknown();
    known.on = true;
    known.confirmed = true;
    known.at = Timestamp::from_secs(10);
    let now = Timestamp::from_secs(1_000);
    let mut actuator = Actuator::restored(known, OVERRIDE, now);
    assert_eq!(actuator.wake_at(), None);
    assert_eq!(actuator.reported(false, now), [Effect::Announce, Effect::Save]);
    assert!(!actuator.known().cause.manual && actuator.known().override_until.is_none());
    assert_eq!(actuator.known().at, now);
}

#[test]
fn a_command_from_before_a_restart_goes_on() {
    let mut known = Known::unknown();
    known.on = true;
    known.at = Timestamp::from_secs(10);
    let now = Timestamp::from_secs(1_000);
    let mut actuator = Actuator::restored(known.clone(), OVERRIDE, now);
    let later = now.after(Duration::from_secs(2));
    assert!(matches!(
        actuator.tick(later).as_slice(),
        [Effect::Send { on: true, .. }]
    ));
    let mut echoed = Actuator::restored(known, OVERRIDE, now);
    echoed.reported(true, now);
    assert!(echoed.known().confirmed && echoed.wake_at().is_none());
}

#[test]
fn a_device_that_was_gone_is_found_and_asked_again() {
    let mut bench = Bench::new();
    bench.taken(true);
    bench.pass(20_000);
    bench.actuator.returned(bench.now);
    assert!(matches!(bench.pass(0).as_slice(), [Effect::Send { on: true, .. }]));
    bench.says(true);
    bench.actuator.returned(bench.now);
    bench.says(false);
    assert!(!bench.known().cause.manual, "a power cut is no person");
}

#[test]
fn an_actuator_taken_out_is_told_nothing_more() {
    let mut bench = Bench::new();
    bench.taken(true);
    bench.pass(20_000);
    assert!(bench.actuator.abandon().contains(&Effect::Clear));
    assert_eq!(count(&bench.pass(600_000), |e| matches!(e, Effect::Send { .. })), 0);
}

#[derive(Debug, Clone)]
enum Happening {
    Command(bool, bool),
    Answer(bool),
    Report(bool),
    Pass(u64),
    Returned,
}

fn happenings() -> impl Strategy<Value = Happening> {
    prop_oneof![
        3 => (any::<bool>(), any::<bool>()).prop_map(|(on, manual)| Happening::Command(on, manual)),
        3 => proptest::bool::weighted(0.8).prop_map(Happening::Answer),
        3 => any::<bool>().prop_map(Happening::Report),
        2 => (0u64..70_000).prop_map(Happening::Pass),
        1 => Just(Happening::Returned),
    ]
}

proptest! {
    /// Whatever happens in whatever order: every caller gets exactly one answer in the end, alerts
    /// take turns, and a device that then does as it is told leaves nothing due.
    #[test]
    fn nobody_waits_for_ever(happenings in proptest::collection::vec(happenings(), 1..120)) {
        let mut bench = Bench::new();
        let (mut outstanding, mut answered, mut raised) = (None, std::collections::BTreeMap::new(), false);
        let mut take = |effects: Vec<Effect>, outstanding: &mut Option<(bool, Attempt)>| {
            for effect in effects {
                match effect {
                    Effect::Send { on, attempt } => *outstanding = Some((on, attempt)),
                    Effect::Accepted(tickets) | Effect::Refused(tickets, _) => {
                        for ticket in tickets {
                            *answered.entry(ticket).or_insert(0u32) += 1;
                        }
                    }
                    Effect::Raise(_) => assert!(!std::mem::replace(&mut raised, true)),
                    Effect::Clear => assert!(std::mem::replace(&mut raised, false)),
                    Effect::Confirmed(_) | Effect::Announce | Effect::Save => {}
                }
            }
        };
        for happening in happenings {
            let effects = match happening {
                Happening::Command(on, manual) => bench.command(on, manual),
                Happening::Report(on) => bench.says(on),
                Happening::Pass(millis) => {
                    bench.now = bench.now.after(Duration::from_millis(millis));
                    let now = bench.now;
                    bench.actuator.tick(now)
                }
                Happening::Returned => {
                    let now = bench.now;
                    bench.actuator.returned(now);
                    Vec::new()
                }
                Happening::Answer(taken) => match outstanding.take() {
                    Some((_, attempt)) => bench.answer(attempt, if taken { Ok(()) } else { Err("no".into()) }),
                    None => Vec::new(),
                },
            };
            take(effects, &mut outstanding);
        }
        // From here on the device does as it is told.
        for _ in 0..6 {
            if let Some((on, attempt)) = outstanding.take() {
                let effects = bench.answer(attempt, Ok(()));
                take(effects, &mut outstanding);
                let effects = bench.says(on);
                take(effects, &mut outstanding);
            }
            bench.now = bench.now.after(Duration::from_secs(61));
            let now = bench.now;
            let effects = bench.actuator.tick(now);
            take(effects, &mut outstanding);
        }
        prop_assert_eq!(bench.actuator.wake_at(), None);
        for ticket in 1..=bench.tickets {
            prop_assert_eq!(answered.get(&ticket), Some(&1), "ticket {}", ticket);
        }
    }
}
