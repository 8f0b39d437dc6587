//! PUBLISH, EVENT, SUBSCRIBE and their kin.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use wamp_protocol::message::{
    Event, EventDetails, EventReceived, Publish, PublishOptions, Published, Recipients, Subscribe, SubscribeOptions,
    Subscribed, Unsubscribe, Unsubscribed, UnsubscribedDetails,
};
use wamp_protocol::{Message, Payload};

use super::parts::{forward_for, match_policy, ppt, publication, request, session, subscription};
use super::values::{text, uri};

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
                options: options.into(),
                topic,
                payload: Payload::EMPTY,
            }
            .into()
        })
        .boxed()
}

fn event() -> BoxedStrategy<Message> {
    let publisher = (of(session()), of(text()), of(text()), any::<Option<u64>>());
    let flags = (any::<bool>(), any::<u64>(), any::<bool>());
    let details = (of(uri()), publisher, flags, of(text()), forward_for(), ppt()).prop_map(
        |(topic, publisher, (retained, dropped, acknowledged_delivery), transaction_hash, forward_for, ppt)| {
            let (publisher, publisher_authid, publisher_authrole, trustlevel) = publisher;
            EventDetails {
                topic,
                publisher,
                publisher_authid,
                publisher_authrole,
                trustlevel,
                retained,
                dropped,
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
                details: details.into(),
                payload: Payload::EMPTY,
            }
            .into()
        })
        .boxed()
}

pub(super) fn publish_subscribe() -> BoxedStrategy<Message> {
    let options = (
        match_policy(),
        any::<Option<bool>>(),
        of(text()),
        any::<Option<u64>>(),
        forward_for(),
    )
        .prop_map(
            |(match_policy, get_retained, nkey, keep_newest, forward_for)| SubscribeOptions {
                match_policy,
                get_retained,
                nkey,
                keep_newest,
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
