use std::sync::atomic::AtomicUsize;

use futures_channel::{mpsc, oneshot};
use futures_util::StreamExt;
use wamp_protocol::message::{CallOptions, CancelMode, ResultDetails, ResultMessage, RouterRoles};
use wamp_protocol::{MessageType, Payload, Serializer};

use super::*;
use crate::CallResult;
use crate::command::{CallAnswer, Command, ProgressSender};

fn call_with(state: &mut State, id: u64, answer: CallAnswer) {
    let options = CallOptions::default();
    state.command(Command::Call {
        local: local(id),
        procedure: "p".into(),
        options,
        payload: Payload::EMPTY,
        answer,
    });
}

fn call(state: &mut State, id: u64) -> Answered<CallResult> {
    let (answer, answered) = oneshot::channel();
    call_with(state, id, CallAnswer::Single(answer));
    answered
}

type Results = mpsc::UnboundedReceiver<Result<CallResult, Error>>;

fn progressive(state: &mut State, id: u64, limit: usize) -> Results {
    let (results, receiver) = mpsc::unbounded();
    let sender = ProgressSender {
        results,
        waiting: Arc::new(AtomicUsize::new(0)),
        limit,
    };
    call_with(state, id, CallAnswer::Progressive(sender));
    receiver
}

fn result(state: &mut State, id: u64, progress: bool, value: u64) {
    let payload = Payload::with_args(Serializer::MsgPack, &(value,)).unwrap();
    let details = ResultDetails {
        progress,
        ..ResultDetails::default()
    };
    receive(
        state,
        ResultMessage {
            request: request(id),
            details: details.into(),
            payload,
        },
    );
}

fn taken(results: &mut Results) -> Vec<Result<(u64, bool), String>> {
    std::iter::from_fn(|| results.next().now_or_never().flatten())
        .map(|item| {
            item.map(|r| (r.value().unwrap(), r.progress))
                .map_err(|error| error.to_string())
        })
        .collect()
}

#[test]
fn answers_reach_the_calls_they_belong_to() {
    let mut state = joined();
    let mut one = call(&mut state, 1);
    let mut two = call(&mut state, 2);
    assert_eq!(sent_names(&mut state), ["CALL 1", "CALL 2"]);
    result(&mut state, 2, false, 22);
    receive(
        &mut state,
        error_for(MessageType::Call, 1, "homeapp.error.hardware_not_found"),
    );
    assert_eq!(answer(&mut two).unwrap().unwrap().value::<u64>(), Ok(22));
    assert_eq!(
        answer(&mut one).unwrap().unwrap_err().uri(),
        Some("homeapp.error.hardware_not_found")
    );
}

#[test]
fn progressive_results_come_in_order_and_the_final_one_is_last() {
    let mut state = joined();
    let mut results = progressive(&mut state, 1, 100);
    for value in 1..=3 {
        result(&mut state, 1, value < 3, value);
    }
    result(&mut state, 1, true, 4);
    assert_eq!(taken(&mut results), [Ok((1, true)), Ok((2, true)), Ok((3, false))]);
}

#[test]
fn results_that_nobody_takes_end_the_call() {
    let mut state = joined();
    let mut results = progressive(&mut state, 1, 2);
    for value in 1..=5 {
        result(&mut state, 1, true, value);
    }
    assert_eq!(sent_names(&mut state), ["CALL 1", "CANCEL 1"]);
    let overrun = Error::Overrun { limit: 2 }.to_string();
    assert_eq!(taken(&mut results), [Ok((1, true)), Ok((2, true)), Err(overrun)]);
}

#[test]
fn a_canceled_call_is_canceled_at_the_router_and_its_late_answer_dropped() {
    let mut state = joined();
    let mut one = call(&mut state, 1);
    state.command(Command::Cancel {
        local: local(1),
        mode: CancelMode::KillNoWait,
    });
    assert_eq!(sent_names(&mut state), ["CALL 1", "CANCEL 1"]);
    assert!(matches!(answer(&mut one), Some(Err(Error::Closed))));
    result(&mut state, 1, false, 1);
    receive(&mut state, error_for(MessageType::Call, 1, "wamp.error.canceled"));
    state.command(Command::Cancel {
        local: local(1),
        mode: CancelMode::KillNoWait,
    });
    assert_eq!(sent_names(&mut state), [""; 0]);
}

#[test]
fn a_router_without_canceling_is_sent_no_cancel() {
    let mut state = State::default();
    state.joined(SessionInfo {
        roles: RouterRoles::default(),
        ..info(1)
    });
    let _waiting = call(&mut state, 1);
    state.command(Command::Cancel {
        local: local(1),
        mode: CancelMode::KillNoWait,
    });
    assert_eq!(sent_names(&mut state), ["CALL 1"]);
}

#[test]
fn calls_never_wait_for_a_connection_that_is_gone() {
    let mut state = joined();
    let mut one = call(&mut state, 1);
    let mut two = progressive(&mut state, 2, 10);
    state.lost();
    assert!(matches!(answer(&mut one), Some(Err(Error::NotConnected))));
    assert_eq!(taken(&mut two), [Err(Error::NotConnected.to_string())]);
    let mut three = call(&mut state, 3);
    assert!(matches!(answer(&mut three), Some(Err(Error::NotConnected))));
    assert_eq!(sent_names(&mut state), [""; 0]);
}

#[test]
fn the_router_s_timeout_is_a_timeout() {
    let mut state = joined();
    let mut one = call(&mut state, 1);
    receive(&mut state, error_for(MessageType::Call, 1, "wamp.error.timeout"));
    assert!(matches!(answer(&mut one), Some(Err(Error::Timeout))));
}

#[test]
fn a_call_too_long_to_send_fails_alone() {
    let mut state = joined();
    let mut one = call(&mut state, 1);
    let mut two = call(&mut state, 2);
    let unsendable = state.next_outgoing().unwrap();
    let error = Error::Unsendable(crate::TransportError::TooLong { length: 9, limit: 8 });
    state.unsendable(unsendable, error);
    assert_eq!(
        answer(&mut one).unwrap().unwrap_err().uri(),
        Some("wamp.error.payload_size_exceeded")
    );
    result(&mut state, 2, false, 2);
    assert!(matches!(answer(&mut two), Some(Ok(_))));
}
