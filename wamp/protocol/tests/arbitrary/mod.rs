//! Any message, for property tests.

use std::fmt;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use wamp_protocol::message::*;
use wamp_protocol::{
    Dict, MatchPolicy, Message, MessageType, Payload, PublicationId, RegistrationId, RequestId, Serializer, SessionId,
    SubscriptionId, Uri, Value,
};

/// A message whose payload can be had in any serializer.
#[derive(Clone)]
pub(crate) struct Make {
    message: Message,
    args: Vec<Value>,
    kwargs: Dict,
}

impl Make {
    /// The message with its payload in `serializer`.
    pub(crate) fn of(&self, serializer: Serializer) -> Message {
        let mut payload = Payload {
            serializer,
            ..Payload::EMPTY
        };
        if !self.args.is_empty() {
            payload.args = Value::List(self.args.clone()).encode(serializer);
        }
        if !self.kwargs.is_empty() {
            payload.kwargs = Value::Dict(self.kwargs.clone()).encode(serializer);
        }
        if payload.is_empty() {
            payload = Payload::EMPTY;
        }
        let mut message = self.message.clone();
        match &mut message {
            Message::Abort(m) => m.payload = payload,
            Message::Error(m) => m.payload = payload,
            Message::Publish(m) => m.payload = payload,
            Message::Event(m) => m.payload = payload,
            Message::Call(m) => m.payload = payload,
            Message::Result(m) => m.payload = payload,
            Message::Invocation(m) => m.payload = payload,
            Message::Yield(m) => m.payload = payload,
            _ => {}
        }
        message
    }
}

impl fmt::Debug for Make {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} with {:?} {:?}", self.message, self.args, self.kwargs)
    }
}

fn id() -> impl Strategy<Value = u64> {
    prop_oneof![1..300_u64, 1..=u64::from(u32::MAX), 1..=1_u64 << 53, Just(1 << 53)]
}

fn request() -> impl Strategy<Value = RequestId> {
    id().prop_map(|id| RequestId::new(id).unwrap())
}

fn session() -> impl Strategy<Value = SessionId> {
    id().prop_map(|id| SessionId::new(id).unwrap())
}

fn subscription() -> impl Strategy<Value = SubscriptionId> {
    id().prop_map(|id| SubscriptionId::new(id).unwrap())
}

fn registration() -> impl Strategy<Value = RegistrationId> {
    id().prop_map(|id| RegistrationId::new(id).unwrap())
}

fn publication() -> impl Strategy<Value = PublicationId> {
    id().prop_map(|id| PublicationId::new(id).unwrap())
}

/// Text that does not begin with U+0000, which JSON keeps for binary.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        "[a-z]{0,8}",
        "\\PC{0,12}",
        "[\\x01-\\x1f\"\\\\/\\x7f\u{2028}𝄞é]{0,6}",
        "[a-z]{30,40}",
        "[a-z]{250,260}",
        Just("a\0b".to_owned()),
    ]
    .boxed()
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![9 => "_[a-z0-9_]{0,6}", 1 => "_[\"\\\\\u{1}ä]{1,3}"]
}

fn uri() -> impl Strategy<Value = Uri> {
    prop_oneof!["[a-z_]{1,5}(\\.[a-z_]{0,5}){0,4}", text()].prop_map(Uri::from)
}

fn dict_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Dict> {
    vec((key(), value), 0..20).prop_map(|entries| {
        let mut dict = Dict::default();
        for (key, value) in entries {
            dict.insert(key, value);
        }
        dict
    })
}

/// Any value that reads back as what it was.
pub(crate) fn value() -> BoxedStrategy<Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|n| Value::Integer(n.into())),
        any::<u64>().prop_map(|n| Value::Integer(n.into())),
        (-200..70_000_i128).prop_map(Value::Integer),
        any::<f64>()
            .prop_filter("JSON has no others", |n| n.is_finite())
            .prop_map(Value::Float),
        text().prop_map(Value::String),
        vec(any::<u8>(), 0..20).prop_map(Value::Binary),
        vec(any::<u8>(), 250..300).prop_map(Value::Binary),
    ];
    scalar
        .prop_recursive(4, 40, 20, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..20).prop_map(Value::List),
                dict_of(inner).prop_map(Value::Dict)
            ]
        })
        .boxed()
}

fn dict() -> BoxedStrategy<Dict> {
    prop_oneof![Just(Dict::default()), dict_of(value())].boxed()
}

