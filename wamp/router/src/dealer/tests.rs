//! The dealer under random programs: every call ends once, at the right sessions, and leaves
//! nothing behind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use wamp_protocol::message::{Call, CallOptions, Cancel, CancelMode, Error, RegisterOptions, Yield, YieldOptions};
use wamp_protocol::{Dict, Message, Payload};

use super::*;
use crate::member::MemberFeatures;
use crate::random_ids::RandomIds;

mod rerouting;

const SESSIONS: usize = 4;
const PROCEDURES: [&str; 3] = ["a.b", "a.c", "a.b.c"];
const PATTERNS: [(MatchPolicy, &str); 6] = [
    (MatchPolicy::Exact, "a.b"),
    (MatchPolicy::Exact, "a.b.c"),
    (MatchPolicy::Prefix, "a"),
    (MatchPolicy::Prefix, "a.b."),
    (MatchPolicy::Wildcard, "a."),
    (MatchPolicy::Wildcard, ".b"),
];

fn dealer() -> Dealer {
    Dealer::new(DealerSettings {
        disclose_callers: Disclose::OnRequest,
        callees_may_ask: true,
        uri_rules: UriRules::Loose,
        progress_needs_canceling: false,
        registrations: 100,
        calls: 100,
        reroute_octets: 2000,
    })
}

/// The last one announces nothing, so it cannot be canceled.
fn member(number: usize) -> Arc<Member> {
    let features = if number == SESSIONS - 1 {
        MemberFeatures::default()
    } else {
        MemberFeatures::all()
    };
    Arc::new(Member::for_test(number as u64 + 1, "role", features))
}

#[derive(Debug, Clone)]
enum Step {
    Register(usize, usize, InvocationPolicy),
    Unregister(usize, usize),
    Call {
        by: usize,
        procedure: usize,
        timeout: Option<u64>,
        chunk: bool,
    },
    /// Any open invocation is answered.
    Answer {
        nth: usize,
        progress: bool,
        error: Option<&'static str>,
    },
    /// Any open call is canceled.
    Cancel {
        nth: usize,
        mode: CancelMode,
    },
    Wait(u64),
    Leave(usize),
}

fn step() -> impl Strategy<Value = Step> {
    use InvocationPolicy::{First, Last, Random, RoundRobin, Single};
    let session = 0..SESSIONS;
    let policy = prop::sample::select(vec![Single, RoundRobin, Random, First, Last]);
    let error = prop::option::of(prop::sample::select(vec!["com.error", error_uri::UNAVAILABLE]));
    let mode = prop::sample::select(vec![CancelMode::Skip, CancelMode::Kill, CancelMode::KillNoWait]);
    prop_oneof![
        4 => (session.clone(), 0..PATTERNS.len(), policy).prop_map(|(s, p, i)| Step::Register(s, p, i)),
        1 => (session.clone(), 0..PATTERNS.len()).prop_map(|(s, p)| Step::Unregister(s, p)),
        6 => (session.clone(), 0..PROCEDURES.len(), prop::option::of(0..50_u64), any::<bool>())
            .prop_map(|(by, procedure, timeout, chunk)| Step::Call { by, procedure, timeout, chunk }),
        6 => (any::<usize>(), any::<bool>(), error).prop_map(|(nth, progress, error)| Step::Answer { nth, progress, error }),
        2 => (any::<usize>(), mode).prop_map(|(nth, mode)| Step::Cancel { nth, mode }),
        2 => (0..40_u64).prop_map(Step::Wait),
        1 => session.prop_map(Step::Leave),
    ]
}

/// What the sessions have seen.
#[derive(Default)]
struct World {
    now: Moment,
    next_request: BTreeMap<u64, u64>,
    /// (caller, request): open as the caller sees it
    open_calls: BTreeSet<(u64, u64)>,
    /// (callee, request): not answered finally
    open_invocations: BTreeSet<(u64, u64)>,
    last_invocation: BTreeMap<u64, u64>,
}

