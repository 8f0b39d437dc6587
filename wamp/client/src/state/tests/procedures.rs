use futures_channel::oneshot;
use wamp_protocol::message::{
    Interrupt, Invocation, InvocationDetails, RegisterOptions, Registered, Unregistered, UnregisteredDetails,
    YieldOptions,
};
use wamp_protocol::{MessageType, Payload};

use super::*;
use crate::command::{Command, InvocationKey};
use crate::state::Started;
use crate::{CallError, Reply};

fn register(state: &mut State, id: u64, procedure: &str) -> Answered<()> {
    let (answer, answered) = oneshot::channel();
    let handler: Arc<crate::invocation::Handler> = Arc::new(|_| Box::pin(async { Ok(Reply::empty()) }));
    let options = RegisterOptions::default();
    state.command(Command::Register {
        local: local(id),
        procedure: procedure.into(),
        options,
        handler,
        answer,
    });
    answered
}

fn registered(state: &mut State, id: u64, to: u64) {
    receive(
        state,
        Registered {
            request: request(id),
            registration: registration(to),
        },
    );
}

fn invoke(state: &mut State, id: u64, of: u64) -> Option<Started> {
    let details = InvocationDetails::default();
    receive(
        state,
        Invocation {
            request: request(id),
            registration: registration(of),
            details: details.into(),
            payload: Payload::EMPTY,
        },
    );
    state.take_started().pop()
}

fn yields(state: &mut State, invocation: InvocationKey, progress: bool) -> Option<Result<(), Error>> {
    let (sender, mut answered) = oneshot::channel();
    let options = YieldOptions { progress, ppt: None };
    state.command(Command::Yield {
        invocation,
        options,
        payload: Payload::EMPTY,
        answer: Some(sender),
    });
    answer(&mut answered)
}

#[test]
fn an_invocation_starts_its_handler_and_its_results_go_back() {
    let mut state = joined();
    let mut one = register(&mut state, 1, "p");
    registered(&mut state, 1, 50);
    assert!(matches!(answer(&mut one), Some(Ok(()))));
    let started = invoke(&mut state, 7, 50).unwrap();
    assert_eq!(started.procedure.as_str(), "p");
    assert!(matches!(yields(&mut state, started.key, true), Some(Ok(()))));
    assert!(matches!(yields(&mut state, started.key, false), Some(Ok(()))));
    assert!(matches!(
        yields(&mut state, started.key, true),
        Some(Err(Error::NotConnected))
    ));
    assert_eq!(sent_names(&mut state), ["REGISTER 1", "YIELD 7", "YIELD 7"]);
}

#[test]
fn a_handler_s_error_goes_back() {
    let mut state = joined();
    drop(register(&mut state, 1, "p"));
    registered(&mut state, 1, 50);
    let started = invoke(&mut state, 7, 50).unwrap();
    let error = CallError::invalid_argument("high must be a number");
    state.command(Command::Fail {
        invocation: started.key,
        error: error.clone(),
    });
    let Some(Message::Error(message)) = sent(&mut state).pop() else {
        panic!("no ERROR")
    };
    assert_eq!(message.request_type, MessageType::Invocation);
    assert_eq!(
        (message.error.as_str(), message.payload),
        (error.uri(), error.payload().clone())
    );
}

#[test]
fn a_call_of_what_is_not_registered_is_refused() {
    let mut state = joined();
    assert!(invoke(&mut state, 1, 99).is_none());
    let Some(Message::Error(message)) = sent(&mut state).pop() else {
        panic!("no ERROR")
    };
    assert_eq!(message.error.as_str(), "wamp.error.no_such_procedure");
}

#[test]
fn registrations_come_back_with_the_connection_and_answers_to_old_calls_do_not() {
    let mut state = joined();
    drop(register(&mut state, 1, "p"));
    drop(register(&mut state, 2, "q"));
    registered(&mut state, 1, 50);
    registered(&mut state, 2, 51);
    let old = invoke(&mut state, 1, 50).unwrap();
    state.lost();
    sent(&mut state);
    assert!(matches!(
        yields(&mut state, old.key, true),
        Some(Err(Error::NotConnected))
    ));
    state.joined(info(2));
    assert_eq!(sent_names(&mut state), ["REGISTER 1", "REGISTER 2"]);
    registered(&mut state, 1, 8);
    let new = invoke(&mut state, 1, 8).unwrap();
    // The same request id in another session is another call.
    assert!(matches!(
        yields(&mut state, old.key, false),
        Some(Err(Error::NotConnected))
    ));
    assert!(matches!(yields(&mut state, new.key, false), Some(Ok(()))));
}