fn ppt() -> BoxedStrategy<Option<Box<PassThru>>> {
    let enc = of(prop_oneof![Just("cryptobox".to_owned()), Just("x_own".to_owned())]);
    let serializer = of(prop_oneof![Just("cbor".to_owned()), Just("x_own".to_owned())]);
    let ppt = (
        enc,
        serializer,
        of(text()),
        of(text()),
        of(text()),
        of(text()),
        of(text()),
    );
    of(ppt.prop_map(
        |(enc_algo, enc_serializer, enc_key, scheme, serializer, cipher, keyid)| PassThru {
            enc_algo,
            enc_serializer,
            enc_key,
            scheme,
            serializer,
            cipher,
            keyid,
        },
    ))
    .prop_map(|ppt| ppt.filter(|ppt| *ppt != PassThru::default()).map(Box::new))
    .boxed()
}

fn forward_for() -> BoxedStrategy<Vec<ForwardedFor>> {
    let one = (session(), of(text()), of(text()));
    vec(
        one.prop_map(|(session, authid, authrole)| ForwardedFor {
            session,
            authid,
            authrole,
        }),
        0..3,
    )
    .boxed()
}

fn match_policy() -> impl Strategy<Value = Option<MatchPolicy>> {
    of(prop_oneof![
        Just(MatchPolicy::Exact),
        Just(MatchPolicy::Prefix),
        Just(MatchPolicy::Wildcard)
    ])
}

fn cancel_mode() -> impl Strategy<Value = CancelMode> {
    prop_oneof![
        Just(CancelMode::Skip),
        Just(CancelMode::Kill),
        Just(CancelMode::KillNoWait)
    ]
}

fn features() -> impl Strategy<Value = Option<Features>> {
    of(proptest::collection::btree_set("[a-z_]{3,20}", 0..25).prop_map(|names| Features(names.into_iter().collect())))
}

fn other() -> impl Strategy<Value = Dict> {
    dict()
}

fn hello() -> BoxedStrategy<Message> {
    let roles = (features(), features(), features(), features())
        .prop_map(|(publisher, subscriber, caller, callee)| ClientRoles {
            publisher,
            subscriber,
            caller,
            callee,
        })
        .prop_filter("at least one role", |roles| *roles != ClientRoles::default());
    (
        uri(),
        roles,
        of(text()),
        of(text()),
        of(text()),
        vec(text(), 0..4),
        dict(),
        other(),
    )
        .prop_map(
            |(realm, roles, agent, authid, authrole, authmethods, authextra, other)| {
                Hello {
                    realm,
                    details: HelloDetails {
                        roles,
                        agent,
                        authid,
                        authrole,
                        authmethods,
                        authextra,
                        other,
                    },
                }
                .into()
            },
        )
        .boxed()
}

fn welcome() -> BoxedStrategy<Message> {
    let roles = (features(), features(), any::<bool>())
        .prop_map(|(broker, dealer, reflection)| RouterRoles {
            broker,
            dealer,
            reflection,
        })
        .prop_filter("at least one role", |roles| {
            roles.broker.is_some() || roles.dealer.is_some()
        });
    let texts = (of(text()), of(text()), of(text()), of(text()), of(text()), of(text()));
    (session(), roles, texts, dict(), other())
        .prop_map(|(session, roles, texts, authextra, other)| {
            let (agent, realm, authid, authrole, authmethod, authprovider) = texts;
            let details = WelcomeDetails {
                roles,
                agent,
                realm,
                authid,
                authrole,
                authmethod,
                authprovider,
                authextra,
                other,
            };
            Welcome { session, details }.into()
        })
        .boxed()
}

fn opening_and_closing() -> BoxedStrategy<Message> {
    prop_oneof![
        hello(),
        welcome(),
        (dict(), uri()).prop_map(|(details, reason)| Abort {
            details,
            reason,
            payload: Payload::EMPTY
        }
        .into()),
        (text(), dict()).prop_map(|(authmethod, extra)| Challenge { authmethod, extra }.into()),
        (text(), dict()).prop_map(|(signature, extra)| Authenticate { signature, extra }.into()),
        (dict(), uri()).prop_map(|(details, reason)| Goodbye { details, reason }.into()),
    ]
    .boxed()
}

fn recipients() -> BoxedStrategy<Option<Box<Recipients>>> {
    let sessions = || of(vec(session(), 0..20));
    let texts = || of(vec(text(), 0..4));
    of((sessions(), texts(), texts(), sessions(), texts(), texts()).prop_map(
        |(exclude, exclude_authid, exclude_authrole, eligible, eligible_authid, eligible_authrole)| Recipients {
            exclude,
            exclude_authid,
            exclude_authrole,
            eligible,
            eligible_authid,
            eligible_authrole,
        },
    ))
    .prop_map(|recipients| recipients.filter(|r| *r != Recipients::default()).map(Box::new))
    .boxed()
}