impl World {
    fn request(&mut self, session: u64) -> RequestId {
        let next = self.next_request.entry(session).or_default();
        *next += 1;
        RequestId::new(*next).unwrap()
    }

    /// Every session sees what was sent to it.
    fn see(&mut self, effects: &Effects) {
        for (session, message) in effects.sent() {
            let session = session.get();
            match message {
                Message::Invocation(invocation) => {
                    let last = self.last_invocation.entry(session).or_default();
                    assert!(invocation.request.get() <= *last + 1, "ids of invocations have no gaps");
                    if invocation.request.get() == *last + 1 {
                        *last += 1;
                        self.open_invocations.insert((session, *last));
                    }
                }
                Message::Result(result) if result.details.progress => {
                    assert!(
                        self.open_calls.contains(&(session, result.request.get())),
                        "progress of a call that is over"
                    );
                }
                Message::Result(result) => {
                    assert!(
                        self.open_calls.remove(&(session, result.request.get())),
                        "a call has two results"
                    );
                }
                Message::Error(error) if error.request_type == MessageType::Call => {
                    assert!(
                        self.open_calls.remove(&(session, error.request.get())),
                        "a call ends twice"
                    );
                }
                _ => {}
            }
        }
    }

    fn leave(&mut self, session: u64) {
        self.open_calls.retain(|(caller, _)| *caller != session);
        self.open_invocations.retain(|(callee, _)| *callee != session);
        self.next_request.remove(&session);
        self.last_invocation.remove(&session);
    }
}

fn nth(set: &BTreeSet<(u64, u64)>, nth: usize) -> Option<(usize, RequestId)> {
    let (session, request) = set.iter().nth(nth % set.len().max(1))?;
    Some((*session as usize - 1, RequestId::new(*request)?))
}

/// Calls nobody answers any more, as the dealer has them.
fn open_calls(dealer: &Dealer) -> BTreeSet<(u64, u64)> {
    let of = |(session, state): (&SessionId, &DealerSession)| {
        let session = session.get();
        state
            .invocation_by_call
            .keys()
            .map(move |call| (session, call.get()))
            .collect::<Vec<_>>()
    };
    dealer.sessions.iter().flat_map(of).collect()
}

