//! Ids, and what messages of several kinds hold.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use wamp_protocol::message::{CancelMode, Features, ForwardedFor, PassThru};
use wamp_protocol::{MatchPolicy, PublicationId, RegistrationId, RequestId, SessionId, SubscriptionId};

use super::values::text;

fn id() -> impl Strategy<Value = u64> {
    prop_oneof![1..300_u64, 1..=u64::from(u32::MAX), 1..=1_u64 << 53, Just(1 << 53)]
}

pub(super) fn request() -> impl Strategy<Value = RequestId> {
    id().prop_map(|id| RequestId::new(id).unwrap())
}

pub(super) fn session() -> impl Strategy<Value = SessionId> {
    id().prop_map(|id| SessionId::new(id).unwrap())
}

pub(super) fn subscription() -> impl Strategy<Value = SubscriptionId> {
    id().prop_map(|id| SubscriptionId::new(id).unwrap())
}

pub(super) fn registration() -> impl Strategy<Value = RegistrationId> {
    id().prop_map(|id| RegistrationId::new(id).unwrap())
}

pub(super) fn publication() -> impl Strategy<Value = PublicationId> {
    id().prop_map(|id| PublicationId::new(id).unwrap())
}

pub(super) fn ppt() -> BoxedStrategy<Option<Box<PassThru>>> {
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

pub(super) fn forward_for() -> BoxedStrategy<Vec<ForwardedFor>> {
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

pub(super) fn match_policy() -> impl Strategy<Value = Option<MatchPolicy>> {
    of(prop_oneof![
        Just(MatchPolicy::Exact),
        Just(MatchPolicy::Prefix),
        Just(MatchPolicy::Wildcard)
    ])
}

pub(super) fn cancel_mode() -> impl Strategy<Value = CancelMode> {
    prop_oneof![
        Just(CancelMode::Skip),
        Just(CancelMode::Kill),
        Just(CancelMode::KillNoWait)
    ]
}

pub(super) fn features() -> impl Strategy<Value = Option<Features>> {
    of(proptest::collection::btree_set("[a-z_]{3,20}", 0..25).prop_map(|names| Features(names.into_iter().collect())))
}