#[test]
fn a_first_registration_that_is_refused_is_told() {
    let mut state = joined();
    let mut one = register(&mut state, 1, "p");
    receive(
        &mut state,
        error_for(MessageType::Register, 1, "wamp.error.procedure_already_exists"),
    );
    assert_eq!(
        answer(&mut one).unwrap().unwrap_err().uri(),
        Some("wamp.error.procedure_already_exists")
    );
    assert_eq!(state.next_retry(), None);
}

#[test]
fn a_registration_that_the_router_still_holds_for_the_lost_session_is_retried() {
    let mut state = joined();
    drop(register(&mut state, 1, "p"));
    registered(&mut state, 1, 50);
    state.lost();
    state.joined(info(2));
    let mut waits = Vec::new();
    let mut now = NOW;
    for id in 1..=8 {
        sent(&mut state);
        state.receive(
            error_for(MessageType::Register, id, "wamp.error.procedure_already_exists"),
            now,
        );
        let retry = state.next_retry().unwrap();
        waits.push((retry - now).as_secs());
        now = retry;
        state.tick(now);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
    registered(&mut state, 9, 3);
    assert!(invoke(&mut state, 1, 3).is_some());
    assert_eq!(state.next_retry(), None);
}

#[test]
fn unregistering_serves_calls_that_cross_it() {
    let mut state = joined();
    drop(register(&mut state, 1, "p"));
    registered(&mut state, 1, 50);
    let (sender, mut answered) = oneshot::channel();
    state.command(Command::Unregister {
        local: local(1),
        answer: sender,
    });
    assert_eq!(sent_names(&mut state), ["REGISTER 1", "UNREGISTER 2"]);
    assert!(invoke(&mut state, 1, 50).is_some());
    receive(
        &mut state,
        Unregistered {
            request: Some(request(2)),
            details: None,
        },
    );
    assert!(matches!(answer(&mut answered), Some(Ok(()))));
    assert!(invoke(&mut state, 2, 50).is_none());
}

#[test]
fn a_revoked_registration_is_gone() {
    let mut state = joined();
    drop(register(&mut state, 1, "p"));
    registered(&mut state, 1, 50);
    let details = Some(UnregisteredDetails {
        registration: registration(50),
        reason: Some("admin".to_owned()),
    });
    receive(&mut state, Unregistered { request: None, details });
    assert!(invoke(&mut state, 1, 50).is_none());
}

#[test]
fn an_interrupt_reaches_the_invocation_it_is_for() {
    let mut state = joined();
    drop(register(&mut state, 1, "p"));
    registered(&mut state, 1, 50);
    let one = invoke(&mut state, 1, 50).unwrap();
    let two = invoke(&mut state, 2, 50).unwrap();
    receive(
        &mut state,
        Interrupt {
            request: request(2),
            mode: None,
            reason: None,
        },
    );
    receive(
        &mut state,
        Interrupt {
            request: request(99),
            mode: None,
            reason: None,
        },
    );
    assert!(!one.interruption.happened());
    assert!(two.interruption.happened());
}

#[test]
fn a_result_too_long_to_send_becomes_an_error() {
    let mut state = joined();
    drop(register(&mut state, 1, "p"));
    registered(&mut state, 1, 50);
    let started = invoke(&mut state, 1, 50).unwrap();
    sent(&mut state);
    drop(yields(&mut state, started.key, true));
    let message = state.next_outgoing().unwrap();
    state.unsendable(
        message,
        Error::Unsendable(crate::TransportError::TooLong { length: 9, limit: 8 }),
    );
    let Some(Message::Error(message)) = sent(&mut state).pop() else {
        panic!("no ERROR")
    };
    assert_eq!(message.error.as_str(), "wamp.error.payload_size_exceeded");
    assert!(started.interruption.happened());
    assert!(matches!(
        yields(&mut state, started.key, false),
        Some(Err(Error::NotConnected))
    ));
}