fn take(dealer: &mut Dealer, world: &mut World, random: &mut RandomIds, step: &Step) {
    let mut effects = Effects::default();
    match step {
        Step::Register(by, pattern, invoke) => {
            let (policy, uri) = PATTERNS[*pattern];
            let options = RegisterOptions {
                match_policy: Some(policy),
                invoke: Some(*invoke),
                ..RegisterOptions::default()
            };
            let request = world.request(*by as u64 + 1);
            let message = Register {
                request,
                options,
                procedure: uri.into(),
            };
            dealer.register(&member(*by), message, world.now, &mut effects);
        }
        Step::Unregister(by, pattern) => {
            let (policy, uri) = PATTERNS[*pattern];
            let registration = dealer.lookup(uri, policy).unwrap_or(RegistrationId::MAX);
            let request = world.request(*by as u64 + 1);
            dealer.unregister(&member(*by), &Unregister { request, registration }, &mut effects);
        }
        Step::Call {
            by,
            procedure,
            timeout,
            chunk,
        } => {
            let caller = member(*by);
            let request = world.request(caller.id.get());
            let options = CallOptions {
                receive_progress: true,
                timeout: *timeout,
                progress: *chunk && caller.features.caller.progressive_call_invocations,
                ..CallOptions::default()
            };
            let procedure = PROCEDURES[*procedure].into();
            world.open_calls.insert((caller.id.get(), request.get()));
            let mut message = Call {
                request,
                options: options.into(),
                procedure,
                payload: Payload::EMPTY,
            };
            dealer
                .call(&caller, &mut message, world.now, random, &mut effects)
                .unwrap();
        }
        Step::Answer {
            nth: at,
            progress,
            error,
        } => {
            let Some((callee, request)) = nth(&world.open_invocations, *at) else {
                return;
            };
            let callee = member(callee);
            let payload = Payload::EMPTY;
            if let Some(error) = error {
                world.open_invocations.remove(&(callee.id.get(), request.get()));
                let request_type = MessageType::Invocation;
                let mut message = Error {
                    request_type,
                    request,
                    details: Dict::default().into(),
                    error: (*error).into(),
                    payload,
                };
                dealer
                    .error(&callee, &mut message, world.now, random, &mut effects)
                    .unwrap();
            } else {
                if !progress {
                    world.open_invocations.remove(&(callee.id.get(), request.get()));
                }
                let options = YieldOptions {
                    progress: *progress,
                    ..YieldOptions::default()
                };
                dealer
                    .yield_result(
                        &callee,
                        &mut Yield {
                            request,
                            options: options.into(),
                            payload,
                        },
                        world.now,
                        &mut effects,
                    )
                    .unwrap();
            }
        }
        Step::Cancel { nth: at, mode } => {
            let Some((caller, request)) = nth(&world.open_calls, *at) else {
                return;
            };
            dealer.cancel(
                &member(caller),
                Cancel {
                    request,
                    mode: Some(Ok(*mode)),
                },
                &mut effects,
            );
        }
        Step::Wait(milliseconds) => {
            world.now.monotonic += Duration::from_millis(*milliseconds);
            dealer.expire(world.now, &mut effects);
            assert!(
                dealer
                    .next_deadline()
                    .is_none_or(|deadline| deadline > world.now.monotonic)
            );
        }
        Step::Leave(session) => {
            world.leave(*session as u64 + 1);
            dealer.leave(member(*session).id, &mut effects);
        }
    }
    world.see(&effects);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_call_ends_once_and_nothing_is_left_behind(steps in prop::collection::vec(step(), 1..120)) {
        let mut dealer = dealer();
        let mut world = World::default();
        let mut random = RandomIds::from_seed(7);
        for step in &steps {
            take(&mut dealer, &mut world, &mut random, step);
            prop_assert_eq!(&open_calls(&dealer), &world.open_calls, "after {:?}", step);
            prop_assert!(dealer.counts_what_it_keeps(), "after {:?}", step);
        }
        for session in 0..SESSIONS {
            take(&mut dealer, &mut world, &mut random, &Step::Leave(session));
        }
        prop_assert!(world.open_calls.is_empty());
        prop_assert!(dealer.sessions.is_empty());
        prop_assert!(dealer.deadlines.is_empty());
        prop_assert_eq!(dealer.registrations().count(), 0);
        for procedure in PROCEDURES {
            prop_assert_eq!(dealer.matching(procedure), None);
        }
    }
}

#[test]
fn each_progressive_result_gives_the_callee_its_time_again() {
    let mut dealer = dealer();
    let mut world = World::default();
    let mut random = RandomIds::from_seed(7);
    take(
        &mut dealer,
        &mut world,
        &mut random,
        &Step::Register(0, 0, InvocationPolicy::Single),
    );
    take(
        &mut dealer,
        &mut world,
        &mut random,
        &Step::Call {
            by: 1,
            procedure: 0,
            timeout: Some(30),
            chunk: false,
        },
    );
    for _ in 0..5 {
        take(&mut dealer, &mut world, &mut random, &Step::Wait(29));
        take(
            &mut dealer,
            &mut world,
            &mut random,
            &Step::Answer {
                nth: 0,
                progress: true,
                error: None,
            },
        );
        assert_eq!(world.open_calls.len(), 1);
    }
    take(&mut dealer, &mut world, &mut random, &Step::Wait(29));
    assert_eq!(world.open_calls.len(), 1);
    take(&mut dealer, &mut world, &mut random, &Step::Wait(1));
    assert!(world.open_calls.is_empty());
}