fn publish() -> BoxedStrategy<Message> {
    let retain = (any::<bool>(), any::<Option<u64>>());
    let flags = (any::<bool>(), any::<Option<bool>>(), any::<bool>(), retain);
    let options = (flags, recipients(), of(text()), of(text()), ppt(), forward_for()).prop_map(
        |(
            (acknowledge, exclude_me, disclose_me, (retain, retain_for)),
            recipients,
            rkey,
            transaction_hash,
            ppt,
            forward_for,
        )| {
            PublishOptions {
                acknowledge,
                exclude_me,
                disclose_me,
                retain,
                retain_for,
                recipients,
                rkey,
                transaction_hash,
                ppt,
                forward_for,
            }
        },
    );
    (request(), options, uri())
        .prop_map(|(request, options, topic)| {
            Publish {
                request,
                options,
                topic,
                payload: Payload::EMPTY,
            }
            .into()
        })
        .boxed()
}

fn event() -> BoxedStrategy<Message> {
    let publisher = (of(session()), of(text()), of(text()), any::<Option<u64>>());
    let flags = (any::<bool>(), any::<bool>());
    let details = (of(uri()), publisher, flags, of(text()), forward_for(), ppt()).prop_map(
        |(topic, publisher, (retained, acknowledged_delivery), transaction_hash, forward_for, ppt)| {
            let (publisher, publisher_authid, publisher_authrole, trustlevel) = publisher;
            EventDetails {
                topic,
                publisher,
                publisher_authid,
                publisher_authrole,
                trustlevel,
                retained,
                transaction_hash,
                acknowledged_delivery,
                forward_for,
                ppt,
            }
        },
    );
    (subscription(), publication(), details)
        .prop_map(|(subscription, publication, details)| {
            Event {
                subscription,
                publication,
                details,
                payload: Payload::EMPTY,
            }
            .into()
        })
        .boxed()
}

fn publish_subscribe() -> BoxedStrategy<Message> {
    let options = (match_policy(), any::<Option<bool>>(), of(text()), forward_for()).prop_map(
        |(match_policy, get_retained, nkey, forward_for)| SubscribeOptions {
            match_policy,
            get_retained,
            nkey,
            forward_for,
        },
    );
    prop_oneof![
        3 => publish(),
        3 => event(),
        1 => (request(), publication())
            .prop_map(|(request, publication)| Published { request, publication }.into()),
        1 => (request(), options, uri())
            .prop_map(|(request, options, topic)| Subscribe { request, options, topic }.into()),
        1 => (request(), subscription())
            .prop_map(|(request, subscription)| Subscribed { request, subscription }.into()),
        1 => (request(), subscription())
            .prop_map(|(request, subscription)| Unsubscribe { request, subscription }.into()),
        1 => request().prop_map(|request| Unsubscribed { request: Some(request), details: None }.into()),
        1 => (subscription(), of(text())).prop_map(|(subscription, reason)| {
            let details = Some(UnsubscribedDetails { subscription, reason });
            Unsubscribed { request: None, details }.into()
        }),
        1 => publication().prop_map(|publication| EventReceived { publication }.into()),
    ]
    .boxed()
}

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
                options,
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
                details,
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
    )
        .prop_map(
            |(match_policy, invoke, disclose_caller, forward_timeout, rkey)| RegisterOptions {
                match_policy,
                invoke,
                disclose_caller,
                forward_timeout,
                rkey,
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
                details,
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
            details,
            payload: Payload::EMPTY
        }
        .into()),
        (request(), any::<bool>(), ppt()).prop_map(|(request, progress, ppt)| {
            Yield {
                request,
                options: YieldOptions { progress, ppt },
                payload: Payload::EMPTY,
            }
            .into()
        }),
    ]
    .boxed()
}

fn remote_procedure_call() -> BoxedStrategy<Message> {
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

/// Any message.
pub(crate) fn message() -> impl Strategy<Value = Arc<Make>> {
    let message = prop_oneof![opening_and_closing(), publish_subscribe(), remote_procedure_call()];
    let args = prop_oneof![Just(Vec::new()), vec(value(), 0..20)];
    (message, args, dict()).prop_map(|(message, args, kwargs)| Arc::new(Make { message, args, kwargs }))
}
