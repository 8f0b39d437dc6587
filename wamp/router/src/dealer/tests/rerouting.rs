//! What becomes of a call's time when another callee is asked.

use bytes::Bytes;
use wamp_protocol::message::InvocationPolicy::First;

use super::*;

const UNAVAILABLE: Option<&str> = Some(error_uri::UNAVAILABLE);

struct House {
    dealer: Dealer,
    world: World,
    random: RandomIds,
}

impl House {
    /// Two callees, and a third session that has called with a timeout of 40 ms.
    fn called(receive_progress: bool) -> Self {
        let mut house = Self {
            dealer: dealer(),
            world: World::default(),
            random: RandomIds::from_seed(7),
        };
        for callee in 0..2 {
            house.take(&Step::Register(callee, 0, First));
        }
        let caller = member(2);
        let request = house.world.request(caller.id.get());
        house.world.open_calls.insert((caller.id.get(), request.get()));
        let options = CallOptions {
            receive_progress,
            timeout: Some(40),
            ..CallOptions::default()
        };
        let mut message = Call {
            request,
            options: options.into(),
            procedure: PROCEDURES[0].into(),
            payload: Payload::EMPTY,
        };
        let Self { dealer, world, random } = &mut house;
        let mut effects = Effects::default();
        dealer
            .call(&caller, &mut message, world.now, random, &mut effects)
            .unwrap();
        world.see(&effects);
        house
    }

    fn take(&mut self, step: &Step) {
        take(&mut self.dealer, &mut self.world, &mut self.random, step);
    }

    fn answer(&mut self, nth: usize, progress: bool, error: Option<&'static str>) {
        self.take(&Step::Answer { nth, progress, error });
    }

    fn is_open(&self) -> bool {
        !self.world.open_calls.is_empty()
    }
}

#[test]
fn the_time_of_a_call_does_not_begin_anew_with_another_callee() {
    let mut house = House::called(true);
    house.take(&Step::Wait(30));
    house.answer(0, false, UNAVAILABLE);
    assert_eq!(house.world.open_invocations, BTreeSet::from([(2, 1)]));
    house.take(&Step::Wait(9));
    assert!(house.is_open());
    house.take(&Step::Wait(1));
    assert!(!house.is_open());
}

#[test]
fn the_time_that_progress_gave_a_call_stays_its_own_with_another_callee() {
    let mut house = House::called(false);
    house.take(&Step::Wait(30));
    house.answer(0, true, None);
    house.take(&Step::Wait(30));
    house.answer(0, false, UNAVAILABLE);
    assert_eq!(house.world.open_invocations, BTreeSet::from([(2, 1)]));
    house.take(&Step::Wait(9));
    assert!(house.is_open());
    house.take(&Step::Wait(1));
    assert!(!house.is_open());
}

#[test]
fn a_call_whose_progress_was_passed_on_ends_with_the_callee_that_sent_it() {
    let mut house = House::called(true);
    house.answer(0, true, None);
    house.answer(0, false, UNAVAILABLE);
    assert!(!house.is_open());
    assert!(house.world.open_invocations.is_empty());
    assert!(house.dealer.deadlines.is_empty());
}

impl House {
    /// The third session calls with `args`.
    fn call(&mut self, args: Bytes) -> Effects {
        let caller = member(2);
        let request = self.world.request(caller.id.get());
        self.world.open_calls.insert((caller.id.get(), request.get()));
        let mut message = Call {
            request,
            options: CallOptions::UNSAID.into(),
            procedure: PROCEDURES[0].into(),
            payload: Payload { args, ..Payload::EMPTY },
        };
        let mut effects = Effects::default();
        self.dealer
            .call(&caller, &mut message, self.world.now, &mut self.random, &mut effects)
            .unwrap();
        self.world.see(&effects);
        effects
    }
}

#[test]
fn what_is_kept_of_a_call_keeps_no_more_of_what_it_came_in() {
    let mut house = House::called(false);
    let read = Bytes::from(vec![b'x'; 100_000]);
    drop(house.call(read.slice(10..20)));
    assert_eq!(house.world.open_invocations.len(), 2);
    assert!(read.is_unique());
}

#[test]
fn calls_that_are_kept_for_other_callees_are_bounded_and_the_others_stay_with_theirs() {
    let mut house = House::called(false);
    let limit = house.dealer.settings.reroute_octets;
    for octets in [limit, limit / 2, limit / 2, 1] {
        house.call(vec![b'x'; octets].into());
    }
    assert_eq!(
        house.world.open_invocations,
        (1..=5).map(|request| (1, request)).collect()
    );
    // The second, which is too large by itself, and the fourth, for which there is no room beside
    // the third; what ends so ends for the caller.
    for nth in [3, 1] {
        house.answer(nth, false, UNAVAILABLE);
    }
    assert_eq!(house.world.open_calls.len(), 3);
    assert_eq!(house.world.open_invocations, [(1, 1), (1, 3), (1, 5)].into());
    // The others go to the second callee, and there is room again when they have ended.
    for _ in 0..3 {
        house.answer(0, false, UNAVAILABLE);
    }
    assert_eq!(house.world.open_invocations, [(2, 1), (2, 2), (2, 3)].into());
    for _ in 0..3 {
        house.answer(0, false, None);
    }
    assert!(!house.is_open());
    house.call(vec![b'x'; limit / 2].into());
    house.answer(0, false, UNAVAILABLE);
    assert_eq!(house.world.open_invocations, [(2, 4)].into());
}
