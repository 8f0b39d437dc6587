//! CALL, INVOCATION, REGISTER and their kin.

use proptest::option::of;
use proptest::prelude::*;
use wamp_protocol::message::{
    Call, CallOptions, Cancel, Error, Interrupt, Invocation, InvocationDetails, InvocationPolicy, Register,
    RegisterOptions, Registered, ResultDetails, ResultMessage, Unregister, Unregistered, UnregisteredDetails, Yield,
    YieldOptions,
};
use wamp_protocol::{Message, MessageType, Payload};

use super::parts::{cancel_mode, match_policy, ppt, registration, request, session};
use super::values::{dict, text, uri};

fn call() -> BoxedStrategy<Message> {
    let options = (
        (any::<bool>(), any::<bool>(), any::<bool>()),
        any::<Option<u64>>(),
        of(text()),
        of(text()),
        ppt(),
    );
    let options = options.prop_map(
        |((receive_progress, progress, disclose_me), timeout, rkey, runmode, ppt)| CallOptions {
            receive_progress,
            progress,
            timeout,
            disclose_me,
            rkey,
            runmode,
            ppt,
        },
    );
    (request(), options, uri())
        .prop_map(|(request, options, procedure)| {
            Call {
                request,
                options: options.into(),
                procedure,
                payload: Payload::EMPTY,
            }
            .into()
        })
        .boxed()
}

fn invocation() -> BoxedStrategy<Message> {
    let numbers = (any::<Option<u64>>(), any::<Option<u64>>());
    let caller = (of(session()), of(text()), of(text()));
    let details = (of(uri()), any::<(bool, bool)>(), numbers, caller, of(text()), ppt()).prop_map(
        |(procedure, (receive_progress, progress), (timeout, trustlevel), caller, rkey, ppt)| {
            let (caller, caller_authid, caller_authrole) = caller;
            InvocationDetails {
                procedure,
                receive_progress,
                progress,
                timeout,
                caller,
                caller_authid,
                caller_authrole,
                trustlevel,
                rkey,
                ppt,
            }
        },
    );
    (request(), registration(), details)
        .prop_map(|(request, registration, details)| {
            Invocation {
                request,
                registration,
                details: details.into(),
                payload: Payload::EMPTY,
            }
            .into()
        })
        .boxed()
}

fn register() -> BoxedStrategy<Message> {
    let invoke = of(prop_oneof![
        Just(InvocationPolicy::Single),
        Just(InvocationPolicy::RoundRobin),
        Just(InvocationPolicy::Random),
        Just(InvocationPolicy::First),
        Just(InvocationPolicy::Last),
    ]);
    let options = (
        match_policy(),
        invoke,
        any::<Option<bool>>(),
        any::<Option<bool>>(),
        of(text()),
        any::<Option<bool>>(),
    )
        .prop_map(
            |(match_policy, invoke, disclose_caller, forward_timeout, rkey, force_reregister)| RegisterOptions {
                match_policy,
                invoke,
                disclose_caller,
                forward_timeout,
                rkey,
                force_reregister,
            },
        );
    (request(), options, uri())
        .prop_map(|(request, options, procedure)| {
            Register {
                request,
                options,
                procedure,
            }
            .into()
        })
        .boxed()
}

fn error() -> BoxedStrategy<Message> {
    let request_type = prop_oneof![
        Just(MessageType::Subscribe),
        Just(MessageType::Unsubscribe),
        Just(MessageType::Publish),
        Just(MessageType::Register),
        Just(MessageType::Unregister),
        Just(MessageType::Call),
        Just(MessageType::Invocation),
    ];
    (request_type, request(), dict(), uri())
        .prop_map(|(request_type, request, details, error)| {
            Error {
                request_type,
                request,
                details: details.into(),
                error,
                payload: Payload::EMPTY,
            }
            .into()
        })
        .boxed()
}

fn result_and_yield() -> BoxedStrategy<Message> {
    let details = (any::<bool>(), of(session()), of(text()), of(text()), ppt()).prop_map(
        |(progress, callee, callee_authid, callee_authrole, ppt)| ResultDetails {
            progress,
            callee,
            callee_authid,
            callee_authrole,
            ppt,
        },
    );
    prop_oneof![
        (request(), details).prop_map(|(request, details)| ResultMessage {
            request,
            details: details.into(),
            payload: Payload::EMPTY
        }
        .into()),
        (request(), any::<bool>(), ppt()).prop_map(|(request, progress, ppt)| {
            Yield {
                request,
                options: YieldOptions { progress, ppt }.into(),
                payload: Payload::EMPTY,
            }
            .into()
        }),
    ]
    .boxed()
}

pub(super) fn remote_procedure_call() -> BoxedStrategy<Message> {
    let mode = of(prop_oneof![cancel_mode().prop_map(Ok), "x[a-z]{0,5}".prop_map(Err)]);
    prop_oneof![
        call(),
        invocation(),
        register(),
        error(),
        result_and_yield(),
        (request(), mode).prop_map(|(request, mode)| Cancel { request, mode }.into()),
        (request(), of(cancel_mode()), of(text())).prop_map(|(request, mode, reason)| Interrupt {
            request,
            mode,
            reason
        }
        .into()),
        (request(), registration()).prop_map(|(request, registration)| Registered { request, registration }.into()),
        (request(), registration()).prop_map(|(request, registration)| Unregister { request, registration }.into()),
        request().prop_map(|request| Unregistered {
            request: Some(request),
            details: None
        }
        .into()),
        (registration(), of(text())).prop_map(|(registration, reason)| {
            Unregistered {
                request: None,
                details: Some(UnregisteredDetails { registration, reason }),
            }
            .into()
        }),
    ]
    .boxed()
}
