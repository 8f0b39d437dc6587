//! The features in WELCOME. Only what the router does is announced.

use wamp_protocol::feature;
use wamp_protocol::message::{Features, RouterRoles};

const BROKER: &[&str] = &[
    feature::PATTERN_BASED_SUBSCRIPTION,
    feature::PUBLISHER_EXCLUSION,
    feature::PUBLISHER_IDENTIFICATION,
    feature::PUBLICATION_TRUSTLEVELS,
    feature::SUBSCRIBER_BLACKWHITE_LISTING,
    feature::SHARDED_SUBSCRIPTION,
    // What the specification means where it misspells it.
    "sharded_subscription",
    feature::EVENT_RETENTION,
    feature::SUBSCRIPTION_META_API,
    feature::SUBSCRIPTION_REVOCATION,
    feature::SESSION_META_API,
    feature::PAYLOAD_PASSTHRU_MODE,
];

const DEALER: &[&str] = &[
    feature::PROGRESSIVE_CALL_RESULTS,
    feature::PROGRESSIVE_CALL_INVOCATIONS,
    feature::CALL_TIMEOUT,
    feature::CALL_CANCELING,
    feature::CALL_REROUTE,
    feature::CALL_TRUSTLEVELS,
    feature::CALLER_IDENTIFICATION,
    feature::PATTERN_BASED_REGISTRATION,
    feature::SHARED_REGISTRATION,
    feature::SHARDED_REGISTRATION,
    feature::REGISTRATION_META_API,
    feature::REGISTRATION_REVOCATION,
    feature::SESSION_META_API,
    feature::TESTAMENT_META_API,
    feature::PAYLOAD_PASSTHRU_MODE,
];

/// The roles of this router.
pub(super) fn roles(keeps_history: bool) -> RouterRoles {
    let names = |features: &[&str]| features.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut broker = names(BROKER);
    if keeps_history {
        broker.push(feature::EVENT_HISTORY.to_owned());
    }
    RouterRoles {
        broker: Some(Features(broker)),
        dealer: Some(Features(names(DEALER))),
        reflection: true,
    }
}
